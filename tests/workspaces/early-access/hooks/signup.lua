-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

local function text(value)
  if type(value) ~= "string" then return nil end
  value = value:match "^%s*(.-)%s*$"
  return value ~= "" and #value <= 200 and value or nil
end

return perigee.hook {
  name   = "signup",
  verify = { token = perigee.secret "form", header = "X-Form-Token", id = "X-Form-Id" },
  needs  = { contacts = "write", store = true },
  run    = function(request)
    local form = request.json or request.form
    if type(form) ~= "table" then return "not understood" end
    local email = text(form.email)
    if not email or not email:match "^[^%s@,;<>]+@[^%s@,;<>]+%.[^%s@,;<>]+$" then return "no address" end
    email = email:lower()
    -- Whom we know keeps their name and language: anybody may fill in a form with somebody else's address.
    local contact = perigee.contacts.find({ email = email, limit = 1 })[1]
    if not contact then
      local why
      local name = text(form.name)
      if name and name:find "[/:@<>%[%]]" then name = nil end       -- an advertisement is no name
      contact, why = perigee.contacts.upsert { email = email, name = name, locale = text(form.locale), source = text(form.source) }
      if not contact then return "refused: " .. why end
    end
    local started, why, code = contact:enrol "early-access"
    if not started then return code == "closed" and "signed up already" or why end
    perigee.store.add("early/signups", 1)
    return "signed up"
  end,
}
