-- SPDX-License-Identifier: MIT
local function person(more)
  local contact = {
    id = "claire", name = "Claire Aubert", first_name = "Claire", email = "claire@marmiteverte.example", locale = "fr-FR", timezone = "Europe/Paris",
    last_project = "notre série sur les légumes oubliés",
  }
  for key, value in pairs(more or {}) do contact[key] = value end
  return contact
end

local function ask(t, more)
  t:enrol { sequence = "ask-preference", contact = person(more) }
  t:advance "1 business day"
  t:expect_sent { channel = "email", template = "which-channel" }
end

test("a preference is kept, and they are told", function(t)
  ask(t)
  t:reply { channel = "email", text = "Plutôt WhatsApp si possible !" }
  local message = t:expect_sent { channel = "email", template = "noted" }
  t:expect(message.text:find("ce sera WhatsApp", 1, true) ~= nil, true)
  t:advance "3 days"
  t:expect_outcome "prefers whatsapp"
end)

test("what a no leaves over is the preference", function(t)
  ask(t, { locale = "en-GB" })
  t:reply { channel = "email", text = "Not WhatsApp and no insta please" }
  t:advance "3 days"
  t:expect_outcome "prefers email"
end)

test("two answers in one are for a person to read", function(t)
  ask(t, { locale = "it-IT" })
  t:reply { channel = "email", text = "WhatsApp per le cose veloci, mail per i contratti" }
  t:expect_task { kind = "review" }
  t:expect_outcome "ambiguous"
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("whoever leaves it to us is thanked by nothing but peace", function(t)
  ask(t)
  t:reply { channel = "email", text = "Peu importe, comme vous voulez" }
  t:expect_outcome "any"
  t:expect_nothing_sent()
end)

test("who told us before is not asked", function(t)
  t:enrol { sequence = "ask-preference", contact = person { preferred_channel = "whatsapp" } }
  t:expect_outcome "known: whatsapp"
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("silence is an answer, too; nobody is asked twice", function(t)
  ask(t)
  t:advance "60 days"
  t:expect_nothing_sent()
  t:expect_outcome "silent"
end)

test("an answer at a bad moment: it comes on Instagram, and says only: here", function(t)
  ask(t, { instagram = "@marmite.verte" })
  t:advance "2 days"
  t:reply { channel = "instagram", text = "Ici c'est parfait !" }
  t:advance "3 days"
  t:expect_sent { channel = "email", template = "noted" }
  t:expect_outcome "prefers instagram"
end)

test("an answer at a bad moment: after the time is up it changes nothing, and nothing is sent", function(t)
  ask(t)
  t:advance "20 days"
  t:expect_outcome "silent"
  t:reply { channel = "email", text = "Oups. WhatsApp !" }
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("an answer at a bad moment: two of them in a row, the second is for a person", function(t)
  ask(t)
  t:reply { channel = "email", text = "WhatsApp" }
  t:expect_sent { template = "noted" }
  t:reply { channel = "email", text = "Non, finalement par mail" }
  t:expect_task { kind = "review", note = "A second thought about the channel? Non, finalement par mail" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "prefers whatsapp"
end)

test("an opt-out instead of an answer is the end", function(t)
  ask(t)
  t:event { kind = "unsubscribe", channel = "email" }
  t:expect_outcome "unsubscribed"
  t:advance "30 days"
  t:expect_nothing_sent()
end)
