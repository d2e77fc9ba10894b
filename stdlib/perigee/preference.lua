-- SPDX-License-Identifier: MIT
-- Which channel does somebody like best? Asks the question, and reads the answer as people write it: "plutôt WhatsApp si possible",
-- "meglio via mail", "DM me on insta", "no calls please", "either is fine". English, French and Italian are understood, also mixed.
-- What can't be told for certain is not guessed: it becomes a task for a person.

local check = require "perigee.check"
local reader = require "perigee.preference_reader"

local M = {}

local function has(list, wanted)
  for _, item in ipairs(list) do
    if item == wanted then return true end
  end
  return false
end

-- The one channel of those offered that they have not refused, if they refused any.
local function left_of(among, avoid)
  local left = {}
  for _, channel in ipairs(among or {}) do
    if not has(avoid, channel) then left[#left + 1] = channel end
  end
  return #left == 1 and #avoid > 0 and left[1] or nil
end

-- The channel of the addresses and links they gave, if it is one alone and not refused.
local function hinted(found)
  for _, hint in ipairs(found.hints) do
    if hint ~= found.hints[1] or has(found.avoid, hint) then return nil end
  end
  return found.hints[1]
end

local parse_keys = { locale = check.line, among = check.texts, here = check.line }

---Reads which channel somebody prefers out of their answer. The second result says how: of a channel `"sure"` or `"likely"`; of nil
---`"any"` (they leave it to us), `"ambiguous"` (several, or only what they do not want: let a person read it) or `"nothing"` (no channel is
---spoken of). The third has what else was said: `avoid` (channels they refuse), `number` and `address`, if they gave one.
---```lua
---preference.parse "plutôt WhatsApp si possible"                            --> "whatsapp", "sure"
---preference.parse("no calls please", { among = { "email", "call" } })      --> "email", "likely"
---preference.parse "either is fine"                                         --> nil, "any"
---```
---@param text string what they wrote
---@param options? string|{ locale?: string, among?: string[], here?: string } their locale; what was offered; the channel of the answer
---@return string? channel
---@return "sure"|"likely"|"any"|"ambiguous"|"nothing" reading
---@return { avoid: string[], number?: string, address?: string } details
function M.parse(text, options)
  if type(text) ~= "string" then check.raise(("preference.parse: a text is needed, not %s"):format(check.describe(text))) end
  if type(options) == "string" then options = { locale = options } end
  options = options and check.options("preference.parse", options, parse_keys) or {}
  local found = reader.read(text, options)
  local details = { avoid = found.avoid, number = found.number, address = found.address }
  if found.unsure then return nil, "ambiguous", details end
  if #found.best == 1 then
    local sure = found.level == 3 or found.named == 1 and found.level == 2 and not found.any
    return found.best[1], sure and "sure" or "likely", details
  end
  if found.any then return nil, "any", details end
  local likely = #found.best == 0 and (left_of(options.among, found.avoid) or hinted(found))
  if likely then return likely, "likely", details end
  return nil, (#found.best > 1 or #found.avoid > 0 or found.number) and "ambiguous" or "nothing", details
end

---Does an answer say no to what they were asked ("not for me", "non merci", "al momento no")? It is careful: better too often than not at
---all, so that a person looks before more is sent.
---```lua
---if preference.declines(reply.text) then return "declined" end
---```
---@param text string
---@return boolean
function M.declines(text)
  if type(text) ~= "string" then check.raise(("preference.declines: a text is needed, not %s"):format(check.describe(text))) end
  return reader.declines(text)
end

local ask_keys = {
  channel = check.text, template = check.text, within = check.duration, among = check.texts, vars = "table", label = check.line,
}

-- What is done with the answer; the words say it, for a note and for the caller.
local function keep(contact, answer, options)
  local said = ('"%s"'):format(answer.reply.text)
  if answer.channel then
    contact:set { preferred_channel = answer.channel }
    answer.did = ("prefers %s (%s): %s"):format(answer.channel, answer.reading, said)
  elseif answer.reading == "any" then
    answer.did = "has no preference of a channel: " .. said
  else
    contact:task { kind = "review", note = ("Which channel does %s prefer? Read the answer and set preferred_channel: %s"):format(contact.name or contact.id, said) }
    answer.did = "a person is asked which channel is meant: " .. said
  end
  if answer.number then answer.did = answer.did .. "; gave the number " .. answer.number end
  if #answer.avoid > 0 then answer.did = answer.did .. "; not by " .. table.concat(answer.avoid, ", ") end
  contact:note(answer.did)
  if options.label then contact:label(options.label) end
  return answer
end

---Asks somebody which channel they prefer, waits for the answer and reads it. A channel that is told sets `contact.preferred_channel`; an
---answer that can't be told opens a task with their words; either way there is a note. The result says what was understood and, as `did`, what
---was done. Without an answer: nil, why, and `"timeout"` or `"bounced"`.
---```lua
---local answer = preference.ask(contact, { channel = "email", template = "ask-preference", within = "5 business days" })
---if answer and answer.channel == "whatsapp" then contact:label "whatsapp" end
---```
---Needs: send, task.
---@param contact perigee.Contact
---@param options { channel: string, template: string, within?: perigee.Duration, among?: string[], vars?: table<string, perigee.Plain>, label?: string } among: the channels that the template offers; label: for who has answered
---@return { channel?: string, reading: string, avoid: string[], number?: string, address?: string, reply: perigee.Reply, did: string }? answer
---@return string? text, string? code
function M.ask(contact, options)
  options = check.options("preference.ask", options, ask_keys, { "channel", "template" })
  local within = options.within or "5 business days"
  contact:send(options.channel, options.template, options.vars and { vars = options.vars } or nil)
  local reply, text, code = contact:wait_reply(within)
  if not reply then return nil, text or ("no answer within " .. within), code or "timeout" end
  local channel, reading, answer = M.parse(reply.text, { locale = contact.locale, among = options.among, here = reply.channel })
  answer.channel, answer.reading, answer.reply = channel, reading, reply
  return keep(contact, answer, options)
end

return M
