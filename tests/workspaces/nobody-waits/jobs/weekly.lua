-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local function read(name) return perigee.store.get("desk:" .. name) or 0 end
return perigee.job {
  name     = "weekly",
  schedule = "every monday at 08:00",
  needs    = { contacts = "write", store = true },
  run = function(job)
    local data = { waiting = read "came" - read "in_time" - read "late" }
    for _, name in ipairs { "came", "in_time", "late" } do
      data[name] = read(name) - read("last:" .. name)
      perigee.store.set("desk:last:" .. name, read(name))
    end
    for _, lead in ipairs(perigee.contacts.find { label = "lead" }) do lead:signal("weekly", data) end
  end,
}
