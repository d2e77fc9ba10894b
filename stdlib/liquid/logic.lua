-- SPDX-License-Identifier: MIT
-- Comparisons of Liquid: equality, order, contains, empty and blank, and numbers out of texts.

local values = require "liquid.values"

local M = {}

local function is_empty(value)
  if type(value) == "string" then return value == "" end
  if values.is_array(value) then return values.length(value) == 0 end
  if values.is_hash(value) then return #values.keys(value) == 0 end
  return false
end
M.is_empty = is_empty

local function is_blank(value)
  if value == nil or value == false then return true end
  if type(value) == "string" then return not value:find("%S") end
  return is_empty(value)
end
M.is_blank = is_blank

local equals

local function same_items(a, b)
  local n = values.length(a)
  if n ~= values.length(b) then return false end
  for i = 1, n do
    if not equals(a[i], b[i]) then return false end
  end
  return true
end

local function same_members(a, b)
  local keys = values.keys(a)
  if #keys ~= #values.keys(b) then return false end
  for _, key in ipairs(keys) do
    if not values.has_member(b, key) or not equals(values.member(a, key), values.member(b, key)) then return false end
  end
  return true
end

---a == b as Liquid sees it: numbers by value, arrays and objects by content, empty and blank by what they mean.
function equals(a, b)
  if rawequal(a, b) then return true end
  local special, other = b, a
  if a == values.EMPTY or a == values.BLANK then special, other = a, b end
  if special == values.EMPTY or special == values.BLANK then
    if other == values.EMPTY or other == values.BLANK then return false end
    if special == values.EMPTY then return is_empty(other) end
    return is_blank(other)
  end
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  if values.is_range(a) or values.is_range(b) then
    return values.is_range(a) and values.is_range(b) and a.first == b.first and a.last == b.last
  end
  if values.is_array(a) then return values.is_array(b) and same_items(a, b) end
  return values.is_hash(a) and values.is_hash(b) and same_members(a, b)
end
M.equals = equals

local names = { string = "a text", number = "a number", boolean = "true or false", table = "a list or object" }

---a OPERATOR b for < <= > >=. Nil, empty and blank are in no order; a text and a number can't be compared.
function M.ordered(operator, a, b)
  if a == nil or b == nil then return false end
  for _, value in ipairs { a, b } do
    if value == values.EMPTY or value == values.BLANK then return false end
  end
  local kind = type(a)
  if kind ~= type(b) or (kind ~= "number" and kind ~= "string") then
    error({ text = string.format("%s and %s can't be compared with %s", names[kind] or kind, names[type(b)] or type(b),
      operator) }, 0)
  end
  if operator == "<" then return a < b end
  if operator == "<=" then return a <= b end
  if operator == ">" then return a > b end
  return a >= b
end

---a contains b: a part of a text, an item of an array, a key of an object.
function M.contains(a, b)
  if not values.truthy(a) or not values.truthy(b) then return false end
  if type(a) == "string" then return a:find(values.to_text(b), 1, true) ~= nil end
  if values.is_range(a) then return type(b) == "number" and b >= a.first and b <= a.last end
  if values.is_array(a) then
    for i = 1, values.length(a) do
      if equals(a[i], b) then return true end
    end
    return false
  end
  return values.is_hash(a) and type(b) == "string" and values.has_member(a, b)
end

---A number out of a value, as arithmetic takes it: a text by its leading digits, anything else is 0.
function M.to_number(value)
  if type(value) == "number" then return value end
  if type(value) ~= "string" then return 0 end
  if value:match("^%s*%-?%d+%.%d+%s*$") then return tonumber(value) + 0.0 end
  local digits = value:match("^%s*(%-?%d+)")
  return digits and math.tointeger(tonumber(digits)) or digits and tonumber(digits) or 0
end

---An integer out of a number or a text that is one, else an error naming what it is for.
function M.to_integer(value, what)
  if math.type(value) == "integer" then return value end
  local digits = type(value) == "string" and value:match("^%s*(%-?%d+)%s*$")
  if not digits then error({ text = what .. " must be a whole number" }, 0) end
  return math.tointeger(tonumber(digits))
end

---A sorted copy of the first n items, stable; before(a, b) says that a comes before b.
function M.sort(list, n, before)
  local from, to, width = table.move(list, 1, n, 1, {}), {}, 1
  while width < n do
    local low = 1
    while low <= n do
      local middle, high = math.min(low + width, n + 1), math.min(low + 2 * width, n + 1)
      local i, j = low, middle
      for k = low, high - 1 do
        if i < middle and (j >= high or not before(from[j], from[i])) then
          to[k], i = from[i], i + 1
        else
          to[k], j = from[j], j + 1
        end
      end
      low = high
    end
    from, to, width = to, from, width * 2
  end
  return from
end

return M
