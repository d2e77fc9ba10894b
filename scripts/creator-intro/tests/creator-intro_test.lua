-- SPDX-License-Identifier: MIT
local maya = {
  id = "maya", name = "Maya Okafor", email = "maya@mayabakes.example", timezone = "Europe/London", locale = "en-GB",
  niche = "sourdough", latest_video = "The three-day loaf",
}

local amelie = {
  id = "amelie", name = "Amélie Dubois", email = "amelie@petitjardin.example", instagram = "@petit.jardin",
  timezone = "Europe/Paris", locale = "fr-FR", niche = "le jardinage de balcon", latest_video = "Des tomates",
}

test("who answers the first mail is called and not written to again", function(t)
  t:enrol { sequence = "creator-intro", contact = maya }
  t:advance "1 business day"
  t:expect_sent { channel = "email", template = "intro", subject = 'Your video "The three-day loaf"' }
  t:reply { channel = "email", text = "Yes please!" }
  t:expect_task { kind = "call", note = "Answered: Yes please!" }
  t:expect_outcome "replied"
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("who stays silent gets one nudge and no more", function(t)
  t:enrol { sequence = "creator-intro", contact = maya }
  t:advance "1 business day"
  t:expect_sent { channel = "email", template = "intro" }
  t:advance "4 business days"
  t:expect_sent { channel = "email", template = "nudge", subject = 'Re: Your video "The three-day loaf"' }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "silent"
end)

test("the first word on Instagram is a person's", function(t)
  t:enrol { sequence = "creator-intro", contact = amelie }
  t:advance "3 weeks"
  t:expect_sent { channel = "email", template = "intro", locale = "fr" }
  t:expect_sent { channel = "email", template = "nudge" }
  t:expect_task { kind = "message" }
end)

test("an automatic answer is no answer", function(t)
  t:enrol { sequence = "creator-intro", contact = maya }
  t:advance "1 business day"
  t:expect_sent { template = "intro" }
  t:event { kind = "auto_reply", channel = "email", text = "I am away." }
  t:advance "2 weeks"
  t:expect_sent { template = "nudge" }
end)

test("an address that bounces is not written to again", function(t)
  t:enrol { sequence = "creator-intro", contact = maya }
  t:advance "1 business day"
  t:expect_sent { template = "intro" }
  t:event { kind = "bounce", channel = "email", text = "550 5.1.1 no such user" }
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("an Italian creator is written to in Italian", function(t)
  t:enrol { sequence = "creator-intro", contact = {
    id = "sofia", name = "Sofia Rossi", email = "sofia@sofiainviaggio.example", locale = "it-IT", timezone = "Europe/Rome",
    niche = "il viaggio lento", latest_video = "Palermo in autobus",
  } }
  t:advance "1 business day"
  t:expect_sent { template = "intro", locale = "it", subject = 'Il tuo video "Palermo in autobus"' }
end)

test("an answer at a bad moment: an hour before the nudge is due", function(t)
  t:enrol { sequence = "creator-intro", contact = maya }
  t:advance "1 business day"
  t:expect_sent { template = "intro" }
  t:advance "1 day"
  t:advance "1 day"
  t:advance "8 hours"
  t:reply { channel = "email", text = "Sorry, I was filming. Yes!" }
  t:expect_task { kind = "call", note = "Answered: Sorry, I was filming. Yes!" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "replied"
end)

test("an answer at a bad moment: while the nudge waits for her to come back", function(t)
  t:enrol { sequence = "creator-intro", contact = maya }
  t:advance "1 business day"
  t:expect_sent { template = "intro" }
  t:advance "2 days"
  t:event { kind = "auto_reply", channel = "email", text = "I am away for a few days." }
  t:advance "3 days"
  t:expect_nothing_sent() -- the nudge would be due, and is put off
  t:reply { channel = "email", text = "Reading this from the train: yes." }
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("an answer by mail at a bad moment: while a person has the Instagram message to write", function(t)
  t:enrol { sequence = "creator-intro", contact = amelie }
  t:advance "3 weeks"
  t:expect_sent { template = "intro" }
  t:expect_sent { template = "nudge" }
  t:expect_task { kind = "message", state = "open" }
  t:reply { channel = "email", text = "Le mail était dans les indésirables. Oui !" }
  t:expect_task { kind = "message", outcome = "they wrote" }
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("who opts out instead of answering is left alone", function(t)
  t:enrol { sequence = "creator-intro", contact = amelie }
  t:advance "1 business day"
  t:expect_sent { template = "intro" }
  t:event { kind = "unsubscribe", channel = "email", text = "Merci de ne plus m'écrire." }
  t:expect_outcome "unsubscribed"
  t:advance "30 days"
  t:expect_nothing_sent()
end)
