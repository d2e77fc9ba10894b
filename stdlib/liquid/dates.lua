-- SPDX-License-Identifier: MIT
-- Liquid's date filter: reads dates as people and programs write them, and writes them by strftime's directives.
-- A date is {year, month, day, hour, min, sec, offset (seconds east of UTC), zone}. Zones other than offsets are UTC:
-- nothing here looks at the machine.

local values = require "liquid.values"

local M = {}

local months = { "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December" }
local days = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" }

---Days since 1970-01-01 of a date of the proleptic Gregorian calendar.
local function day_number(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 719469
end

local function from_seconds(seconds, offset)
  local here = seconds + (offset or 0)
  local number, second = here // 86400, here % 86400
  local z = number + 719468
  local era = z // 146097
  local doe = z - era * 146097
  local yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
  local doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
  local mp = (5 * doy + 2) // 153
  local month = mp < 10 and mp + 3 or mp - 9
  return { year = yoe + era * 400 + (month <= 2 and 1 or 0), month = month, day = doy - (153 * mp + 2) // 5 + 1,
    hour = second // 3600, min = second // 60 % 60, sec = second % 60, offset = offset or 0 }
end

local function to_seconds(date)
  return day_number(date.year, date.month, date.day) * 86400 + date.hour * 3600 + date.min * 60 + date.sec - date.offset
end

local function month_of(word)
  word = word:lower()
  for i, name in ipairs(months) do
    if #word >= 3 and name:lower():sub(1, #word) == word then return i end
  end
end

local last_day = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

-- hh:mm[:ss][ am|pm] and a zone, anywhere in the text.
local function read_time(text, date)
  local hour, min, rest = text:match("(%d%d?):(%d%d)(.*)")
  date.hour, date.min, date.sec, date.offset = 0, 0, 0, 0
  if not hour then return true end
  date.hour, date.min = tonumber(hour), tonumber(min)
  date.sec = tonumber(rest:match("^:(%d%d)") or 0)
  local half = rest:lower():match("^[:%d%.]*%s*([ap])%.?m")
  if half and date.hour <= 12 then date.hour = date.hour % 12 + (half == "p" and 12 or 0) end
  local sign, hours, minutes = rest:match("([-+])(%d%d):?(%d%d)")
  if sign then date.offset = (tonumber(hours) * 60 + tonumber(minutes)) * 60 * (sign == "-" and -1 or 1) end
  return date.hour <= 24 and date.min < 60 and date.sec <= 60
end

---A date out of a text, or nil.
local function read(text)
  local date = {}
  local year, month, day = text:match("(%d%d%d%d)[-/](%d%d?)[-/](%d%d?)")
  if not year then year, month, day = text:match("^%s*(%d%d%d%d)(%d%d)(%d%d)%f[%D]") end
  if year then
    month = tonumber(month)
  else
    -- March 14, 2016; 14 March 2016; Mon, 14 Mar 2016 10:00; 14-Mar-2016
    for word, at in text:gmatch("(%a+)()") do
      if month_of(word) then
        month = month_of(word)
        day, year = text:match("^%.?%s*(%d%d?)%a*,?%s+(%d%d%d%d)", at)
        if not day then
          day = text:sub(1, at - #word - 1):match("(%d%d?)%a*[%s-]+$")
          year = text:match("^%.?[%s,-]+(%d%d%d%d)", at)
        end
        if not day then day, year = 1, text:match("^%.?[%s,]+(%d%d%d%d)", at) end
        break
      end
    end
  end
  date.year, date.month, date.day = tonumber(year), month, tonumber(day)
  if not date.year or not date.month or not date.day then return nil end
  if date.month < 1 or date.month > 12 or date.day < 1 or date.day > last_day[date.month] then return nil end
  if not read_time(text, date) then return nil end
  return date
end

local function iso_week(date)
  local number = day_number(date.year, date.month, date.day)
  local weekday = (number + 3) % 7 -- Monday is 0
  local thursday = from_seconds((number - weekday + 3) * 86400)
  local first = day_number(thursday.year, 1, 1)
  return thursday.year, (number - weekday + 3 - first) // 7 + 1
end

local function zone(date, colons)
  local minutes = math.abs(date.offset) // 60
  return string.format(colons and "%s%02d:%02d" or "%s%02d%02d", date.offset < 0 and "-" or "+", minutes // 60, minutes % 60)
end

local composed = { D = "%m/%d/%y", F = "%Y-%m-%d", T = "%H:%M:%S", X = "%H:%M:%S", R = "%H:%M", r = "%I:%M:%S %p",
  c = "%a %b %e %H:%M:%S %Y", x = "%m/%d/%y", v = "%e-%^b-%Y" }

-- What each directive gives: a number, its width and padding, or a text.
local directives = {
  Y = function(d) return d.year, 4, "0" end,
  C = function(d) return d.year // 100, 2, "0" end,
  y = function(d) return d.year % 100, 2, "0" end,
  m = function(d) return d.month, 2, "0" end,
  d = function(d) return d.day, 2, "0" end,
  e = function(d) return d.day, 2, " " end,
  j = function(d) return day_number(d.year, d.month, d.day) - day_number(d.year, 1, 1) + 1, 3, "0" end,
  H = function(d) return d.hour, 2, "0" end,
  k = function(d) return d.hour, 2, " " end,
  I = function(d) return (d.hour + 11) % 12 + 1, 2, "0" end,
  l = function(d) return (d.hour + 11) % 12 + 1, 2, " " end,
  M = function(d) return d.min, 2, "0" end,
  S = function(d) return d.sec, 2, "0" end,
  L = function() return 0, 3, "0" end,
  N = function() return 0, 9, "0" end,
  s = function(d) return to_seconds(d), 1, "0" end,
  u = function(d) return (day_number(d.year, d.month, d.day) + 3) % 7 + 1, 1, "0" end,
  w = function(d) return (day_number(d.year, d.month, d.day) + 4) % 7, 1, "0" end,
  G = function(d) return (iso_week(d)), 4, "0" end,
  g = function(d) return (iso_week(d)) % 100, 2, "0" end,
  V = function(d) return select(2, iso_week(d)), 2, "0" end,
  B = function(d) return months[d.month] end,
  b = function(d) return months[d.month]:sub(1, 3) end,
  h = function(d) return months[d.month]:sub(1, 3) end,
  A = function(d) return days[(day_number(d.year, d.month, d.day) + 4) % 7 + 1] end,
  a = function(d) return days[(day_number(d.year, d.month, d.day) + 4) % 7 + 1]:sub(1, 3) end,
  p = function(d) return d.hour < 12 and "AM" or "PM" end,
  P = function(d) return d.hour < 12 and "am" or "pm" end,
  Z = function(d) return d.offset == 0 and "UTC" or "" end,
  n = function() return "\n" end,
  t = function() return "\t" end,
  ["%"] = function() return "%" end,
}
-- Weeks of the year that begin on a Sunday (U) or a Monday (W).
local function week(first)
  return function(d)
    local number = day_number(d.year, d.month, d.day)
    local yday, weekday = number - day_number(d.year, 1, 1), (number + 4) % 7
    return (yday + 7 - (weekday - first) % 7) // 7, 2, "0"
  end
end
directives.U, directives.W = week(0), week(1)

local function one(date, flags, width, colons, letter)
  if composed[letter] then return M.format(date, composed[letter]) end
  if letter == "z" then return zone(date, colons ~= "") end
  local f = directives[letter]
  if not f then return nil end
  local value, size, padding = f(date)
  if type(value) == "number" then
    if flags:find("-", 1, true) then return tostring(value) end
    if flags:find("_", 1, true) then padding = " " end
    if flags:find("0", 1, true) then padding = "0" end
    size = tonumber(width) or size
    value = tostring(value)
    return (padding:rep(math.min(size, 100) - #value)) .. value
  end
  if flags:find("^", 1, true) then value = value:upper() end
  if flags:find("#", 1, true) then value = value:lower() == value and value:upper() or value:lower() end
  return (" "):rep(math.min(tonumber(width) or 0, 100) - #value) .. value
end

---A date by strftime's directives.
function M.format(date, format)
  return (format:gsub("%%([-0^#_]*)(%d*)(:?)(.)", function(flags, width, colons, letter)
    return one(date, flags, width, colons, letter)
  end))
end

---The date that a value means: a text or a number of seconds since the epoch; nil if it is none.
function M.of(ctx, value)
  if math.type(value) == "integer" then return from_seconds(value) end
  if type(value) ~= "string" then return nil end
  local lower = value:lower()
  if lower == "now" or lower == "today" then
    if not ctx.now then error({ text = "the time is not known here" }, 0) end
    return from_seconds(ctx.now, ctx.offset)
  end
  if value:find("^%d+$") then return #value < 18 and from_seconds(math.tointeger(tonumber(value))) or nil end
  return read(value)
end

---The day of the week of a date, 1 is Sunday.
function M.weekday(date)
  return (day_number(date.year, date.month, date.day) + 4) % 7 + 1
end

---The filter: a value by a format. What is no date stays as it is.
function M.filter(ctx, _, value, format)
  format = values.to_text(format)
  local date = format ~= "" and value ~= nil and M.of(ctx, value)
  if not date then return value end
  return M.format(date, format)
end

return M
