-- SPDX-License-Identifier: MIT
-- What people write, made comparable: accents and case folded, words without their endings (English, French, Italian), and
-- words that differ by one slip of the finger. The other modules that read messages (faq, moderation, tone) stand on this one.

local check = require "perigee.check"

local M = {}

local MOST = 4000 -- bytes of a text that are looked at
local LONGER = 6  -- letters from which one may be wrong

-- Letters with marks, to letters without; quotes, dashes and spaces of print, to a space.
local plain = {}
for letter, marked in pairs {
  a = "àáâãäåāăąǎÀÁÂÃÄÅĀĂĄǍ", ae = "æÆ", c = "çćĉċčÇĆĈĊČ", d = "ďđðĎĐÐ", e = "èéêëēĕėęěÈÉÊËĒĔĖĘĚ", g = "ĝğġģĜĞĠĢ", h = "ĥħĤĦ",
  i = "ìíîïĩīĭįıÌÍÎÏĨĪĬĮİ", j = "ĵĴ", k = "ķĶ", l = "ĺļľłĹĻĽŁ", n = "ñńņňÑŃŅŇ", o = "òóôõöøōŏőÒÓÔÕÖØŌŎŐ", oe = "œŒ", r = "ŕŗřŔŖŘ",
  s = "śŝşšșŚŜŞŠȘ", ss = "ßẞ", t = "ţťțþŢŤȚÞ", u = "ùúûüũūŭůűųÙÚÛÜŨŪŬŮŰŲ", w = "ŵŴ", y = "ýÿŷÝŸŶ", z = "źżžŹŻŽ",
} do
  for _, code in utf8.codes(marked) do plain[utf8.char(code)] = letter end
end

local function fold_character(char)
  local letter = plain[char]
  if letter then return letter end
  local code = utf8.codepoint(char)
  if code >= 0x300 and code <= 0x36F or code >= 0x200B and code <= 0x200F or code == 0xAD or code == 0xFE0F then return "" end
  if code >= 0xFF01 and code <= 0xFF5E then return string.char(code - 0xFEE0) end
  if code < 0xC0 or code >= 0x2000 and code < 0x2E80 or code >= 0x1F000 then return " " end
  return char
end

---Small letters without accents, words parted by one space, nothing else: texts that read alike become equal. Looks at the
---first 4,000 bytes.
---```lua
---words.fold "Où est  mon COLIS ?" --> "ou est mon colis"
---```
---@param text string
---@return string
function M.fold(text)
  if type(text) ~= "string" then check.raise("words.fold: a text is needed, not " .. check.describe(text)) end
  if #text > MOST then text = text:sub(1, MOST):gsub("[\xC2-\xF4][\x80-\xBF]*$", "") end
  if text:find "[\x80-\xFF]" then
    if utf8.len(text) then
      text = text:gsub("[\xC2-\xF4][\x80-\xBF]+", fold_character)
    else
      text = text:gsub("[\x80-\xFF]+", " ")
    end
  end
  text = text:lower():gsub("[^%w\x80-\xFF]+", " ")
  return (text:gsub("^ ", ""):gsub(" $", ""))
end

---The words of a text, folded.
---```lua
---words.list "L'envoi, svp" --> { "l", "envoi", "svp" }
---```
---@param text string
---@return string[]
function M.list(text)
  local list = {}
  for word in M.fold(text):gmatch "%S+" do list[#list + 1] = word end
  return list
end

-- Stems -------------------------------------------------------------------------------------------------------------

-- For each language: { ending, what stands in its place, letters the word has at least }, the first that fits counts.
local endings = {
  en = {
    { "sses", "ss", 5 }, { "ies", "y", 5 }, { "ss", "ss", 3 }, { "us", "us", 3 }, { "is", "is", 3 }, { "s", "", 4 },
  },
  fr = {
    { "eaux", "eau", 5 }, { "aux", "al", 5 }, { "ss", "ss", 3 }, { "s", "", 4 }, { "x", "", 4 },
  },
  it = {},
}
local verbs = {
  en = { { "ing", "", 6 }, { "ed", "", 5 } },
  fr = { { "aient", "", 7 }, { "erons", "", 7 }, { "erez", "", 7 }, { "ees", "", 6 }, { "ent", "", 6 }, { "ait", "", 6 }, { "ant", "", 6 },
    { "ee", "", 5 }, { "er", "", 5 }, { "ez", "", 5 } },
  it = { { "ando", "", 7 }, { "endo", "", 7 }, { "iamo", "", 7 }, { "ano", "", 6 }, { "ono", "", 6 }, { "are", "", 6 }, { "ere", "", 6 },
    { "ire", "", 6 }, { "ato", "", 6 }, { "ata", "", 6 }, { "ati", "", 6 }, { "ate", "", 6 }, { "ito", "", 6 }, { "ita", "", 6 },
    { "iti", "", 6 }, { "ite", "", 6 } },
}

local function cut(word, list)
  for _, rule in ipairs(list) do
    if #word >= rule[3] and word:sub(-#rule[1]) == rule[1] then return word:sub(1, -#rule[1] - 1) .. rule[2], true end
  end
  return word, false
end

---A folded word without its ending, so that "parcels" and "parcel", "livrée" and "livrer", "pacchi" and "pacco" are one. A simple
---rule, not a dictionary.
---```lua
---words.stem("shipping", "en") --> "ship"
---```
---@param word string folded
---@param language string "en", "fr" or "it"; of other languages a word is left as it is
---@return string
function M.stem(word, language)
  if not endings[language] then return word end
  word = cut(word, endings[language])
  local verb
  word, verb = cut(word, verbs[language])
  if language == "en" then
    if verb then word = word:gsub("([bdfgmnprt])%1$", "%1") end
    word = word:gsub("y$", "i")
    if #word > 3 then word = word:gsub("e$", "") end
  elseif language == "fr" then
    if #word > 3 then word = word:gsub("e$", "") end
  elseif #word > 3 then
    word = word:gsub("[aeiou]$", ""):gsub("[ih]$", "")
  end
  return word
end

-- Likeness ----------------------------------------------------------------------------------------------------------

---How many letters must change to make one word of the other; two neighbours that changed places count once. Counts bytes,
---and no further than `most`.
---```lua
---words.distance("parcel", "pracel") --> 1
---```
---@param a string
---@param b string
---@param most? integer
---@return integer
function M.distance(a, b, most)
  most = most or 3
  if a == b then return 0 end
  if math.abs(#a - #b) > most then return most + 1 end
  local before, row = nil, {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local current, least = { [0] = i }, i
    local letter = a:byte(i)
    for j = 1, #b do
      local other = b:byte(j)
      local d = math.min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (letter == other and 0 or 1))
      if before and j > 1 and letter == b:byte(j - 1) and a:byte(i - 1) == other then d = math.min(d, before[j - 2] + 1) end
      current[j] = d
      if d < least then least = d end
    end
    if least > most then return most + 1 end
    before, row = row, current
  end
  return row[#b]
end

---Are two words the same but for one slip? Only words of six letters or more, and never in the first letter: short words
---that differ by a letter are different words.
---```lua
---words.near("delivery", "delivry") --> true
---words.near("order", "older")      --> false
---```
---@param a string folded
---@param b string folded
---@return boolean
function M.near(a, b)
  if #a < LONGER or #b < LONGER or math.abs(#a - #b) > 1 or a:byte(1) ~= b:byte(1) then return false end
  return M.distance(a, b, 1) <= 1
end

-- The words of the text that was looked through last, and the first words of phrases: a phrase is looked for only where its first word is.
local seen_text, seen_words = nil, {}
local first_words = {}

local function words_of(folded)
  if folded ~= seen_text then
    seen_text, seen_words = folded, {}
    for word in folded:gmatch "%S+" do seen_words[word] = true end
  end
  return seen_words
end

---The first of some phrases that stands in a text as whole words, or nil. Phrases are folded ones.
---```lua
---words.find(words.fold "Where is my parcel?", { "my order", "my parcel" }) --> "my parcel"
---```
---@param folded string a text as words.fold gives it
---@param phrases string[]
---@return string?
function M.find(folded, phrases)
  local set, padded = words_of(folded), nil
  for _, phrase in ipairs(phrases) do
    local first = first_words[phrase]
    if not first then
      first = phrase:match "^%S+" or phrase
      first_words[phrase] = first
    end
    if set[first] then
      padded = padded or " " .. folded .. " "
      if padded:find(" " .. phrase .. " ", 1, true) then return phrase end
    end
  end
  return nil
end

-- Languages ---------------------------------------------------------------------------------------------------------

-- Small words: they tell a language, and say little about what is asked.
local small = {
  en = [[a an the and or but if of to in on at by for from with without about into is are was were be been am do does did done has have had i
    you he she it we they me my your our us them his her their this that these those there here what when where who why how which can could
    would will shall should may might must not no yes please hello hi hey dear thanks thank as so just any some get got know tell want like
    need much many long still also very really good morning afternoon evening everyone team one]],
  fr = [[un une le la les l d des du de et ou mais si a au aux en dans sur par pour avec sans est sont etait etre suis es ai as avez avons ont
    je tu il elle on nous vous ils elles me m te se mon ma mes ton ta tes son sa ses votre vos notre nos ce c cet cette ces que qu qui quoi
    quand ou comment combien pourquoi quel quelle quels quelles peux peut pouvez pouvons puis ne n pas non oui merci bonjour bonsoir salut
    svp s il plait y j t aimerais voudrais savoir dire tres bien plus toujours encore est-ce faire]],
  it = [[un uno una il lo la i gli le l d di del della dei delle dello degli e o ma se a al alla ai alle in nel nella su sul sulla per con senza
    da dal dalla e sono era essere sei ho hai ha abbiamo avete hanno io tu lui lei noi voi loro mi ti si ci vi mio mia miei mie tuo tua vostro
    vostra vostri nostre questo questa questi quello che chi cosa quando dove come quanto quanti perche quale quali posso puo potete possiamo
    potrei vorrei non no si grazie ciao buongiorno buonasera salve per favore c ancora anche molto bene sapere dire piu fare]],
}
local sets = {}
for language, list in pairs(small) do
  sets[language] = {}
  for word in list:gmatch "%S+" do sets[language][word] = true end
end

---Is a folded word one of the small ones of a language (the, with, please)?
---```lua
---words.is_small("avec", "fr") --> true
---```
---@param word string
---@param language string
---@return boolean
function M.is_small(word, language)
  return sets[language] ~= nil and sets[language][word] == true
end

---The language a text is written in, told by its small words: "en", "fr" or "it"; nil if they do not tell.
---```lua
---words.language "Quando arriva il mio pacco?" --> "it"
---```
---@param text string
---@return string?
function M.language(text)
  local counts = { en = 0, fr = 0, it = 0 }
  for _, word in ipairs(M.list(text)) do
    for language, set in pairs(sets) do
      if set[word] then counts[language] = counts[language] + 1 end
    end
  end
  local best, most, second = nil, 0, 0
  for _, language in ipairs { "en", "fr", "it" } do
    local n = counts[language]
    if n > most then
      best, most, second = language, n, most
    elseif n > second then
      second = n
    end
  end
  return most > second and best or nil
end

---The language of a locale: "fr-CA" is "fr"; nil for none.
---```lua
---words.of_locale(contact.locale)
---```
---@param locale? string
---@return string?
function M.of_locale(locale)
  local language = type(locale) == "string" and locale:match "^%a+"
  return language and language:lower() or nil
end

return M
