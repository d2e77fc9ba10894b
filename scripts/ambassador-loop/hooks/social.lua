-- SPDX-License-Identifier: MIT
-- What a listening tool hears on the networks: who did what about us. It is counted, and whoever keeps them company hears of it (signal
-- "activity"). People who were not known yet become contacts.
local perigee = require "perigee"
local score = require "perigee.score"

local networks = { instagram = true, x = true, facebook = true, linkedin = true, tiktok = true, youtube = true }

return perigee.hook {
  name   = "social",
  title  = "Who speaks of us",
  verify = { token = perigee.secret "social", header = "X-Token", id = "X-Delivery" },
  needs  = { contacts = "write", store = true },
  run    = function(request)
    local heard = request.json or {}
    if not networks[heard.network] or type(heard.handle) ~= "string" or type(heard.kind) ~= "string" then return "not understood" end
    local person = perigee.contacts.upsert { [heard.network] = heard.handle }
    if not person then return "not known" end
    if not person.name and heard.name then person:set { name = heard.name } end
    person:label "community"
    local counted, text = score.add(person, { network = heard.network, kind = heard.kind, n = tonumber(heard.n) })
    if not counted then return text end
    person:signal("activity", { network = heard.network, kind = heard.kind, post = heard.post })
    return "counted"
  end,
}
