-- ATTACK capability: reach other contacts, identities and events without having declared it | SAFE HOST: refused by the host
-- SPDX-License-Identifier: MIT
local perigee, them = require "perigee", contact -- another name, so that `check` does not see what is done with it
local people = perigee["contacts"]
local function refused(what, f, ...) local ok, found = pcall(f, ...) if ok and found ~= nil then host.log("BREACH " .. what) end end
refused("found contacts", people.find, { limit = 10 })
refused("got a contact", people.get, "bob")
refused("made a contact", people.upsert, { id = "evil", email = "evil@evil.test" })
refused("made a task", function() return them:task { kind = "call", note = "x" } end)
refused("sent by another channel", function() return them:try_send("sms", "intro") end)
for _, kind in ipairs { "reply\0", "reply:", "../x", "a b", "", "signal:x" } do
  refused("forged event " .. kind, function() contact:signal(kind, {}) return true end)
end
pcall(function() contact:set { email = "evil@evil.test" } end)
pcall(function() contact:set { consent = "yes", id = "bob" } end)
if contact.email ~= "a@example.com" or contact.id ~= "ann" then host.log("BREACH the contact is another") end
