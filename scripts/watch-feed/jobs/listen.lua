-- SPDX-License-Identifier: MIT
-- Reads the feeds each weekday morning; what names us goes to the team, as one mail a day.
local perigee = require "perigee"
local feed = require "perigee.feed"
local sources = require "sources"

return perigee.job {
  name     = "listen",
  title    = "Who writes about us elsewhere?",
  schedule = "every weekday at 08:30",
  needs    = { net = { "forum.bakers.example", "blog.crumbs.example" }, store = true, contacts = "read" },
  run      = function(job)
    local found = {}
    for name, url in pairs(sources.feeds) do
      local fresh, why = feed.fresh(name, url)
      if not fresh then perigee.log(name .. " could not be read: " .. why) end
      for _, entry in ipairs(feed.naming(fresh or {}, sources.names)) do
        found[#found + 1] = { title = entry.title, link = entry.link, place = name }
      end
    end
    if #found == 0 then return "nothing about us" end
    local day = os.date("!%Y-%m-%d", job.due)
    perigee.store.set("mentions/" .. day, found)
    for _, person in ipairs(perigee.contacts.find { label = "team" }) do person:enrol("step-in", day) end
    return #found .. " about us"
  end,
}
