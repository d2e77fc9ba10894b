-- SPDX-License-Identifier: MIT
-- Sending hours as a person writes them, as minutes of the days of the week: {["1"] = {{540, 1080}}}, monday is "1".

local M = {}

local days = { mon = 1, tue = 2, wed = 3, thu = 4, fri = 5, sat = 6, sun = 7 }

local function day_of(word)
  local name = word:lower()
  local long = { monday = 1, tuesday = 2, wednesday = 3, thursday = 4, friday = 5, saturday = 6, sunday = 7 }
  return days[name] or long[name]
end

local function minutes(text)
  local hour, minute = text:match "^(%d%d?):(%d%d)$"
  hour, minute = tonumber(hour), tonumber(minute)
  if not hour or minute > 59 or hour > 24 or hour == 24 and minute > 0 then return nil end
  return hour * 60 + minute
end

-- "09:00-18:00" → {540, 1080}, or nil and why not.
local function span(text)
  local from, to = text:match "^%s*(%d%d?:%d%d)%s*%-%s*(%d%d?:%d%d)%s*$"
  from, to = from and minutes(from), to and minutes(to)
  if not from or not to then return nil, ("'%s' is no span of time, such as \"09:00-18:00\""):format(text) end
  if from >= to then return nil, ("'%s' ends before it begins"):format(text) end
  return { from, to }
end

local function add(week, day, text)
  local one, why = span(text)
  if not one then return why end
  local key = tostring(day)
  week[key] = week[key] or {}
  table.insert(week[key], one)
end

-- "mon-fri", "mon,wed": calls f(day) for each; returns why not, if so.
local function each_day(text, f)
  for part in text:gmatch "[^,]+" do
    local from, to = part:match "^%s*(%a+)%s*%-%s*(%a+)%s*$"
    if not from then from = part:match "^%s*(%a+)%s*$" end
    local first, last = day_of(from or ""), day_of(to or from or "")
    if not first or not last then return ("'%s' is no day or days, such as \"mon\" or \"mon-fri\""):format(part) end
    local day = first
    while true do
      local why = f(day)
      if why then return why end
      if day == last then break end
      day = day % 7 + 1
    end
  end
end

local function lines_into(week, list)
  for _, line in ipairs(list) do
    if type(line) ~= "string" then return "a list of texts such as \"mon-fri 09:00-18:00\" is needed" end
    local names, time = line:match "^%s*([%a,%-%s]-)%s+(%d.*)$"
    if not names then return ("'%s' is not of the form \"mon-fri 09:00-18:00\""):format(line) end
    local why = each_day(names, function(day) return add(week, day, time) end)
    if why then return why end
  end
end

local function members_into(week, members)
  for name, spans in pairs(members) do
    if type(spans) == "string" then spans = { spans } end
    if type(name) ~= "string" or type(spans) ~= "table" then return "days are written as mon = \"09:00-18:00\"" end
    for _, text in ipairs(spans) do
      if type(text) ~= "string" then return "a span of time is a text, such as \"09:00-18:00\"" end
      local why = each_day(name, function(day) return add(week, day, text) end)
      if why then return why end
    end
  end
end

local function earlier(a, b) return a[1] < b[1] end

---The hours as the host keeps them, or nil and what is wrong.
---```lua
---hours.read { "mon-fri 09:00-18:00", "sat 10:00-12:00" }
---hours.read { mon = "09:00-18:00", fri = { "09:00-12:00", "14:00-18:00" } }
---hours.read "always"
---```
---@param value "always"|string[]|table<string, string|string[]>
function M.read(value)
  if value == "always" then return value end
  if type(value) == "string" then value = { value } end
  if type(value) ~= "table" then return nil, "\"always\", or a list such as { \"mon-fri 09:00-18:00\" }" end
  local week = {}
  local why = (#value > 0 and lines_into or members_into)(week, value)
  if why then return nil, why end
  if next(week) == nil then return nil, "no hours at all: nothing would ever be sent" end
  for _, spans in pairs(week) do
    table.sort(spans, earlier)
    for i = 2, #spans do
      if spans[i][1] < spans[i - 1][2] then return nil, "two spans of one day overlap" end
    end
  end
  return week
end

return M
