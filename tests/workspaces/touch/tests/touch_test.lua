-- SPDX-License-Identifier: MIT
local ana = { id = "ana", name = "Ana Silva", email = "ana@silva.example", country = "IT", locale = "it", interest = "la pasta", post = "Dieci zuppe" }

test("ask, share, thanks, tip, ask, greeting, and so on", function(t)
  t:enrol { sequence = "touch", contact = ana }
  t:advance "1 day"
  t:expect_sent { template = "ask", locale = "it" }
  t:advance "1 day"
  t:event { kind = "signal:shared", data = { title = "Dieci zuppe" } }
  t:advance "1 day"
  t:expect_sent { text = "Dieci zuppe!" }
  t:advance "14 days"
  t:expect_sent { template = "tip" }
  t:advance "16 days"
  t:expect_sent { template = "ask" }
  t:advance "16 days"
  t:expect_sent { template = "greeting" }
  t:advance "2 weeks"
  t:expect_sent { template = "ask" }
  t:expect_nothing_sent()
  t:expect_outcome(nil)
end)

test("silence: two asks, then three months of quiet", function(t)
  t:enrol { sequence = "touch", contact = ana }
  t:advance "1 day"
  t:expect_sent { template = "ask" }
  t:advance "15 days"
  t:expect_sent { template = "tip" }
  t:advance "17 days"
  t:expect_sent { template = "ask" }
  t:advance "85 days"
  t:expect_nothing_sent()
  t:advance "7 days"
  t:expect_sent { template = "greeting" }
  t:advance "16 days"
  t:expect_sent { template = "ask" }
end)

test("shares on Friday night, twice: thanked on Saturday, in two wordings", function(t)
  t:enrol { sequence = "touch", contact = ana }
  t:advance "1 day"
  t:expect_sent { template = "ask" }
  t:advance "3 days"
  t:advance "22h"
  t:event { kind = "signal:shared", data = { title = "A" } }
  t:event { kind = "signal:shared", data = { title = "B" } }
  t:advance "1 day"
  t:expect_sent { text = "A!" }
  t:expect_sent { text = "B!" }
end)

test("shares while the ask waits for the morning", function(t)
  t:enrol { sequence = "touch", contact = ana }
  t:advance "2h"
  t:event { kind = "signal:shared", data = { title = "A" } }
  t:advance "1 day"
  t:expect_sent { template = "ask" }
  t:expect_sent { text = "A!" }
end)

test("eight shares: never the same words", function(t)
  t:enrol { sequence = "touch", contact = ana }
  t:advance "1 day"
  for i = 1, 8 do
    t:event { kind = "signal:shared", data = { title = "P" .. i } }
    t:advance "1 day"
  end
  for i = 1, 6 do t:expect_sent { template = "thanks-" .. i } end
  t:expect_task { kind = "message" }
end)

test("stop during the quiet months, and a reply in the night before an ask", function(t)
  t:enrol { sequence = "touch", contact = ana }
  t:advance "31 days"
  t:advance "5h"
  t:reply { text = "Quanto costa?" }
  t:expect_task { kind = "other" }
  t:advance "31 days"
  t:advance "45 days"
  t:reply { text = "Basta, grazie" }
  t:expect_outcome "stopped by them"
  t:advance "2h"
end)

test("shares just at the month's turn", function(t)
  t:enrol { sequence = "touch", contact = ana }
  t:advance "31 days"
  t:advance "8h"
  t:event { kind = "signal:shared", data = { title = "A" } }
  t:advance "2 days"
  t:expect_sent { text = "A!" }
end)

test("shares while away: no mail before they are back, so a person thanks within the day", function(t)
  t:enrol { sequence = "touch", contact = ana }
  t:advance "1 day"
  t:event { kind = "auto_reply", text = "Sono in ferie fino al 20 gennaio 2025" }
  t:event { kind = "signal:shared", data = { title = "Q" } }
  t:advance "1 day"
  t:expect_task { kind = "message" }
end)
