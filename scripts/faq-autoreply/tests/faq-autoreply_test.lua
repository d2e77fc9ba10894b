-- SPDX-License-Identifier: MIT
local questions = require "questions"

local maya = { id = "maya", name = "Maya Okafor", email = "maya@mayabakes.example", locale = "en-GB", timezone = "Europe/London", country = "GB" }
local lucas = { id = "lucas", name = "Lucas Bernard", email = "lucas@atelierbernard.example", locale = "fr-FR", timezone = "Europe/Paris" }

test("each question is found in each language", function(t)
  for _, case in ipairs {
    { "parcel", "Hi, I ordered last week and nothing has come yet. When will it be delivered?" }, { "parcel", "Quand serai-je livrée ?" },
    { "parcel", "Dov’è il mio pacco?" }, { "code", "Is there a discount code for my followers?" }, { "code", "Est-ce qu’il y a un code promo pour mes abonnés ?" },
    { "code", "C’è un codice sconto per chi mi segue?" }, { "join", "Hello! How can I work with you as a creator?" },
    { "join", "Comment peut-on collaborer avec vous en tant que créateur ?" }, { "join", "Come posso collaborare con voi?" },
    { "payment", "When do I get paid?" }, { "payment", "Où envoyer ma facture ?" }, { "payment", "Dove mando la fattura?" },
  } do
    local node = questions:match(case[2])
    t:expect({ case[2], node and node.name }, { case[2], case[1] })
  end
end)

test("who asks gets the answer at night, in their language and in their thread, and may ask on", function(t)
  t:advance "23 hours"
  t:reply { channel = "email", text = "Bonsoir, où est mon colis ?", contact = lucas }
  t:expect_sent { template = "faq-parcel", locale = "fr" }
  t:advance "1 hour"
  t:reply { text = "Il part en Suisse, avec la douane" }
  t:expect_sent { template = "faq-customs", locale = "fr", subject = "Re: Votre commande" }
  t:advance "10 minutes"
  t:reply { text = "Parfait, merci beaucoup !" }
  t:expect_sent { template = "faq-bye", locale = "fr" }
  t:expect_outcome "thanked"
end)

test("silence after an answer is the end of it", function(t)
  t:reply { channel = "email", text = "Where is my parcel?", contact = maya }
  t:expect_sent { template = "faq-parcel" }
  t:advance "2 weeks"
  t:expect_nothing_sent()
  t:expect_outcome "answered"
end)

test("what is not understood is asked once, then it is a person's", function(t)
  t:reply { channel = "email", text = "Hello, is anybody there?", contact = maya }
  t:expect_sent { template = "faq-unclear" }
  t:reply { text = "It's about that thing" }
  t:expect_sent { template = "faq-person" }
  t:expect_task { kind = "message" }
  t:expect_outcome "handed over"
end)

test("refunds, anger, the press and pretended profiles go to a person at once", function(t)
  for i, text in ipairs { "I want a refund", "Where is my parcel? This is ridiculous!", "I am a journalist", "There is a profile with your name. Is that you?" } do
    t:reply { channel = "email", text = text, contact = { id = "p" .. i, name = "P", email = ("p%d@example.com"):format(i), locale = "en" } }
    t:expect_sent { template = "faq-person" }
    t:expect_outcome "handed over"
  end
end)

test("a second question at a bad moment, before the first is answered, loses neither", function(t)
  t:reply { channel = "email", text = "Where is my parcel?", contact = maya }
  t:reply { text = "And when do I get paid?" }
  t:expect_sent { template = "faq-parcel" }
  t:expect_sent { template = "faq-payment" }
  t:expect_nothing_sent()
end)

test("a colleague who answers at a bad moment, between two questions, is not talked over", function(t)
  t:reply { channel = "email", text = "Where is my parcel?", contact = maya }
  t:expect_sent { template = "faq-parcel" }
  t:event { kind = "handled", channel = "email", text = "Maya, I have it here on my desk!" }
  t:expect_outcome "taken over"
  t:advance "1 hour"
  t:reply { text = "When do I get paid?" }
  t:expect_sent { template = "faq-person" }
  t:expect_task { kind = "message" }
end)

test("automatic mail, and who opts out instead of asking on, get nothing", function(t)
  t:reply { channel = "email", text = "Where is my parcel?", contact = maya }
  t:expect_sent { template = "faq-parcel" }
  t:event { kind = "auto_reply", channel = "email", text = "I am away. Where is my order?" }
  t:advance "1 hour"
  t:event { kind = "unsubscribe", channel = "email" }
  t:advance "2 weeks"
  t:expect_nothing_sent()
  t:expect_outcome "unsubscribed"
end)

test("a scam is not answered, but looked at", function(t)
  t:reply { channel = "email", text = "Verify your account within 24 hours: https://brand-login.example", contact = maya }
  t:expect_nothing_sent()
  t:expect_task { kind = "review" }
  t:expect_outcome "in quarantine"
end)
