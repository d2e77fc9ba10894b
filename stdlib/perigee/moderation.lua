-- SPDX-License-Identifier: MIT
-- Is a message a scam, spam or abuse (English, French, Italian)? Signals with weights and reasons, added up to a score; a person
-- decides. The groups of phrases stand in perigee.signals, links and look-alike domains in perigee.domains.

local check = require "perigee.check"
local domains = require "perigee.domains"
local perigee = require "perigee"
local signals = require "perigee.signals"
local words = require "perigee.words"

local M = {}

local BAD = 0.6      -- the score from which a message is bad
local SLOTS = 4096   -- of texts that are remembered
local LONG = 100      -- letters from which a text is somebody's own
local WEEK = 7 * 24 * 3600

-- Country calling codes of the countries whose people write to us most; others are foreign to all of them.
local codes = { US = "1", CA = "1", FR = "33", BE = "32", CH = "41", LU = "352", IT = "39", SM = "378", ES = "34", PT = "351", DE = "49", AT = "43",
  NL = "31", GB = "44", IE = "353", DK = "45", SE = "46", NO = "47", FI = "358", PL = "48", CZ = "420", GR = "30", RO = "40", AU = "61", NZ = "64", JP = "81",
  BR = "55", MX = "52", AR = "54", MA = "212", TN = "216", DZ = "213", SN = "221", CI = "225", ZA = "27", NG = "234", IN = "91", AE = "971" }

-- Numbers with a country code in a text: "+44 7700 900123", "00234...", "wa.me/234...".
local function numbers(text)
  local list = {}
  for digits in text:gmatch "%+[%s%(]*(%d[%d%s%-%.%(%)]+%d)" do list[#list + 1] = digits:gsub("%D", "") end
  for digits in text:gmatch "%f[%d]00(%d[%d%s%-%.]+%d)" do list[#list + 1] = digits:gsub("%D", "") end
  for digits in text:gmatch "wa%.me/%+?(%d+)" do list[#list + 1] = digits end
  return list
end

local function foreign_number(text, country)
  local code = country and codes[country:upper()]
  for _, number in ipairs(numbers(text)) do
    if #number >= 9 and #number <= 15 and not (code and number:sub(1, #code) == code) then return "+" .. number end
  end
  return nil
end

local function lure(found, text, folded, country)
  local messenger = signals.lure(folded)
  if not messenger then return end
  local number = foreign_number(text, country)
  if number and country then
    found("lure", 0.62, "scam", ("asks to come to %s, with a number of another country (%s)"):format(messenger, number))
  else
    found("lure", 0.3, "scam", "asks to come to " .. messenger)
  end
end

local function links(found, text, own)
  local list = domains.find(text)
  for _, domain in ipairs(list) do
    local weight, reason = domains.likeness(domain, own)
    if weight then
      found("look-alike", weight, "scam", reason)
      break
    end
  end
  for _, domain in ipairs(list) do
    if domains.short(domain) then
      found("short link", 0.3, "scam", "hides where a link leads (" .. domain .. ")")
      break
    end
  end
end

local look_options = {
  own_domains = function(what, value) return check.texts(what, value, true) end,
  country = check.line, locale = check.line, repeated = check.number, bad = check.number,
}

---@class perigee.moderation.Look
---@field score number 0 (harmless) to 1
---@field kind "ok"|"scam"|"spam"|"abuse"
---@field reasons string[] the strongest first, for people
---@field signals table[] { name, weight, kind, reason }

---What a text looks like. Pure: it makes no effect. `own_domains` are ours: what resembles them is suspicious. `country` is the sender's:
---numbers of theirs are not foreign. `repeated` is how many people sent the same text (moderation.repeated). `bad` is the score from
---which the kind is not "ok" (0.6).
---```lua
---local look = moderation.look(message.text, { own_domains = { "brand.example" }, country = contact.country })
---if look.kind ~= "ok" then return moderation.quarantine(contact, look) end
---```
---@param text string
---@param options? { own_domains?: string|string[], country?: string, locale?: string, repeated?: integer, bad?: number }
---@return perigee.moderation.Look
function M.look(text, options)
  if type(text) ~= "string" then check.raise("moderation.look: the text of a message is needed, not " .. check.describe(text)) end
  options = check.options("moderation.look", options or {}, look_options)
  local list, harmless, chances = {}, 1, { scam = 1, spam = 1, abuse = 1 }
  local function found(name, weight, kind, reason)
    list[#list + 1] = { name = name, weight = weight, kind = kind, reason = reason }
    harmless, chances[kind] = harmless * (1 - weight), chances[kind] * (1 - weight)
  end
  if #text > 4000 then text = text:sub(1, 4000):gsub("[\xC2-\xF4][\x80-\xBF]*$", "") end
  local folded = words.fold(domains.unmask(text))
  for _, one in ipairs(signals.phrases(folded)) do
    found(one.group, one.weight, one.kind, ("%s: “%s”"):format(one.reason, one.phrase))
  end
  lure(found, text, folded, options.country or (options.locale and options.locale:match "[%-_](%a%a)$"))
  links(found, text, options.own_domains or {})
  local repeated = options.repeated or 1
  if repeated >= 2 then
    found("repeated", repeated >= 3 and 0.7 or 0.3, "spam", ("the same text came from %d people"):format(repeated))
  end
  table.sort(list, function(a, b) return a.weight > b.weight end)
  local look = { score = 1 - harmless, kind = "ok", reasons = {}, signals = list }
  for i, signal in ipairs(list) do look.reasons[i] = signal.reason end
  if look.score >= (options.bad or BAD) then
    look.kind = "scam"
    for _, kind in ipairs { "abuse", "spam" } do
      if chances[kind] < chances[look.kind] then look.kind = kind end
    end
  end
  return look
end

-- The same text -----------------------------------------------------------------------------------------------------

-- FNV-1a of 64 bits.
local function hash(text)
  local h = 0xcbf29ce484222325
  for i = 1, #text do h = (h ~ text:byte(i)) * 0x100000001b3 end
  return h
end

---How many people have sent the same text within a week, this one among them. Texts under 100 letters are everybody's, and not
---counted. Only a number made of the text is kept, and of 4,096 texts at most.
---Needs: store.
---```lua
---local look = moderation.look(message.text, { repeated = moderation.repeated(contact, message.text) })
---```
---@param contact perigee.Contact
---@param text string
---@return integer
function M.repeated(contact, text)
  if type(text) ~= "string" then check.raise("moderation.repeated: the text of a message is needed, not " .. check.describe(text)) end
  local folded = words.fold(text)
  if #folded < LONG then return 1 end
  local h, now = hash(folded), perigee.now()
  local key = ("moderation/text/%04d"):format(h & (SLOTS - 1))
  local kept = perigee.store.get(key)
  if not kept or kept.text ~= h or now - kept.at > WEEK then kept = { text = h, at = now, from = {} } end
  for _, id in ipairs(kept.from) do
    if id == contact.id then return #kept.from end
  end
  if #kept.from >= 20 then return #kept.from end
  kept.from[#kept.from + 1] = contact.id
  kept.at = now
  perigee.store.set(key, kept)
  return #kept.from
end

-- What is done about it ---------------------------------------------------------------------------------------------

local quarantine_options = { text = "string", channel = check.line, due = check.duration }

---Puts a contact aside: the label `quarantine` (perigee.faq and perigee.ack do not answer who has it), a note with the reasons, and one task
---of kind `review` for as long as they have the label. Nothing is sent. Returns "in quarantine" and the task's id (nil if there is one already).
---Needs: task.
---```lua
---local outcome, task = moderation.quarantine(contact, look, { text = message.text, channel = message.channel })
---```
---@param contact perigee.Contact
---@param look perigee.moderation.Look
---@param options? { text?: string, channel?: string, due?: perigee.Duration } what they wrote and where, for the task; its due time
---@return string outcome, integer? task
function M.quarantine(contact, look, options)
  options = check.options("moderation.quarantine", options or {}, quarantine_options)
  if type(look) ~= "table" or type(look.reasons) ~= "table" then
    check.raise("moderation.quarantine: what moderation.look gave is needed, not " .. check.describe(look))
  end
  local known = contact.labels.quarantine
  local why = ("Looks like %s (%.2f): %s"):format(look.kind == "ok" and "harmless" or look.kind, look.score, table.concat(look.reasons, "; "))
  contact:note(why)
  if known then return "in quarantine" end
  contact:label "quarantine"
  local note = { "Is this " .. (look.kind == "ok" and "all right" or look.kind) .. "? Nothing was answered. " .. why }
  if options.channel then note[#note + 1] = "Came by " .. options.channel end
  if options.text and options.text ~= "" then note[#note + 1] = "They wrote: “" .. options.text:sub(1, 600):gsub("[\xC2-\xF4][\x80-\xBF]*$", "") .. "”" end
  note[#note + 1] = "Done with the outcome \"fine\" lets them out again."
  return "in quarantine", contact:task { kind = "review", due = options.due, note = table.concat(note, "\n") }
end

---Lets a contact out of quarantine.
---```lua
---if done.outcome == "fine" then moderation.release(contact) end
---```
---@param contact perigee.Contact
function M.release(contact)
  contact:unlabel "quarantine"
end

return M
