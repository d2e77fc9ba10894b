-- SPDX-License-Identifier: MIT
local function person(more)
  local contact = { id = "olga", name = "Olga Brandt", first_name = "Olga", instagram = "@olga.drinkt", locale = "en", timezone = "Europe/Berlin" }
  for key, value in pairs(more or {}) do contact[key] = value end
  return contact
end

local leak = { network = "instagram", text = "Third machine, third leak. Never again.", url = "https://instagram.com/p/1" }

-- Olga is known to us, and speaks of us in public at ten in the morning.
local function spoken(t, mention, more)
  t:enrol { sequence = "public-to-private", contact = person(more) }
  t:advance "10 hours"
  t:event { kind = "signal:mention", contact = "olga", data = mention or leak }
end

local function public_task(text)
  return { kind = "other", note = "Answer in public on instagram: Third machine, third leak. Never again.\nhttps://instagram.com/p/1\nFor example: " .. text }
end

test("a public word becomes a task to answer it there, with words for an angry one", function(t)
  spoken(t)
  t:expect_task(public_task("Olga, that is not how it should be, and we are sorry. Would you write us a private message with your order number? "
    .. "We look into it today."))
  t:expect_nothing_sent()
end)

test("when they write in private they hear that they are read, and a person has both sides", function(t)
  spoken(t)
  t:event { kind = "task_done", text = "answered" }
  t:advance "3 hours"
  t:reply { channel = "instagram", text = "Here I am: order 4411", contact = "olga" }
  t:expect_sent { channel = "instagram", template = "we-read-you" }
  t:expect_task { kind = "message",
    note = "In private on instagram: Here I am: order 4411\nIn public: Third machine, third leak. Never again. https://instagram.com/p/1" }
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("who does not write gets one private word, which a person sends", function(t)
  spoken(t)
  t:event { kind = "task_done", text = "answered" }
  t:advance "3 days"
  t:expect_task { kind = "message", channel = "instagram", state = "open" }
  t:event { kind = "task_done", text = "sent" }
  t:expect_sent { channel = "instagram", template = "private-word" }
  t:advance "1 hour"
  t:reply { channel = "instagram", text = "OK. Order 4411", contact = "olga" }
  t:expect_sent { channel = "instagram", template = "we-read-you" }
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("what needs no answer is left alone", function(t)
  spoken(t)
  t:event { kind = "task_done", text = "not needed" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:reply { channel = "instagram", text = "By the way", contact = "olga" }
  t:expect_nothing_sent() -- that is other business
end)

test("a message of somebody who said nothing in public is other business", function(t)
  t:enrol { sequence = "public-to-private", contact = person() }
  t:advance "1 hour"
  t:reply { channel = "instagram", text = "Do you ship to Norway?", contact = "olga" }
  t:advance "1 day"
  t:expect_nothing_sent()
end)

test("an answer at a bad moment: in private before anybody answered in public", function(t)
  spoken(t)
  t:advance "10m"
  t:reply { channel = "instagram", text = "Writing here as well: order 4411", contact = "olga" }
  t:expect_sent { channel = "instagram", template = "we-read-you" }
  t:expect_task { kind = "other", state = "open" } -- the public answer is still due
  t:event { kind = "task_done", text = "answered" }
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("an answer at a bad moment: while the private word is on somebody's list", function(t)
  spoken(t)
  t:event { kind = "task_done", text = "answered" }
  t:advance "3 days"
  t:expect_task { kind = "message", channel = "instagram", state = "open" }
  t:reply { channel = "instagram", text = "So? Order 4411.", contact = "olga" }
  t:expect_task { kind = "message", channel = "instagram", state = "done", outcome = "they wrote" }
  t:expect_sent { channel = "instagram", template = "we-read-you" }
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("a second comment at a bad moment: each has its own task, and the private answer comes once", function(t)
  spoken(t)
  t:advance "5m"
  t:event { kind = "signal:mention", contact = "olga", data = { network = "instagram", text = "And nobody answers!", url = "https://instagram.com/p/2" } }
  t:expect_task { kind = "other", note = "Answer in public on instagram: And nobody answers!\nhttps://instagram.com/p/2\nFor example: "
    .. "Olga, that is not how it should be, and we are sorry. Would you write us a private message with your order number? We look into it today." }
  t:reply { channel = "instagram", text = "Order 4411", contact = "olga" }
  t:expect_sent { channel = "instagram", template = "we-read-you" }
  t:expect_nothing_sent()
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("an opt-out instead of an answer ends all of it", function(t)
  spoken(t)
  t:event { kind = "task_done", text = "answered" }
  t:event { kind = "unsubscribe", channel = "instagram", contact = "olga" }
  t:advance "30 days"
  t:expect_nothing_sent()
end)
