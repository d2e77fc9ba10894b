-- SPDX-License-Identifier: MIT
local zoe = {
  id = "zoe", name = "Zoé Lambert", email = "zoe@zoeauchaud.example", locale = "fr-CA", timezone = "America/Montreal", usual_views = "5000",
}

local function performs(t, views, post)
  t:event { kind = "signal:performance", contact = "zoe", data = { views = views, post = post } }
end

-- Somebody is known because they were enrolled once; without columns of a post nothing comes of it.
local function known(t)
  t:enrol { sequence = "thank-on-performance", contact = zoe }
  t:advance "1 day"
  t:expect_outcome "as usual"
end

test("a post that does well is thanked for, in their language, and somebody is asked to call", function(t)
  known(t)
  performs(t, 26000, "Moins trente, une tasse")
  t:expect_task { kind = "call", note = 'Thank Zoé Lambert by phone, five minutes: "Moins trente, une tasse" has 26000 views, usually 5000.' }
  t:advance "1 business day"
  local message = t:expect_sent { channel = "email", locale = "fr" }
  t:expect(message.text:find("Moins trente, une tasse", 1, true) ~= nil, true)
  t:advance "3 weeks"
  t:expect_nothing_sent()
  t:expect_outcome "thanked"
end)

test("a post that does as usual is passed over", function(t)
  known(t)
  performs(t, 9999, "Une soupe")
  t:advance "1 day"
  t:expect_outcome "as usual"
  t:expect_nothing_sent()
end)

test("each time the words are others, and the fourth time they are a person's", function(t)
  known(t)
  local seen = {}
  for i = 1, 3 do
    performs(t, 20000, "Épisode " .. i)
    t:advance "1 week"
    local template = t:expect_sent { channel = "email" }.template
    t:expect(seen[template], nil)
    seen[template] = true
  end
  performs(t, 20000, "Épisode 4")
  t:advance "1 week"
  t:expect_nothing_sent()
  t:expect_task { kind = "message", note = 'Thank Zoé Lambert in your own words: every wording has been used. It is about "Épisode 4".' }
end)

test("an answer at a bad moment, while thanks for the next post wait for the morning, goes to a person; the thanks come, once", function(t)
  known(t)
  performs(t, 26000, "Moins trente, une tasse")
  t:advance "1 business day"
  t:expect_sent { channel = "email" }
  t:advance "3 hours"       -- late in the evening
  performs(t, 31000, "Une soupe pour moins trente")
  t:reply { text = "Merci Léa !" }
  t:expect_task { kind = "message", note = "Zoé Lambert answers your thanks: Merci Léa !" }
  t:expect_nothing_sent()
  t:reply { text = "Et bon week-end !" } -- again, after the first answer ended that run
  t:advance "3 days"
  t:expect_sent { channel = "email" }
  t:advance "3 weeks"
  t:expect_nothing_sent()
end)

test("half a report brings nothing, and an opt-out is for ever", function(t)
  known(t)
  t:event { kind = "signal:performance", contact = "zoe" }
  t:advance "1 day"
  t:expect_outcome "as usual"
  t:event { kind = "unsubscribe", channel = "email" }
  performs(t, 26000, "Moins trente, une tasse")
  t:advance "1 week"
  t:expect_nothing_sent()
end)
