-- SPDX-License-Identifier: MIT
-- What Liquid's values are in Lua, and what the language says of them (truth, text, order, members).
--
-- nil, booleans, integers, floats and strings are themselves. Arrays are Array {n = length, ...}, which may hold nil;
-- objects are Hash {keys = {...}, map = {...}}, which keep the order of their keys. Plain tables from elsewhere are
-- arrays if they have a [1], else objects with sorted keys. Layers are objects looked through one after the other.

local M = {}

local Array, Hash, Range, Layers, Safe = {}, {}, {}, {}, {}
M.EMPTY = setmetatable({}, { __tostring = function() return "empty" end })
M.BLANK = setmetatable({}, { __tostring = function() return "blank" end })
M.NULL = setmetatable({}, { __tostring = function() return "nil" end }) -- a variable that was assigned nil

---An array of the first n items of list (which it becomes).
function M.array(list, n)
  list.n = n or #list
  return setmetatable(list, Array)
end

---An empty object; fill it with M.put.
function M.hash()
  return setmetatable({ keys = {}, map = {}, known = {} }, Hash)
end

function M.put(hash, key, value)
  if not hash.known[key] then
    hash.known[key] = true
    hash.keys[#hash.keys + 1] = key
  end
  hash.map[key] = value
end

function M.range(first, last)
  return setmetatable({ first = first, last = last }, Range)
end

---An object whose members are looked for in each of the tables in turn.
function M.layers(list)
  return setmetatable(list, Layers)
end

---Text that is already escaped for where it will stand.
function M.safe(text)
  return setmetatable({ text = text }, Safe)
end

function M.is_safe(value)
  return type(value) == "table" and getmetatable(value) == Safe
end

function M.is_range(value)
  return type(value) == "table" and getmetatable(value) == Range
end

function M.is_array(value)
  if type(value) ~= "table" then return false end
  local meta = getmetatable(value)
  return meta == Array or (meta == nil and (value[1] ~= nil or next(value) == nil))
end

function M.is_hash(value)
  if type(value) ~= "table" then return false end
  local meta = getmetatable(value)
  return meta == Hash or meta == Layers or (meta == nil and value[1] == nil and next(value) ~= nil)
end

local function length(array)
  return array.n or #array
end
M.length = length

---The keys of an object in their order.
function M.keys(hash)
  local meta = getmetatable(hash)
  if meta == Hash then return hash.keys end
  local seen, keys = {}, {}
  for _, layer in ipairs(meta == Layers and hash or { hash }) do
    for key in pairs(layer) do
      if type(key) == "string" and not seen[key] then
        seen[key] = true
        keys[#keys + 1] = key
      end
    end
  end
  table.sort(keys)
  return keys
end

local function member(hash, key)
  local meta = getmetatable(hash)
  if meta == Hash then return hash.map[key] end
  if meta == nil then return hash[key] end
  for i = 1, #hash do
    local value = hash[i][key]
    if value ~= nil then return value end
  end
end
M.member = member

function M.has_member(hash, key)
  if getmetatable(hash) == Hash then return hash.known[key] == true end
  return member(hash, key) ~= nil
end

---Characters of UTF-8 text; of other bytes, their number.
function M.text_length(text)
  return utf8.len(text) or #text
end

local function range_length(range)
  return math.max(0, range.last - range.first + 1)
end

local function pair_at(hash, i)
  local key = M.keys(hash)[i]
  if key ~= nil then return M.array({ key, member(hash, key) }, 2) end
end

---object.key or object[key]
function M.get(object, key)
  if type(object) == "string" then
    if key == "size" then return M.text_length(object) end
    return nil
  end
  if type(object) ~= "table" then return nil end
  local meta = getmetatable(object)
  if meta == Range then
    if key == "size" then return range_length(object) end
    if range_length(object) == 0 then return nil end
    if key == "first" then return object.first end
    if key == "last" then return object.last end
    return nil
  end
  if M.is_array(object) then
    local n = length(object)
    if math.type(key) == "integer" then
      if key < 0 then key = n + key end
      return object[key + 1]
    end
    if key == "size" then return n end
    if key == "first" then return object[1] end
    if key == "last" then return object[n] end
    return nil
  end
  if not M.is_hash(object) then return nil end
  if type(key) == "string" then
    local value = member(object, key)
    if value ~= nil or M.has_member(object, key) then return value end
  end
  if key == "size" then return #M.keys(object) end
  if key == "first" then return pair_at(object, 1) end
  return nil
end

local MOST = 1000000

---The items that a loop goes through: a table and their number.
function M.items(value)
  if type(value) == "string" and value ~= "" then return { value }, 1 end
  if type(value) ~= "table" then return {}, 0 end
  local meta = getmetatable(value)
  if meta == Range then
    local n = range_length(value)
    if n > MOST then error({ text = "a range of more than " .. MOST .. " numbers" }, 0) end
    local list = {}
    for i = 1, n do list[i] = value.first + i - 1 end
    return list, n
  end
  if M.is_array(value) then return value, length(value) end
  if not M.is_hash(value) then return {}, 0 end
  local list, keys = {}, M.keys(value)
  for i, key in ipairs(keys) do list[i] = M.array({ key, member(value, key) }, 2) end
  return list, #keys
end

function M.truthy(value)
  return value ~= nil and value ~= false
end

-- Floats as Ruby writes them: the fewest digits that read back the same, always with a dot.
local function float_text(number)
  if number ~= number then return "NaN" end
  if number == math.huge then return "Infinity" end
  if number == -math.huge then return "-Infinity" end
  local text
  for digits = 15, 17 do
    text = string.format("%." .. digits .. "g", number)
    if tonumber(text) == number then break end
  end
  local sign, whole, fraction, exponent = text:match("^(-?)(%d+)%.?(%d*)e?([-+]?%d*)$")
  local power = tonumber(exponent) or 0
  if exponent == "" then return fraction == "" and sign .. whole .. ".0" or text end
  if power >= 16 or power < -4 then
    return string.format("%s%s.%se%s%02d", sign, whole, fraction == "" and "0" or fraction, power < 0 and "-" or "+",
      math.abs(power))
  end
  return string.format("%.1f", number)
end

local quoted = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r" }

local to_text

-- Values inside an object that is printed, as Ruby's inspect writes them.
local function inspect(value)
  if value == nil then return "nil" end
  if type(value) == "string" then return '"' .. value:gsub('["\\\n\t\r]', quoted) .. '"' end
  if M.is_array(value) then
    local parts = {}
    for i = 1, length(value) do parts[i] = inspect(value[i]) end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  return to_text(value)
end

---What a value looks like when it is put out.
function to_text(value)
  local kind = type(value)
  if kind == "string" then return value end
  if kind == "nil" then return "" end
  if kind == "boolean" then return tostring(value) end
  if kind == "number" then
    return math.type(value) == "integer" and string.format("%d", value) or float_text(value)
  end
  if value == M.EMPTY or value == M.BLANK or value == M.NULL then return "" end
  if getmetatable(value) == Safe then return value.text end
  if getmetatable(value) == Range then return to_text(value.first) .. ".." .. to_text(value.last) end
  local parts = {}
  if M.is_array(value) then
    for i = 1, length(value) do parts[i] = to_text(value[i]) end
    return table.concat(parts)
  end
  for i, key in ipairs(M.keys(value)) do parts[i] = inspect(key) .. "=>" .. inspect(member(value, key)) end
  return "{" .. table.concat(parts, ", ") .. "}"
end
M.to_text = to_text
M.inspect = inspect

return M
