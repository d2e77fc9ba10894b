-- SPDX-License-Identifier: MIT
-- lua5.4 declared.lua FOLDER: what the oracle must know of a workspace, as JSON: its settings, accounts, and what its scripts declare. It reads
-- the files by itself: modules are whatever the scripts want them to be, and nothing is run.

local folder = ...

local anything = setmetatable({}, {})
local meta = getmetatable(anything)
for _, name in ipairs { "__index", "__call", "__concat", "__add", "__sub", "__mul", "__div", "__unm", "__mod" } do
  meta[name] = function() return anything end
end

local function encode(value)
  if type(value) == "table" and value ~= anything then
    local parts = {}
    if #value > 0 then
      for _, v in ipairs(value) do parts[#parts + 1] = encode(v) end
      return "[" .. table.concat(parts, ",") .. "]"
    end
    for k, v in pairs(value) do
      if type(v) ~= "function" then parts[#parts + 1] = ("%s:%s"):format(encode(tostring(k)), encode(v)) end
    end
    return "{" .. table.concat(parts, ",") .. "}"
  elseif type(value) == "string" then
    return '"' .. value:gsub('[%c"\\]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
  elseif type(value) == "number" or type(value) == "boolean" then
    return tostring(value)
  end
  return "null"
end

local world = { settings = {}, accounts = {}, sequences = {}, jobs = {}, hooks = {} }
local constructors = setmetatable({
  workspace = function(t) world.settings = t end,
  account = function(name) return function(t) t.name = name; world.accounts[#world.accounts + 1] = t end end,
}, { __index = function() return function() return anything end end })
assert(loadfile(folder .. "/perigee.lua", "t", constructors))()

local function keep(kind)
  return function(t)
    local list = world[kind]
    list[#list + 1] = { name = t.name, topic = t.topic, on_reply = t.on_reply, on_handled = t.on_handled, starts_on = t.starts_on, needs = t.needs, title = t.title }
  end
end
local perigee = setmetatable({ sequence = keep "sequences", job = keep "jobs", hook = keep "hooks" }, meta)
local environment = setmetatable({ require = function(name) return name == "perigee" and perigee or anything end }, { __index = _G })
for i = 2, select("#", ...) do
  assert(loadfile(folder .. "/" .. select(i, ...), "t", environment))()
end
print(encode(world))
