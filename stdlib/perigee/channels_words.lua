-- SPDX-License-Identifier: MIT
-- The names of channels and topics for perigee.channels, as they stand behind "for" in a sentence, in English, French and Italian.

local M = {}

M.names = {
  en = {
    email = "e-mail", whatsapp = "WhatsApp", instagram = "Instagram", messenger = "Messenger", sms = "text message", call = "a call",
    telegram = "Telegram", signal = "Signal", x = "X", linkedin = "LinkedIn", tiktok = "TikTok", discord = "Discord", slack = "Slack", imessage = "iMessage",
    twitch = "Twitch",
  },
  fr = { email = "l'e-mail", sms = "un SMS", call = "un appel" },
  it = { email = "l'e-mail", sms = "un SMS", call = "una telefonata" },
}

M.topics = {
  en = {
    quick = "quick questions", schedule = "dates", contract = "contracts", invoice = "invoices", payment = "payments", brief = "briefs",
    content = "drafts to approve", feedback = "feedback", idea = "ideas", urgent = "whatever is urgent", sensitive = "sensitive matters",
    demo = "product demos", clarify = "whatever needs some back and forth", report = "reports", shipping = "parcels",
    community = "news of the community", other = "everything else",
  },
  fr = {
    quick = "les questions rapides", schedule = "le planning", contract = "les contrats", invoice = "les factures",
    payment = "les paiements", brief = "les briefs", content = "les contenus à valider", feedback = "les retours", idea = "les idées",
    urgent = "les urgences", sensitive = "les sujets délicats", demo = "les démonstrations de produits", clarify = "ce qui demande un vrai échange",
    report = "les bilans", shipping = "les colis", community = "la vie de la communauté", other = "tout le reste",
  },
  it = {
    quick = "le domande veloci", schedule = "le scadenze", contract = "i contratti", invoice = "le fatture", payment = "i pagamenti",
    brief = "i brief", content = "i contenuti da approvare", feedback = "i riscontri", idea = "le idee", urgent = "le urgenze",
    sensitive = "gli argomenti delicati", demo = "le dimostrazioni dei prodotti", clarify = "ciò che richiede un confronto", report = "i report",
    shipping = "le spedizioni", community = "le novità della community", other = "tutto il resto",
  },
}

M.joins = { en = { "for", "and" }, fr = { "pour", "et" }, it = { "per", "e" } }

---The language of a locale that there are words for; English for all others.
---```lua
---words.language "fr-CA" --> "fr"
---```
---@param locale? string
---@return "en"|"fr"|"it"
function M.language(locale)
  local language = locale and locale:sub(1, 2):lower() or "en"
  return M.joins[language] and language or "en"
end

---A channel's name in a language: that of English where it has none of its own.
---```lua
---words.channel("email", "fr") --> "l'e-mail"
---```
---@param channel string
---@param language "en"|"fr"|"it"
---@return string
function M.channel(channel, language)
  return M.names[language][channel] or M.names.en[channel] or channel
end

---Parts as one enumeration: "a, b and c".
---```lua
---words.enumerate({ "les briefs", "les idées" }, "fr") --> "les briefs et les idées"
---```
---@param parts string[]
---@param language "en"|"fr"|"it"
---@return string
function M.enumerate(parts, language)
  if #parts < 2 then return parts[1] or "" end
  return table.concat(parts, ", ", 1, #parts - 1) .. " " .. M.joins[language][2] .. " " .. parts[#parts]
end

---A text with a capital letter in front; the first letters of names and topics here are plain ones.
---```lua
---words.capital "e-mail" --> "E-mail"
---```
---@param text string
---@return string
function M.capital(text)
  return text:sub(1, 1):upper() .. text:sub(2)
end

return M
