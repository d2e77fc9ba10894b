-- SPDX-License-Identifier: MIT
local digest = require "perigee.digest"
local ana = { id = "ana", name = "Ana Silva", email = "ana@example.com", locale = "en" }

local function says(t, tag, text, times)
  for _ = 1, times or 1 do t:event { kind = "signal:said", contact = ana, data = { tag = tag, text = text } } end
end

local function report(t, days)
  t:event { kind = "signal:report", contact = ana, data = { days = days } }
end

test("what was said is counted by topic against the days before, with what grows and what sours", function(t)
  says(t, "Sizes", "Is there an XL?", 4)
  says(t, "shipping", "It came quickly", 3)
  t:advance "7 days"
  says(t, "sizes", "Is there an XL?", 4)
  says(t, "packaging", "A box in three layers", 6)
  says(t, "shipping", "It came late and broken", 3)
  t:advance "7 days"
  report(t)
  t:expect_outcome([[13 in all, 7 in the days before, 3 of them unhappy.

- **packaging**: 6 (before: 0), **many more than before**
- **sizes**: 4 (before: 4)
- **shipping**: 3 (before: 3), 3 of them unhappy, **more unhappy than before**

In their words:

- “It came late and broken” (Ana Silva, shipping)
- “It came late and broken” (Ana Silva, shipping)
- “It came late and broken” (Ana Silva, shipping)
- “A box in three layers” (Ana Silva, packaging)
- “A box in three layers” (Ana Silva, packaging)]])
end)

test("a period that was taken is the same when it is taken again", function(t)
  says(t, "sizes", "Is there an XL?", 2)
  t:advance "1 day"
  report(t, 1)
  local first = "2 in all, 0 in the days before.\n\n- **sizes**: 2 (before: 0)\n\nIn their words:\n\n- “Is there an XL?” (Ana Silva, sizes)\n- “Is there an XL?” (Ana Silva, sizes)"
  t:expect_outcome(first)
  says(t, "sizes", "And an S?", 5) -- today: of the next report
  report(t, 1)
  t:expect_outcome(first)
  t:advance "1 day"
  report(t, 1)
  t:expect_outcome("5 in all, 2 in the days before.\n\n- **sizes**: 5 (before: 2)\n\nIn their words:\n\n" ..
    ("- “And an S?” (Ana Silva, sizes)\n"):rep(5):sub(1, -2))
end)

test("a daily report takes nothing from the weekly one", function(t)
  says(t, "sizes", nil, 3)
  t:advance "1 day"
  report(t, 1)
  t:expect_outcome "3 in all, 0 in the days before.\n\n- **sizes**: 3 (before: 0)"
  t:advance "3 days"
  report(t, 1)
  t:expect_outcome "Nobody has said anything."
  report(t, 7)
  t:expect_outcome "3 in all, 0 in the days before.\n\n- **sizes**: 3 (before: 0)"
  t:advance "10 days"
  report(t, 7)
  t:expect_outcome "0 in all, 3 in the days before.\n\n- **sizes**: 0 (before: 3)"
end)

test("nothing said is said so", function(t)
  report(t)
  t:expect_outcome "Nobody has said anything."
end)

test("what strangers write is no markup in our mail, and is told in the reader's language", function(t)
  local text = digest.text({ total = 1, total_before = 0, bad = 1, rows = { { tag = "a*b", n = 1, before = 0, bad = 1, bad_before = 0 } },
    newest = { { tag = "a", text = "[click](http://evil.test) <b> | # **now**", who = "E_v_e" } } }, "it-IT")
  t:expect(text, "1 in tutto, 0 nel periodo prima, di cui 1 scontenti.\n\n- **a\\*b**: 1 (prima: 0), di cui 1 scontenti\n\nCon le loro parole:\n\n" ..
    "- «\\[click\\](http:\\//evil.test) \\<b\\> \\| \\# \\*\\*now\\*\\*» (E\\_v\\_e, a)")
  t:expect((pcall(digest.text, nil)), false)
  t:expect((pcall(digest.add, "x", { tag = "a" })), false) -- no effects in a test
end)
