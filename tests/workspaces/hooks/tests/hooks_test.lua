-- SPDX-License-Identifier: MIT
local order = { id = 1042, email = "ana@example.com", name = "Ana Silva" }
local ana = { id = "ana", name = "Ana Silva", email = "ana@example.com", tier = "gold" }

local function paid(t, delivery, json)
  return t:event { hook = "shop", json = json or order, headers = { ["X-Shop-Delivery"] = delivery } }
end

test("a request makes a contact and signals, and a sequence begins", function(t)
  t:expect(paid(t, "a"), "order 1042")
  t:expect_sent { channel = "email", template = "thanks", subject = "Your order 1042", text = "Order 1042 is paid (1042)" }
  t:event { hook = "shop", json = order, headers = { ["x-shop-topic"] = "delivered", ["x-shop-delivery"] = "b" } }
  t:expect_sent { template = "how-was-it" }
  t:reply { text = "It was fine" }
  t:expect_outcome "answered"
end)

test("what is delivered twice is run once", function(t)
  paid(t, "a")
  t:expect_sent { template = "thanks" }
  t:expect(paid(t, "a"), "order 1042")
  t:advance "1 hour"
  t:expect_nothing_sent()
  t:expect(paid(t, "b"), "order 1042")
  t:expect_sent { template = "thanks" }
end)

test("without an id each request counts", function(t)
  t:event { hook = "shop", json = order }
  t:event { hook = "shop", json = order }
  t:expect_sent { template = "thanks" }
  t:expect_sent { template = "thanks" }
end)

test("a very long id is an id too", function(t)
  local long = ("x"):rep(5000)
  paid(t, long)
  paid(t, long)
  t:expect_sent { template = "thanks" }
  t:expect_nothing_sent()
end)

test("a body that is no JSON is kept as text", function(t)
  t:expect(t:event { hook = "shop", body = '{"id": 10' }, "not understood")
  t:expect(t:event { hook = "shop", body = '{"id": 1, "id": 2}' }, "not understood")
  t:expect(t:event { hook = "shop" }, "not understood")
  t:expect_nothing_sent()
end)

test("a request is seen whole", function(t)
  t:enrol { sequence = "thanks", contact = ana }
  local said = t:event {
    hook = "form", method = "PUT", path = "/hooks/form", query = { a = "1 & 2", b = "é" }, body = "who=Ana+B%21&x=1",
    headers = { ["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8", ["X-TWO"] = "2" },
  }
  t:expect(said:gsub(" %d+ 1$", " AT 1"), "PUT /hooks/form 1 & 2 é Ana B! 2 text 16 AT 1")
  t:expect_task { kind = "review", note = "a form came" }
  t:expect(t:event({ hook = "form" }):gsub(" %d+ 1$", " AT 1"), "POST /hooks/form - - - - text 0 AT 1")
end)

test("what is too large, or no request, is refused", function(t)
  t:expect(t:event({ hook = "form", body = ("x"):rep(256 * 1024) }):match "text 262144", "text 262144")
  t:expect((pcall(t.event, t, { hook = "form", body = ("x"):rep(256 * 1024 + 1) })), false)
  t:expect((pcall(t.event, t, { hook = "form", headers = { ["X"] = "a\nb" } })), false)
  t:expect((pcall(t.event, t, { hook = "form", path = "form" })), false)
  t:expect((pcall(t.event, t, { hook = "thanks" })), false)
end)

test("a hook signals; sequences write", function(t)
  t:enrol { sequence = "thanks", contact = ana }
  t:expect(t:event { hook = "greedy" },
    "sequences write; sequences write; sequences write; sequences write; needs; needs")
end)

test("a hook that fails is heard of", function(t)
  local ok, text = pcall(t.event, t, { hook = "broken", body = "{}" })
  t:expect(ok, false)
  t:expect(text:match "hooks/broken.lua:9: .*order" ~= nil, true)
end)

test("a sequence may say that a message has come before it has read it", function(t)
  t:event { kind = "message", channel = "email", text = "Is anybody there?", contact = ana }
  t:advance "20 minutes"
  t:expect_sent { template = "got-it" }
  t:expect_outcome "Is anybody there?"
end)
