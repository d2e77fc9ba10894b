-- SPDX-License-Identifier: MIT
-- Liquid's filters for lists (and for the texts they are cut from and put together to).

local letters = require "liquid.letters"
local logic = require "liquid.logic"
local numbers = require "liquid.numbers"
local values = require "liquid.values"

local M = {}

local to_text, array = values.to_text, values.array

local function flatten(list, n, out, count)
  for i = 1, n do
    local item = list[i]
    if values.is_array(item) then
      count = flatten(item, values.length(item), out, count)
    else
      count = count + 1
      out[count] = item
    end
  end
  return count
end

-- What a list filter works on: a list flattened, a range, an object or any other value as the only item.
local function input(value)
  if value == nil then return {}, 0 end
  if values.is_array(value) then
    local out = {}
    return out, flatten(value, values.length(value), out, 0)
  end
  if values.is_range(value) then return values.items(value) end
  if value == values.EMPTY or value == values.BLANK then return {}, 0 end
  return { value }, 1
end

local function list(name, min, max, f)
  M[name] = { min = min, max = max, call = function(_, _, value, ...)
    local items, n = input(value)
    return f(items, n, ...)
  end }
end

local function property_of(item, property)
  if values.is_hash(item) or type(item) == "table" and not values.is_array(item) then
    return values.get(item, to_text(property))
  end
  error({ text = "an item of the list has no property " .. to_text(property) }, 0)
end

list("join", 0, 1, function(items, n, glue)
  local parts = {}
  for i = 1, n do parts[i] = to_text(items[i]) end
  return table.concat(parts, to_text(glue))
end)
M.join.defaults = { " " }

M.first = { min = 0, max = 0, call = function(_, _, value)
  if type(value) ~= "table" then return nil end
  return values.get(value, "first")
end }
M.last = { min = 0, max = 0, call = function(_, _, value)
  if type(value) ~= "table" or values.is_hash(value) then return nil end
  return values.get(value, "last")
end }
M.size = { min = 0, max = 0, call = function(_, _, value)
  if math.type(value) == "integer" then return 8 end -- as in the reference, where it is the bytes of a number
  return values.get(value, "size") or 0
end }

list("reverse", 0, 0, function(items, n)
  local out = {}
  for i = 1, n do out[i] = items[n + 1 - i] end
  return array(out, n)
end)

list("compact", 0, 1, function(items, n, property)
  local out, count = {}, 0
  for i = 1, n do
    local value = items[i]
    if property ~= nil and value ~= nil then value = property_of(value, property) end
    if value ~= nil then
      count = count + 1
      out[count] = items[i]
    end
  end
  return array(out, count)
end)

list("uniq", 0, 1, function(items, n, property)
  local out, seen, count = {}, {}, 0
  for i = 1, n do
    local key = items[i]
    if property ~= nil then key = property_of(key, property) end
    local known = false
    for k = 1, count do
      if logic.equals(seen[k], key) then known = true end
    end
    if not known then
      count = count + 1
      out[count], seen[count] = items[i], key
    end
  end
  return array(out, count)
end)

list("map", 1, 1, function(items, n, property)
  local out = {}
  for i = 1, n do out[i] = property_of(items[i], property) end
  return array(out, n)
end)

M.concat = { min = 1, max = 1, call = function(_, _, value, other)
  if not values.is_array(other) then error({ text = "the argument must be a list" }, 0) end
  local items, n = input(value)
  local out = table.move(items, 1, n, 1, {})
  return array(out, flatten(other, values.length(other), out, n))
end }

-- Sorts by key(item); items without a key come last.
local function sorted(items, n, property, key, before)
  local rows = {}
  for i = 1, n do
    local value = items[i]
    if property ~= nil then value = property_of(value, property) end
    rows[i] = { item = items[i], key = value ~= nil and key(value) or nil }
  end
  rows = logic.sort(rows, n, function(a, b)
    if a.key == nil or b.key == nil then return a.key ~= nil and b.key == nil end
    return before(a.key, b.key)
  end)
  local out = {}
  for i = 1, n do out[i] = rows[i].item end
  return array(out, n)
end

list("sort", 0, 1, function(items, n, property)
  return sorted(items, n, property, function(value) return value end, function(a, b) return logic.ordered("<", a, b) end)
end)
list("sort_natural", 0, 1, function(items, n, property)
  return sorted(items, n, property, function(value) return letters.lower(to_text(value)) end,
    function(a, b) return a < b end)
end)

list("sum", 0, 1, function(items, n, property)
  local total = 0
  for i = 1, n do
    local value = items[i]
    if property ~= nil then value = property_of(value, property) end
    total = numbers.plus(total, value)
  end
  return total
end)

M.split = { min = 1, max = 1, call = function(_, _, value, separator)
  local text, parts = to_text(value), {}
  separator = to_text(separator)
  if separator == "" then
    parts = letters.all(text)
  elseif separator == " " then
    for word in text:gmatch("%S+") do parts[#parts + 1] = word end
  else
    local at = 1
    while true do
      local from, to = text:find(separator, at, true)
      if not from then break end
      parts[#parts + 1] = text:sub(at, from - 1)
      at = to + 1
    end
    parts[#parts + 1] = text:sub(at)
    while parts[#parts] == "" do parts[#parts] = nil end
  end
  return array(parts)
end }

M.slice = { min = 1, max = 2, call = function(_, _, value, offset, count)
  offset = logic.to_integer(offset, "the offset")
  count = count ~= nil and logic.to_integer(count, "the length") or 1
  local is_list = values.is_array(value)
  local text = not is_list and to_text(value)
  local n = is_list and values.length(value) or letters.length(text)
  if offset < 0 then offset = n + offset end
  local last = math.min(n, offset + count)
  if offset < 0 or offset >= n or count <= 0 then return is_list and array({}, 0) or "" end
  if text then return letters.sub(text, offset + 1, last) end
  return array(table.move(value, offset + 1, last, 1, {}), last - offset)
end }

-- item[property] as the reference (Ruby) has it, which looks for a part in a text. The second result is false where the
-- item has no such thing at all, and the whole filter gives nil.
local function pick(item, property)
  if values.is_hash(item) or type(item) == "table" and not values.is_array(item) then
    if type(property) ~= "string" then return nil, true end
    return values.member(item, property), true
  end
  if type(item) == "string" then
    if type(property) == "string" then return item:find(property, 1, true) and property or nil, true end
    if math.type(property) == "integer" then return letters.all(item)[property + 1], true end
  elseif math.type(item) == "integer" and math.type(property) == "integer" then
    return item >> property & 1, true
  elseif item == nil or type(item) == "boolean" then
    return nil, false
  end
  error({ text = "an item of the list has no property " .. to_text(property) }, 0)
end

-- A filter that tests each item: f(items, n, matches) gives the result, or nil if an item can't be tested.
local function choose(name, otherwise, f)
  M[name] = { min = 1, max = 2, call = function(_, _, value, property, target)
    local items, n = input(value)
    if n == 0 then return otherwise() end
    local unfit = false
    local result = f(items, n, function(item)
      local found, fit = pick(item, property)
      unfit = unfit or not fit
      if target == nil then return values.truthy(found) end
      return logic.equals(found, target)
    end, function() return unfit end)
    if unfit then return nil end
    return result
  end }
end

local function keep(wanted)
  return function(items, n, matches, stopped)
    local out, count = {}, 0
    for i = 1, n do
      if matches(items[i]) == wanted then
        count = count + 1
        out[count] = items[i]
      end
      if stopped() then break end
    end
    return array(out, count)
  end
end

local function nothing() end
local function none() return array({}, 0) end

local function search(give)
  return function(items, n, matches, stopped)
    for i = 1, n do
      if matches(items[i]) then return give(items[i], i) end
      if stopped() then break end
    end
    return give()
  end
end

choose("where", none, keep(true))
choose("reject", none, keep(false))
choose("find", nothing, search(function(item) return item end))
choose("find_index", nothing, search(function(_, i) return i and i - 1 end))
choose("has", function() return false end, search(function(_, i) return i ~= nil end))

return M
