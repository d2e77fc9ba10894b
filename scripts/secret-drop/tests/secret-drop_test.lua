-- SPDX-License-Identifier: MIT
local answer = require "answer"

local function person(n)
  return { id = "p" .. n, name = "Person " .. n, email = ("p%d@example.com"):format(n), timezone = "Europe/Paris", favourite = "walk number " .. n, city = "Tours" }
end

-- So many are written to, and all but the last say yes in order.
local function invited(t, n)
  for i = 1, n do t:enrol { sequence = "secret-drop", contact = person(i) } end
  t:advance "1 business day"
  for i = 1, n - 1 do t:reply { contact = "p" .. i, channel = "email", text = "Yes, gladly!" } end
end

test("yes, no, or a person must read it", function(t)
  for _, case in ipairs {
    { "Yes please!", true }, { "Oui !", true }, { "Sì, volentieri", true }, { "Count me in", true }, { "J'en serai ravie, je prends", true },
    { "No, thank you", false }, { "Non merci", false }, { "Purtroppo non posso", false }, { "Sorry, I can't", false },
    { "Yes? What is it?", nil }, { "Thanks, lovely idea", nil }, { "Yes, but not this month, sorry", nil }, { "", nil },
  } do
    t:expect(answer.read(case[1]), case[2])
  end
end)

test("a yes has a place, and somebody sends the tin", function(t)
  invited(t, 2)
  t:expect_sent { template = "drop", contact = "p1" }
  t:expect_sent { template = "place", contact = "p1" }
  t:expect_task { kind = "gift", note = "Send the first harvest to Person 1, Tours" }
end)

test("twenty places are twenty places: the next waits, and hears when somebody gives one back", function(t)
  invited(t, 22)
  t:reply { contact = "p22", channel = "email", text = "Oui, avec plaisir !" }
  t:advance "1 hour"
  for i = 1, 20 do t:expect_sent { template = "place", contact = "p" .. i } end
  t:expect_sent { template = "waiting", contact = "p21" }
  local second = t:expect_sent { template = "waiting", contact = "p22" }
  t:expect(second.text:find("number 2 on the list", 1, true) ~= nil, true)
  t:event { kind = "signal:give-back", contact = "p3" }
  t:advance "1 business day"
  t:expect_sent { template = "place-free", contact = "p21" }
  t:advance "30 days"
  t:expect_outcome "waited"
end)

test("a place that comes free passes over who has opted out at a bad moment, while waiting", function(t)
  invited(t, 23)
  t:reply { contact = "p23", channel = "email", text = "Oui, avec plaisir !" }
  t:advance "1 hour"
  t:event { kind = "unsubscribe", contact = "p21", channel = "email" }
  t:event { kind = "signal:give-back", contact = "p3" }
  t:advance "1 business day"
  t:expect_sent { template = "place-free", contact = "p22" }
end)

test("a question is a person's and takes no place; a yes after it does", function(t)
  invited(t, 1)
  t:expect_sent { template = "drop" }
  t:reply { text = "Is it green tea?" }
  t:expect_nothing_sent()
  t:expect_task { kind = "message", note = "Person 1 on the first harvest: Is it green tea?" }
  t:event { kind = "handled", channel = "email", text = "It is, and a very light one." }
  t:advance "1 day"
  t:reply { text = "Then yes, with pleasure!" }
  t:expect_sent { template = "place" }
end)

test("a yes that comes after the last day is told to a person, who decides", function(t)
  invited(t, 2)
  t:advance "2 days"
  t:reply { contact = "p2", channel = "email", text = "Is it green tea?" }
  t:advance "9 days"
  t:reply { contact = "p2", channel = "email", text = "Oh yes!" }
  t:expect_task { kind = "message", note = "Person 2 said yes, but first-harvest has closed." }
  t:expect_outcome "closed"
end)

test("silence is fine", function(t)
  invited(t, 1)
  t:expect_sent { template = "drop" }
  t:advance "60 days"
  t:expect_nothing_sent()
  t:expect_outcome "silent"
end)

test("a yes at a bad moment, when all is over, gets no second mail", function(t)
  invited(t, 1)
  t:expect_sent { template = "drop" }
  t:advance "11 days"
  t:reply { text = "Yes please!" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "silent"
end)

test("who says yes twice has one place", function(t)
  invited(t, 2)
  t:expect_sent { template = "place", contact = "p1" }
  t:reply { contact = "p1", channel = "email", text = "Yes, and thank you!" }
  t:advance "30 days"
  t:expect_sent { template = "drop", contact = "p2" }
  t:expect_sent { template = "drop", contact = "p1" }
  t:expect_nothing_sent()
end)

test("who opts out instead of answering is left alone", function(t)
  invited(t, 1)
  t:expect_sent { template = "drop" }
  t:event { kind = "unsubscribe", channel = "email" }
  t:advance "30 days"
  t:expect_nothing_sent()
end)
