---@meta
-- SPDX-License-Identifier: MIT
-- Contacts as scripts see them, for editors (LuaLS). The code is in stdlib/contact.lua.

---A message that was sent.
---@class perigee.Message
---@field id string
---@field channel string
---@field at integer seconds since the epoch
---@field subject? string

---A reply.
---@class perigee.Reply
---@field text string what they wrote, without quotes and signature
---@field channel string
---@field at integer seconds since the epoch
---@field subject? string
---@field kind string

---An event that was waited for.
---@class perigee.Event
---@field event string
---@field at integer

---@class perigee.SendOptions
---@field vars? table<string, perigee.Plain> for the template
---@field from? string the account
---@field cc? string|string[] copies: not to who opted out; no limit (asks_per_week, max_channels) counts them
---@field attach? string|string[] files of the folder attachments/ (e-mail)
---@field documents? string|string[] templates that are rendered and attached, each as a page to be printed (e-mail)
---@field before? perigee.Duration too late after this
---@field thread? "new"

---A person. Attributes are read; what changes them are calls. Reading an attribute that there is not is an error; an unknown field
---is nil.
---@class perigee.Contact
---@field id string
---@field name? string
---@field first_name? string
---@field email? string
---@field phone? string
---@field whatsapp? string
---@field instagram? string
---@field sms? string
---@field call? string
---@field telegram? string
---@field messenger? string
---@field facebook? string
---@field x? string
---@field twitter? string
---@field linkedin? string
---@field tiktok? string
---@field youtube? string
---@field twitch? string
---@field slack? string
---@field discord? string
---@field imessage? string
---@field line? string
---@field viber? string
---@field threads? string
---@field bluesky? string
---@field mastodon? string
---@field matrix? string
---@field reddit? string
---@field pinterest? string
---@field snapchat? string
---@field website? string
---@field locale? string
---@field timezone? string
---@field country? string
---@field company? string
---@field owner? string
---@field stage? string
---@field preferred_channel? string a channel
---@field labels table<string, true>
---@field fields table<string, perigee.Plain>
---@field state perigee.Plain what contact:restart was given
local contact = {}

---Sends a message and waits as long as caps and hours make it. If it is refused the run ends with outcome `refused`.
---```lua
---contact:send("email", "intro", { vars = { product = "the blue one" } })
---```
---@param channel string
---@param template string
---@param options? perigee.SendOptions
---@return perigee.Message? message, string? text, string? code
function contact:send(channel, template, options) end

---The same, but a refusal comes back.
---```lua
---local message, text, code, rule = contact:try_send("instagram", "intro-short")
---```
---@param channel string
---@param template string
---@param options? perigee.SendOptions
---@return perigee.Message? message, string? text, string? code, string? rule
function contact:try_send(channel, template, options) end

---Writes by the first of these channels that may and can, in order, and waits until it has left; message.channel says which it was. What
---refuses is passed over (policy, a template that can't be rendered for it, the server), and a channel that is down; a mere delay is
---waited for. If all refuse, the run ends with outcome "refused" and a reason that names each.
---```lua
---local message = contact:reach({ "email", "instagram" }, "intro")
---contact:note("Reached by " .. message.channel)
---```
---@param channels string[] at most 16, each in needs.send
---@param template string
---@param options? perigee.SendOptions from counts for the channel that account has, cc for e-mail
---@return perigee.Message? message, string? text, string? code
function contact:reach(channels, template, options) end

---The same, but a refusal by all comes back.
---```lua
---local message, text, code, rule = contact:try_reach({ "whatsapp", "sms" }, "reminder")
---```
---@param channels string[]
---@param template string
---@param options? perigee.SendOptions
---@return perigee.Message? message, string? text, string? code, string? rule the rule if it was the same on all channels
function contact:try_reach(channels, template, options) end

---The oldest reply that this run has not been given; nil when the time is up; nil, text, "bounced" if the message came back.
---```lua
---local reply = contact:wait_reply "3 business days"
---if not reply then return "silent" end
---```
---@param within? perigee.Duration
---@return perigee.Reply? reply, string? text, string? code
function contact:wait_reply(within) end

---The first of some events; nil when the time is up.
---```lua
---local done = contact:wait("task_done", "1 week")
---local paid = contact:wait({ "signal:paid", "reply" }, "30 days")
---```
---@param events string|string[] reply, auto_reply, bounce, unsubscribe, complaint, handled, message_delivered, message_read, click, opt_in, task_done, signal:NAME
---@param within? perigee.Duration
---@return perigee.Event?
function contact:wait(events, within) end

---May this channel be used? "send"; "hand", if a person must do it; or nil and why not. A mere delay is not a no.
---```lua
---if contact:can "whatsapp" then contact:send("whatsapp", "short") end
---```
---@param channel string
---@return "send"|"hand"|nil answer, string? text, string? rule
function contact:can(channel) end

---A task for a person. Returns its id at once.
---```lua
---contact:task { kind = "call", note = "Answered: " .. reply.text, due = "2 business days" }
---```
---@param task { kind: "call"|"video"|"review"|"sign"|"gift"|"message"|"other", note?: string, due?: perigee.Duration }
---@return string id
function contact:task(task) end

---Puts a person off: until then, or until they write, they are out of the way of those who do tasks. Nothing is held back by it.
---```lua
---contact:snooze "2 weeks"
---contact:snooze "next monday 09:00"
---```
---@param until_ perigee.Duration
function contact:snooze(until_) end

---What this contact and we have written to each other, newest first: what was sent and what came, on all channels.
---```lua
---local last = contact:messages { direction = "in", limit = 1 }[1]
---if last and perigee.now() - last.at < 7 * 24 * 3600 then return "talked lately" end
---```
---@param options? { limit?: integer, channel?: string, direction?: "in"|"out" } limit: 1 to 200, 50 unless it is given
---@return perigee.PastMessage[]
function contact:messages(options) end

---One message of the past.
---@class perigee.PastMessage
---@field direction "in"|"out"
---@field channel string
---@field at integer seconds since the epoch: when it was handed over, or received
---@field kind? string of what came: reply, auto_reply, bounce, unsubscribe, complaint
---@field by? "script"|"person" of what we sent
---@field template? string
---@field purpose? string of what we sent: ask, answer, service, news
---@field subject? string
---@field text? string of what came; at most 600 bytes of it

---Changes stage or fields; a key that is no attribute is a field. An empty text empties one.
---```lua
---contact:set { stage = "talking", budget = 500 }
---```
---@param changes table<string, perigee.Plain>
function contact:set(changes) end

---Adds a label.
---```lua
---contact:label "press"
---```
---@param label string
function contact:label(label) end

---Takes a label away.
---```lua
---contact:unlabel "press"
---```
---@param label string
function contact:unlabel(label) end

---A note in the contact's history.
---```lua
---contact:note "Prefers calls in the morning"
---```
---@param text string
function contact:note(text) end

---An event signal:NAME for the contact's runs.
---```lua
---contact:signal("paid", { amount = 500 })
---```
---@param name string letters, digits, _ and -
---@param data? perigee.Plain
function contact:signal(name, data) end

---Enrols the contact in a sequence. The same sequence and key are run at most once, ever. `enroll` is the same.
---```lua
---contact:enrol("briefing", "2026-11")
---```
---@param sequence string
---@param key? string
---@return string text what came of it
function contact:enrol(sequence, key) end

---The same as enrol.
---```lua
---contact:enroll "briefing"
---```
---@param sequence string
---@param key? string
---@return string text
function contact:enroll(sequence, key) end

---Ends the contact's run of a sequence.
---```lua
---contact:stop "briefing"
---```
---@param sequence string
function contact:stop(sequence) end

---Starts this run anew, with fresh journal; `state` becomes contact.state. Does not return.
---```lua
---contact:restart { round = (contact.state and contact.state.round or 0) + 1 }
---```
---@param state? perigee.Plain
function contact:restart(state) end
