-- SPDX-License-Identifier: MIT
-- Which channel to take: the one on which somebody answers soonest, named orders for those nobody knows yet, and a frame that says what goes by
-- which channel ("WhatsApp for quick things, e-mail for invoices and contracts, a call when it is sensitive"), also in words to send.
-- The orders are those that 37 influencer marketers named in a survey by Modash (docs/library.md).

local perigee = require "perigee"
local check = require "perigee.check"
local frames = require "perigee.channels_frame"
local words = require "perigee.channels_words"

local M = {}

local DAY = 86400
local PATIENCE = 3 * DAY -- a message that had no answer for so long counts as an exchange of its age
local LOOK = 200         -- messages that are looked at

local apps = { "whatsapp", "imessage", "telegram", "signal" }
local networks = { "instagram", "messenger", "x", "tiktok", "linkedin", "discord" }

local function joined(...)
  local list = {}
  for _, part in ipairs { ... } do
    for _, channel in ipairs(part) do list[#list + 1] = channel end
  end
  return list
end

local orders = {
  usage = joined({ "email" }, networks, apps, { "call" }),
  relationship = joined({ "email" }, apps, networks, { "call" }),
  efficiency = joined({ "email" }, apps, { "sms" }, networks, { "call" }),
  urgency = joined(apps, { "sms", "call" }, networks, { "email" }),
}

local function order_of(what, name)
  check.one_of(what, name, { "usage", "relationship", "efficiency", "urgency" })
  return orders[name]
end

---A named order of channels, best first: `"usage"` (what most use), `"relationship"` (what builds trust), `"efficiency"` (what gets things
---done), `"urgency"` (what is seen soonest; the record by e-mail comes last).
---```lua
---contact:reach(channels.reachable(contact, channels.order "urgency"), "new-date")
---```
---@param name "usage"|"relationship"|"efficiency"|"urgency"
---@return string[]
function M.order(name)
  return joined(order_of("channels.order", name))
end

---A channel's name in the language of a locale (English, French, Italian; else English), as it stands in a sentence.
---```lua
---channels.name("email", "fr-CA") --> "l'e-mail"
---```
---@param channel string
---@param locale? string
---@return string
function M.name(channel, locale)
  return words.channel(check.line("channels.name", channel), words.language(locale))
end

---Which of these channels could be used for somebody now, in the order given; the second result says of each whether the script may
---("send") or a person must write ("hand").
---```lua
---local open, how = channels.reachable(contact, { "whatsapp", "email" })
---if how.whatsapp == "send" then contact:send("whatsapp", "short") end
---```
---@param contact perigee.Contact
---@param among? string[] the order "usage" unless it is given
---@return string[] channels
---@return table<string, "send"|"hand"> how
function M.reachable(contact, among)
  local open, how = {}, {}
  for _, channel in ipairs(among and check.texts("channels.reachable", among) or orders.usage) do
    local answer = contact:can(channel)
    if answer then open[#open + 1], how[channel] = channel, answer end
  end
  return open, how
end

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

-- How long each exchange took, by channel: from our first message without an answer to theirs. Messages come newest first.
local function exchanges_of(messages, now)
  local taken, waiting = {}, {}
  for i = #messages, 1, -1 do
    local message = messages[i]
    local channel = message.channel
    taken[channel] = taken[channel] or {}
    if message.direction == "out" then
      local since = waiting[channel]
      if since and message.at - since >= PATIENCE then table.insert(taken[channel], message.at - since) end
      if not since or message.at - since >= PATIENCE then waiting[channel] = message.at end
    elseif waiting[channel] and message.kind == "reply" then
      table.insert(taken[channel], message.at - waiting[channel])
      waiting[channel] = nil
    end
  end
  for channel, since in pairs(waiting) do
    if now - since >= PATIENCE then table.insert(taken[channel], now - since) end
  end
  return taken
end

local function span(seconds)
  local units = { { DAY, "day" }, { 3600, "hour" }, { 60, "minute" } }
  for _, unit in ipairs(units) do
    local n = (seconds + unit[1] // 2) // unit[1]
    if n >= 1 then return ("%d %s%s"):format(n, unit[2], n == 1 and "" or "s") end
  end
  return "a minute"
end

local function positive(what, value)
  if math.type(value) ~= "integer" or value < 1 then check.raise(what .. ": a whole number from 1") end
  return value
end

local best_keys = {
  among = check.texts, least = positive,
  order = function(what, value) return order_of(what, value) end,
}

---The channel on which somebody answers soonest: the shortest median of the times that their answers took. A channel counts from `least`
---exchanges on (2); a message without an answer for three days is one. With less to go by it is `contact.preferred_channel`, else the first of
---the named order; always one that may be used now, or nil.
---```lua
---local channel, why = channels.best(contact, { among = { "email", "whatsapp" } })
---contact:note(why) --> "whatsapp: answers within 2 hours (median of 5)"
---```
---@param contact perigee.Contact
---@param options? { among?: string[], order?: string, least?: integer } the order is "efficiency" unless it is given
---@return string? channel
---@return string why
function M.best(contact, options)
  options = options and check.options("channels.best", options, best_keys) or {}
  local order = options.order or orders.efficiency
  local open = M.reachable(contact, options.among or order)
  if not open[1] then return nil, "no channel is open to them" end
  local taken = exchanges_of(contact:messages { limit = LOOK }, perigee.now())
  local best, least, n, slow = nil, PATIENCE, 0, {}
  for _, channel in ipairs(open) do
    local times = taken[channel] or {}
    if #times >= (options.least or 2) then
      local middle = median(times)
      slow[channel] = middle >= PATIENCE
      if middle < least then best, least, n = channel, middle, #times end
    end
  end
  if best then return best, ("%s: answers within %s (median of %d)"):format(best, span(least), n) end
  local preferred = contact.preferred_channel
  for _, channel in ipairs(open) do
    if channel == preferred then return channel, channel .. ": they prefer it" end
  end
  for _, channel in ipairs(order) do
    for _, one in ipairs(open) do
      if one == channel and not slow[one] then return one, one .. ": the first of the order that is open" end
    end
  end
  return open[1], open[1] .. ": it is open"
end

---What goes by which channel.
---@class perigee.Frame
---@field channel fun(self, topic: string): string the channel of a topic; the main one, where it stands nowhere
---@field channels fun(self): string[]
---@field lines fun(self, locale?: string): { channel: string, topics: string, joint: string }[] for a template that makes a list of them
---@field text fun(self, locale?: string): string a list, a line for each channel, as plain text
---@field sentence fun(self, locale?: string): string
---@field fit fun(self, contact: perigee.Contact): perigee.Frame for somebody who lacks some of its channels: what would go there goes by e-mail, else by the main one that is left

---What goes by which channel: up to three channels, the main one first, each with its topics. Topics are `quick`, `schedule`, `contract`,
---`invoice`, `payment`, `brief`, `content`, `feedback`, `idea`, `urgent`, `sensitive`, `demo`, `clarify`, `report`, `shipping`, `community`,
---`other`; `words` names others. Its words are English, French and Italian.
---```lua
---local frame = channels.frame { { "whatsapp", "quick" }, { "email", "contract", "invoice" }, { "call", "sensitive" } }
---contact:send(frame:channel "contract", "contract")
---contact:send("email", "welcome", { vars = { frame = frame:fit(contact):lines(contact.locale) } })
---```
---@param lines { [integer]: string[], words?: table<string, { en: string, fr?: string, it?: string }> }
---@return perigee.Frame
function M.frame(lines)
  return frames.frame(lines)
end

return M
