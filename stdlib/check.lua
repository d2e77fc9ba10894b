-- SPDX-License-Identifier: MIT
-- Checks of what scripts pass in. Misuse raises, at the line of the script, with a text that says what to do.

local M = {}

-- How many letters must change to get from a to b (swapped neighbours count once).
local function distance(a, b)
  local before, row = nil, {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local current = { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      current[j] = math.min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (same and 0 or 1))
      if before and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        current[j] = math.min(current[j], before[j - 2] + 1)
      end
    end
    before, row = row, current
  end
  return row[#b]
end

-- The word of a list that was probably meant, or nil.
function M.nearest(word, list)
  if #word > 40 then return nil end
  local best, least = nil, #word < 5 and 1 or 2
  for _, candidate in ipairs(list) do
    local d = distance(word:lower(), candidate:lower())
    if d <= least and (not best or d < least) then best, least = candidate, d end
  end
  if not best and #word >= 3 then
    for _, candidate in ipairs(list) do
      if candidate:sub(1, #word) == word or word:sub(1, #candidate) == candidate then best = candidate end
    end
  end
  return best
end

-- "; did you mean 'x'?", or the whole list if it is short.
function M.hint(word, list)
  local near = type(word) == "string" and M.nearest(word, list)
  if near then return ("; did you mean '%s'?"):format(near) end
  if #list <= 12 then return "; known: " .. table.concat(list, ", ") end
  return ""
end

function M.names(set)
  local names = {}
  for name in pairs(set) do names[#names + 1] = name end
  return names
end

-- "a text", "a number": what a value is, in the words of the messages.
function M.describe(value)
  local kind = type(value)
  if kind == "nil" then return "nothing" end
  if kind == "string" then return "a text" end
  if kind == "userdata" and host.secret_name(value) then return "a secret" end
  return "a " .. kind
end

local describe = M.describe

function M.text(what, value)
  if type(value) ~= "string" then host.raise(("%s: a text is needed, not %s"):format(what, describe(value))) end
  if value == "" then host.raise(what .. ": the text is empty") end
  return value
end

-- A text of one line: keys, labels.
function M.line(what, value)
  M.text(what, value)
  if #value > 200 then host.raise(what .. ": the text is longer than 200 bytes") end
  if value:find "%c" then host.raise(what .. ": the text holds a line end or control character") end
  return value
end

-- The name of a channel, template, sequence: part of a file's name, so nothing that leads elsewhere.
function M.name(what, value)
  M.text(what, value)
  if #value > 64 or not value:find "^[a-z0-9_%-]+$" then
    host.raise(("%s: '%s' is no name (small letters, digits, _ and -, at most 64)"):format(what, value:sub(1, 80)))
  end
  return value
end

function M.number(what, value)
  if type(value) ~= "number" then host.raise(("%s: a number is needed, not %s"):format(what, describe(value))) end
  return value
end

-- A duration goes to the host as it was written: a text, or seconds.
function M.duration(what, value)
  if type(value) == "number" then
    if value ~= value or value < 0 or value == math.huge then host.raise(what .. ": a number of seconds from 0") end
    return value
  end
  if type(value) ~= "string" or value == "" or #value > 200 or value:find "%c" then
    host.raise(("%s: a duration is needed, such as \"3 days\" or a number of seconds, not %s"):format(what, describe(value)))
  end
  return value
end

function M.one_of(what, value, list)
  for _, allowed in ipairs(list) do
    if value == allowed then return value end
  end
  host.raise(("%s: %s is not known%s"):format(what, type(value) == "string" and "'" .. value:sub(1, 80) .. "'" or describe(value),
    M.hint(value, list)))
end

-- A list of texts. One text alone is a list of one where `single` allows it.
function M.texts(what, value, single)
  if single and type(value) == "string" then value = { value } end
  if type(value) ~= "table" then
    host.raise(("%s: a list of texts is needed, not %s"):format(what, describe(value)))
  end
  local list = {}
  for key, item in pairs(value) do
    if math.type(key) ~= "integer" then host.raise(("%s: a list is needed, and '%s' is a name"):format(what, tostring(key))) end
    list[#list + 1] = M.text(("%s[%d]"):format(what, key), item)
  end
  return list
end

-- Checks a table of options. spec: key → check(what, value) that returns the value to use, or the name of a Lua type.
-- Returns a copy with what the checks made of the values.
function M.options(what, options, spec, required)
  if type(options) ~= "table" then
    host.raise(("%s: a table { key = value } is needed, not %s"):format(what, describe(options)))
  end
  local copy = {}
  for key, value in pairs(options) do
    local rule = type(key) == "string" and spec[key]
    if not rule then
      host.raise(("%s: unknown key '%s'%s"):format(what, tostring(key):sub(1, 80), M.hint(tostring(key), M.names(spec))))
    end
    local name = what .. "." .. key
    if type(rule) == "function" then
      copy[key] = rule(name, value)
    elseif type(value) ~= rule then
      host.raise(("%s: a %s is needed, not %s"):format(name, rule == "string" and "text" or rule, describe(value)))
    else
      copy[key] = value
    end
  end
  for _, key in ipairs(required or {}) do
    if copy[key] == nil then host.raise(("%s: '%s' is missing"):format(what, key)) end
  end
  return copy
end

return M
