-- SPDX-License-Identifier: MIT
-- Answers to the questions that come every day: a tree of questions in a table, found in what people write in English, French
-- and Italian. Where the tree is not sure, or the matter is a person's (a refund, a complaint, a lawyer, the press), a task is
-- made with the text and with what was tried. perigee.matching does the reading.

local check = require "perigee.check"
local matching = require "perigee.matching"
local perigee = require "perigee"
local questions = require "perigee.questions"
local tone = require "perigee.tone"
local words = require "perigee.words"

local M = {}

local SURE = 0.6       -- from which an answer is given
local APART = 0.1      -- two questions nearer than this fit equally
local QUIET = 24 * 3600 -- seconds after a hand-off, or a colleague's message, in which a person has the conversation

local Tree = {}
Tree.__index = Tree

local function sure(what, value)
  if check.number(what, value) <= 0 or value > 1 then check.raise(what .. ": a number above 0, at most 1") end
  return value
end

---Reads a tree of questions, when the script is loaded. Every mistake is told at once, each with its place. A question has `ask`
---(phrases by language, as people say it), `answer` (a template) or `escalate = true`, and may have `branches`: what they may say
---next. `escalate` names topics that a person answers, besides refund, complaint, legal and press (`false` takes one of those out).
---```lua
---local tree = faq.tree {
---  questions = {
---    shipping = {
---      ask = { en = { "where is my parcel", "delivery time" }, fr = { "où est mon colis" }, it = { "dov'è il mio pacco" } },
---      answer = "faq-shipping",
---      branches = { abroad = { ask = { en = { "abroad", "outside the EU" } }, answer = "faq-abroad" } },
---    },
---  },
---  escalate = { allergy = { en = { "allergic", "allergy" } } },
---}
---```
---@param definition { questions: table, escalate?: table, sure?: number }
---@return perigee.faq.Tree
function M.tree(definition)
  check.options("faq.tree", definition, { questions = "table", escalate = "table", sure = sure }, { "questions" })
  local roots, topics = questions.read(definition)
  local tree = { roots = roots, topics = topics, sure = definition.sure or SURE }
  matching.weigh(tree.roots)
  return setmetatable(tree, Tree)
end

-- Finding the question ----------------------------------------------------------------------------------------------

---@class perigee.faq.Tree
---@class perigee.faq.Node
---@field name string
---@field path string its place in the tree, "shipping.branches.abroad"
---@field answer? string the template
---@field escalate? true a person answers

---The question that a text asks: the node, how sure that is (0 to 1) and why. Without a node a person should answer: nothing fits, two
---questions fit equally, the topic is a person's, or they are angry. `after` is the node answered before: its branches come first.
---```lua
---local node, confidence, why = tree:match("Où est mon colis ?", "fr")
---```
---@param text string
---@param locale? string words of this language count a little more
---@param after? perigee.faq.Node
---@return perigee.faq.Node? node, number confidence, string why, "topic"|"angry"|"two"|"unsure"|nil kind
function Tree:match(text, locale, after)
  if type(text) ~= "string" then check.raise("tree:match: the text of a message is needed, not " .. check.describe(text)) end
  local read = matching.read(text)
  for _, topic in ipairs(self.topics) do
    local found = matching.contains(read, topic.ask)
    if found then return nil, 1, ("%s: “%s”"):format(topic.name, found), "topic" end
  end
  local mood = tone.look(text)
  if mood.angry then return nil, 1, ("they sound angry: “%s”"):format(mood.why or ""), "angry" end
  local language = words.of_locale(locale)
  local best, second = matching.best(read, after and after.branches, language)
  if not best or best.score < self.sure then best, second = matching.best(read, self.roots, language) end
  if not best or best.score == 0 then return nil, 0, "no question fits", "unsure" end
  local why = ("%s: “%s” (%.2f)"):format(best.node.path, best.phrase, best.score)
  if best.score < self.sure then return nil, best.score, "not sure: " .. why, "unsure" end
  -- In one sentence the better one is meant, if it is clearly better; in two sentences both are.
  if second and second.score >= self.sure and (second.sentence ~= best.sentence or best.score - second.score < APART) then
    return nil, best.score, ("two questions fit: %s and %s: “%s” (%.2f)"):format(why, second.node.path, second.phrase, second.score), "two"
  end
  if best.node.escalate then return nil, best.score, why, "topic" end
  return best.node, best.score, why
end

---The names of all templates that the tree answers with, sorted: for a test that each is there.
---```lua
---for _, template in ipairs(tree:templates()) do ... end
---```
---@return string[]
function Tree:templates()
  local seen, list = {}, {}
  local function walk(nodes)
    for _, node in ipairs(nodes or {}) do
      if node.answer and not seen[node.answer] then
        seen[node.answer] = true
        list[#list + 1] = node.answer
      end
      walk(node.branches)
    end
  end
  walk(self.roots)
  table.sort(list)
  return list
end

-- The conversation --------------------------------------------------------------------------------------------------

local function key_of(contact) return "faq/" .. contact.id end

-- Has a colleague written to them in the time in which the conversation is theirs?
local function colleague_wrote(contact, since)
  for _, message in ipairs(contact:messages { limit = 5, direction = "out" }) do
    -- What a script asked a person to send has a template.
    if message.by == "person" and not message.template and message.at >= since then return true end
  end
  return false
end

local function quoted(text)
  text = text:gsub("%s+", " ")
  if #text > 600 then text = text:sub(1, 600):gsub("[\xC2-\xF4][\x80-\xBF]*$", "") .. "…" end
  return "“" .. text .. "”"
end

-- Sends, or says why not: also where the script may not use the channel they wrote by, or a template is missing. They are waiting.
local function try_send(contact, channel, template, vars)
  local fine, sent, text = pcall(contact.try_send, contact, channel, template, { vars = vars })
  if fine then return sent, text end
  return nil, sent
end

local function hand_off(talk, message, why)
  local note = { ("Answer %s on %s: %s."):format(talk.contact.name or talk.contact.id, message.channel, why), "They wrote: " .. quoted(message.text) }
  if #talk.answered > 0 then note[#note + 1] = "Answered before: " .. table.concat(talk.answered, ", ") end
  talk.contact:task { kind = "message", note = table.concat(note, "\n"), due = talk.options.due }
  perigee.store.set(key_of(talk.contact), { answer = talk.last, handed = perigee.now() })
  if talk.options.handoff then try_send(talk.contact, message.channel, talk.options.handoff, talk.options.vars) end
  return "handed over"
end

-- Answers one message. Returns the outcome if the conversation ends with it, else nil.
local function answer(tree, talk, message)
  local contact, options = talk.contact, talk.options
  local mood = tone.look(message.text)
  if message.kind ~= "reply" or mood.automatic then return "automatic mail" end
  if contact.labels.quarantine then return "in quarantine" end
  if mood.thanks then
    if options.bye and #talk.answered > 0 then try_send(contact, message.channel, options.bye, options.vars) end
    return "thanked"
  end
  local node, _, why, kind = tree:match(message.text, contact.locale, talk.node)
  if not node then
    talk.missed = talk.missed + 1
    if not options.unclear or kind == "topic" or kind == "angry" or talk.missed > 1 then return hand_off(talk, message, why) end
    if try_send(contact, message.channel, options.unclear, options.vars) then return nil end
    return hand_off(talk, message, why)
  end
  if node.answer == talk.last then return hand_off(talk, message, "they ask again what was answered with " .. node.answer) end
  if not contact.locale then contact:set { locale = words.language(message.text) } end
  local sent, text = try_send(contact, message.channel, node.answer, options.vars)
  if not sent then return hand_off(talk, message, ("%s could not be sent (%s)"):format(node.answer, text)) end
  talk.answered[#talk.answered + 1] = node.answer
  talk.node, talk.last, talk.missed = node, node.answer, 0
  perigee.store.set(key_of(contact), { answer = node.answer })
  return nil
end

local serve_options = {
  wait = check.duration, due = check.duration, most = check.number, handoff = check.text, unclear = check.text, bye = check.text, vars = "table",
}

---Holds the conversation that a message begins: answers on the channel it came by, waits for the next question, and hands over to a person where
---the tree does not know (a task of kind `message` with the text and what was tried). Never answers automatic mail, never
---gives one person the same answer twice in a row, and keeps out while a colleague has the conversation. Returns an outcome: `answered`,
---`thanked`, `handed over`, `with a person`, `automatic mail`, `in quarantine`, `bounced`.
---
---Options: `wait` for the next question (default "3 days"), `most` answers before a person takes over (5), `due` of the task, `vars` for the answers;
---templates: `unclear` (asks once to say it in other words, else a person has it at once), `handoff` (somebody will answer), `bye` (after
---thanks). Write the templates with `purpose: answer`.
---Needs: send, task, store.
---```lua
---return tree:serve(contact, contact:wait_reply "1 minute", { handoff = "faq-person", bye = "faq-bye" })
---```
---@param contact perigee.Contact
---@param message perigee.Reply?
---@param options? { wait?: perigee.Duration, due?: perigee.Duration, most?: integer, unclear?: string, handoff?: string, bye?: string, vars?: table }
---@return string outcome
function Tree:serve(contact, message, options)
  options = check.options("tree:serve", options or {}, serve_options)
  if not message then return "no message" end
  local memory = perigee.store.get(key_of(contact)) or {}
  local talk = { contact = contact, options = options, answered = {}, missed = 0, last = memory.answer }
  local since = perigee.now() - QUIET
  if message.kind == "reply" and not tone.look(message.text).automatic then
    if colleague_wrote(contact, since) then return hand_off(talk, message, "a colleague is in this conversation") end
    if memory.handed and memory.handed >= since then
      contact:note("Wrote again while a person has the conversation: " .. quoted(message.text))
      return "with a person"
    end
  end
  while true do
    local outcome = answer(self, talk, message)
    if outcome then return outcome end
    local _, code
    message, _, code = contact:wait_reply(options.wait or "3 days")
    if not message then return code == "bounced" and "bounced" or "answered" end
    if #talk.answered >= (options.most or 5) then return hand_off(talk, message, "they have asked much") end
  end
end

return M
