-- SPDX-License-Identifier: MIT
-- A test begins on Monday, 6 January 2025, at 00:00 in Paris.
local maya = { id = "maya", name = "Maya Okafor", email = "maya@mayabakes.example", locale = "en-GB", timezone = "Europe/London" }
local lucas = { id = "lucas", name = "Lucas Bernard", email = "lucas@atelierbernard.example", locale = "fr-FR", timezone = "Europe/Paris" }

test("within the hour they hear that it has come; if nobody answers by the next day it is a task, until somebody has", function(t)
  t:advance "10 hours"
  t:reply { channel = "email", text = "Can I change my order?", contact = maya }
  t:advance "1 hour"
  t:expect_sent { template = "received", subject = "We have your message" }
  t:advance "1 business day"
  t:expect_task { kind = "message" }
  t:event { kind = "handled", channel = "email", text = "Yes, of course" }
  t:expect_outcome "answered late"
  t:expect_nothing_sent()
end)

test("on Saturday they hear when we are back", function(t)
  t:advance "5 days"
  t:reply { channel = "email", text = "Vous êtes là ?", contact = lucas }
  t:advance "1 hour"
  t:expect_sent { template = "received-closed", locale = "fr", text = "lundi" }
  t:advance "3 days"
  t:expect_task { kind = "message" }
end)

test("whoever is answered at once is not told that somebody will", function(t)
  t:advance "10 hours"
  t:reply { channel = "email", text = "Can I change my order?", contact = maya }
  t:advance "20 minutes"
  t:event { kind = "handled", channel = "email", text = "Done, Maya!" }
  t:advance "3 days"
  t:expect_nothing_sent()
  t:expect_outcome "answered"
end)

test("who writes again at a bad moment, just before the hour is over, is told once", function(t)
  t:advance "10 hours"
  t:reply { channel = "email", text = "Can I change my order?", contact = maya }
  t:advance "56 minutes"
  t:reply { channel = "email", text = "It is number 4512" }
  t:advance "2 days"
  t:expect_sent { template = "received" }
  t:expect_nothing_sent()
end)

test("who opts out at a bad moment, within the hour, gets nothing", function(t)
  t:advance "10 hours"
  t:reply { channel = "email", text = "Take me off your list", contact = maya }
  t:event { kind = "unsubscribe", channel = "email" }
  t:advance "2 days"
  t:expect_nothing_sent()
  t:expect_outcome "unsubscribed"
end)

test("a machine is not answered", function(t)
  t:advance "10 hours"
  t:reply { channel = "email", text = "Automatic reply: we have received your message", contact = maya }
  t:advance "2 days"
  t:expect_nothing_sent()
  t:expect_outcome "automatic mail"
end)
