-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

local BASE = "https://api.example.com/v1/"

return perigee.sequence {
  name  = "lookup",
  needs = { net = { "api.example.com" }, secret = { "crm" } },
  run   = function(contact)
    local found, text, code = perigee.http {
      url = "https://api.example.com/v1/people/" .. contact.id, auth = perigee.secret "crm", pick = { "person.stage", "person.tags[1]" },
    }
    if not found then return code .. ": " .. text end
    if found.status == 404 then
      local made = perigee.http { method = "POST", url = BASE .. "people", json = { id = contact.id } }
      return made and "made " .. made.body or "not made"
    end
    contact:set { stage = found.json["person.stage"] }
    return contact.stage .. " " .. tostring(found.json["person.tags[1]"]) .. " " .. found.headers["x-rate"]
  end,
}
