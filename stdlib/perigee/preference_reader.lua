-- SPDX-License-Identifier: MIT
-- Reads an answer for perigee.preference: clauses, the channels that they name, and what is said of each. It looks at the order of words alone; what
-- words mean stands in perigee.preference_words.

local words = require "perigee.preference_words"

local M = {}

local LONGEST = 2000 -- bytes of an answer that are looked at
local PHRASE = 5     -- words of the longest phrase

-- An address or a link says where to write, unless they say it in words: only a hint.
local hosts = {
  ["instagram.com"] = "instagram", ["wa.me"] = "whatsapp", ["t.me"] = "telegram", ["m.me"] = "messenger", ["linkedin.com"] = "linkedin",
  ["twitter.com"] = "x", ["x.com"] = "x", ["tiktok.com"] = "tiktok", ["discord.gg"] = "discord",
}

-- A telephone number: eight to fifteen digits, as people group them.
local function number_in(text)
  for at, run in text:gmatch "()(%+?%(?%d[%d%s%.%-%(%)/]+%d)" do
    local digits = run:gsub("%D", "")
    local is_date = run:find "^%d%d?[%./]%d%d?[%./]%d%d%d%d" or run:find "^%d%d%d%d%-%d%d%-%d%d"
    if #digits >= 8 and #digits <= 15 and not is_date and not text:sub(at - 1, at - 1):find "[%w@/]" then
      return (run:sub(1, 1) == "+" and "+" or "") .. digits
    end
  end
end

-- "ana (at) bakes.example", "ana chiocciola bakes punto example": addresses as people hide them, or say them.
local function spelled_out(text)
  for _, word in ipairs { "[Aa][Tt]", "@", "[Aa]robase", "[Cc]hiocciola" } do
    text = text:gsub("([%w%._%-])%s*[%(%[]%s*" .. word .. "%s*[%)%]]%s*([%w%-])", "%1@%2")
  end
  text = text:gsub("([%w_%-])%s+[Aa]robase%s+(%w)", "%1@%2"):gsub("([%w_%-])%s+[Cc]hiocciola%s+(%w)", "%1@%2"):gsub("([%w_%-])%s+at%s+([%w%-]+)%s+dot%s+", "%1@%2.")
  for _, word in ipairs { "dot", "point", "punto" } do
    text = text:gsub("(@[%w%-%.]+)%s*[%(%[]%s*" .. word .. "%s*[%)%]]%s*(%a)", "%1.%2"):gsub("(@[%w%-]+)%s+" .. word .. "%s+(%a)", "%1.%2")
  end
  return text
end

-- Small letters without accents; addresses and links become their hints; what ends a clause stands alone.
local function plain(text, found)
  text = text:sub(1, LONGEST):gsub("\n%-%-%s*\n.*", "")
  text = spelled_out(text)
  text = text:gsub("[^%s<>]+@[%w%-]+%.[%w%.%-]+", function(address)
    found.address = found.address or address:gsub("[%.%-]+$", "")
    found.hints[#found.hints + 1] = "email"
    return " "
  end)
  text = text:gsub("%f[%w][%w%-%.]+%.%a%a+/?[^%s]*", function(link)
    local channel = hosts[link:lower():gsub("^https?://", ""):gsub("^www%.", ""):match "^[^/]+"]
    if channel then found.hints[#found.hints + 1] = channel end
    return channel and " " or nil
  end)
  found.number = number_in(text)
  for from, to in pairs(words.letters) do text = text:gsub(from, to) end
  text = text:lower():gsub("[\128-\255]+", " ")
  text = text:gsub("n't%f[%W]", " not"):gsub("e%-mail", "email"):gsub("whats%-app", "whatsapp"):gsub("%s%-+%s", " , ")
  return text:gsub("%s>%s", " than "):gsub("/", " or "):gsub("[\n\r]+", " . "):gsub("([%.,;:!%?%(%)])", " %1 "):gsub("[^%w%.,;:!%?%(%)%s]", " ")
end

-- "en", "fr" or "it": that of whose small words there are most; the locale decides between equals.
local function language_of(list, locale)
  local best, most = "en", -1
  for _, language in ipairs { "en", "fr", "it" } do
    local n = locale and locale:sub(1, 2) == language and 0.5 or 0
    for _, word in ipairs(list) do n = n + (words.small[language][word] and 1 or 0) end
    if n > most then best, most = language, n end
  end
  return best
end

-- The answer as a list of clauses; a clause is a list of { kind, channel, at }, where at counts words.
local function clauses_of(text, locale)
  local list = {}
  for word in text:gmatch "%S+" do list[#list + 1] = word end
  local language = language_of(list, locale)
  local clauses, clause, at = {}, {}, 1
  while at <= #list do
    local meaning, length
    for n = math.min(PHRASE, #list - at + 1), 1, -1 do
      local phrase = table.concat(list, " ", at, at + n - 1)
      meaning, length = words.of[language][phrase] or words.any[phrase], n
      if meaning then break end
    end
    if meaning == "break" or list[at]:find "^[%.,;:!%?%(%)]$" then
      clause.asks = list[at] == "?"
      clauses[#clauses + 1], clause = clause, {}
    elseif meaning and meaning ~= "nothing" then
      local kind, channel = meaning:match "^(%S+) ?(%S*)$"
      clause[#clause + 1] = { kind = kind, channel = channel, at = at, stop = at + length - 1 }
    end
    at = at + (meaning and length or 1)
  end
  clauses[#clauses + 1] = clause
  return clauses
end

local function is_mention(item)
  return item.kind == "on" or item.kind == "by"
end

-- "Call me on WhatsApp" names one channel: of a verb and a network that nothing stands between, the network counts.
local function drop_verbs(clause)
  for i, item in ipairs(clause) do
    local before, after = clause[i - 1], clause[i + 1]
    local weak = item.kind == "by" or item.channel == "here"
    if weak and (before and before.kind == "on" or after and after.kind == "on") then item.kind = "verb" end
  end
end

-- The first item from `at` on, in steps of `step`, that is a mention.
local function mention_from(clause, at, step)
  local item = clause[at]
  while item and not is_mention(item) do
    at = at + step
    item = clause[at]
  end
  return item, at
end

-- "No calls", "email is not great"; with mentions on both sides and neither near, nobody knows which is meant.
local function apply_not(clause, i)
  local item = clause[i]
  local after, before = mention_from(clause, i + 1, 1), mention_from(clause, i - 1, -1)
  if after and before and not before.level and after.at - item.stop > 3 then
    after.unsure, before.unsure = true, true
  elseif after then
    for j = i + 1, #clause do
      if clause[j].kind == "best" and j > i + 1 then break end
      if is_mention(clause[j]) then clause[j].level = -1 end
    end
  elseif before then
    before.level = -1
  end
end

-- "Rather than mail": the mention behind it, and what `or` joins to it.
local function apply_than(clause, i)
  local item = clause[i]
  local after, at = mention_from(clause, i + 1, 1)
  if not after or after.at - item.stop > 3 then return end
  if item.kind == "soft_than" and not mention_from(clause, i - 1, -1) then return end
  after.level = after.level or 0
  while clause[at + 1] and clause[at + 1].kind == "or" and clause[at + 2] and is_mention(clause[at + 2]) do
    at = at + 2
    clause[at].level = clause[at].level or 0
  end
end

-- A mark for the mentions behind it, else for the one before it; those that have a level keep it.
local function mark(clause, i, level)
  local after = mention_from(clause, i + 1, 1)
  local found = false
  for j = i + 1, after and #clause or 0 do
    if is_mention(clause[j]) and not clause[j].level then clause[j].level, found = level, true end
  end
  local before = not found and mention_from(clause, i - 1, -1)
  if before and not before.level then before.level, found = level, true end
  return found
end

-- Gives each mention a level: -1 not that one, 0 less than another, 1 if need be, 2 named, 3 liked best.
local function weigh(clause, state)
  drop_verbs(clause)
  local has = mention_from(clause, 1, 1)
  local carried = has and (state.urgent and 1 or state.best and 3)
  if has then state.urgent, state.best = nil, nil end
  for i, item in ipairs(clause) do
    local before, after = clause[i - 1], clause[i + 1]
    if item.kind == "best" and (after and after.kind == "not" and after.at - item.stop <= 2
      or before and before.kind == "not" and item.at - before.stop <= 3) then
      item.kind = "verb"
    end
  end
  for i, item in ipairs(clause) do
    if item.kind == "not" then apply_not(clause, i) end
    if item.kind == "than" or item.kind == "soft_than" then apply_than(clause, i) end
  end
  for i, item in ipairs(clause) do
    if item.kind == "urgent" then
      state.urgent = not mark(clause, i, 1) or state.urgent
      state.had_urgent = true
    elseif item.kind == "unless" then
      state.had_urgent = true
      state.urgent = not (mention_from(clause, i + 1, 1) and mark(clause, i, 1))
    elseif item.kind == "else" then
      mark(clause, i, state.had_urgent and not carried and 2 or 1)
    end
  end
  for i, item in ipairs(clause) do
    if item.kind == "best" and not mark(clause, i, 3) and not has then state.best_next = true end
    if item.kind == "any" then state.any = true end
  end
  for _, item in ipairs(clause) do
    if is_mention(item) then item.level = item.level or carried or 2 end
  end
  state.best, state.best_next = state.best_next or state.best, nil
end

-- "E-mails? Never.": a clause that only says no belongs to the question before it.
local function answer_question(clause, before)
  if before and before.asks and #clause == 1 and clause[1].kind == "not" then
    for _, item in ipairs(before) do
      if is_mention(item) then item.level = -1 end
    end
  end
end

-- "A DM" is on the only network among those that were offered; "here" is where they wrote.
local function resolve(channel, options)
  if channel == "here" then return options.here or "?" end
  if channel ~= "dm" then return channel end
  local only
  for _, one in ipairs(options.among or {}) do
    if words.networks[one] then only = only and "?" or one end
  end
  return only or "?"
end

-- What was said of each channel: its level; and whether something was unsure.
local function levels_of(clauses, options)
  local levels, unsure, state = {}, false, {}
  for i, clause in ipairs(clauses) do
    weigh(clause, state)
    answer_question(clause, clauses[i - 1])
  end
  for _, clause in ipairs(clauses) do
    for _, item in ipairs(clause) do
      if is_mention(item) then
        local channel = resolve(item.channel, options)
        unsure = unsure or item.unsure
        if not levels[channel] or item.level == -1 or levels[channel] ~= -1 and item.level > levels[channel] then levels[channel] = item.level end
      end
    end
  end
  return levels, unsure, state.any
end

-- The channels of the highest level from 1 up, in order; all that were refused; how many were named at all.
local function sift(levels)
  local best, top, avoid, named = {}, 1, {}, 0
  for channel, level in pairs(levels) do
    if level == -1 then avoid[#avoid + 1] = channel end
    if level >= 1 then named = named + 1 end
    if level > top then best, top = {}, level end
    if level == top then best[#best + 1] = channel end
  end
  table.sort(best)
  table.sort(avoid)
  return best, top, avoid, named
end

---Does an answer say no to what was asked? Looks at how it begins, and for words of refusal anywhere.
---```lua
---reader.declines "No grazie! Troppo lavoro" --> true
---```
---@param text string
---@return boolean
function M.declines(text)
  local list, beginning = {}, {}
  for word in plain(text, { hints = {} }):gmatch "%S+" do list[#list + 1] = word end
  for i, word in ipairs(list) do
    if word:find "^%p$" and #beginning > 0 then
      if words.no_first[table.concat(beginning, " ")] then return true end
      beginning = {}
      if i > 6 then break end
    elseif not word:find "^%p$" then
      beginning[#beginning + 1] = word
    end
  end
  if #list <= 6 and words.no_first[table.concat(beginning, " ")] then return true end
  for at = 1, #list do
    local phrase = list[at]
    for n = 1, PHRASE do
      if words.no_anywhere[phrase] then return true end
      phrase = list[at + n] and phrase .. " " .. list[at + n] or ""
    end
  end
  return false
end

---Reads an answer: the channels liked best (level 3), named (2) or possible (1) that nothing else beats, in order; their level; those that were
---refused; how many were named; whether it was unsure or left to us; and what was found beside words.
---```lua
---reader.read("no calls, WhatsApp please", {}) --> { best = { "whatsapp" }, level = 2, avoid = { "call" }, named = 1, ... }
---```
---@param text string
---@param options { locale?: string, among?: string[], here?: string }
---@return { best: string[], level: integer, avoid: string[], named: integer, unsure: boolean, any?: boolean, hints: string[], number?: string, address?: string }
function M.read(text, options)
  local found = { hints = {} }
  local levels, unsure, any = levels_of(clauses_of(plain(text, found), options.locale), options)
  found.best, found.level, found.avoid, found.named = sift(levels)
  found.unsure, found.any = unsure or found.best[1] == "?", any
  return found
end

return M
