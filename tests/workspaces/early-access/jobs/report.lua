-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local ab = require "perigee.ab"
local offer = require "perigee.offer"
local early = require "early"

return perigee.job {
  name     = "report",
  schedule = "every monday at 09:00",
  needs    = { contacts = "write", store = true },
  run      = function(job)
    local function number(key) return perigee.store.get("early/" .. key) or 0 end
    local signups, confirmed = number "signups", number "confirmed"
    local result = ab.result(early.test)
    local data = {
      signups = signups, confirmed = confirmed,
      new_signups = signups - number "last-signups", new_confirmed = confirmed - number "last-confirmed",
      left = offer.left { name = early.offer, places = early.places },
      waiting = #offer.line({ name = early.offer, places = early.places }).waiting,
      better = result.significant and result.best or "none",
      short_sent = 0, short_won = 0, question_sent = 0, question_won = 0,
    }
    for _, variant in ipairs(result.variants) do
      data[variant.name .. "_sent"] = variant.shown
      data[variant.name .. "_won"] = variant.won
    end
    perigee.store.set("early/last-signups", signups)
    perigee.store.set("early/last-confirmed", confirmed)
    for _, contact in ipairs(perigee.contacts.segment "team") do contact:signal("early-report", data) end
    return "told"
  end,
}
