-- SPDX-License-Identifier: MIT
local chloe = { id = "chloe", name = "Chloé Petit", email = "chloe@petit.example", country = "FR", locale = "fr", stage = "published", post = "Mon potager" }
local function start(t) t:enrol { sequence = "invoice-chase", contact = chloe, key = "Mon potager" } end

test("invoice in time, paid, thanked", function(t)
  start(t)
  t:advance "3 days"
  t:expect(t:event { hook = "invoice", json = { contact = "chloe", number = "F-12", amount = 250 } }, "invoice noted")
  t:advance "20 days"
  t:expect_nothing_sent()
  t:event { hook = "paid", json = { contact = "chloe" } }
  t:advance "3 days"
  t:expect_sent { template = "paid", text = "F-12", locale = "fr" }
  t:expect_outcome "paid"
  t:expect(t:contact("chloe").stage, "paid")
end)

test("silence: two reminders, then a call; paid in the end", function(t)
  start(t)
  t:advance "5 business days"
  t:advance "10h"
  t:expect_sent { template = "reminder-1" }
  t:advance "1 week"
  t:expect_sent { template = "reminder-2" }
  t:expect_no_task { kind = "call" }
  t:advance "8 days"
  t:expect_task { kind = "call" }
  t:advance "60 days"
  t:expect_nothing_sent()
  t:event { hook = "paid", json = { contact = "chloe", number = "F-13", amount = 1234.5 } }
  t:advance "3 days"
  t:expect_sent { template = "paid", text = "F-13" }
end)

test("a question after the first reminder: a person, no more reminders", function(t)
  start(t)
  t:advance "8 days"
  t:expect_sent { template = "reminder-1" }
  t:reply { text = "À quelle adresse ?" }
  t:expect_task { kind = "review" }
  t:advance "60 days"
  t:expect_nothing_sent()
  t:expect_no_task { kind = "call" }
  t:event { hook = "paid", json = { contact = "chloe", number = "F-14", amount = 90 } }
  t:advance "3 days"
  t:expect_sent { template = "paid" }
end)

test("the invoice comes in the night before the reminder", function(t)
  start(t)
  t:advance "5 business days"
  t:advance "3h"
  t:event { hook = "invoice", json = { contact = "chloe", number = "F-12", amount = 250 } }
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("a colleague writes by hand: no more reminders, but thanks", function(t)
  start(t)
  t:advance "8 days"
  t:expect_sent { template = "reminder-1" }
  t:event { kind = "handled" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:event { hook = "paid", json = { contact = "chloe" } }
  t:advance "3 days"
  t:expect_sent { template = "paid" }
end)

test("a question while the thanks wait for the morning", function(t)
  start(t)
  t:advance "8 days"
  t:expect_sent { template = "reminder-1" }
  t:event { hook = "paid", json = { contact = "chloe", number = "F-12", amount = 250 } }
  t:advance "1h"
  t:reply { text = "Avez-vous reçu ma facture ?" }
  t:advance "3 days"
  t:expect_task { kind = "review" }
  t:expect_sent { template = "paid" }
  t:expect(t:contact("chloe").stage, "paid")
end)

test("the hook: nonsense and strangers", function(t)
  t:expect(t:event { hook = "invoice", json = { number = 1 } }, "not understood")
  t:expect(t:event { hook = "invoice", json = { contact = "nobody" } }, "unknown contact")
end)

test("the job enrols once for each post", function(t)
  t:enrol { sequence = "invoice-chase", contact = chloe, key = "Mon potager" }
  t:advance "8 days"
  t:expect_sent { template = "reminder-1" }
  t:expect_nothing_sent()
end)

test("the invoice is there before the chase begins", function(t)
  local early = { id = "ed", name = "Ed", email = "ed@ed.example", country = "FR", post = "Soup", stage = "published", invoice = "F-1" }
  t:enrol { sequence = "invoice-chase", contact = early, key = "Soup" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:event { hook = "paid", json = { contact = "ed" } }
  t:advance "3 days"
  t:expect_sent { template = "paid", text = "F-1" }
end)

test("a question before the first reminder", function(t)
  start(t)
  t:advance "2 days"
  t:reply { channel = "email", text = "Où envoyer la facture ?" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_task { kind = "review" }
end)
