-- SPDX-License-Identifier: MIT
local davide = { id = "davide", name = "Davide Riva", email = "davide@riva.example", country = "IT", locale = "it" }
local jack = { id = "jack", name = "Jack Hill", email = "jack@hill.example", country = "US", locale = "en" }
local lea = { id = "lea", name = "Léa Martin", email = "lea@team.example", country = "FR", locale = "fr", labels = { "lead" } }
-- the lead must exist: a first summary of nothing makes her
local function start(t)
  t:reply { contact = lea, channel = "email", text = "hello" }
  t:advance "10h"                                        -- Monday 10:00
  t:expect_sent { template = "weekly" }
end

test("nobody answers: task, word, lead, summary", function(t)
  start(t)
  t:reply { contact = davide, channel = "email", text = "Dov'è il pacco?" }
  t:expect_task { kind = "other", note = "Please answer: Dov'è il pacco?", contact = "davide" }
  t:advance "30m"
  t:advance "30m"
  t:expect_sent { template = "received", contact = "davide", locale = "it" }
  t:advance "2h"
  t:advance "4h"
  t:expect_sent { template = "alert", contact = "lea", text = "Davide Riva" }
  t:advance "1 week"
  t:expect_sent { template = "weekly", contact = "lea", text = "Messages : 1. Réponses à temps : 0, en retard : 0. En attente : 1." }
end)

test("a colleague answers after half an hour: no word, no alert", function(t)
  start(t)
  t:reply { contact = davide, channel = "email", text = "Dov'è il pacco?" }
  t:advance "30m"
  t:event { kind = "handled", contact = "davide" }
  t:advance "3 days"
  t:expect_nothing_sent()
  t:advance "5 days"
  t:expect_sent { template = "weekly", contact = "lea", text = "Messages : 1. Réponses à temps : 1, en retard : 0. En attente : 0." }
end)

test("Saturday night, and two messages", function(t)
  start(t)
  t:advance "5 days"
  t:advance "12h"
  t:reply { contact = davide, channel = "email", text = "Dov'è il pacco?" }
  t:advance "20m"
  t:reply { contact = "davide", channel = "email", text = "Pronto?" }
  t:expect_task { kind = "other", note = "Please answer: Pronto?", contact = "davide" }
  t:advance "1h"
  t:expect_sent { template = "received", contact = "davide" }
  t:expect_nothing_sent()
  t:advance "3h"
  t:reply { contact = "davide", channel = "email", text = "Siete lì?" }
  t:expect_task { kind = "other", note = "Please answer: Siete lì?", contact = "davide" }
  t:advance "1h"
  t:expect_sent { template = "received", contact = "davide" }
  t:advance "2 business days"
  t:expect_sent { template = "alert", contact = "lea", text = "Pronto" }
end)

test("two customers late at the same moment: the lead hears of both", function(t)
  start(t)
  t:reply { contact = davide, channel = "email", text = "Uno" }
  t:reply { contact = jack, channel = "email", text = "Two" }
  t:advance "1 business day"
  t:expect_sent { template = "alert", contact = "lea", text = "Uno" }
  t:expect_sent { template = "alert", contact = "lea", text = "Two" }
end)

test("Friday 17:00: the lead hears on Monday at 12:00, not before", function(t)
  start(t)
  t:advance "4 days"
  t:advance "7h"
  t:reply { contact = davide, channel = "email", text = "Uno" }
  t:advance "1h"
  t:expect_sent { template = "received" }
  t:advance "65h"                                       -- Monday 11:00
  t:expect_sent { template = "weekly" }
  t:expect_nothing_sent()
  t:advance "1h"
  t:expect_sent { template = "alert", contact = "lea" }
end)

test("two messages, one answer by hand: both are answered", function(t)
  start(t)
  t:reply { contact = davide, channel = "email", text = "Uno" }
  t:advance "5m"
  t:reply { contact = "davide", channel = "email", text = "Due" }
  t:advance "5m"
  t:event { kind = "handled", contact = "davide" }
  t:advance "1 week"
  t:expect_sent { template = "weekly", contact = "lea", text = "à temps : 2" }
  t:expect_nothing_sent()
end)

test("late, and then ticked off as a task", function(t)
  start(t)
  t:reply { contact = jack, channel = "email", text = "Two" }
  t:advance "6h"
  t:expect_sent { template = "received", contact = "jack" }
  t:expect_sent { template = "alert", contact = "lea" }
  t:event { kind = "task_done", contact = "jack", text = "called" }
  t:advance "1 week"
  t:expect_sent { template = "weekly", text = "en retard : 1" }
end)

test("the lead answers an alert: no case of its own, and the next alert comes", function(t)
  start(t)
  t:reply { contact = davide, channel = "email", text = "Uno" }
  t:advance "6h"
  t:expect_sent { template = "received" }
  t:expect_sent { template = "alert", contact = "lea", text = "Uno" }
  t:reply { contact = "lea", channel = "email", text = "Je m'en occupe" }
  t:expect_no_task { kind = "other", contact = "lea" }
  t:advance "16h"
  t:reply { contact = jack, channel = "email", text = "Two" }
  t:advance "1 business day"
  t:expect_sent { template = "alert", contact = "lea", text = "Two" }
end)
