-- SPDX-License-Identifier: MIT
local ab = require "perigee.ab"

local function shares(test, variants, options, n)
  local count = {}
  for i = 1, n do
    local v = ab.variant("c-" .. i, test, variants, options)
    count[v] = (count[v] or 0) + 1
  end
  return count
end

test("a contact has the same variant each time, in each run and on each machine", function(t)
  local got = {}
  for i, id in ipairs { "ana", "bea", "cleo", "dan", "eva", "flo", "gus", "hal" } do got[i] = ab.variant(id, "subject-line", { "a", "b" }) end
  t:expect(table.concat(got, " "), "b b a b b b b a")
  t:expect(ab.variant({ id = "ana" }, "subject-line", { "a", "b" }), got[1])
end)

test("the halves are halves, and ninths ninths", function(t)
  local n = 10000
  local halves, weighted, thirds = shares("one", { "a", "b" }, nil, n), shares("two", { "a", "b" }, { weights = { a = 9 } }, n), shares("three", { "a", "b", "c" }, nil, n)
  t:expect(math.abs(halves.a - n / 2) < 200, true)        -- four standard deviations
  t:expect(math.abs(weighted.a - n * 0.9) < 120, true)
  for _, name in ipairs { "a", "b", "c" } do t:expect(math.abs(thirds[name] - n / 3) < 190, true) end
end)

test("two tests don't follow each other", function(t)
  local both = 0
  for i = 1, 10000 do
    if ab.variant("c-" .. i, "one", { "a", "b" }) == ab.variant("c-" .. i, "two", { "a", "b" }) then both = both + 1 end
  end
  t:expect(math.abs(both - 5000) < 200, true)
end)

test("everything is counted once for each contact", function(t)
  local function person(id, counts) t:enrol { sequence = "split", contact = { id = id, name = id, email = id .. "@example.com", counts = counts } } end
  person("ana", "shown:a shown:a won:a won:a")
  person("bea", "shown:b shown:a")              -- the first counts
  person("cleo", "won:b")                       -- who won was shown
  person("dan", "shown:a won:b")                -- it is won by what they were shown
  t:advance "1 hour"
  person("eva", "")
  t:advance "2 days"
  t:expect_outcome "ana true false true false, bea true false, cleo true, dan true true, eva | a 2/2, b 1/2"
end)

test("a read-out says which is better, and by which test", function(t)
  local r = ab.read("subject-line", { question = { shown = 410, won = 37 }, praise = { shown = 395, won = 61 } })
  t:expect(r.text, table.concat({
    "subject-line    shown     won      rate  probably between",
    "praise            395      61    15.4 %  12.2 % and 19.3 %",
    "question          410      37     9.0 %  6.6 % and 12.2 %",
    "praise is better: such a difference comes by chance with p = 0.0054 (two-proportion z test).",
  }, "\n"))
  t:expect(r.significant and r.best, "praise")
  t:expect(r.more, nil)
end)

test("or how many are still needed", function(t)
  local r = ab.read("subject-line", { a = { shown = 100, won = 10 }, b = { shown = 98, won = 14 } })
  t:expect(r.significant, false)
  t:expect(r.best, nil)
  t:expect(r.more, 813)
  t:expect(r.text:match "[^\n]*$", "b and a: not enough yet: about 813 more each (p = 0.36, two-proportion z test).")
  t:expect(ab.read("x", { a = { shown = 100, won = 10 }, b = { shown = 98, won = 14 } }, { smallest = 0.05 }).more, 554)
  t:expect(ab.read("x", { a = { shown = 100, won = 10 }, b = { shown = 100, won = 10 } }).text:find("no difference that could be told apart", 1, true) ~= nil, true)
end)

test("few are compared by Fisher's test", function(t)
  local r = ab.read("x", { a = { shown = 12, won = 1 }, b = { shown = 11, won = 6 } })
  t:expect(r.text:match "[^\n]*$", "b is better: such a difference comes by chance with p = 0.027 (Fisher's exact test).")
  t:expect(r.best, "b")
end)

test("of more than two the best must beat each, corrected", function(t)
  local counts = { a = { shown = 500, won = 40 }, b = { shown = 500, won = 70 }, c = { shown = 500, won = 62 } }
  local r = ab.read("x", counts)
  t:expect(r.significant, false)
  t:expect(("%.6f %.6f"):format(r.variants[1].p, r.variants[3].p), "0.004859 0.454832")
  t:expect(r.variants[2].p, nil)
  counts.c.won = 38
  r = ab.read("x", counts)
  t:expect(r.significant and r.best, "b")
  t:expect(r.text:find("Holm", 1, true) ~= nil, true)
end)

test("numbers that don't fit the weights are told", function(t)
  local counts = { a = { shown = 5000, won = 400 }, b = { shown = 5400, won = 410 } }
  t:expect(ab.read("x", counts).text:find("Beware: the numbers shown don't fit the weights (p = 8.8e-05)", 1, true) ~= nil, true)
  t:expect(ab.read("x", counts, { weights = { a = 50, b = 54 } }).text:find("Beware", 1, true), nil)
end)

test("one alone or none is nothing to compare", function(t)
  t:expect(ab.read("x", {}).text:match "[^\n]*$", "Nothing to compare yet.")
  t:expect(ab.read("x", { a = { shown = 3, won = 1 } }).significant, false)
  local r = ab.read("x", { a = { shown = 0, won = 0 }, b = { shown = 0, won = 0 } })
  t:expect(r.significant, false)
end)

test("slips of the pen are said where they stand", function(t)
  for _, c in ipairs {
    { function() ab.variant("ana", "x", { "a" }) end, "at least two" }, { function() ab.variant("ana", "x", { "a", "a" }) end, "twice" },
    { function() ab.variant("ana", "Subject Line", { "a", "b" }) end, "no name" }, { function() ab.variant(nil, "x", { "a", "b" }) end, "a contact is needed" },
    { function() ab.variant("ana", "x", { "a", "b" }, { weigths = {} }) end, "did you mean" },
    { function() ab.variant("ana", "x", { "a", "b" }, { weights = { c = 1 } }) end, "'c' is not known" },
    { function() ab.variant("ana", "x", { "a", "b" }, { weights = { a = 0 } }) end, "above 0" },
    { function() ab.count("ana", "x", "a", "seen") end, "'seen' is not known" },
    { function() ab.read("x", { a = { shown = 1, won = 2 }, b = { shown = 1, won = 1 } }) end, "2 of 1 is more than all" },
  } do
    local held, text = pcall(c[1])
    t:expect(not held and text:find(c[2], 1, true) and text:find("ab_test.lua", 1, true) and "said" or tostring(text), "said")
  end
end)
