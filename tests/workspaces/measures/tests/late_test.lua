-- SPDX-License-Identifier: MIT
local ana = { id = "ana", name = "Ana", email = "ana@example.com" }

test("what can leave in time leaves", function(t)
  t:enrol { sequence = "late", contact = ana }
  t:advance "9h"        -- Monday 09:00; 6 January is no holiday in France
  t:expect_sent { template = "hello" }
  t:expect_outcome "sent after 9 h"
end)

test("what is put off beyond its time is told when the time is over, not days later", function(t)
  t:enrol { sequence = "late", contact = ana }
  t:advance "1h"
  t:event { kind = "auto_reply", channel = "email", text = "I am away until next week." }
  t:advance "8h"
  t:expect_outcome(nil)
  t:advance "61m"
  t:expect_outcome "timeout before after 10 h"
  t:advance "2 weeks"
  t:expect_nothing_sent()
end)
