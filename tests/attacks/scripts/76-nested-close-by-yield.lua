-- ATTACK memory safety: the same with yields inside of __close, errors while closing, and closing by leaving a loop | SAFE HOST: no crash
-- SPDX-License-Identifier: MIT
local function closing(f) return setmetatable({}, { __close = f }) end
local function chain(n)
  return coroutine.wrap(function()
    for _ in function(_, i) return not i or nil end, nil, nil, closing(function() if n > 0 then pcall(chain(n - 1)) end coroutine.yield(n) end) do
      local x <close> = closing(function(_, e) if n > 0 then pcall(chain(n - 1)) end error(e or n) end)
      if n % 2 == 0 then break end
    end
    error(n)
  end)
end
for depth = 1, 7 do
  local co = chain(depth)
  for i = 1, 5 do pcall(co) end
end
local nested = coroutine.wrap
for depth = 1, 250 do
  local inner = nested
  nested = function(f) return inner(function(...) local x <close> = closing(function() coroutine.yield "close" end) return f(...) end) end
end
local co = nested(function() error "deep" end)
for i = 1, 300 do pcall(co) end
