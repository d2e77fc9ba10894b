-- SPDX-License-Identifier: MIT
-- Reads JSON into Liquid's values, which keep what Lua's tables lose: the order of members, null items, and whether
-- something empty is a list or an object.

local values = require "liquid.values"

local M = {}

local DEPTH = 64
local escapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }
local words = { { "true", true }, { "false", false }, { "null", nil } }

local function fail(text, at, what)
  local _, lines = text:sub(1, at - 1):gsub("\n", "")
  error({ text = "the data are not JSON: " .. what, where = "data:" .. lines + 1 }, 0)
end

local function unicode(text, at)
  local code = tonumber(text:match("^u(%x%x%x%x)", at) or fail(text, at, "a bad \\u"), 16)
  if code < 0xD800 or code > 0xDFFF then return utf8.char(code), at + 5 end
  local low = tonumber(text:match("^\\u(%x%x%x%x)", at + 5) or "0", 16)
  if code > 0xDBFF or low < 0xDC00 or low > 0xDFFF then return "\u{FFFD}", at + 5 end
  return utf8.char(0x10000 + (code - 0xD800 << 10) + low - 0xDC00), at + 11
end

local function read_string(text, at)
  local parts = {}
  while true do
    local run, stop = text:match('^([^"\\]*)()', at)
    parts[#parts + 1] = run
    local char = text:sub(stop, stop)
    if char == "" then fail(text, at, "a text is not closed") end
    if char == '"' then return table.concat(parts), stop + 1 end
    local escape = text:sub(stop + 1, stop + 1)
    if escape == "u" then
      parts[#parts + 1], at = unicode(text, stop + 1)
    else
      parts[#parts + 1], at = escapes[escape] or fail(text, stop, "a bad escape"), stop + 2
    end
  end
end

local read

local function skip(text, at)
  return text:match("^[ \t\r\n]*()", at)
end

local function read_array(text, at, depth)
  local list, n = {}, 0
  at = skip(text, at)
  if text:sub(at, at) == "]" then return values.array(list, 0), at + 1 end
  while true do
    n = n + 1
    list[n], at = read(text, at, depth)
    at = skip(text, at)
    local char = text:sub(at, at)
    at = at + 1
    if char == "]" then return values.array(list, n), at end
    if char ~= "," then fail(text, at, "a comma or ] is expected") end
  end
end

local function read_object(text, at, depth)
  local hash, key, value = values.hash(), nil, nil
  at = skip(text, at)
  if text:sub(at, at) == "}" then return hash, at + 1 end
  while true do
    at = skip(text, at)
    if text:sub(at, at) ~= '"' then fail(text, at, "a member's name is expected") end
    key, at = read_string(text, at + 1)
    at = skip(text, at)
    if text:sub(at, at) ~= ":" then fail(text, at, "a colon is expected") end
    value, at = read(text, at + 1, depth)
    values.put(hash, key, value)
    at = skip(text, at)
    local char = text:sub(at, at)
    at = at + 1
    if char == "}" then return hash, at end
    if char ~= "," then fail(text, at, "a comma or } is expected") end
  end
end

function read(text, at, depth)
  if depth > DEPTH then fail(text, at, "too deep") end
  at = skip(text, at)
  local char = text:sub(at, at)
  if char == '"' then return read_string(text, at + 1) end
  if char == "[" then return read_array(text, at + 1, depth + 1) end
  if char == "{" then return read_object(text, at + 1, depth + 1) end
  for _, word in ipairs(words) do
    if text:sub(at, at + #word[1] - 1) == word[1] then return word[2], at + #word[1] end
  end
  local number = text:match("^-?%d+%.?%d*[eE]?[-+]?%d*", at)
  local value = number and tonumber(number)
  if not value then fail(text, at, "a value is expected") end
  if number:find("^-?%d+$") then value = math.tointeger(value) or value end
  return value, at + #number
end

---The value of JSON text. Raises {text, where = "data:LINE"}.
function M.read(text)
  local value, at = read(text, 1, 0)
  at = skip(text, at)
  if at <= #text then fail(text, at, "something follows the value") end
  return value
end

return M
