-- SPDX-License-Identifier: MIT
-- Which of some questions a text asks: the words of phrases are looked for in its sentences, without their endings and with one
-- slip of the finger forgiven; rare words say more than common ones. perigee.faq stands on it. No model, no training: each
-- score can be told by the phrase it comes from.

local words = require "perigee.words"

local M = {}

local SLIP = 0.75   -- what a word with a slip counts
local SMALL = 0.15  -- what a small word (the, with, how) counts
local OTHER = 0.92  -- what a phrase of another language than the reader's counts
local SENTENCES = 12
local WORDS = 200   -- different ones of a text that are looked at
-- How much one phrase can say by itself, by how many telling words it has.
local CERTAIN = { 0.72, 0.88, 0.95 }

---A phrase, made ready; nil if it has no word.
---```lua
---local phrase = matching.phrase("where is my parcel", "en")
---```
---@param text string
---@param language string
---@return table? phrase
function M.phrase(text, language)
  local list = words.list(text)
  if #list == 0 then return nil end
  local phrase = { text = text, language = language, stems = {}, raw = list, weights = {}, telling = 0 }
  for i, word in ipairs(list) do
    phrase.stems[i] = words.stem(word, language)
    local telling = not words.is_small(word, language)
    phrase.weights[i] = telling and 1 or SMALL
    if telling then phrase.telling = phrase.telling + 1 end
  end
  phrase.whole = " " .. table.concat(phrase.stems, " ") .. " "
  return phrase
end

---A text, made ready: its sentences as words, each once; stems are made for each language when they are first asked for.
---```lua
---local read = matching.read(message.text)
---```
---@param text string
---@return table read
function M.read(text)
  local read, left = { sentences = {} }, WORDS
  for part in text:sub(1, 4000):gmatch "[^%.!%?\n;:]+" do
    if #read.sentences >= SENTENCES or left <= 0 then break end
    local list = words.list(part)
    local sentence = { raw = {}, stems = {}, n = #list }
    for _, word in ipairs(list) do
      if left <= 0 then break end
      sentence.raw[#sentence.raw + 1] = word
      left = left - 1
    end
    if #list > 0 then read.sentences[#read.sentences + 1] = sentence end
  end
  return read
end

-- A sentence in a language: the stems in a row and as a set, and those of six letters or more by their first letter, where a slip is forgiven.
local function stems_of(sentence, language)
  local made = sentence.stems[language]
  if made then return made end
  made = { set = {}, longer = {}, telling = 0 }
  local row, raw = {}, {}
  local function keep(word)
    if #word < 6 then return end
    local list = made.longer[word:byte(1)] or {}
    made.longer[word:byte(1)] = list
    list[#list + 1] = word
  end
  for i, word in ipairs(sentence.raw) do
    row[i] = words.stem(word, language)
    if not raw[word] then
      raw[word] = true
      keep(word)
      if not made.set[row[i]] and row[i] ~= word then keep(row[i]) end
      made.set[row[i]] = true
      if not words.is_small(word, language) then made.telling = made.telling + 1 end
    end
  end
  made.whole = " " .. table.concat(row, " ") .. " "
  sentence.stems[language] = made
  return made
end

---Rare words say more: what a word of a phrase weighs falls with the number of questions that use it. Called once for a tree.
---```lua
---matching.weigh(nodes)
---```
---@param nodes table[] each with ask (phrases) and perhaps branches
function M.weigh(nodes)
  local uses = {}
  for _, node in ipairs(nodes) do
    local seen = {}
    for _, phrase in ipairs(node.ask) do
      for _, stem in ipairs(phrase.stems) do
        local key = phrase.language .. " " .. stem
        if not seen[key] then uses[key] = (uses[key] or 0) + 1 end
        seen[key] = true
      end
    end
  end
  for _, node in ipairs(nodes) do
    for _, phrase in ipairs(node.ask) do
      for i, stem in ipairs(phrase.stems) do
        if phrase.weights[i] == 1 then phrase.weights[i] = 1 / math.sqrt(uses[phrase.language .. " " .. stem]) end
      end
    end
    if node.branches then M.weigh(node.branches) end
  end
end

local function slipped(longer, word)
  for _, other in ipairs(longer[word:byte(1)] or {}) do
    if words.near(other, word) then return true end
  end
  return false
end

-- Does a word of the phrase stand in the sentence? 1, SLIP or 0.
local function stands(stems, phrase, i)
  local stem, raw = phrase.stems[i], phrase.raw[i]
  if stems.set[stem] then return 1 end
  return (slipped(stems.longer, raw) or stem ~= raw and slipped(stems.longer, stem)) and SLIP or 0
end

-- How sure one sentence is to say a phrase.
local function likeness(sentence, phrase)
  local stems = stems_of(sentence, phrase.language)
  -- A phrase of small words alone ("yes", "how much") must stand there as it is, and be most of what is said.
  if phrase.telling == 0 then
    if not stems.whole:find(phrase.whole, 1, true) then return 0 end
    return sentence.n - #phrase.raw <= 3 and 0.85 or 0.4
  end
  local has, all = 0, 0
  for i, weight in ipairs(phrase.weights) do
    has = has + weight * stands(stems, phrase, i)
    all = all + weight
  end
  if has == 0 then return 0 end
  local score = (has / all) ^ 1.5 * CERTAIN[math.min(phrase.telling, #CERTAIN)]
  -- One word among many others is said in passing.
  local others = stems.telling - phrase.telling - 4
  if others > 0 then score = score * math.max(0.6, 1 - 0.03 * others) end
  return score
end

---The two best nodes for a text, each as { node, score, phrase, sentence (its number) }; nil if there is none.
---```lua
---local best, second = matching.best(matching.read(text), nodes, "fr")
---```
---@param read table
---@param nodes? table[]
---@param language? string
---@return table? best, table? second
function M.best(read, nodes, language)
  local best, second
  for _, node in ipairs(nodes or {}) do
    local top, said, where, rest = 0, nil, nil, 1
    for _, phrase in ipairs(node.ask) do
      local most, at = 0, nil
      for i, sentence in ipairs(read.sentences) do
        local score = likeness(sentence, phrase)
        if score > most then most, at = score, i end
      end
      if language and phrase.language ~= language then most = most * OTHER end
      if most > top then
        if top > 0.3 then rest = rest * (1 - top / 4) end
        top, said, where = most, phrase.text, at
      elseif most > 0.3 then
        rest = rest * (1 - most / 4)
      end
    end
    -- Other phrases of the same question make it a little surer.
    local found = { node = node, score = 1 - (1 - top) * rest, phrase = said, sentence = where }
    if top > 0 then
      if not best or found.score > best.score then
        best, second = found, best
      elseif not second or found.score > second.score then
        second = found
      end
    end
  end
  return best, second
end

---The first of some phrases that a text holds word by word (without endings; one slip is forgiven in a phrase of one word), or nil.
---```lua
---matching.contains(matching.read(text), { matching.phrase("money back", "en") })
---```
---@param read table
---@param phrases table[]
---@return string? phrase
function M.contains(read, phrases)
  for _, phrase in ipairs(phrases) do
    for _, sentence in ipairs(read.sentences) do
      local stems = stems_of(sentence, phrase.language)
      if stems.whole:find(phrase.whole, 1, true) then return phrase.text end
      if #phrase.raw == 1 and stands(stems, phrase, 1) > 0 then return phrase.text end
    end
  end
  return nil
end

return M
