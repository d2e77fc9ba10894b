-- SPDX-License-Identifier: MIT
local early = require "early"

local function sign_up(t, name, more)
  local form = { email = name .. "@x.example", name = name:sub(1, 1):upper() .. name:sub(2) .. " Ray", locale = "en" }
  for k, v in pairs(more or {}) do form[k] = v end
  return t:event { hook = "signup", json = form }
end
local function id(name) return name end       -- the id that upsert made of the address

-- Fills all the places; gives nothing.
local function fill(t)
  for n = 1, early.places do sign_up(t, "p" .. n) end
  t:advance "12 hours"
  for n = 1, early.places do
    t:expect_sent { template = "confirm", contact = id("p" .. n) }
    t:event { kind = "opt_in", contact = id("p" .. n) }
  end
  t:advance "1 hour"
  for n = 1, early.places do t:expect_sent { template = "access", contact = id("p" .. n) } end
end

test("what gives a place back", function(t)
  for _, text in ipairs { "No thanks.", "I do not want it any more", "I don’t want it", "Non merci !", "Je n'en veux plus", "No, grazie", "Non lo voglio più", "Please give my place to somebody else" } do
    t:expect(text .. tostring(early.gives_back(text)), text .. "true")
  end
  for _, text in ipairs { "Thanks!", "Merci, c'est super", "Grazie mille", "I do want it, where is the link?" } do
    t:expect(text .. tostring(early.gives_back(text)), text .. "false")
  end
end)

test("main path: signs up, confirms, gets a link", function(t)
  t:expect(sign_up(t, "zoe", { source = "blog" }), "signed up")
  t:advance "12 hours"
  t:expect_sent { template = "confirm", text = "mail.brand.example" }
  t:event { kind = "opt_in", contact = id "zoe" }
  t:advance "1 hour"
  t:expect_sent { template = "access" }
  t:expect(t:contact(id "zoe").fields.source, "blog")
  t:event { kind = "click", contact = id "zoe" }
  t:advance "70 days"
  t:expect_nothing_sent()
end)

test("silence: no confirmation, no second mail", function(t)
  sign_up(t, "zoe")
  t:advance "12 hours"
  t:expect_sent { template = "confirm" }
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("bad forms, and the same person twice", function(t)
  t:expect(t:event { hook = "signup", json = {} }, "no address")
  t:expect(t:event { hook = "signup", json = { email = 7 } }, "no address")
  t:expect(t:event { hook = "signup", json = { email = "not an address" } }, "no address")
  t:expect(t:event { hook = "signup" }, "not understood")
  t:expect(sign_up(t, "spam", { name = "http://evil.example" }), "signed up")
  t:expect(t:contact(id "spam").name, nil)
  t:expect(sign_up(t, "zoe", { locale = "xx-yy-zz", name = "" }), "signed up")
  t:expect(sign_up(t, "zoe"), "signed up already")
  t:expect(t:event { hook = "signup", json = { email = " ZOE@X.example " } }, "signed up already")
  t:advance "12 hours"
  t:expect_sent { template = "confirm", contact = id "zoe" }
  t:expect_sent { template = "confirm", contact = id "spam", text = "Hi there" }
  t:expect_nothing_sent()
end)

test("the 51st waits, and gets the place that somebody gives back", function(t)
  fill(t)
  sign_up(t, "late", { locale = "fr" })
  sign_up(t, "later", { locale = "it" })
  t:advance "1 day"
  t:expect_sent { template = "confirm", contact = id "late", locale = "fr" }
  t:expect_sent { template = "confirm", contact = id "later", locale = "it" }
  t:event { kind = "opt_in", contact = id "late" }
  t:advance "1 hour"
  t:event { kind = "opt_in", contact = id "later" }
  t:advance "1 hour"
  t:expect_sent { template = "waiting", contact = id "late", locale = "fr" }
  t:expect_sent { template = "waiting", contact = id "later", locale = "it" }
  t:reply { contact = id "p7", text = "Sorry, I do not want it any more." }
  t:advance "1 day"
  t:expect_sent { template = "access", contact = id "late" }
  t:expect_nothing_sent()
  t:event { kind = "unsubscribe", contact = id "p8" }
  t:advance "1 day"
  t:expect_sent { template = "access", contact = id "later" }
  t:expect_nothing_sent()
end)

test("bad moment: the one who waits leaves the list; the place goes to the next", function(t)
  fill(t)
  for _, name in ipairs { "late", "later", "latest" } do
    sign_up(t, name)
    t:advance "1 day"
    t:expect_sent { template = "confirm", contact = id(name) }
    t:event { kind = "opt_in", contact = id(name) }
    t:advance "1 hour"
    t:expect_sent { template = "waiting", contact = id(name) }
  end
  t:reply { contact = id "late", text = "No thanks, then." }
  t:event { kind = "unsubscribe", contact = id "later" }
  t:advance "1 hour"
  t:reply { contact = id "p7", text = "Non merci" }
  t:advance "1 day"
  t:expect_sent { template = "access", contact = id "latest" }
  t:expect_nothing_sent()
end)

test("bad moment: asks something instead of confirming, then confirms", function(t)
  sign_up(t, "zoe")
  t:advance "12 hours"
  t:expect_sent { template = "confirm" }
  t:reply { contact = id "zoe", text = "What is it?" }
  t:advance "1 hour"
  t:expect_task { kind = "review" }
  t:event { kind = "opt_in", contact = id "zoe" }
  t:advance "1 hour"
  t:expect_sent { template = "access" }
end)

test("bad moment: confirms at night and declines before the link leaves", function(t)
  sign_up(t, "zoe")
  t:advance "20 hours"
  t:expect_sent { template = "confirm" }
  t:event { kind = "opt_in", contact = id "zoe" }
  t:advance "1 hour"
  t:reply { contact = id "zoe", text = "No thanks" }
  t:advance "2 days"
  t:expect_nothing_sent()
end)

test("a person decides that they give it back", function(t)
  fill(t)
  t:reply { contact = id "p3", text = "Hmm, my cat ate the computer" }
  t:advance "1 hour"
  t:expect_task { kind = "review", contact = id "p3" }
  sign_up(t, "late")
  t:advance "1 day"
  t:event { kind = "opt_in", contact = id "late" }
  t:advance "1 hour"
  t:expect_sent { template = "confirm", contact = id "late" }
  t:expect_sent { template = "waiting", contact = id "late" }
  t:event { kind = "task_done", contact = id "p3", text = "give back" }
  t:advance "1 day"
  t:expect_sent { template = "access", contact = id "late" }
end)

test("the team's mail on Monday", function(t)
  t:reply { contact = { id = "lea", name = "Lea", email = "lea@brand.example", locale = "fr", country = "FR", labels = { "team" } }, channel = "email", text = "hello" }
  sign_up(t, "zoe")
  sign_up(t, "max")
  t:advance "12 hours"
  t:expect_sent { template = "report", subject = "Accès anticipé cette semaine : 2 inscriptions, 50 places libres" }
  t:expect_sent { template = "confirm" }
  t:expect_sent { template = "confirm" }
  t:event { kind = "opt_in", contact = id "zoe" }
  t:advance "7 days"
  t:expect_sent { template = "access" }
  local mail = t:expect_sent { template = "report", subject = "Accès anticipé cette semaine : 0 inscriptions, 49 places libres", text = "Inscriptions : 2 (0 nouvelles)" }
  t:expect_nothing_sent()
end)
