-- SPDX-License-Identifier: MIT
-- What a person may post as the public answer: short, kind, and with a door to a private talk. {name} is whom it is to.

local angry = {
  en = "{name}, that is not how it should be, and we are sorry. Would you write us a private message with your order number? We look into it today.",
  fr = "{name}, ce n'est pas normal et nous en sommes désolés. Vous nous écrivez en message privé avec votre numéro de commande ? On s'en occupe aujourd'hui.",
  it = "{name}, non deve andare così e ci dispiace. Ci scrivi in privato con il numero d'ordine? Ce ne occupiamo oggi stesso.",
}
local kind = {
  en = "Thank you for telling us, {name}! Write us a private message and we'll find out together.",
  fr = "Merci de nous en parler, {name} ! Écrivez-nous en message privé, on regarde ça ensemble.",
  it = "Grazie di avercelo scritto, {name}! Scrivici in privato, così guardiamo insieme.",
}

local M = {}

---Words for a public answer, in the language of the contact.
---```lua
---public_words.suggest(contact, true) --> "Ana, that is not how it should be, ..."
---```
---@param contact perigee.Contact
---@param is_angry boolean
---@return string
function M.suggest(contact, is_angry)
  local words = is_angry and angry or kind
  local text = words[(contact.locale or "en"):sub(1, 2)] or words.en
  local name = contact.first_name or (contact.name or contact.id):match "^%S+"
  return (text:gsub("{name}", function() return name end))
end

return M
