-- SPDX-License-Identifier: MIT
local eve = { id = "eve", name = "Eve", email = "eve@fastmoney.example", instagram = "@eve.official", country = "US", locale = "en" }
local maya = { id = "maya", name = "Maya Okafor", email = "maya@mayabakes.example", instagram = "@mayabakes", country = "GB", locale = "en-GB" }
local SCAM = "Your page will be permanently deleted. Verify your account within 24 hours: https://brand-verify.example"

test("a scam is not answered; a person looks, and then it is reported where it came from", function(t)
  t:reply { channel = "instagram", text = SCAM, contact = eve }
  t:expect_nothing_sent()
  local task = t:expect_task { kind = "review" }
  t:expect(task.note:find("brand-verify.example", 1, true) ~= nil, true)
  t:event { kind = "task_done", text = "scam" }
  t:expect_outcome "reported"
  local report = t:expect_task { kind = "other" }
  t:expect(report.note:find("Report @eve.official on instagram", 1, true), 1)
  t:advance "1 week"
  t:expect_nothing_sent()
end)

test("who was put aside by mistake is let out and answered by a person", function(t)
  t:reply { channel = "email", text = "You idiots, go to hell", contact = maya }
  t:event { kind = "task_done", text = "fine" }
  t:expect_outcome "let out"
  t:expect_task { kind = "message" }
end)

test("honest messages pass", function(t)
  for _, text in ipairs { "Where is my parcel?", "Écrivez-moi sur WhatsApp", "Il vaso è arrivato rotto", "I won your giveaway!" } do
    t:reply { channel = "email", text = text, contact = maya }
    t:expect_outcome "harmless"
  end
  t:expect_nothing_sent()
end)

test("who tells us of an impostor is warned at once, in their language", function(t)
  t:reply { channel = "email", text = "Qualcuno del vostro team mi chiede di pagare prima. È una truffa?",
    contact = { id = "sofia", name = "Sofia Rossi", email = "sofia@sofiainviaggio.example", locale = "it-IT", country = "IT" } }
  t:expect_sent { template = "not-us", locale = "it" }
  t:expect_task { kind = "other" }
  t:expect_outcome "told us"
end)

test("a second scam at a bad moment, while the review waits, makes no second review and is not answered", function(t)
  t:reply { channel = "email", text = SCAM, contact = eve }
  t:advance "3 hours"
  t:reply { channel = "email", text = "Last warning! Send me the code you received" }
  t:expect_outcome "in quarantine already"
  t:expect_nothing_sent()
end)

test("nobody looks: they stay aside", function(t)
  t:reply { channel = "email", text = SCAM, contact = eve }
  t:advance "3 weeks"
  t:expect_outcome "nobody looked"
  t:expect_nothing_sent()
end)

test("who opts out at a bad moment, while the review waits, ends it", function(t)
  t:reply { channel = "email", text = SCAM, contact = eve }
  t:event { kind = "unsubscribe", channel = "email" }
  t:expect_outcome "unsubscribed"
  t:advance "3 weeks"
  t:expect_nothing_sent()
end)
