-- SPDX-License-Identifier: MIT
-- A word that their message has come, unless a colleague was faster; and a task when nobody has kept the promise it made. Loop-safe as
-- RFC 3834 asks: automatic mail gets none, one person gets one a day at most.

local check = require "perigee.check"
local perigee = require "perigee"
local tone = require "perigee.tone"

local M = {}

local DAY = 24 * 3600

local function message_of(what, value)
  if type(value) ~= "table" or type(value.at) ~= "number" or type(value.channel) ~= "string" then
    check.raise(what .. ": what contact:wait_reply gave is needed, not " .. check.describe(value))
  end
  return value
end

-- Who of us has answered them since a time: "person", "script" or nil. What a script asked a person to send has a template.
local function who_answered(contact, since)
  local who
  for _, message in ipairs(contact:messages { limit = 20, direction = "out" }) do
    if message.at >= since then
      if message.by == "person" and not message.template then return "person" end
      if message.purpose == "answer" then who = "script" end
    end
  end
  return who
end

-- The wall clock of the workspace's zone at a time, as ISO text with its offset: what templates show in local hours.
local function wall_clock(time)
  local since_midnight = DAY - (perigee.date(time, "tomorrow 00:00", "workspace") - time)
  local offset = (since_midnight - time) % DAY
  if offset > 14 * 3600 then offset = offset - DAY end
  local sign, minutes = offset < 0 and "-" or "+", math.abs(offset) // 60
  return os.date("!%Y-%m-%dT%H:%M:%S", time + offset) .. ("%s%02d:%02d"):format(sign, minutes // 60, minutes % 60)
end

---When our own people are in next: now or later, by the hours and the zone of perigee.lua.
---```lua
---if ack.next_open() > perigee.now() then perigee.log "nobody is in" end
---```
---@param time? integer seconds since the epoch; else now
---@return integer
function M.next_open(time)
  return perigee.date(time or perigee.now(), "open hours", "workspace")
end

---The same as text, with the offset of the workspace's zone, for templates: `{{ back | localized_date: "weekday" }}`, `{{ back | date: "%H:%M" }}`.
---```lua
---contact:send("email", "closed", { vars = { back = ack.back() } })
---```
---@return string
function M.back()
  return wall_clock(M.next_open())
end

-- Takes the day's one acknowledgement. Of two runs for one person only one gets it: each counts, and one sees the other's count.
local function take_turn(contact)
  local key, now = "ack/" .. contact.id, perigee.now()
  local n = perigee.store.get(key .. "/n") or 0
  local last = perigee.store.get(key)
  if last and now - last < DAY then return false end
  perigee.store.set(key, now)
  return perigee.store.add(key .. "/n", 1) == n + 1
end

-- Sends it. What they add meanwhile belongs to the same question: it is heard, so that the acknowledgement may leave.
local function send(contact, channel, template, vars)
  local sent, text, code, rule
  for _ = 1, 3 do
    repeat until not contact:wait("reply", 0)
    sent, text, code, rule = contact:try_send(channel, template, { vars = vars })
    if sent or rule ~= "unseen_reply" then break end
  end
  return sent, text, code
end

local within_options = { message = message_of, channel = check.line, template = check.line, closed = check.line, vars = "table" }

---Acknowledges a message shortly before the time is up, counted from when they wrote, unless somebody was faster. Returns who: `acknowledged`,
---`person` (a colleague has answered), `script` (another script has), `already` (they had one in the last 24 hours), `automatic mail`, `in
---quarantine`; or `nil, text, code` if it may not be sent. When our people are out, `closed` is the template, which says when they are back; a
---function among the `vars`, such as ack.back, is called when the message is made. Write both with `purpose: answer`, which may leave at any hour.
---Needs: send, store.
---```lua
---local message = contact:wait_reply "1 minute"
---local who = ack.within(contact, "1h", { message = message, template = "received", closed = "received-closed",
---  vars = { back = ack.back } })
---```
---@param contact perigee.Contact
---@param within perigee.Duration
---@param options { message: perigee.Reply, template: string, closed?: string, channel?: string, vars?: table } channel: else the message's
---@return string? who, string? text, string? code
function M.within(contact, within, options)
  check.duration("ack.within", within)
  options = check.options("ack.within", options, within_options, { "message", "template" })
  local message = options.message
  if message.kind ~= "reply" or tone.look(message.text or "").automatic then return "automatic mail" end
  local due = perigee.date(message.at, within)
  local left = due - perigee.now()
  -- A little before the time is up, so that it is kept.
  if left > 0 then
    local event = contact:wait("handled", left - math.min(300, left // 20))
    if event then return "person" end
  end
  if contact.labels.quarantine then return "in quarantine" end
  local who = who_answered(contact, message.at)
  if who then return who end
  if not take_turn(contact) then return "already" end
  local vars = {}
  for name, value in pairs(options.vars or {}) do vars[name] = type(value) == "function" and value() or value end
  local template = options.closed and M.next_open() > perigee.now() and options.closed or options.template
  -- A channel that the script may not use raises; whoever wrote there is waiting all the same.
  local fine, sent, text, code = pcall(send, contact, options.channel or message.channel, template, vars)
  if not fine then return nil, sent, "refused" end
  if not sent then return nil, text, code end
  return "acknowledged"
end

local overdue_options = { message = message_of, note = check.text, due = check.duration }

---Waits until the promised time, counted from when they wrote; if no colleague has answered by then, makes a task (kind `message`). What they write meanwhile
---does not end it: it counts from their first message that nobody has answered. Returns `person` or `overdue`, and the task's id. Days are
---counted in the workspace's zone.
---Needs: task.
---```lua
---if ack.overdue(contact, "1 business day", { message = message }) == "overdue" then contact:label "waits too long" end
---```
---@param contact perigee.Contact
---@param promised perigee.Duration
---@param options { message: perigee.Reply, note?: string, due?: perigee.Duration } note, due: of the task
---@return string who, integer? task
function M.overdue(contact, promised, options)
  check.duration("ack.overdue", promised)
  options = check.options("ack.overdue", options, overdue_options, { "message" })
  local message = options.message
  while true do
    local left = perigee.date(message.at, promised, "workspace") - perigee.now()
    local event = left > 0 and contact:wait({ "handled", "reply" }, left) or nil
    if event and event.event == "handled" then return "person" end
    local answered = who_answered(contact, message.at) == "person"
    if not event then
      if answered then return "person" end
      local waited = (perigee.now() - message.at + 1800) // 3600
      local task = contact:task { kind = "message", due = options.due, note = options.note or
        ("%s has waited %d hours for an answer on %s: “%s”"):format(contact.name or contact.id, waited, message.channel,
          (message.text or ""):gsub("%s+", " "):sub(1, 300):gsub("[\xC2-\xF4][\x80-\xBF]*$", "")) }
      return "overdue", task
    end
    -- They wrote again: after an answer it is a new matter.
    if answered then message = event end
  end
end

return M
