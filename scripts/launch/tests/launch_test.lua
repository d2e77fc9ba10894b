-- SPDX-License-Identifier: MIT
-- The tests' clock begins on Monday, 6 January 2025; the launch is on Thursday, the 9th, at 10:00 in Paris.
local maya = { id = "maya", name = "Maya Okafor", email = "maya@mayabrews.example", locale = "en-GB", timezone = "Europe/London", code = "MAYA",
  memory = "your evening with the smoked oolong", labels = { "closest" } }
local lucas = { id = "lucas", name = "Lucas Bernard", email = "lucas@atelierbernard.example", locale = "fr-FR", timezone = "Europe/Paris", code = "LUCAS",
  memory = "la théière que tu nous as tournée", labels = { "closest" } }

local function sells(t, code, delivery)
  return t:event { hook = "shop", json = { id = 501, code = code }, headers = { ["X-Shop-Delivery"] = delivery } }
end

test("the closest people first, then the community, and thanks for what was sold", function(t)
  t:enrol { sequence = "launch", contact = maya }
  t:expect_broadcast { channel = "discord", to = "#news", template = "announcement", state = "planned" }
  t:expect_task { kind = "review" }
  t:event { kind = "broadcast_confirm" }
  t:advance "1 day"
  t:expect_sent { template = "first-look", subject = "Maya, before anybody else knows", text = "your evening with the smoked oolong" }
  t:advance "2025-01-09T08:59"      -- her clock is an hour behind
  t:expect_broadcast { state = "confirmed" }
  t:expect_nothing_sent()
  t:advance "2 minutes"
  t:expect_broadcast { state = "sent", text = "Night Garden is here" }
  t:expect_sent { template = "launch-day", text = "MAYA" }
  t:expect(sells(t, "maya", "1"), "sold by maya")
  sells(t, "MAYA", "2")
  t:advance "15 days"
  t:expect_sent { template = "thanks-sold", text = "2 boxes of Night Garden" }
  t:expect_outcome "sold"
end)

test("each in their language, and one announcement for all", function(t)
  t:enrol { sequence = "launch", contact = maya }
  t:enrol { sequence = "launch", contact = lucas }
  local first = t:event { kind = "broadcast_confirm" }
  t:expect((pcall(t.event, t, { kind = "broadcast_confirm" })), false)
  t:advance "1 day"
  t:expect_sent { template = "first-look", text = "une infusion sans théine" }
  t:expect_broadcast { id = first, state = "confirmed" }
end)

test("silence is thanked, too", function(t)
  t:enrol { sequence = "launch", contact = maya }
  t:advance "20 days"
  t:expect_sent { template = "first-look" }
  t:expect_sent { template = "launch-day" }
  t:expect_sent { template = "thanks" }
  t:expect_nothing_sent()
  t:expect_outcome "thanked"
end)

test("nobody confirms: the community reads nothing, those who were told still hear of the hour", function(t)
  t:enrol { sequence = "launch", contact = maya }
  t:advance "4 days"
  t:expect_broadcast { state = "lapsed" }
  t:expect_sent { template = "first-look" }
  t:expect_sent { template = "launch-day" }
end)

test("who answers at a bad moment, minutes before the hour, is a person's, and hears of the launch once", function(t)
  t:enrol { sequence = "launch", contact = maya }
  t:advance "2025-01-09T08:55"
  t:expect_sent { template = "first-look" }
  t:reply { text = "Is it organic?" }
  t:expect_task { kind = "message", note = "Maya Okafor answers about Night Garden: Is it organic?" }
  t:event { kind = "handled", channel = "email", text = "It is." }
  t:advance "1 hour"
  t:expect_sent { template = "launch-day" }
  t:expect_nothing_sent()
end)

test("who opts out at a bad moment, in the night before, gets nothing more", function(t)
  t:enrol { sequence = "launch", contact = maya }
  t:advance "2 days"
  t:expect_sent { template = "first-look" }
  t:event { kind = "unsubscribe", channel = "email" }
  t:advance "20 days"
  t:expect_nothing_sent()
  t:expect_outcome "unsubscribed"
end)

test("who is away is not written to before they are back", function(t)
  t:enrol { sequence = "launch", contact = lucas }
  t:advance "1 day"
  t:expect_sent { template = "first-look" }
  t:event { kind = "auto_reply", channel = "email", text = "Je suis absent." }
  t:advance "2025-01-09T10:30"
  t:expect_nothing_sent()
  t:advance "1 week"
  t:expect_sent { template = "launch-day" }
  t:expect_nothing_sent()
end)

test("a second delivery of an order counts once, and a code of nobody's for nobody", function(t)
  t:enrol { sequence = "launch", contact = maya }
  t:advance "4 days"
  sells(t, "MAYA", "1")
  sells(t, "MAYA", "1")
  t:expect(sells(t, "NOBODY", "2"), "nobody's code")
  t:expect(t:event { hook = "shop", body = "no JSON" }, "without a code")
  t:advance "15 days"
  t:expect_sent { template = "thanks-sold", text = "One box" }
end)

test("who is enrolled after the hour is told nothing", function(t)
  t:enrol { sequence = "launch", contact = maya }
  t:advance "4 days"
  t:enrol { sequence = "launch", contact = lucas }
  t:expect_outcome "too late"
end)
