-- SPDX-License-Identifier: MIT
-- Counts what its contact does for a while, and says what came of it.
local perigee = require "perigee"
local score = require "perigee.score"
local ours = require "our-score"

return perigee.sequence {
  name  = "scored",
  needs = { store = true },
  run   = function(contact)
    local before = #score.explain(contact)
    score.add(contact, { network = "twitter", kind = "share", n = 2 })
    score.add(contact, { network = "x", kind = "retweet" })
    score.add(contact, { network = "facebook", kind = "Angry", n = 4 })
    local _, _, code = score.add(contact, { network = "x", kind = "telepathy" })
    local fresh = score.read(contact)
    perigee.sleep "30 days"
    local later = score.read(contact)
    perigee.sleep "280 days"
    local gone, text = score.read(contact), score.explain(contact)[2]
    return ("%d %s | %.1f %s %s %d | %.2f %s | %.0f %s %s, %d kept | %s"):format(before, code, fresh.score, fresh.tier, fresh.last, fresh.kinds["x.retweet"].n,
      later.score / fresh.score, later.tier, gone.score, gone.tier, text, #perigee.store.list "score/", ours.read(contact).score)
  end,
}
