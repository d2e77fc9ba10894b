-- SPDX-License-Identifier: MIT
local amelie = {
  id = "amelie", name = "Amélie Dubois", email = "amelie@petitjardin.example", locale = "fr-FR", timezone = "Europe/Paris",
  product = "la verveine du jardin", commission = "15", labels = { "garden" },
}

local function order(id, total)
  return { kind = "signal:order", contact = "amelie", data = { id = id, total = total, currency = "EUR" } }
end

test("an affiliate gets a code and a link, and a word about the first sale", function(t)
  t:enrol { sequence = "affiliate-kit", contact = amelie }
  t:advance "1 business day"
  local kit = t:expect_sent { template = "kit", locale = "fr", subject = "Ton code : AMELIE-15" }
  t:expect(kit.text:find("https://shop.bellerive.example/?code=AMELIE-15&utm_source=affiliate&utm_medium=referral&utm_campaign=affiliates", 1, true) ~= nil, true)
  t:advance "2 days"
  t:event(order("1003", 220))
  t:advance "1 business day"
  t:expect_sent { template = "first-sale" }
  t:event(order("1004", "15.50"))
  t:expect_outcome "earned 2.33 EUR"
  t:advance "60 days"
  t:expect_nothing_sent()
  t:expect_task { kind = "other", note = "Pay Amélie Dubois: 2 sales, 235.50 EUR, due 35.33 EUR" }
end)

test("who sells nothing is reminded once, lightly", function(t)
  t:enrol { sequence = "affiliate-kit", contact = amelie }
  t:advance "11 business days"
  t:expect_sent { template = "kit" }
  t:expect_sent { template = "kit-reminder", subject = "Re: Ton code : AMELIE-15" }
  t:advance "60 days"
  t:expect_nothing_sent()
  t:expect_outcome "nothing sold"
end)

test("who answers at a bad moment, just before the reminder, gets a person and no reminder", function(t)
  t:enrol { sequence = "affiliate-kit", contact = amelie }
  t:advance "1 business day"
  t:expect_sent { template = "kit" }
  t:advance "9 business days"
  t:reply { text = "Je publie demain !" }
  t:expect_task { kind = "message", note = "Amélie Dubois (AMELIE-15) writes: Je publie demain !" }
  t:expect_outcome "replied"
  t:advance "60 days"
  t:expect_nothing_sent()
end)

test("a sale that comes after an answer is counted all the same, and nothing is written", function(t)
  t:enrol { sequence = "affiliate-kit", contact = amelie }
  t:advance "1 business day"
  t:expect_sent { template = "kit" }
  t:reply { text = "Merci !" }
  t:event(order("1003", 220))
  t:expect_outcome "earned 33.00 EUR"
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("an order that the shop reports twice counts once, and half a report not at all", function(t)
  t:enrol { sequence = "affiliate-kit", contact = amelie }
  t:event(order("1003", 220))
  t:event(order("1003", 220))
  t:expect_outcome "order 1003 was counted before"
  t:event { kind = "signal:order", contact = "amelie" }
  t:expect_outcome "no order"
end)

test("who opts out keeps the code, and is not written to", function(t)
  t:enrol { sequence = "affiliate-kit", contact = amelie }
  t:advance "1 business day"
  t:expect_sent { template = "kit" }
  t:event { kind = "unsubscribe", channel = "email" }
  t:event(order("1003", 220))
  t:advance "30 days"
  t:expect_nothing_sent()
end)
