-- SPDX-License-Identifier: MIT
-- perigee.documents: contracts, briefs and other papers that go with a mail and come back signed. The paper itself is a template (its
-- front matter has a `title`), rendered for each person and attached; what it is signed with (a pen, a service on the web) is
-- yours: a person ticks the task, or a signal `signed` says it.

local perigee = require "perigee"
local check = require "perigee.check"

local M = {}

-- The end of a duration that begins now.
local function later(duration)
  if type(duration) == "number" then return perigee.now() + math.floor(duration) end
  return perigee.date(perigee.now(), (duration:gsub("^%s*(%d+%s*%a)", "+%1")))
end

local function text_list(what, value) return check.texts(what, value, true) end

---The next number of a series, such as `2026-0007`: each is given once, whoever asks, and each year begins with 1. A series is a word of
---yours; contracts and invoices have numbers of their own.
---```lua
---local number = documents.number "contract"
---contact:send("email", "agreement", { documents = { "contract" }, vars = { number = number } })
---```
---Needs: store.
---@param series? string "contract" if none is given
---@return string
function M.number(series)
  series = series == nil and "contract" or check.name("documents.number", series)
  local year = os.date("%Y", perigee.now())
  local n = perigee.store.add(("documents/number/%s/%s"):format(series, year), 1)
  return ("%s-%04d"):format(year, n)
end

-- What an outcome of a sign task says no with; anything else is a yes.
local refusals = { declined = true, refused = true, no = true, ["not signed"] = true, ["will not sign"] = true }

local remind_keys = { channel = check.name, template = text_list, after = check.duration, times = check.number, vars = "table" }
local wait_keys = { task = function(what, value)
  if type(value) ~= "string" and math.type(value) ~= "integer" then check.raise(what .. ": the id that contact:task gave is needed") end
  return value
end, within = check.duration, remind = "table" }

local MOST = 10 -- reminders, and tries to send one

local function reminders(what, remind)
  if remind == nil then return nil end
  local r = check.options(what .. ": remind", remind, remind_keys, { "channel", "template", "after" })
  for _, template in ipairs(r.template) do check.name(what .. ": remind: template", template) end
  local times = r.times == nil and #r.template or math.tointeger(r.times)
  if not times or times < 1 or times > MOST then check.raise(("%s: remind: times: a whole number from 1 to %d"):format(what, MOST)) end
  return { channel = r.channel, template = r.template, after = r.after, times = times, vars = r.vars }
end

-- What an event means for the signature; nil: it was another task's.
local function meaning(event, task)
  if event.event == "signal:signed" then return "signed", event.note end
  if event.event == "signal:declined" then return "declined", event.note end
  if event.event == "reply" then return "replied" end
  if task ~= nil and tostring(event.task) == tostring(task) then
    return refusals[event.outcome] and "declined" or "signed", event.note
  end
end

-- Waits until `deadline` (nil: as long as it takes) for what says how it ended.
local function listen(contact, task, deadline)
  while true do
    local left = deadline and deadline - perigee.now()
    if left and left <= 0 then return nil end
    local event = contact:wait({ "signal:signed", "signal:declined", "task_done", "reply" }, left)
    if not event then return nil end
    local outcome, note = meaning(event, task)
    if outcome then return { outcome = outcome, at = event.at, note = note, reply = outcome == "replied" and event or nil } end
  end
end

-- A reminder leaves at an hour at which mail may leave, and not later than that: so nobody is reminded who has signed while it waited.
local function send_reminder(contact, task, remind, template, deadline)
  for _ = 1, MOST do
    local opens = perigee.date(perigee.now(), "open hours")
    if deadline and opens >= deadline then return nil end
    local ended = opens > perigee.now() and listen(contact, task, opens) or nil
    if ended then return ended end
    local message, _, code = contact:try_send(remind.channel, template, { vars = remind.vars, before = "1 hour" })
    if message then return nil, true end
    if code ~= "timeout" then return nil end
  end
end

---Waits until it is known what became of a paper, and reminds politely until then. `outcome` is
---
--- - `signed`: a signal `signed`, or the task was ticked (`perigee tasks done 12`),
--- - `declined`: a signal `declined`, or the task was ticked with the outcome `declined`,
--- - `replied`: they wrote (`reply`); nobody is reminded after that: a person reads it, and `documents.wait` without `remind` goes on,
--- - `silent`: the time is up.
---
---`reminded` says how many reminders have left. `remind.template` may be a list: the first reminder's, the second's, ...
---```lua
---local result = documents.wait(contact, {
---  task = task, within = "3 weeks",
---  remind = { channel = "email", template = { "still-unsigned", "last-reminder" }, after = "4 business days" },
---})
---```
---Needs: send.
---@param contact perigee.Contact
---@param options? { task?: string|integer, within?: perigee.Duration, remind?: { channel: string, template: string|string[], after: perigee.Duration, times?: integer, vars?: table } }
---@return { outcome: "signed"|"declined"|"replied"|"silent", at?: integer, note?: string, reply?: perigee.Reply, reminded: integer }
function M.wait(contact, options)
  local o = check.options("documents.wait", options or {}, wait_keys)
  local remind = reminders("documents.wait", o.remind)
  local deadline = o.within and later(o.within)
  local reminded = 0
  for i = 1, remind and remind.times or 0 do
    local next = later(remind.after)
    if deadline and next >= deadline then break end
    local ended = listen(contact, o.task, next)
    local sent
    if not ended then ended, sent = send_reminder(contact, o.task, remind, remind.template[math.min(i, #remind.template)], deadline) end
    if sent then reminded = reminded + 1 end
    if ended then
      ended.reminded = reminded
      return ended
    end
  end
  local ended = listen(contact, o.task, deadline) or { outcome = "silent" }
  ended.reminded = reminded
  return ended
end

local send_keys = {
  channel = check.name, template = check.name, documents = text_list, attach = text_list, vars = "table", series = check.name, note = check.text,
  due = check.duration, within = check.duration, remind = "table",
}

-- Sends; somebody who wrote meanwhile (and whose run goes on) is read by a person, and gets it all the same. Nil and why: refused.
local function send_paper(contact, o, options)
  for _ = 1, MOST do
    local message, text, _, rule = contact:try_send(o.channel, o.template, options)
    if message or rule ~= "unseen_reply" then return message, text end
    local reply = contact:wait_reply "1 minute"
    if reply then contact:task { kind = "review", note = "They wrote before the paper left: " .. reply.text } end
  end
  return nil, "they wrote again and again before it could leave"
end

---Sends a paper to be signed and waits for it: a number (`vars.number`, of the `series`), the mail with its documents, a task `sign` for the
---person who files it, and then documents.wait. Without a `series` there is no number. Where the mail is refused the outcome is `refused`
---(`note` says why): nothing was sent.
---```lua
---local result = documents.sign(contact, {
---  channel = "email", template = "agreement", documents = { "contract", "brief" }, series = "contract", within = "3 weeks",
---  remind = { channel = "email", template = "still-unsigned", after = "4 business days" },
---})
---if result.outcome ~= "signed" then return result.outcome end
---```
---Needs: send, store, task.
---@param contact perigee.Contact
---@param options { channel: string, template: string, documents: string|string[], attach?: string|string[], vars?: table, series?: string, note?: string, due?: perigee.Duration, within?: perigee.Duration, remind?: table }
---@return { outcome: "signed"|"declined"|"replied"|"silent"|"refused", at?: integer, note?: string, reply?: perigee.Reply, reminded: integer, number?: string, task?: string }
function M.sign(contact, options)
  local o = check.options("documents.sign", options, send_keys, { "channel", "template", "documents" })
  local remind = reminders("documents.sign", o.remind)
  local number = o.series and M.number(o.series)
  local vars = {}
  for key, value in pairs(o.vars or {}) do vars[key] = value end
  vars.number = number or vars.number
  local message, why = send_paper(contact, o, { documents = o.documents, attach = o.attach, vars = next(vars) ~= nil and vars or nil })
  if not message then return { outcome = "refused", note = why, reminded = 0, number = number } end
  local note = o.note or ("%s of %s: file it once it is signed, then `perigee tasks done ID` (or --outcome declined)"):format(
    number and "Paper " .. number or "The paper", contact.name or contact.id)
  local task = contact:task { kind = "sign", note = note, due = o.due }
  if remind and vars.number and not (remind.vars and remind.vars.number) then
    local more = { number = vars.number }
    for key, value in pairs(remind.vars or {}) do more[key] = value end
    remind.vars = more
  end
  local result = M.wait(contact, { task = task, within = o.within, remind = remind })
  result.number, result.task = number, task
  return result
end

return M
