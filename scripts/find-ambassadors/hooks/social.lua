-- SPDX-License-Identifier: MIT
-- What a listening tool hears on the networks: who did what about us. People who were not known yet become contacts.
local perigee = require "perigee"
local score = require "perigee.score"

return perigee.hook {
  name   = "social",
  title  = "Who speaks of us",
  verify = { token = perigee.secret "social", header = "X-Token", id = "X-Delivery" },
  needs  = { contacts = "write", store = true },
  run    = function(request)
    local heard = request.json or {}
    if not heard.handle or not heard.network or not heard.kind then return "not understood" end
    local person = perigee.contacts.upsert { [heard.network] = heard.handle, name = heard.name }
    if not person then return "not known" end
    person:label "community"
    local counted, text = score.add(person, { network = heard.network, kind = heard.kind, n = tonumber(heard.n) })
    return counted and "counted" or text
  end,
}
