-- SPDX-License-Identifier: MIT
-- Counts what the field `counts` names ("shown:a won:a"), and says what everybody's calls gave and what stands in the store.
local perigee = require "perigee"
local ab = require "perigee.ab"

return perigee.sequence {
  name  = "split",
  needs = { store = true },
  run   = function(contact)
    local counted = { contact.id }
    for what, variant in (contact.fields.counts or ""):gmatch "(%w+):(%w+)" do
      counted[#counted + 1] = tostring(ab.count(contact, "subject", variant, what))
    end
    perigee.store.set("said/" .. contact.id, table.concat(counted, " "))
    perigee.sleep "1 day"
    local said, shares = {}, {}
    for i, entry in ipairs(perigee.store.list "said/") do said[i] = entry.value end
    for i, v in ipairs(ab.result("subject", { variants = { "a", "b" } }).variants) do shares[i] = ("%s %d/%d"):format(v.name, v.won, v.shown) end
    return table.concat(said, ", ") .. " | " .. table.concat(shares, ", ")
  end,
}
