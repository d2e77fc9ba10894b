-- SPDX-License-Identifier: MIT
local score = require "perigee.score"
local ours = require "our-score"

local ana = { id = "ana", name = "Ana Silva", email = "ana@example.com" }

local function points(network, kind, more)
  local activity = more or {}
  activity.network, activity.kind = network, kind
  return score.of(activity)
end

test("each network is weighed as its feed rewards", function(t)
  for _, case in ipairs {
    { "facebook", "comment", "share" }, { "facebook", "share", "reaction" }, { "x", "retweet", "reply" }, { "instagram", "comment", "reaction" },
    { "instagram", "answer", "reaction" }, { "linkedin", "comment", "reaction" }, { "tiktok", "share", "comment" },
  } do
    local network, more, less = table.unpack(case)
    t:expect(points(network, more) > points(network, less), true)
  end
end)

test("all faces weigh the same, and an X share is a retweet", function(t)
  t:expect(points("facebook", "angry"), points("facebook", "love"))
  t:expect(points("twitter", "share"), points("x", "retweet"))
end)

test("minutes watched count, and a video left at once counts against", function(t)
  t:expect(points("youtube", "watch", { n = 4, of = 5 }) > points("youtube", "watch", { n = 2, of = 5 }), true)
  t:expect(points("youtube", "watch", { n = 10 / 60, of = 5 }) < 0, true)
end)

test("what lies back counts half after each half-life", function(t)
  local now = 1795996800 -- noon of a day
  t:expect(now % 86400, 0)
  local fresh, old = points("tiktok", "share"), points("tiktok", "share", { at = 0 })
  t:expect(fresh > 3.9 and fresh <= 4, true)
  t:expect(old < 0.001, true)
end)

test("a kind that nobody knows is worth nothing, and says so", function(t)
  local none, text, code = points("x", "telepathy")
  t:expect(none, nil)
  t:expect(text, "x has no weight for 'telepathy': give it one with score.with { weights = ... }")
  t:expect(code, "invalid")
end)

test("a workspace's weights and tiers come before the built-in ones", function(t)
  t:expect(ours.of { network = "x", kind = "quote" } > 5, true)
  t:expect(ours.of { network = "forum", kind = "post" } > 4, true)
  t:expect(ours.of { network = "x", kind = "retweet" } <= 4, true)
  t:expect(ours.tier(12), "silver")
  t:expect(ours.tier(51), "gold")
  t:expect(ours.tier(9), nil)
  t:expect(score.tier(12), "friend")
end)

test("misuse is told at the line that has it", function(t)
  for _, case in ipairs {
    { function() return score.of { network = "x", kind = "reply", m = 2 } end, "unknown key 'm'" },
    { function() return score.of { network = "x" } end, "'kind' is missing" },
    { function() return score.of { network = "x", kind = "reply", n = 0 / 0 } end, "a finite number is needed" },
    { function() return score.balance() end, "a contact is needed" },
    { function() return score.with { half_life_days = 0 } end, "a number above 0" },
    { function() return score.with { tiers = {} } end, "a list" },
    { function() return score.with { weights = { x = 3 } } end, "a table { kind = number } is needed" },
  } do
    local ok, text = pcall(case[1])
    t:expect(ok, false)
    t:expect(tostring(text):find(case[2], 1, true) ~= nil, true)
    t:expect(tostring(text):find("score_test.lua:", 1, true) ~= nil, true)
  end
end)

test("counts are kept by day, decay, and are dropped when they are worth nothing", function(t)
  t:enrol { sequence = "scored", contact = ana }
  t:advance "311 days" -- days are those of UTC
  t:expect_outcome "2 invalid | 16.0 advocate 2025-01-05 3 | 0.50 friend | 0 nil nothing has been counted, 0 kept | 0"
end)

test("contacts are ranked, the highest first", function(t)
  for _, fan in ipairs { { "bea", 3 }, { "cleo", 12 }, { "dan", 1 } } do
    t:enrol { sequence = "ranked", contact = { id = fan[1], name = fan[1], email = fan[1] .. "@example.com", labels = { "fan" }, shares = fan[2] } }
  end
  t:advance "1 hour"
  t:expect_outcome "cleo 48 ambassador, bea 12 friend, dan 4 nil"
end)

test("an ask has its moment: after a talk, not soon after the last ask, not when that was left unanswered", function(t)
  t:enrol { sequence = "asked", contact = ana }
  t:advance "1 day"
  t:reply { text = "With pleasure" }
  t:reply { text = "Anything else?" }
  t:advance "9 days"
  t:expect_outcome("no: asks: 0, talks: 0; talk first, and ask for nothing; yes: asks: 0, talks: 1; a good moment; " ..
    "no: asks: 1, talks: 1; talk first, and ask for nothing; no: the last ask is 4 days old; wait until it is 7; " ..
    "yes: asks: 1, talks: 3; a good moment; 1/3 0.3")
end)

test("an ask that nobody answered is followed by a talk, not by another ask", function(t)
  t:enrol { sequence = "unheard", contact = ana }
  t:reply { text = "Hello!" }
  t:advance "9 days"
  t:expect_outcome "nothing has been said since the last ask; talk first"
end)
