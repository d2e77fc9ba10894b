-- SPDX-License-Identifier: MIT
local tree = require "tree"
local faq = require "perigee.faq"

-- { text, locale, the question, or nil and what kind of a no }
local asked = {
  { "Where is my parcel?", "en-GB", "shipping" },
  { "hello, wheres my order please", "en", "shipping" },
  { "Hi! I ordered last week. When will it arrive?", "en", "shipping" },
  { "How long does shiping take to Lyon?", "en", "shipping" },
  { "what's the delivry time", "en", "shipping" },
  { "Où est mon colis ?", "fr-FR", "shipping" },
  { "bonjour ou est ma commande svp", "fr", "shipping" },
  { "Quel est le délai de livraison ?", "fr", "shipping" },
  { "Dov’è il mio pacco?", "it-IT", "shipping" },
  { "Buongiorno, quali sono i tempi di consegna?", "it", "shipping" },
  { "Quando arriva il mio ordine?", "it", "shipping" },
  { "DOV'E IL MIO PACCO", "it", "shipping" },
  { "How do I return it if it does not fit?", "en", "returns" },
  { "Can I send it back?", "en", "returns" },
  { "Comment retourner un article ?", "fr", "returns" },
  { "Vorrei cambiare taglia", "it", "returns" },
  { "Do you have a promo code for me?", "en", "discount" },
  { "Avez-vous un code promo ?", "fr", "discount" },
  { "avete un codice sconto?", "it", "discount" },
  { "What is it made of?", "en", "materials" },
  { "En quelle matière est le sac ?", "fr", "materials" },
  { "Di che materiale è la borsa?", "it", "materials" },
  -- another language than the contact's
  { "Où est mon colis ?", "en", "shipping" },
  -- not ours to answer
  { "I would love to work with you on a video", "en", nil, "unsure" },
  { "Can we talk about it on the phone?", "en", nil, "unsure" },
  { "Merci pour votre message. Pouvez-vous m’en dire plus ?", "fr", nil, "unsure" },
  { "ok", "en", nil, "unsure" },
  { "", "en", nil, "unsure" },
  { "???", "en", nil, "unsure" },
  { "😀😀", "en", nil, "unsure" },
  { "我的包裹在哪里？", "zh", nil, "unsure" },
  { "We met at the fair and spoke of many things, the weather, the food, the shipping crisis, and our children who go to school in Lyon", "en", nil, "unsure" },
  -- two at once
  { "Where is my parcel? And do you have a promo code?", "en", nil, "two" },
  { "Où est mon colis ? Et avez-vous un code promo ?", "fr", nil, "two" },
  -- a person's
  { "Where is my parcel? I want a refund.", "en", nil, "topic" },
  { "I was refunded the wrong amount", "en", nil, "topic" },
  { "Je veux un rembousement", "fr", nil, "topic" },
  { "voglio indietro i soldi", "it", nil, "topic" },
  { "My lawyer will write to you", "en", nil, "topic" },
  { "mise en demeure", "fr", nil, "topic" },
  { "Sono una giornalista del Corriere", "it", nil, "topic" },
  { "Is it made of latex? I am allergic.", "en", nil, "topic" },
  { "Je voudrais faire une réclamation", "fr", nil, "topic" },
  -- angry
  { "Where is my parcel? This is ridiculous!", "en", nil, "angry" },
  { "OÙ EST MON COLIS !! CELA FAIT TROIS SEMAINES !!", "fr", nil, "angry" },
  { "Dov'è il mio pacco? È una vergogna.", "it", nil, "angry" },
}

test("what people ask is found, in three languages and with slips", function(t)
  for _, case in ipairs(asked) do
    local node, confidence, why, kind = tree:match(case[1], case[2])
    t:expect({ case[1], node and node.name, kind, why ~= "" and confidence >= 0 and confidence <= 1 },
      { case[1], case[3], case[4], true })
  end
end)

test("after an answer its branches come first, and then the tree again", function(t)
  local node = tree:match("Where is my parcel?", "en")
  t:expect((tree:match("I live in Switzerland", "en", node)).path, "shipping.branches.abroad")
  t:expect((tree:match("do you have a discount code?", "en", node)).name, "discount")
  t:expect((select(4, tree:match("It never arrived", "en", node))), "topic")
  t:expect((tree:match("I live in Switzerland", "en")), nil)
end)

test("a tree is read when the script is, and every mistake has its place", function(t)
  local good, text = pcall(faq.tree, {
    questions = {
      a = { ask = { en = { "x" }, french = { "y" } }, answer = "Not A Name" },
      b = { ask = { en = {} }, anwser = "b" },
      c = { ask = { fr = { "?!", 3 } }, answer = "c", branches = { d = { ask = { en = { "z" } } } } },
      e = { ask = { en = { "e" } }, escalate = true, answer = "e" },
    },
    escalate = { refund = false, nonsense = true },
  })
  t:expect(good, false)
  for _, place in ipairs { "questions.a.ask: 'french'", "questions.a.answer:", "questions.b.ask.en:", "unknown key 'anwser'", "did you mean 'answer'",
    "questions.c.ask.fr[1]:", "questions.c.ask.fr[2]:", "questions.c.branches.d.answer:", "questions.e: either", "escalate.nonsense:" } do
    t:expect({ place, text:find(place, 1, true) ~= nil }, { place, true })
  end
  t:expect((pcall(faq.tree, { question = {} })), false)
  t:expect((pcall(faq.tree, { questions = {} })), false)
end)

test("the templates of a tree can be listed", function(t)
  t:expect(tree:templates(), { "faq-abroad", "faq-discount", "faq-materials", "faq-returns", "faq-shipping" })
end)

test("a long text costs little and breaks nothing", function(t)
  local node = tree:match(("I was there and then I went home. "):rep(3000) .. "Where is my parcel?", "en")
  t:expect(node, nil)
  t:expect((tree:match("\xff\xfe broken \xc3 bytes: where is my parcel", "en")).name, "shipping")
end)

test("no text makes a script fail", function(t)
  local dave = { id = "dave", name = "Dave", email = "dave@example.com", locale = "en", country = "US" }
  for _, text in ipairs { ("é"):rep(4000), ("parcel "):rep(900), ("pa.rcel@"):rep(900), ("+1 00 "):rep(900), ("ordeering deliverry "):rep(900), ("\u{300}"):rep(3000),
    ("a-"):rep(3000), (" "):rep(5000) .. "?" } do
    t:reply { channel = "email", text = text, contact = dave }
    t:advance "5 days"
    t:expect_outcome "answered"
  end
end)

-- Conversations -----------------------------------------------------------------------------------------------------

local ana = { id = "ana", name = "Ana Silva", email = "ana@example.com", locale = "en", timezone = "Europe/Paris" }

test("a question is answered, the next one too, and thanks end it", function(t)
  t:reply { channel = "email", text = "Where is my parcel?", contact = ana }
  t:expect_sent { template = "faq-shipping" }
  t:advance "1 hour"
  t:reply { text = "And outside the EU?" }
  t:expect_sent { template = "faq-abroad" }
  t:advance "1 hour"
  t:reply { text = "Perfect, thank you so much!" }
  t:expect_sent { template = "faq-bye" }
  t:expect_outcome "thanked"
end)

test("who asks nothing more is not written to again", function(t)
  t:reply { channel = "email", text = "Where is my parcel?", contact = ana }
  t:expect_sent { template = "faq-shipping" }
  t:advance "10 days"
  t:expect_nothing_sent()
  t:expect_outcome "answered"
end)

test("what is not understood is asked once, then a person has it", function(t)
  t:reply { channel = "email", text = "What about the thing?", contact = ana }
  t:expect_sent { template = "faq-unclear" }
  t:reply { text = "You know, the blue thing" }
  t:expect_sent { template = "faq-person" }
  t:expect_outcome "handed over"
  local task = t:expect_task { kind = "message" }
  t:expect(task.note:find("the blue thing", 1, true) ~= nil, true)
end)

test("a refund, anger and two questions at once are a person's at once", function(t)
  t:reply { channel = "email", text = "I want a refund", contact = ana }
  t:expect_sent { template = "faq-person" }
  t:expect_outcome "handed over"
  t:expect_task { kind = "message", note = "Answer Ana Silva on email: refund: “refund”.\nThey wrote: “I want a refund”" }
end)

test("while a person has it the tree is silent, and what they write is noted", function(t)
  t:reply { channel = "email", text = "I want a refund", contact = ana }
  t:expect_sent { template = "faq-person" }
  t:advance "1 hour"
  t:reply { text = "Where is my parcel?" }
  t:expect_nothing_sent()
  t:expect_outcome "with a person"
  t:advance "2 days"
  t:reply { text = "Where is my parcel?" }
  t:expect_sent { template = "faq-shipping" }
end)

test("the same answer is not given twice in a row, not even weeks later", function(t)
  t:reply { channel = "email", text = "Where is my parcel?", contact = ana }
  t:expect_sent { template = "faq-shipping" }
  t:reply { text = "But where is my parcel?" }
  t:expect_sent { template = "faq-person" }
  t:expect_outcome "handed over"
  t:expect_nothing_sent()
end)

test("who asks where the script may not write is a person's", function(t)
  t:reply { channel = "instagram", text = "Where is my parcel?", contact = { id = "ig", name = "Ig", instagram = "@ig", locale = "en" } }
  t:expect_nothing_sent()
  t:expect_outcome "handed over"
  local task = t:expect_task { kind = "message" }
  t:expect(task.note:find("faq-shipping could not be sent", 1, true) ~= nil, true)
end)

test("an answer goes into the thread of the mail that it answers", function(t)
  t:reply { channel = "email", text = "Where is my parcel?", contact = ana }
  t:expect_sent { template = "faq-shipping", subject = "About shipping" }
  t:advance "2 weeks"
  t:reply { text = "Do you have a promo code?" }
  t:expect_sent { template = "faq-discount", subject = "Re: About shipping" }
end)

test("the same question in a new conversation is a person's", function(t)
  t:reply { channel = "email", text = "Where is my parcel?", contact = ana }
  t:expect_sent { template = "faq-shipping" }
  t:advance "2 weeks"
  t:expect_outcome "answered"
  t:reply { text = "where is my order?" }
  t:expect_sent { template = "faq-person" }
  t:expect_outcome "handed over"
end)

test("automatic mail is never answered", function(t)
  t:reply { channel = "email", text = "Automatic reply: I am out of the office. Where is my order? Ask my colleague.", contact = ana }
  t:expect_nothing_sent()
  t:expect_outcome "automatic mail"
end)

test("a mail marked as automatic starts nothing", function(t)
  t:event { kind = "auto_reply", channel = "email", text = "Where is my parcel?", contact = ana }
  t:advance "1 day"
  t:expect_nothing_sent()
end)

test("thanks out of the blue need no answer", function(t)
  t:reply { channel = "email", text = "Thank you, all good!", contact = ana }
  t:expect_nothing_sent()
  t:expect_outcome "thanked"
end)

test("a colleague who answers first takes the conversation", function(t)
  t:reply { channel = "email", text = "Where is my parcel?", contact = ana }
  t:expect_sent { template = "faq-shipping" }
  t:event { kind = "handled", channel = "email", text = "I have looked it up for you, Ana" }
  t:expect_outcome "taken over"
  t:advance "1 hour"
  t:reply { text = "And do you have a promo code?" }
  t:expect_sent { template = "faq-person" }
  t:expect_task { kind = "message" }
end)

test("two messages before an answer are both answered", function(t)
  t:reply { channel = "email", text = "Where is my parcel?", contact = ana }
  t:reply { text = "And do you have a promo code?" }
  t:expect_sent { template = "faq-shipping" }
  t:expect_sent { template = "faq-discount" }
  t:expect_nothing_sent()
end)

test("who opts out instead of asking gets nothing more", function(t)
  t:reply { channel = "email", text = "Where is my parcel?", contact = ana }
  t:expect_sent { template = "faq-shipping" }
  t:event { kind = "unsubscribe", channel = "email" }
  t:expect_outcome "unsubscribed"
  t:advance "5 days"
  t:expect_nothing_sent()
end)

test("who has no language gets the one they wrote in", function(t)
  t:reply { channel = "email", text = "Buongiorno, dov'è il mio pacco?", contact = { id = "b", name = "Bea", email = "b@example.com" } }
  t:expect_sent { template = "faq-shipping" }
end)

test("a person takes over from who asks without end", function(t)
  t:reply { channel = "email", text = "Where is my parcel?", contact = ana }
  for _, text in ipairs { "do you have a promo code?", "what is it made of?", "can I send it back?", "where is my order?", "do you have a coupon?" } do
    t:advance "1 hour"
    t:reply { text = text }
  end
  t:expect_outcome "handed over"
  t:advance "2 days"
end)
