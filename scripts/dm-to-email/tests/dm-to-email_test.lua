-- SPDX-License-Identifier: MIT
local bianca = {
  id = "bianca", name = "Bianca Moretti", first_name = "Bianca", instagram = "@bianca.disegna", locale = "it-IT", timezone = "Europe/Rome",
  theme = "il disegno dal vivo", what_i_liked = "Le tue pagine del mercato profumano di arance.", fee = "600 €",
}

-- The first message is a person's: it is on their list, and they send it.
local function first_word(t)
  t:enrol { sequence = "dm-to-email", contact = bianca }
  t:expect_task { kind = "message", channel = "instagram", state = "open" }
  t:advance "10 hours"
  t:event { kind = "task_done", text = "sent" }
  t:expect_sent { channel = "instagram", template = "dm" }
end

test("from the private message to e-mail, by the address they give", function(t)
  first_word(t)
  t:reply { channel = "instagram", text = "Che bello, sì!" }
  t:expect_sent { channel = "instagram", template = "ask-address" }
  t:advance "1 hour"
  t:reply { channel = "instagram", text = "Certo: bianca@pastelli.example" }
  t:advance "1 business day"
  t:expect_sent { channel = "email", template = "outline", subject = "Carta Lenta e il disegno dal vivo: lo schema" }
  t:reply { channel = "email", text = "La prima settimana di marzo?" }
  t:expect_task { kind = "message", note = "On the outline: La prima settimana di marzo?" }
  t:expect_outcome "talking"
end)

test("who gives the address at once is not asked for it", function(t)
  first_word(t)
  t:reply { channel = "instagram", text = "Volentieri, scrivimi a bianca chiocciola pastelli punto example" }
  t:advance "1 business day"
  t:expect_sent { channel = "email", template = "outline" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "has the outline"
end)

test("who gives none stays where they are, with a person", function(t)
  first_word(t)
  t:reply { channel = "instagram", text = "Sì!" }
  t:expect_sent { template = "ask-address" }
  t:reply { channel = "instagram", text = "Preferisco restare qui" }
  t:expect_task { kind = "message", note = "No address to write to; go on here: Preferisco restare qui" }
  t:expect_outcome "stays on Instagram"
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("who says no is asked for nothing", function(t)
  first_word(t)
  t:reply { channel = "instagram", text = "No grazie! Troppo lavoro fino a maggio." }
  t:expect_task { kind = "review", note = "Sounds like a no: No grazie! Troppo lavoro fino a maggio." }
  t:expect_outcome "declined"
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("silence after the first word is the end of it", function(t)
  first_word(t)
  t:advance "60 days"
  t:expect_nothing_sent()
  t:expect_outcome "silent"
end)

test("an answer at a bad moment: she writes while the first message is still on somebody's list", function(t)
  t:enrol { sequence = "dm-to-email", contact = bianca }
  t:expect_task { kind = "message", channel = "instagram", state = "open" }
  t:advance "1 day"
  t:reply { channel = "instagram", text = "Ciao! Adoro i vostri taccuini" }
  t:expect_task { kind = "message", channel = "instagram", outcome = "they wrote" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "replied"
end)

test("a second thought at a bad moment: the outline has just left, and she writes again on Instagram", function(t)
  first_word(t)
  t:reply { channel = "instagram", text = "bianca@pastelli.example" }
  t:expect_sent { channel = "email", template = "outline" }
  t:advance "30m"
  t:reply { channel = "instagram", text = "Anzi aspetta, ne parlo prima con la mia agente" }
  t:reply { channel = "instagram", text = "Scusa!" }
  t:expect_task { kind = "message", note = "On the outline: Anzi aspetta, ne parlo prima con la mia agente" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "talking"
end)

test("an opt-out instead of an address is the end of all of it", function(t)
  first_word(t)
  t:reply { channel = "instagram", text = "Sì?" }
  t:expect_sent { template = "ask-address" }
  t:event { kind = "unsubscribe", channel = "instagram", text = "Non scrivetemi più" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "unsubscribed"
end)

test("an address that is somebody else's is for a person to look at", function(t)
  t:enrol { sequence = "dm-to-email", contact = { id = "agent", name = "Agenzia Rossi", email = "info@rossi.example", instagram = "@rossi", theme = "x", what_i_liked = "y" } }
  first_word(t)
  t:reply { channel = "instagram", text = "Scrivi alla mia agenzia: info@rossi.example" }
  t:advance "1 day"
  t:expect_task { kind = "review" }
  t:expect_outcome "stays on Instagram"
  t:expect_nothing_sent()
end)
