-- SPDX-License-Identifier: MIT
local amelie = {
  id = "amelie", name = "Amélie Dubois", email = "amelie@petitjardin.example", locale = "fr-FR", timezone = "Europe/Paris",
  product = "la verveine du jardin", commission = "15", labels = { "garden" },
}

local function order(t, id, total, topic)
  return t:event {
    hook = "shop", headers = { ["X-Shopify-Topic"] = topic or "orders/paid" },
    json = { id = id, total_price = total, currency = "EUR", discount_codes = { { code = "amelie-15" } } },
  }
end

test("an affiliate gets a code and a link, and a word about the first sale", function(t)
  t:enrol { sequence = "affiliate-kit", contact = amelie }
  t:advance "1 business day"
  local kit = t:expect_sent { template = "kit", locale = "fr", subject = "Ton code : AMELIE-15" }
  t:expect(kit.text:find("https://shop.bellerive.example/?code=AMELIE-15&utm_source=affiliate&utm_medium=referral&utm_campaign=affiliates", 1, true) ~= nil, true)
  t:advance "2 days"
  t:expect(order(t, 1003, "220.00"), "Amélie Dubois earned 33.00 EUR")
  t:advance "1 business day"
  t:expect_sent { template = "first-sale" }
  t:expect(order(t, 1004, "15.50"), "Amélie Dubois earned 2.33 EUR")
  t:expect_outcome "sold"
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
  t:expect(order(t, 1003, "220.00"), "Amélie Dubois earned 33.00 EUR")
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("an order counts once, a cancelled one not at all, and what is no order of theirs neither", function(t)
  t:enrol { sequence = "affiliate-kit", contact = amelie }
  t:expect(order(t, 1003, "220.00"), "Amélie Dubois earned 33.00 EUR")
  t:expect(order(t, 1003, "220.00"), "order 1003 was counted before")
  t:expect(order(t, 1003, "220.00", "orders/cancelled"), "taken back")
  t:expect(order(t, 1003, "220.00", "orders/cancelled"), "was taken back before")
  for _, json in ipairs { {}, { id = 1, total_price = "9", currency = "EUR", discount_codes = { { code = "BEA-15" } } }, { discount_codes = { { code = "AMELIE-15" } } } } do
    t:expect(t:event { hook = "shop", json = json }, "no affiliate's order")
  end
  t:expect(order(t, 1004, "200.00"), "Amélie Dubois earned 30.00 EUR")
  t:advance "60 days"
  t:expect_task { kind = "other", note = "Pay Amélie Dubois: 1 sale, 200.00 EUR, due 30.00 EUR" }
end)

test("who opts out keeps the code, and is not written to", function(t)
  t:enrol { sequence = "affiliate-kit", contact = amelie }
  t:advance "1 business day"
  t:expect_sent { template = "kit" }
  t:event { kind = "unsubscribe", channel = "email" }
  t:expect(order(t, 1003, "220.00"), "Amélie Dubois earned 33.00 EUR")
  t:advance "30 days"
  t:expect_nothing_sent()
end)
