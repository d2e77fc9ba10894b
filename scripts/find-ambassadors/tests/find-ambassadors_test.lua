-- SPDX-License-Identifier: MIT
local sofia = {
  id = "sofia", name = "Sofia Rossi", email = "sofia@sofiaincucina.example", instagram = "@sofiaincucina", locale = "it-IT", timezone = "Europe/Rome",
  labels = { "community" }, seen = "il tiramisù al tè",
}

local function with(more)
  local contact = {}
  for key, value in pairs(sofia) do contact[key] = value end
  for key, value in pairs(more) do contact[key] = value end
  return contact
end

local function heard(t, kind, n)
  return t:event { hook = "social", json = { network = "instagram", handle = "@sofiaincucina", name = "sofi in cucina", kind = kind, n = n } }
end

-- Tests begin on a Monday at midnight, some hours before the job.
test("whoever speaks of us a lot is invited on Monday, in their language, and called when they answer", function(t)
  t:event { kind = "signal:known", contact = sofia }
  t:expect(heard(t, "mention", 6), "counted")
  t:expect(heard(t, "comment", 5), "counted")
  t:advance "1 business day"
  t:expect_sent { template = "invite", locale = "it" }
  t:reply { contact = "sofia", channel = "email", text = "Sì, dimmi di più." }
  t:expect_task { kind = "call", note = "Sofia Rossi on being an ambassador: Sì, dimmi di più." }
  t:advance "5 weeks"
  t:expect_nothing_sent()
end)

test("the columns of an export count as well", function(t)
  t:event { kind = "signal:known", contact = with { network = "tiktok", shares = "9", mentions = "2" } }
  t:advance "1 business day"
  t:expect_sent { template = "invite" }
end)

test("who speaks of us now and then is left in peace, and so is who is an ambassador already", function(t)
  t:event { kind = "signal:known", contact = with { mentions = "3" } }
  t:event { kind = "signal:known", contact = with { id = "amelie", instagram = "@a", email = "a@petitjardin.example", mentions = "30", labels = { "community", "ambassador" } } }
  t:advance "3 weeks"
  t:expect_nothing_sent()
end)

test("who opted out is not invited, however loud", function(t)
  t:event { kind = "signal:known", contact = sofia }
  t:expect(heard(t, "mention", 12), "counted")
  t:event { kind = "unsubscribe", channel = "email", contact = "sofia" }
  t:advance "3 weeks"
  t:expect_nothing_sent()
end)

test("five are invited a week, the loudest first", function(t)
  for i = 1, 7 do
    t:event { kind = "signal:known", contact = with { id = "p" .. i, instagram = "@p" .. i, email = ("p%d@example.com"):format(i), mentions = tostring(10 + i), seen = "story " .. i } }
  end
  t:advance "3 days"
  for i = 3, 7 do t:expect_sent { template = "invite", contact = "p" .. i } end
  t:expect_nothing_sent()
  t:advance "1 week"
  t:expect_sent { template = "invite", contact = "p1" }
  t:expect_sent { template = "invite", contact = "p2" }
end)

test("an answer at a bad moment, just before the nudge, gets a call and no nudge", function(t)
  t:enrol { sequence = "ambassador-invite", contact = sofia }
  t:advance "1 business day"
  t:expect_sent { template = "invite" }
  t:advance "4 business days"
  t:reply { text = "Volentieri!" }
  t:expect_task { kind = "call" }
  t:advance "3 weeks"
  t:expect_nothing_sent()
end)

test("what the tool sends is looked at", function(t)
  for _, json in ipairs { { kind = "mention" }, { network = "name", handle = "Bob", kind = "mention" }, { network = "x", handle = { 1 }, kind = "mention" } } do
    t:expect(t:event { hook = "social", json = json }, "not understood")
  end
  t:expect(t:event { hook = "social", body = "?" }, "not understood")
  t:expect(heard(t, "telepathy"), "instagram has no weight for 'telepathy': give it one with score.with { weights = ... }")
  t:expect(t:event { hook = "social", json = { network = "instagram", handle = "@new.one", kind = "mention" } }, "counted")
end)
