-- SPDX-License-Identifier: MIT
local latest = { ana = "A bowl for rain", bea = "Glazing with ash", cleo = "The wheel at night", dan = "Clay from the garden" }

local function creator(id, more)
  local contact = { id = id, name = id:gsub("^%l", string.upper) .. " Silva", email = id .. "@studio.example", stage = "prospect", niche = "pottery",
    latest = latest[id], engagement = "2" }
  for key, value in pairs(more or {}) do contact[key] = value end
  return contact
end

test("each writes from the mailbox of whoever looks after them", function(t)
  t:enrol { sequence = "scale-100", contact = creator("ana", { owner = "tom" }) }
  t:enrol { sequence = "scale-100", contact = creator("bea", { owner = "lea" }) }
  t:advance "1 business day"
  t:expect_sent { contact = "ana", template = "first", account = "tom" }
  t:expect_sent { contact = "bea", template = "first", account = "lea" }
end)

test("on Monday new creators are given out in turn", function(t)
  for _, id in ipairs { "ana", "bea", "cleo", "dan" } do t:event { kind = "signal:found", contact = creator(id, id == "bea" and { owner = "lea" } or nil) } end
  t:advance "10h"
  t:expect_sent { contact = "ana", account = "lea" }
  t:expect_sent { contact = "bea", account = "lea" }     -- hers already
  t:expect_sent { contact = "cleo", account = "tom" }
  t:expect_sent { contact = "dan", account = "ines" }
  t:advance "2 weeks"
  for _ = 1, 4 do t:expect_sent { template = "light-reminder" } end
  t:expect_nothing_sent()                                 -- nobody is taken twice
end)

test("the silent get one light reminder, and no more", function(t)
  t:enrol { sequence = "scale-100", contact = creator "ana" }
  t:advance "1 business day"
  t:expect_sent { template = "first" }
  t:advance "5 business days"
  t:expect_sent { template = "light-reminder" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_no_task()
  t:expect_outcome "silent"
end)

test("a call is asked for where it is worth it", function(t)
  t:enrol { sequence = "scale-100", contact = creator("ana", { engagement = "6.5" }) }
  t:advance "5 weeks"
  t:expect_task { kind = "call", note = "Silent after two mails, and worth a call" }
  t:expect_outcome "to be called"
end)

test("who answers is a person's: a call for the promising, a message for the others", function(t)
  t:enrol { sequence = "scale-100", contact = creator("ana", { engagement = "6.5" }) }
  t:enrol { sequence = "scale-100", contact = creator "bea" }
  t:advance "1 business day"
  t:reply { contact = "ana", channel = "email", text = "Yes!" }
  t:reply { contact = "bea", channel = "email", text = "Tell me more" }
  t:expect_task { contact = "ana", kind = "call", note = "Answered: Yes!" }
  t:expect_task { contact = "bea", kind = "message", note = "Answered: Tell me more" }
  t:advance "30 days"
  t:expect_sent { contact = "ana", template = "first" }
  t:expect_sent { contact = "bea", template = "first" }
  t:expect_nothing_sent()
end)

test("who answers at a bad moment, a minute before the reminder is due, does not get it", function(t)
  t:enrol { sequence = "scale-100", contact = creator "ana" }
  t:advance "10h"
  t:expect_sent { template = "first" }
  t:advance "3 days"
  t:advance "22h"
  t:advance "59m"       -- Friday, 08:59
  t:reply { channel = "email", text = "Sorry for the delay: yes!" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_task { kind = "message" }
end)

test("who is away is reminded when they are back", function(t)
  t:enrol { sequence = "scale-100", contact = creator "ana" }
  t:advance "10h"
  t:expect_sent { template = "first" }
  t:event { kind = "auto_reply", channel = "email", text = "Back on Monday." }
  t:advance "1 week"
  t:expect_nothing_sent()
  t:advance "1 week"
  t:expect_sent { template = "light-reminder" }
end)

test("who opts out is out for all three of us", function(t)
  t:enrol { sequence = "scale-100", contact = creator("ana", { owner = "lea", engagement = "9" }) }
  t:advance "10h"
  t:expect_sent { template = "first", account = "lea" }
  t:event { kind = "unsubscribe", channel = "email" }
  t:advance "6 weeks"
  t:expect_nothing_sent()
  t:expect_no_task()
  t:expect_outcome "unsubscribed"
end)
