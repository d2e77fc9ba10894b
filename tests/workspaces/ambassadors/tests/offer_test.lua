-- SPDX-License-Identifier: MIT
local offer = require "perigee.offer"

local function claim(t, id, more)
  local contact = { id = id, name = id, email = id .. "@example.com" }
  for key, value in pairs(more or {}) do contact[key] = value end
  t:enrol { sequence = "claims", contact = contact }
end

test("places go in order, the others wait, and nobody has two", function(t)
  for _, id in ipairs { "ana", "bea", "cleo", "dan" } do claim(t, id) end
  t:advance "12 days"
  t:expect_outcome "full 2, already | ana bea; cleo dan | left 0 closed closed"
end)

test("who has a place is told which when claiming again", function(t)
  claim(t, "ana")
  t:advance "12 days"
  t:expect_outcome "place 1, already 1 | ana;  | left 0 closed closed"
end)

test("a place that is given back goes to who waits longest", function(t)
  for _, id in ipairs { "bea", "cleo", "dan", "eva" } do claim(t, id) end
  t:event { kind = "signal:back", contact = "bea" }
  t:advance "1 day"
  t:event { kind = "signal:back", contact = "cleo" }
  t:advance "11 days"
  t:expect_outcome "full 2, already, moved up to 2 | dan eva;  | left 0 closed closed"
end)

test("who gives back and claims again is the last in the line", function(t)
  for _, id in ipairs { "bea", "cleo", "ana" } do claim(t, id) end
  t:event { kind = "signal:back", contact = "bea" }
  t:event { kind = "signal:again", contact = "bea" }
  t:advance "12 days"
  t:expect_outcome "full 1, already, moved up to 2 | cleo ana; bea | left 0 closed closed"
end)

test("who leaves the waiting list frees no place", function(t)
  for _, id in ipairs { "bea", "cleo", "dan", "ana" } do claim(t, id) end
  t:event { kind = "signal:back", contact = "dan" }
  t:advance "1 day"
  t:event { kind = "signal:back", contact = "bea" }
  t:advance "11 days"
  t:expect_outcome "full 2, already, moved up to 2 | cleo ana;  | left 0 closed closed"
end)

test("who can't be written to any more is passed over, and the next moves up", function(t)
  claim(t, "bea", { careful = "yes" })
  for _, id in ipairs { "cleo", "dan", "fay", "eva" } do claim(t, id) end
  for _, id in ipairs { "dan", "fay" } do t:event { kind = "unsubscribe", contact = id, channel = "email" } end
  t:event { kind = "signal:back", contact = "bea" }
  t:advance "12 days"
  t:expect_outcome "full 3, already, moved up to 2 | cleo eva;  | left 0 closed closed"
end)

test("if nobody who waits can be written to, the place is free", function(t)
  claim(t, "bea")
  claim(t, "dan")
  claim(t, "cleo", { careful = "yes" })
  claim(t, "fay")
  t:event { kind = "unsubscribe", contact = "fay", channel = "email" }
  t:event { kind = "signal:back", contact = "bea" }
  t:advance "1 hour"
  t:event { kind = "signal:back", contact = "cleo" }
  t:advance "1 hour"
  claim(t, "ana")
  t:advance "12 days"
  t:expect_outcome "place 2, already 2 | dan ana;  | left 0 closed closed"
end)

test("without a waiting list who comes too late may try again", function(t)
  for _, id in ipairs { "bea", "cleo" } do claim(t, id, { waiting = "no" }) end
  claim(t, "ana", { waiting = "no" })
  t:event { kind = "signal:back", contact = "bea" }
  t:event { kind = "signal:again", contact = "ana" }
  t:advance "12 days"
  t:expect_outcome "full, full, place 2 | cleo ana;  | left 0 closed closed"
end)

test("of many who claim at one moment exactly so many get a place", function(t)
  for i = 1, 12 do t:enrol { sequence = "crowd", contact = { id = "p" .. i, name = "P " .. i, email = "p" .. i .. "@example.com" } } end
  t:advance "30 days"
  t:expect_outcome "3 in, 9 wait, left 0"
end)

test("misuse is told at the line that has it", function(t)
  for _, case in ipairs {
    { function() return offer.open { name = "box" } end, "'places' is missing" },
    { function() return offer.open { name = "box", places = 1.5 } end, "a whole number from 1" },
    { function() return offer.open { name = "box", places = 2, close = "1 day" } end, "did you mean 'closes'?" },
    { function() return offer.claim(nil, "box") end, "a contact is needed" },
    { function() return offer.give_back("ana", "box", "email") end, "a function that is given an id is needed" },
    { function() return offer.claim("ana", "Box 1") end, "is no name" },
  } do
    local ok, text = pcall(case[1])
    t:expect(ok, false)
    t:expect(tostring(text):find(case[2], 1, true) ~= nil, true)
    t:expect(tostring(text):find("offer_test.lua:", 1, true) ~= nil, true)
  end
end)
