-- SPDX-License-Identifier: MIT
-- perigee.business: the time in which people work. Hours, closed days and holidays are those of perigee.lua (`hours`, `holidays`), where
-- the run's contact lives; in a job, where the workspace is; or in the zone that is named (`contact.timezone` of another contact). Times are
-- seconds since the epoch, as perigee.now() gives them.

local perigee = require "perigee"
local check = require "perigee.check"

local M = {}

local MOST = 20000 -- business days between two times: 70 years

local function time_of(what, time)
  if time == nil then return perigee.now() end
  if check.number(what, time) < 0 or time ~= time or time >= 1 << 38 then check.raise(what .. ": seconds since 1970 are needed, such as perigee.now()") end
  return math.floor(time)
end

local function days_of(what, days)
  if not math.tointeger(check.number(what .. ": days", days)) then check.raise(what .. ": days: a whole number is needed, such as 2") end
  return math.tointeger(days)
end

---Is a moment (now, by default) within open hours?
---```lua
---if not business.is_open() then perigee.sleep "open hours" end
---```
---@param time? number seconds since the epoch
---@param zone? string
---@return boolean
function M.is_open(time, zone)
  time = time_of("business.is_open: time", time)
  return perigee.date(time, "open hours", zone) == time
end

---The first moment from a time on that is within open hours: the time itself, if it is.
---```lua
---local answered_within = business.next_open(perigee.now()) - business.next_open(reply.at)
---```
---@param time? number
---@param zone? string
---@return integer
function M.next_open(time, zone)
  return perigee.date(time_of("business.next_open: time", time), "open hours", zone)
end

---The next end of a business day: when today's hours end, or on a closed day and after hours those of the next open one.
---```lua
---contact:send("email", "last-minute", { before = business.end_of_day() - perigee.now() })
---```
---@param time? number
---@param zone? string
---@return integer
function M.end_of_day(time, zone)
  return perigee.date(time_of("business.end_of_day: time", time), "end of business day", zone)
end

---The same time of day so many business days later (or earlier: negative). What begins on a closed day counts from its end.
---```lua
---local nudge = business.add(2, message.at)
---```
---@param days integer
---@param time? number
---@param zone? string
---@return integer
function M.add(days, time, zone)
  days = days_of("business.add", days)
  return perigee.date(time_of("business.add: time", time), ("%+d business days"):format(days), zone)
end

---When so many hours within open hours have passed, or (negative) had yet to pass. A late end is a closing time, never the next opening.
---```lua
---if perigee.now() > business.add_hours(4, message.at) then contact:task { kind = "message", note = "They wait for four hours" } end
---```
---@param hours number
---@param time? number
---@param zone? string
---@return integer
function M.add_hours(hours, time, zone)
  if not (math.abs(check.number("business.add_hours: hours", hours)) <= 10000) then check.raise "business.add_hours: hours: at most 10000" end
  return perigee.date(time_of("business.add_hours: time", time), ("%+.3f business hours"):format(hours), zone)
end

---By when something must be done that may take so many business days: the end of the last of them. 0 is the end of the day itself.
---```lua
---contact:task { kind = "sign", note = "The contract", due = business.deadline(2) - perigee.now() }
---```
---@param days integer from 0
---@param time? number
---@param zone? string
---@return integer
function M.deadline(days, time, zone)
  days = days_of("business.deadline", days)
  if days < 0 then check.raise "business.deadline: days: a number from 0 is needed" end
  local last = perigee.date(time_of("business.deadline: time", time), ("%d business days"):format(days), zone)
  return perigee.date(last, "end of business day", zone)
end

-- The largest number of business days that fit between two times, from <= to. Each is looked up by the host, so few are asked for.
local function fit(from, to, zone)
  local least, most = 0, math.min(MOST, (to - from) // 86400 + 1)
  while least < most do
    local middle = (least + most + 1) // 2
    if perigee.date(from, ("%d business days"):format(middle), zone) <= to then
      least = middle
    else
      most = middle - 1
    end
  end
  return least
end

---How many whole business days lie between two times: from Friday 17:00 to Monday 17:00 it is one. Negative if the second comes first.
---```lua
---if business.days_between(contact.fields.last_word, perigee.now()) >= 5 then contact:label "forgotten" end
---```
---@param from number
---@param to? number now, by default
---@param zone? string
---@return integer
function M.days_between(from, to, zone)
  if from == nil then check.raise "business.days_between: from: seconds since 1970 are needed, not nothing" end
  from, to = time_of("business.days_between: from", from), time_of("business.days_between: to", to)
  if from > to then return -fit(to, from, zone) end
  return fit(from, to, zone)
end

return M
