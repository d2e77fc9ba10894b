-- SPDX-License-Identifier: MIT
-- Yes, no, or something that a person must read: English, French, Italian. Whoever asks a question has not said yes.
local words = require "perigee.words"

local M = {}

local no = { "no", "non", "not", "sorry", "desole", "desolee", "unfortunately", "malheureusement", "purtroppo", "cannot", "can t", "pass", "peccato" }
local yes = {
  "yes", "yeah", "yep", "sure", "gladly", "please", "love to", "count me in", "i m in", "me please", "of course", "oui", "volontiers", "avec plaisir",
  "partante", "partant", "bien sur", "je prends", "carrement", "si", "certo", "con piacere", "volentieri", "ci sto", "lo voglio", "eccomi", "voglio",
}

local function says(text, list)
  for _, phrase in ipairs(list) do
    if text:find(" " .. phrase .. " ", 1, true) then return true end
  end
  return false
end

-- true, false, or nil if it is neither or both.
function M.read(text)
  local folded = " " .. words.fold(text) .. " "
  local is_yes, is_no = says(folded, yes), says(folded, no)
  if is_yes == is_no or text:find "%?" then return nil end
  return is_yes
end

return M
