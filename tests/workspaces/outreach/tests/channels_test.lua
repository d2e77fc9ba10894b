-- SPDX-License-Identifier: MIT
local channels = require "perigee.channels"

local function person(more)
  local contact = { id = "ana", name = "Ana Ruiz", email = "ana@bakes.example" }
  for key, value in pairs(more or {}) do contact[key] = value end
  return contact
end

test("the named orders are those of the survey", function(t)
  t:expect(channels.order "usage"[1], "email")
  t:expect(channels.order "usage"[2], "instagram")
  t:expect(channels.order "relationship"[2], "whatsapp")
  t:expect(channels.order "efficiency"[2], "whatsapp")
  local urgency = channels.order "urgency"
  t:expect({ urgency[1], urgency[#urgency] }, { "whatsapp", "email" })
  table.remove(urgency)
  t:expect(#channels.order "urgency", #urgency + 1) -- each caller has a list of their own
  t:expect((pcall(channels.order, "urgent")), false)
end)

test("the channel that is answered soonest is best, where there is enough to go by", function(t)
  t:enrol { sequence = "best", contact = person { telegram = "@ana", rounds = "3" } }
  t:reply { channel = "telegram", text = "Hello there" } -- opens the channel
  for _ = 1, 2 do
    t:advance "2 hours"
    t:reply { channel = "telegram", text = "yes" }
    t:advance "1 day"
    t:reply { channel = "email", text = "yes" }
  end
  t:advance "2 hours"
  t:reply { channel = "telegram", text = "yes" }
  t:expect_outcome "telegram: answers within 2 hours (median of 3)"
end)

test("one answer is no habit: the preference counts, then the order", function(t)
  t:enrol { sequence = "best", contact = person { rounds = "0", linkedin = "ana-ruiz", preferred_channel = "linkedin" } }
  t:expect_outcome "linkedin: they prefer it"
end)

test("a preference that is not open is no help", function(t)
  t:enrol { sequence = "best", contact = person { rounds = "0", preferred_channel = "whatsapp" } }
  t:expect_outcome "email: the first of the order that is open"
end)

test("a channel where nobody answers is not best because it was tried most", function(t)
  t:enrol { sequence = "best", contact = person { rounds = "2", linkedin = "ana-ruiz" } }
  t:advance "10 weeks"
  t:expect_outcome "linkedin: the first of the order that is open"
end)

test("who can't be reached has no best channel", function(t)
  t:enrol { sequence = "best", contact = { id = "bea", name = "Bea", rounds = "0" } }
  t:expect_outcome "nil: no channel is open to them"
end)

local frame = channels.frame { { "whatsapp", "quick", "schedule" }, { "email", "contract", "invoice" }, { "call", "sensitive" } }

test("a frame says which channel a topic goes by", function(t)
  t:expect(frame:channel "contract", "email")
  t:expect(frame:channel "sensitive", "call")
  t:expect(frame:channel "idea", "whatsapp") -- what stands nowhere goes by the main one
  t:expect((pcall(frame.channel, frame, "contrct")), false)
  t:expect(frame:channels(), { "whatsapp", "email", "call" })
end)

test("it says so in three languages", function(t)
  t:expect(frame:text "en-GB",
    "- WhatsApp for quick questions and dates\n- E-mail for contracts and invoices\n- A call for sensitive matters")
  t:expect(frame:text "fr",
    "- WhatsApp pour les questions rapides et le planning\n- L'e-mail pour les contrats et les factures\n- Un appel pour les sujets délicats")
  t:expect(frame:sentence "it", "WhatsApp per le domande veloci e le scadenze; l'e-mail per i contratti e le fatture; una telefonata per gli argomenti delicati.")
  t:expect(frame:sentence "ja", frame:sentence "en")
end)

test("topics may have words of their own", function(t)
  local own = channels.frame { { "email" }, { "slack", "samples" }, words = { samples = { en = "samples", fr = "les échantillons" } } }
  t:expect(own:channel "samples", "slack")
  t:expect(own:sentence "it", "L'e-mail per tutto il resto; Slack per samples.")
end)

test("more than three channels, or a slip, is an error", function(t)
  for _, lines in ipairs {
    { { "whatsapp" }, { "email", "contract" }, { "call", "sensitive" }, { "slack", "idea" } },
    { { "whatsap", "quick" } },
    { { "whatsapp", "quik" } },
    { { "whatsapp", "quick" }, { "email", "quick" } },
    { { "whatsapp", "quick" }, { "email" } },
    { { "whatsapp", "quick" }, mode = "x" },
    {},
  } do
    t:expect((pcall(channels.frame, lines)), false)
  end
end)

test("a frame fits who lacks a channel of it: those topics go by e-mail", function(t)
  t:enrol { sequence = "framed", contact = person { locale = "en", phone = "+33 6 12 34 56 78" } }
  local message = t:expect_sent { template = "frame" }
  t:expect(message.text:find("E-mail for contracts, invoices and quick questions", 1, true) ~= nil, true)
  t:expect_outcome "email,call hand email"
end)

test("who has all of them is told all of them", function(t)
  t:enrol { sequence = "framed", contact = person { locale = "fr-FR", phone = "+33 6 12 34 56 78", consent = "whatsapp: opt-in" } }
  local message = t:expect_sent { template = "frame" }
  t:expect(message.text:find("WhatsApp pour les questions rapides", 1, true) ~= nil, true)
  t:expect_outcome "whatsapp,email,call hand whatsapp"
end)
