-- SPDX-License-Identifier: MIT
-- Liquid's filters for texts and numbers; liquid.lists has those for lists, liquid.dates the dates.
-- Each is {call = function(ctx, options, value, ...), min, max (arguments), named (allowed options), escapes (true if
-- what it makes is HTML)}.

local dates = require "liquid.dates"
local letters = require "liquid.letters"
local lists = require "liquid.lists"
local logic = require "liquid.logic"
local numbers = require "liquid.numbers"
local values = require "liquid.values"

local M = {}

local to_text = values.to_text

-- A filter of the value as text.
local function text(name, min, max, f, escapes)
  M[name] = { min = min, max = max, escapes = escapes, call = function(_, _, value, ...)
    return f(to_text(value), ...)
  end }
end

local function number(name, min, max, f)
  M[name] = { min = min, max = max, call = function(_, _, value, ...)
    return f(value, ...)
  end }
end

for name, filter in pairs(lists) do M[name] = filter end
M.date = { min = 1, max = 1, call = dates.filter }

M.default = { min = 0, max = 1, named = { allow_false = true }, call = function(_, options, value, otherwise)
  if value == false and options and values.truthy(options.allow_false) then return false end
  if not values.truthy(value) or logic.is_empty(value) or value == values.EMPTY then
    if otherwise == nil then return nil end
    return otherwise
  end
  return value
end }

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local function escape_html(value)
  return (value:gsub("[&<>\"']", entities))
end

local function escape_once(value)
  return (value:gsub("()([&<>\"'])", function(at, char)
    if char == "&" and (value:find("^%a+;", at + 1) or value:find("^#%d+;", at + 1)) then return char end
    return entities[char]
  end))
end

text("escape", 0, 0, escape_html, true)
text("h", 0, 0, escape_html, true)
text("escape_once", 0, 0, escape_once, true)
text("append", 1, 1, function(value, other) return value .. to_text(other) end)
text("prepend", 1, 1, function(value, other) return to_text(other) .. value end)
text("capitalize", 0, 0, letters.capital)
text("upcase", 0, 0, letters.upper)
text("downcase", 0, 0, letters.lower)
text("strip", 0, 0, function(value) return value:match("%S.*%S") or value:match("%S") or "" end)
text("lstrip", 0, 0, function(value) return value:match("%S.*") or "" end)
text("rstrip", 0, 0, function(value) return value:match("^.*%S") or "" end)
text("strip_newlines", 0, 0, function(value) return (value:gsub("\r?\n", "")) end)
text("newline_to_br", 0, 0, function(value) return (value:gsub("\r?\n", "<br />\n")) end)

text("strip_html", 0, 0, function(value)
  value = value:gsub("<script.-</script>", ""):gsub("<!%-%-.-%-%->", ""):gsub("<style.-</style>", "")
  return (value:gsub("<.->", ""))
end)

-- Where `part` stands in value: its first byte, the byte after it. The last one if `last`.
local function find_part(value, part, last)
  if not last then
    local from, to = value:find(part, 1, true)
    return from, from and to + 1
  end
  if part == "" then return #value + 1, #value + 1 end
  for from = #value - #part + 1, 1, -1 do
    if value:sub(from, from + #part - 1) == part then return from, from + #part end
  end
end

local function replace_one(value, part, other, last)
  local from, after = find_part(value, to_text(part), last)
  if not from then return value end
  return value:sub(1, from - 1) .. to_text(other) .. value:sub(after)
end

local function replace_all(value, part, other)
  part, other = to_text(part), to_text(other)
  if part == "" then return other .. table.concat(letters.all(value), other) .. (value ~= "" and other or "") end
  local out, at = {}, 1
  while true do
    local from, to = value:find(part, at, true)
    if not from then break end
    out[#out + 1] = value:sub(at, from - 1) .. other
    at = to + 1
  end
  return table.concat(out) .. value:sub(at)
end

text("replace", 1, 2, replace_all)
text("replace_first", 1, 2, function(value, part, other) return replace_one(value, part, other) end)
text("replace_last", 1, 2, function(value, part, other) return replace_one(value, part, other, true) end)
text("remove", 1, 1, function(value, part) return replace_all(value, part, "") end)
text("remove_first", 1, 1, function(value, part) return replace_one(value, part, "") end)
text("remove_last", 1, 1, function(value, part) return replace_one(value, part, "", true) end)

-- defaults are for arguments that are not written; one that is written but nil stays nil.
M.truncate = { min = 0, max = 2, call = function(_, _, value, length, ending)
  local whole = to_text(value)
  length = length ~= nil and logic.to_integer(length, "the length") or 50
  ending = to_text(ending)
  if letters.length(whole) <= length then return whole end
  return letters.sub(whole, 1, math.max(0, length - letters.length(ending))) .. ending
end, defaults = { 50, "..." } }

M.truncatewords = { min = 0, max = 2, call = function(_, _, value, most, ending)
  local whole, count, at = to_text(value), 0, 1
  most = math.max(1, most ~= nil and logic.to_integer(most, "the number of words") or 15)
  local words = {}
  while count < most do
    local from, to = whole:find("%S+", at)
    if not from then return whole end
    count, at = count + 1, to + 1
    words[count] = whole:sub(from, to)
  end
  if not whole:find("%S", at) then return whole end
  return table.concat(words, " ") .. to_text(ending)
end, defaults = { 15, "..." } }

text("url_encode", 0, 0, function(value)
  return (value:gsub("[^%w_.~ %-]", function(char) return string.format("%%%02X", char:byte()) end):gsub(" ", "+"))
end)
text("url_decode", 0, 0, function(value)
  local decoded = value:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  if not utf8.len(decoded) then error({ text = "the result is not UTF-8" }, 0) end
  return decoded
end)

number("plus", 1, 1, numbers.plus)
number("minus", 1, 1, numbers.minus)
number("times", 1, 1, numbers.times)
number("divided_by", 1, 1, numbers.divided_by)
number("modulo", 1, 1, numbers.modulo)
number("round", 0, 1, numbers.round)
number("abs", 0, 0, function(value)
  local n = logic.to_number(value)
  return n < 0 and -n or n
end)
number("ceil", 0, 0, function(value)
  local n = logic.to_number(value)
  return math.tointeger(math.ceil(n)) or n
end)
number("floor", 0, 0, function(value)
  local n = logic.to_number(value)
  return math.tointeger(math.floor(n)) or n
end)
number("at_least", 1, 1, function(value, least)
  local a, b = logic.to_number(value), logic.to_number(least)
  return a < b and b or a
end)
number("at_most", 1, 1, function(value, most)
  local a, b = logic.to_number(value), logic.to_number(most)
  return a > b and b or a
end)

local function base64(name, last_two, decode)
  local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" .. last_two
  local function encode_text(value)
    return (value:gsub("..?.?", function(three)
      local a, b, c = three:byte(1, 3)
      local bits = a << 16 | (b or 0) << 8 | (c or 0)
      local out = {}
      for i = 1, 4 do
        local at = (bits >> 24 - 6 * i & 63) + 1
        out[i] = i <= #three + 1 and alphabet:sub(at, at) or "="
      end
      return table.concat(out)
    end))
  end
  local function decode_text(value)
    local body = value:gsub("=*$", "")
    if (#value % 4 ~= 0 and last_two == "+/") or #body % 4 == 1 then error({ text = "this is not base64" }, 0) end
    local out, bits, n = {}, 0, 0
    for char in body:gmatch(".") do
      local at = alphabet:find(char, 1, true)
      if not at then error({ text = "this is not base64" }, 0) end
      bits, n = bits << 6 | at - 1, n + 6
      if n >= 8 then
        n = n - 8
        out[#out + 1] = string.char(bits >> n & 255)
        bits = bits & (1 << n) - 1
      end
    end
    local decoded = table.concat(out)
    if not utf8.len(decoded) then error({ text = "the result is not UTF-8" }, 0) end
    return decoded
  end
  text(name, 0, 0, decode and decode_text or encode_text)
end
base64("base64_encode", "+/")
base64("base64_decode", "+/", true)
base64("base64_url_safe_encode", "-_")
base64("base64_url_safe_decode", "-_", true)

return M
