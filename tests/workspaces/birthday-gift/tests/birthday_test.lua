-- SPDX-License-Identifier: MIT
-- Every test begins on Monday, 6 January 2025.
local birthday = require "birthday"
local URL = "https://api.gifts.example/orders"

local function zoe(more)
  local c = { id = "zoe", name = "Zoe Ray", email = "zoe@ray.example", country = "GB", locale = "en", labels = { "partner" },
              birthday = "1994-01-07", address = "1 Mill Lane, Leeds" }
  for k, v in pairs(more or {}) do c[k] = v end
  return c
end

local function start(t, more) t:enrol { sequence = "birthday-gift", contact = zoe(more), key = "2025" } end
local function good(t) t:http { url = URL, method = "POST", status = 201, json = { id = "o-1" } } end
local function delivered(t, id, delivery)
  return t:event { hook = "shop", json = { order_id = id or "o-1", status = "delivered" }, headers = { ["X-Delivery"] = delivery or "d1" } }
end

test("whose birthday is today", function(t)
  t:expect(birthday.is_on("1994-01-06", 1736146800), true)
  t:expect(birthday.is_on("1994-01-07", 1736146800), false)
  t:expect(birthday.is_on("06/01/1994", 1736146800), false)
  t:expect(birthday.is_on(nil, 1736146800), false)
  t:expect(birthday.is_on("1996-02-29", 1740726000), true)    -- 28 February 2025
  t:expect(birthday.is_on("1996-02-29", 1709190000), true)    -- 29 February 2024
  t:expect(birthday.is_on("1996-02-29", 1709103600), false)   -- 28 February 2024
end)

test("main path: ordered, written, delivered, asked, answered", function(t)
  good(t)
  start(t)
  t:advance "1 day"
  t:expect_sent { template = "birthday", subject = "Happy birthday, Zoe!" }
  t:expect_no_task { kind = "gift" }
  t:expect(delivered(t), "told")
  t:advance "1 day"
  t:expect_sent { template = "liked" }
  t:reply { text = "Loved it!" }
  t:advance "1 hour"
  t:expect_task { kind = "review", note = "About the gift: Loved it!" }
  t:expect_outcome "delivered, answered"
end)

test("the job enrols partners on the day, once, and no one else", function(t)
  good(t)
  t:reply { text = "Hello", channel = "email", contact = zoe() }
  t:reply { text = "Hello", channel = "email", contact = zoe { id = "gus", email = "gus@x.example", labels = { "press" } } }
  t:advance "30 hours"                     -- Tuesday, 06:00
  t:expect_nothing_sent()
  t:advance "1 day"
  t:expect_sent { template = "birthday", contact = "zoe" }
  t:advance "5 days"
  t:expect_nothing_sent()
end)

test("silence: asked once, then nothing", function(t)
  good(t)
  start(t)
  t:advance "1 day"
  delivered(t)
  t:advance "1 day"
  t:expect_sent { template = "birthday" }
  t:expect_sent { template = "liked" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "delivered, silent"
end)

test("the parcel never comes", function(t)
  good(t)
  start(t)
  t:advance "60 days"
  t:expect_sent { template = "birthday" }
  t:expect_nothing_sent()
  t:expect_task { kind = "review" }
  t:expect_outcome "not delivered"
end)

test("bad moment: thanks for the mail before the parcel comes", function(t)
  good(t)
  start(t)
  t:advance "1 day"
  t:expect_sent { template = "birthday" }
  t:reply { text = "Thank you so much!" }
  t:advance "1 day"
  t:expect_task { kind = "review", note = "Answered the birthday mail: Thank you so much!" }
  t:expect_outcome(nil)
  delivered(t)
  t:advance "1 day"
  t:expect_sent { template = "liked" }
end)

test("bad moment: they write while the question waits for Monday", function(t)
  good(t)
  start(t)
  t:advance "5 days"                       -- Saturday
  t:expect_sent { template = "birthday" }
  delivered(t)
  t:advance "1 hour"
  t:reply { text = "It has come, lovely!" }
  t:advance "3 days"
  t:expect_task { kind = "review", note = "Wrote around the birthday: It has come, lovely!" }
  t:expect_sent { template = "liked" }
end)

test("bad moment: delivered before the birthday mail has left", function(t)
  good(t)
  start(t)
  t:advance "1 hour"
  t:expect(delivered(t), "told")
  t:advance "2 days"
  t:expect_sent { template = "birthday" }
  t:expect_sent { template = "liked" }
end)

test("the shop tells twice, tells of others, tells nonsense", function(t)
  good(t)
  start(t)
  t:advance "1 day"
  t:expect_sent { template = "birthday" }
  t:expect(delivered(t, "o-9", "d0"), "unknown order")
  t:expect(t:event { hook = "shop", json = { order_id = "o-1", status = "shipped" } }, "not delivered yet")
  t:expect(t:event { hook = "shop", json = { hello = 1 } }, "not understood")
  t:advance "1 day"
  t:expect_nothing_sent()
  delivered(t, "o-1", "d1")
  delivered(t, "o-1", "d2")
  t:advance "2 days"
  t:expect_sent { template = "liked" }
  t:expect_nothing_sent()
end)

-- Bad answers of the shop: a person gets a task, the mail goes all the same, nothing is ordered again.
for name, answer in pairs {
  ["500"]          = { status = 500, body = "oops" },
  ["401"]          = { status = 401, json = { error = "token" } },
  ["422"]          = { status = 422, json = { error = "address" } },
  ["no id"]        = { status = 201, json = { ok = true } },
  ["no JSON"]      = { status = 200, body = "<html>thanks</html>" },
  ["a list"]       = { status = 200, json = { 1, 2 } },
  ["timeout"]      = { error = "timeout" },
  ["unknown"]      = { error = "unknown" },
  ["unreachable"]  = { error = "unreachable" },
  ["refused"]      = { error = "refused" },
  ["invalid"]      = { error = "invalid" },
  ["limit"]        = { error = "limit" },
} do
  test("bad answer of the shop: " .. name, function(t)
    answer.url, answer.method = URL, "POST"
    t:http(answer)
    start(t)
    t:advance "1 day"
    t:expect_task { kind = "gift" }
    t:expect_sent { template = "birthday" }
    t:reply { text = "Thanks!" }
    t:advance "60 days"
    t:expect_task { kind = "review", note = "Answered the birthday mail: Thanks!" }
    t:expect_outcome "order failed"
    t:expect_nothing_sent()
  end)
end

test("no address: a task, and no order", function(t)
  start(t, { address = false })
  t:advance "1 day"
  t:expect_task { kind = "gift", note = "No address for the birthday gift: ask, then order by hand." }
  t:expect_sent { template = "birthday" }
end)

test("nobody gets two gifts in a year", function(t)
  good(t)
  start(t)
  t:advance "1 day"
  t:expect_sent { template = "birthday" }
  t:enrol { sequence = "birthday-gift", contact = "zoe" }
  t:advance "1 day"
  t:expect_outcome "had a gift"
  t:enrol { sequence = "birthday-gift", contact = "zoe", key = "2025 again" }
  t:advance "1 day"
  t:expect_outcome "had a gift"
  t:expect_nothing_sent()
end)

test("a year later there is another one", function(t)
  good(t)
  start(t)
  t:advance "370 days"
  t:expect_sent { template = "birthday" }
  t:expect_sent { template = "birthday" }
  t:expect_nothing_sent()
end)

test("French and Italian", function(t)
  good(t)
  start(t, { locale = "fr", country = "FR" })
  t:advance "1 day"
  t:expect_sent { template = "birthday", locale = "fr", text = "anniversaire" }
  t:enrol { sequence = "birthday-gift", contact = zoe { id = "ugo", email = "ugo@x.example", locale = "it", country = "IT" } }
  t:advance "1 day"
  t:expect_sent { template = "birthday", locale = "it", text = "compleanno" }
end)
