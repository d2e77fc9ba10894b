-- SPDX-License-Identifier: MIT
local DRAFTS = "https://shop.bellerive.example/admin/api/2026-10/draft_orders"
local DRAFT = { method = "POST", url = DRAFTS .. ".json", status = 201, json = { draft_order = { id = 77 } } }
local COMPLETE = { method = "PUT", url = DRAFTS .. "/77/complete.json", json = { draft_order = { id = 77, order_id = 9001 } } }

local function sofia(more)
  local contact = {
    id = "sofia", name = "Sofia Rossi", email = "sofia@sofiaincucina.example", locale = "it-IT", timezone = "Europe/Rome", country = "IT",
    gift_sku = "4103", gift_name = "la miscela agli agrumi", address = "via dei Coronari 8", zip = "00186", city = "Roma",
  }
  for key, value in pairs(more or {}) do contact[key] = value end
  return contact
end

local function ordered(t)
  t:http(DRAFT)
  t:http(COMPLETE)
  t:enrol { sequence = "gift-and-follow", contact = sofia() }
  t:advance "1 business day"
  t:expect_sent { template = "on-its-way", locale = "it" }
end

test("a present is ordered, announced, and asked about once it has been there for some days", function(t)
  ordered(t)
  t:advance "3 days"
  t:event { kind = "signal:delivered" }
  t:advance "4 days"
  t:expect_nothing_sent()
  t:advance "3 days"
  t:expect_sent { template = "how-is-it", subject = "Re: Un pacchettino è in viaggio" }
  t:reply { text = "Buonissima, la bevo ogni pomeriggio." }
  t:expect_task { kind = "message", note = "Sofia Rossi on the present: Buonissima, la bevo ogni pomeriggio." }
  t:expect_outcome "answered"
end)

test("who says nothing about it is left in peace", function(t)
  ordered(t)
  t:event { kind = "signal:delivered" }
  t:advance "60 days"
  t:expect_sent { template = "how-is-it" }
  t:expect_nothing_sent()
  t:expect_outcome "silent"
end)

test("thanks at a bad moment, just before the question is due: nothing is asked any more", function(t)
  ordered(t)
  t:event { kind = "signal:delivered" }
  t:advance "4 days"
  t:reply { text = "È arrivata, che bontà!" }
  t:expect_outcome "replied"
  t:advance "60 days"
  t:expect_nothing_sent()
end)

test("a parcel that does not arrive is looked for, and not asked about", function(t)
  ordered(t)
  t:advance "4 weeks"
  t:expect_nothing_sent()
  t:expect_task { kind = "review", note = "Where is the present of Sofia Rossi (order 9001)? Nothing has been delivered in three weeks." }
  t:expect_outcome "not delivered"
end)

test("where the shop does not take it a person orders, and the rest goes on", function(t)
  t:http { method = "POST", url = DRAFTS .. ".json", status = 422, json = { errors = "out of stock" } }
  t:enrol { sequence = "gift-and-follow", contact = sofia() }
  t:expect_task { kind = "gift", note = "Order la miscela agli agrumi for Sofia Rossi: the shop did not take it (it answered 422)." }
  t:advance "2 days"
  t:expect_nothing_sent()
  t:event { kind = "task_done", text = "ordered" }
  t:advance "1 business day"
  t:expect_sent { template = "on-its-way" }
end)

test("nothing is announced that nobody ordered", function(t)
  t:enrol { sequence = "gift-and-follow", contact = sofia { address = false } }
  t:expect_task { kind = "gift" }
  t:event { kind = "task_done", text = "not sent" }
  t:expect_outcome "no present"
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("an order that may have been made is not made again", function(t)
  t:http(DRAFT)
  t:http { method = "PUT", url = DRAFTS .. "/77/complete.json", error = "unknown" }
  t:enrol { sequence = "gift-and-follow", contact = sofia() }
  t:expect_task { kind = "review" }
  t:advance "3 weeks"
  t:expect_nothing_sent()
  t:expect_outcome "no present"
end)
