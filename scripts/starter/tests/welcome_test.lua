local ana = { id = "ana", name = "Ana Silva", email = "ana@example.com", country = "PT", interest = "product photos" }

test("who answers is called, and hears nothing more from the script", function(t)
  t:enrol { sequence = "welcome", contact = ana }
  t:advance "1 business day"
  t:expect_sent { channel = "email", template = "welcome" }
  t:reply { channel = "email", text = "A price, please." }
  t:expect_task { kind = "call" }
  t:expect_outcome "replied"
  t:advance "30 days"
  t:expect_nothing_sent()
end)

test("who does not answer gets one follow-up", function(t)
  t:enrol { sequence = "welcome", contact = ana }
  t:advance "1 business day"
  t:expect_sent { channel = "email", template = "welcome" }
  t:advance "4 business days"
  t:expect_sent { channel = "email", template = "follow-up" }
  t:advance "30 days"
  t:expect_nothing_sent()
  t:expect_outcome "silent"
end)
