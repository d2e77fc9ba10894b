-- SPDX-License-Identifier: MIT
local lucas = {
  id = "lucas", name = "Lucas Bernard", email = "lucas@atelierbernard.example", locale = "fr-FR", timezone = "Europe/Paris", theme = "le travail du bois",
  instagram = "@atelier.bernard", labels = { "ambassador" },
}

local function posts(t, post, kind)
  return t:event { hook = "social", json = { network = "instagram", handle = "@atelier.bernard", kind = kind or "mention", post = post } }
end

test("first an ear, then interest, and only then a question; then the circle begins again", function(t)
  t:enrol { sequence = "ambassador-loop", contact = lucas }
  t:advance "13 days"
  t:expect_nothing_sent()
  t:advance "3 days"
  t:expect_sent { template = "hello-harvest", locale = "fr" }
  t:expect_nothing_sent()
  t:advance "2 weeks"
  t:expect_sent { template = "ask-share" }
  t:advance "2 weeks"
  t:expect_sent { template = "hello-question" }
  t:reply { text = "Très bien, merci !" }
  t:advance "2 weeks"
  t:expect_sent { template = "ask-opinion" }
  t:expect_nothing_sent()
  t:expect_outcome(nil)
end)

test("who leaves two mails of a month unanswered is not asked by a third: somebody calls", function(t)
  t:enrol { sequence = "ambassador-loop", contact = lucas }
  t:advance "60 days"
  t:expect_sent { template = "hello-harvest" }
  t:expect_sent { template = "ask-share" }
  t:expect_sent { template = "hello-question" }
  t:expect_nothing_sent()
  t:expect_task { kind = "call" }
end)

test("what they publish is thanked for, each time in other words", function(t)
  t:enrol { sequence = "ambassador-loop", contact = lucas }
  local seen = {}
  for i = 1, 3 do
    posts(t, "Un banc, " .. i)
    posts(t, "Et le même encore")                        -- once in a round
    t:advance "1 business day"
    local message = t:expect_sent { channel = "email" }
    t:expect(message.text:find("« Un banc, " .. i .. " »", 1, true) ~= nil, true)
    t:expect(seen[message.template], nil)
    seen[message.template] = true
    t:expect_nothing_sent()
    t:reply { text = "Avec plaisir !" }
    t:advance "2 weeks"
    t:expect_sent { channel = "email" }                  -- the greeting or favour of that round
  end
end)

test("an answer at a bad moment, while they are said to be away and a favour waits, goes to a person; the favour comes once", function(t)
  t:enrol { sequence = "ambassador-loop", contact = lucas }
  t:advance "27 days"
  t:expect_sent { template = "hello-harvest" }
  t:event { kind = "auto_reply", channel = "email", text = "Je suis en voyage." }
  t:advance "2 days"
  t:reply { text = "Je réponds du train : je voulais te montrer mon banc." }
  t:expect_task { kind = "message", note = "Answer Lucas Bernard: Je réponds du train : je voulais te montrer mon banc." }
  t:expect_nothing_sent()
  t:advance "1 week"
  t:expect_sent { template = "ask-share" }
  t:expect_nothing_sent()
end)

test("each answer is a person's, also the second one of a day", function(t)
  t:enrol { sequence = "ambassador-loop", contact = lucas }
  t:advance "16 days"
  t:expect_sent { template = "hello-harvest" }
  t:reply { text = "Ça va bien !" }
  t:reply { text = "Et j'oubliais : bravo pour la verveine." }
  t:expect_task { kind = "message", note = "Answer Lucas Bernard: Ça va bien !" }
  t:expect_task { kind = "message", note = "Answer Lucas Bernard: Et j'oubliais : bravo pour la verveine." }
  t:expect_nothing_sent()
end)

test("who opts out leaves the circle at once", function(t)
  t:enrol { sequence = "ambassador-loop", contact = lucas }
  t:advance "16 days"
  t:expect_sent { template = "hello-harvest" }
  t:event { kind = "unsubscribe", channel = "email" }
  posts(t, "Un banc")
  t:advance "90 days"
  t:expect_nothing_sent()
  t:expect_outcome "unsubscribed"
end)

test("a dead address ends the circle, and half a report is passed over", function(t)
  t:enrol { sequence = "ambassador-loop", contact = lucas }
  t:event { kind = "signal:activity", contact = "lucas" }
  t:expect(posts(t, "Un banc", "telepathy"), "instagram has no weight for 'telepathy': give it one with score.with { weights = ... }")
  t:advance "16 days"
  t:expect_sent { template = "hello-harvest" }
  t:expect_nothing_sent()
  t:event { kind = "bounce", channel = "email" }
  t:advance "60 days"
  t:expect_nothing_sent()
  t:expect_outcome "left the circle"
end)
