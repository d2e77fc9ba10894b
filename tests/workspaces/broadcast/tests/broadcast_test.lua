-- SPDX-License-Identifier: MIT
local function ask(t, fields)
  local contact = { id = "ana", name = "Ana", email = "ana@example.com" }
  for key, value in pairs(fields) do contact[key] = value end
  t:enrol { sequence = "ask", contact = contact }
end

test("what is confirmed leaves at its time, and counts for nobody", function(t)
  t:advance "10 hours" -- Monday, 10:00
  ask(t, { product = "Mug" })
  t:expect_outcome "planned integer"
  local planned = t:expect_broadcast { channel = "discord", to = "#community", template = "launch", state = "planned" }
  t:expect(planned.text, "Mug is here, says ask by pretend-discord.")
  t:expect(planned.sequence, "ask")
  t:event { kind = "broadcast_confirm" }
  t:expect_broadcast { state = "confirmed" }
  t:advance "23 hours"
  t:expect_broadcast { state = "confirmed" }
  t:advance "1 hour"
  local sent = t:expect_broadcast { state = "sent" }
  t:expect(math.type(sent.message), "integer")
  t:expect_nothing_sent()
end)

test("what nobody confirms lapses", function(t)
  ask(t, { product = "Mug" })
  t:advance "2 days"
  t:expect_broadcast { state = "lapsed", reason = "nobody confirmed it before its time" }
  t:expect((pcall(t.event, t, { kind = "broadcast_confirm" })), false)
end)

test("one is cancelled, before or after it was confirmed", function(t)
  ask(t, { product = "Mug", at = "2 days" })
  local id = t:event { kind = "broadcast_confirm" }
  t:event { kind = "broadcast_cancel", id = id }
  t:advance "3 days"
  t:expect_broadcast { state = "cancelled" }
  t:expect((pcall(t.event, t, { kind = "broadcast_confirm", id = id })), false)
  t:expect((pcall(t.event, t, { kind = "broadcast_cancel", id = id })), false)
end)

test("outside the workspace's hours it waits for them", function(t)
  ask(t, { product = "Mug", at = "2025-01-10T20:00" }) -- a Friday
  t:event { kind = "broadcast_confirm" }
  t:advance "2025-01-13T08:59"
  t:expect_broadcast { state = "confirmed", rule = "hours" }
  t:advance "1 minute"
  t:expect_broadcast { state = "sent" }
end)

test("it is in the language that is asked for", function(t)
  ask(t, { product = "Mug", locale = "fr-CA" })
  t:expect_broadcast { text = "Mug est arrivé." }
end)

test("what can't be rendered is not planned, and the script hears why", function(t)
  ask(t, {})
  t:expect_outcome "invalid nil product is missing: a broadcast has no contact, and its vars have none; give them one, or write {{ product | default: \"...\" }}"
  t:expect((pcall(t.event, t, { kind = "broadcast_confirm" })), false)
end)

test("neither is what names no template", function(t)
  ask(t, { template = "nothing" })
  t:expect_outcome "invalid nil no template nothing: write templates/nothing.md"
end)

test("files can't go with it", function(t)
  ask(t, { template = "file" })
  t:expect_outcome "invalid nil files can't go with a broadcast"
end)

test("what is too long is refused when it is planned", function(t)
  ask(t, { product = ("long "):rep(500) })
  t:expect_outcome "refused form the text has 2538 characters, and discord takes 2000: give the template a shorter variant (--- channel: discord)"
end)

test("an account that is not there refuses it", function(t)
  ask(t, { product = "Mug", account = "nobody" })
  t:expect_outcome "refused account there is no discord account \"nobody\" in perigee.lua"
end)

test("slips of the pen are told at their line", function(t)
  t:enrol { sequence = "wrong", contact = { id = "ana", name = "Ana" } }
  t:expect_outcome(table.concat({
    "perigee.broadcast: email goes to each person by themselves: enrol a segment in a sequence",
    "perigee.broadcast: sms has no channel that many read (discord, matrix, slack, telegram have)",
    "perigee.broadcast: 'at' is missing",
    "perigee.broadcast: its time has passed: a person confirms it before it leaves, so give them some, such as \"1 day\"",
    "\"soon\" is no time that is understood",
    "perigee.broadcast.to: the text holds a line end or control character",
    "perigee.broadcast: unknown key 'chanel'; did you mean 'channel'?",
  }, "\n"))
end)

test("it must be among the needs", function(t)
  t:enrol { sequence = "unasked", contact = { id = "ana", name = "Ana" } }
  t:expect_outcome "needs broadcast = true"
end)

test("whoever reads it there has not been written to", function(t)
  t:advance "10 hours"
  t:enrol { sequence = "personal", contact = { id = "ana", name = "Ana", email = "ana@example.com" } }
  t:event { kind = "broadcast_confirm" }
  t:advance "1 day"
  t:expect_broadcast { state = "sent" }
  t:expect_sent { template = "ask" }
  t:expect_sent { template = "ask" }
  t:expect_outcome "asked twice"
end)

test("a job may plan one", function(t)
  t:advance "2025-01-10T10:01"
  t:expect_broadcast { channel = "slack", to = "#team", state = "planned", sequence = "weekly" }
end)
