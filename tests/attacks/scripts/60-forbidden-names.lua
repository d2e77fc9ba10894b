-- ATTACK escape: everything that leads out of the sandbox, by every way a name can be found | SAFE HOST: none of it is there
-- SPDX-License-Identifier: MIT
local forbidden = { "io", "os.execute", "os.getenv", "os.exit", "os.remove", "os.rename", "os.tmpname", "os.setlocale", "os.clock", "debug", "package",
  "dofile", "loadfile", "collectgarbage", "string.dump", "math.randomseed", "coroutine.close", "_G", "print", "warn", "loadstring" }
local function look(environment, how)
  for _, path in ipairs(forbidden) do
    local found = environment
    for part in path:gmatch "[^.]+" do
      local ok, inside = pcall(function(t) return t[part] end, found)
      found = ok and inside or nil
    end
    if found ~= nil then host.log("BREACH " .. path .. " is found " .. how) end
  end
end
look(_ENV, "in _ENV")
look(load "return _ENV" (), "in the environment of load")
look(require "perigee", "in perigee")
for name, value in pairs(_ENV) do if type(value) == "table" then look(value, "in " .. name) end end
