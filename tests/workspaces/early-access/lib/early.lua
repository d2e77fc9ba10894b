-- SPDX-License-Identifier: MIT
local words = require "perigee.words"

local M = { offer = "early-access", test = "early-subject", subjects = { "short", "question" }, places = 50 }

local NO = {
  "no thanks", "no thank you", "do not want", "don't want", "not interested", "give my place", "give it to somebody", "no longer want", "no longer interested",
  "non merci", "ne veux pas", "ne veux plus", "n'en veux pas", "n'en veux plus", "pas interesse", "plus interesse", "donnez ma place", "laisse ma place",
  "no grazie", "non voglio", "non lo voglio", "non la voglio", "non sono interessata", "non sono interessato", "non mi interessa", "non fa per me", "rinuncio", "cedo il posto",
}

-- Do they say that they do not want it? A person reads everything else.
function M.gives_back(text)
  local folded = words.fold(text)
  for _, phrase in ipairs(NO) do
    if words.find(folded, { words.fold(phrase) }) then return true end
  end
  return false
end

return M
