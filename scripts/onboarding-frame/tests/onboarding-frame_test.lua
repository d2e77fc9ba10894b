-- SPDX-License-Identifier: MIT
local function person(more)
  local contact = {
    id = "manon", name = "Manon Lefort", first_name = "Manon", email = "manon@sentiers.example", phone = "+33 6 12 34 56 21", consent = "whatsapp: opt-in",
    locale = "fr-FR", timezone = "Europe/Paris", campaign = "la traversée du Jura",
  }
  for key, value in pairs(more or {}) do contact[key] = value or nil end
  return contact
end

local function welcomed(t, more)
  t:enrol { sequence = "onboarding-frame", contact = person(more) }
  t:advance "1 business day"
  return t:expect_sent { channel = "email", template = "welcome" }
end

local function says(t, message, text)
  t:expect(message.text:find(text, 1, true) ~= nil and text or message.text, text)
end

test("a new creator is told which channel is for what, in their language", function(t)
  local message = welcomed(t)
  says(t, message, "WhatsApp pour les questions rapides, le planning et les contenus à valider")
  says(t, message, "L'e-mail pour les contrats, les factures et les briefs")
  says(t, message, "Un appel pour les sujets délicats")
end)

test("without WhatsApp, what would go there goes by mail", function(t)
  local message = welcomed(t, { consent = false, phone = false, locale = "en" })
  says(t, message, "E-mail for contracts, invoices, briefs, quick questions, dates, drafts to approve, sensitive matters and whatever")
  t:expect(message.text:find "WhatsApp", nil)
end)

test("the signature starts it", function(t)
  t:enrol { sequence = "onboarding-frame", contact = person() }
  t:advance "1 business day"
  t:expect_sent { template = "welcome" }
  t:advance "8 days"
  t:event { kind = "signal:signed", contact = "manon" }
  t:advance "1 business day"
  t:expect_sent { template = "welcome" }
end)

test("silence is fine: they know it now", function(t)
  welcomed(t)
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "told"
end)

test("who wants it otherwise gets a person to change it", function(t)
  welcomed(t)
  t:reply { channel = "email", text = "Je préfère Telegram, si c'est possible" }
  t:expect_task { kind = "review", note = "Another frame may suit them: Je préfère Telegram, si c'est possible" }
  t:expect_outcome "to be adapted"
end)

test("so does who refuses one of the channels", function(t)
  welcomed(t)
  t:reply { channel = "email", text = "Très bien, mais pas d'appels svp" }
  t:expect_task { kind = "review" }
  t:expect_outcome "to be adapted"
end)

test("an answer at a bad moment: they write on WhatsApp before the welcome has left", function(t)
  t:enrol { sequence = "onboarding-frame", contact = person() }
  t:advance "2 hours" -- it is night; the mail waits
  t:reply { channel = "whatsapp", text = "C'est signé ! On commence quand ?" }
  t:advance "30 days"
  t:expect_sent { channel = "email", template = "welcome" } -- it is due to them all the same, once
  t:expect_nothing_sent()
end)

test("an answer at a bad moment: twice, on two channels, one task and no more mail", function(t)
  welcomed(t)
  t:reply { channel = "whatsapp", text = "Coucou, c'est mon numéro" }
  t:reply { channel = "email", text = "Et merci pour le mail !" }
  t:expect_task { kind = "message", note = "Answered the welcome: Coucou, c'est mon numéro" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "told, and answered"
end)
