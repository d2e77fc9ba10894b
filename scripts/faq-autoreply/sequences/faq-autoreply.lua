-- SPDX-License-Identifier: MIT
-- Answers the questions that come every day, day and night, in the thread in which they were asked. Whatever it is not sure of, and
-- whatever is a person's by nature, becomes a task with what they wrote and what was tried; they are told that somebody will answer.
local moderation = require "perigee.moderation"
local perigee = require "perigee"
local questions = require "questions"

return perigee.sequence {
  name      = "faq-autoreply",
  title     = "Answers to common questions",
  needs     = { send = { "email" }, task = true, store = true },
  starts_on = { "message" },
  on_reply  = "continue",      -- two messages in a row are both answered
  run       = function(contact)
    local message = contact:wait_reply "1 minute"
    if not message then return "nothing asked" end
    local look = moderation.look(message.text, { own_domains = "brand.example", country = contact.country })
    if look.kind ~= "ok" then return (moderation.quarantine(contact, look, { text = message.text, channel = message.channel })) end
    return questions:serve(contact, message, {
      wait    = "3 days",
      unclear = "faq-unclear",   -- asks once to say it in other words
      handoff = "faq-person",    -- then, and wherever a person must answer
      bye     = "faq-bye",
      due     = "1 business day",
    })
  end,
}
