-- SPDX-License-Identifier: MIT
-- perigee.codenames: what a person can be called in plain capitals, for codes that are said aloud and typed (perigee.affiliate).

local words = require "perigee.words"

local M = {}

local LETTERS_LEAST, LETTERS_MOST = 2, 12
local LAST_RESORT = "FRIEND"

-- No code is one of these whole words: what shops and systems use, and what nobody wants beside their name (English, French,
-- Italian, Spanish, German). Parts of names are not looked at.
local reserved = {}
for word in ([[
  ADMIN API CODE COUPON DEMO DISCOUNT FREE FRIEND GIFT GRATIS GUEST INFO NEW NONE NULL OFF PROMO ROOT SALE SALES SHOP STAFF SUPPORT TEAM TEST UNDEFINED USER
  VIP VOID WELCOME
  ANUS ARSE ASS BASTARD BITCH CAZZO CONARD CONNARD CON COCK CRAP CUL CULO CUNT DICK DILDO FAG FICK FICKEN FOTZE FUCK HITLER HOMO HURE ISIS KKK MERDA MERDE MIERDA
  NAZI NEGRO NIGGER PENIS PISS PORN PORNO PUTA PUTAIN PUTE RAPE SALOPE SCHEISSE SEX SHIT SLUT SS STRONZO TITS TROIA WHORE
]]):gmatch "%u+" do reserved[word] = true end

-- Vietnamese and Welsh letters, by ranges; both cases stand side by side.
local ranges = {
  { 0x1A0, 0x1A1, "o" }, { 0x1AF, 0x1B0, "u" }, { 0x1E80, 0x1E85, "w" }, { 0x1EA0, 0x1EB7, "a" }, { 0x1EB8, 0x1EC7, "e" }, { 0x1EC8, 0x1ECB, "i" },
  { 0x1ECC, 0x1EE3, "o" }, { 0x1EE4, 0x1EF1, "u" }, { 0x1EF2, 0x1EF9, "y" },
}

-- German writes out what other languages drop.
local german = { ["ä"] = "ae", ["Ä"] = "ae", ["ö"] = "oe", ["Ö"] = "oe", ["ü"] = "ue", ["Ü"] = "ue" }

local function range_letter(char)
  local code = utf8.codepoint(char)
  for _, range in ipairs(ranges) do
    if code >= range[1] and code <= range[2] then return range[3] end
  end
  return nil
end

---A text in plain capitals: accents dropped, everything that is no Latin letter left out, at most 12 letters.
---```lua
---codenames.plain("Zoé-Anne")        --> "ZOEANNE"
---codenames.plain("Jörg", "de-DE")   --> "JOERG"
---```
---@param text string
---@param locale? string
---@return string
function M.plain(text, locale)
  if locale and locale:find "^de" then text = text:gsub("[\xC3][\x80-\xBF]", german) end
  if utf8.len(text) then text = text:gsub("[\xC4-\xE1][\x80-\xBF]+", range_letter) end
  return (words.fold(text):gsub("[^a-z]", ""):upper():sub(1, LETTERS_MOST))
end

---The name of a contact for a code: the first name, else the last one, both, the name on Instagram, or FRIEND; never a reserved or
---offensive word.
---```lua
---codenames.base(contact) --> "ANA"
---```
---@param contact perigee.Contact
---@return string
function M.base(contact)
  local name = contact.name or ""
  local first, last = contact.first_name or name:match "^%s*(%S+)" or "", name:match "(%S+)%s*$" or ""
  for _, candidate in ipairs { first, last, first .. last, contact.instagram or "" } do
    local plain = M.plain(candidate, contact.locale)
    if #plain >= LETTERS_LEAST and not reserved[plain] then return plain end
  end
  return LAST_RESORT
end

return M
