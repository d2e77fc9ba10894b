-- SPDX-License-Identifier: MIT
-- Says in a task of the team what is new.
local perigee = require "perigee"
local feed = require "perigee.feed"

return perigee.job {
  name = "watch", schedule = "every day at 09:00", needs = { net = { "news.example" }, store = true, task = true, contacts = "read" },
  run = function()
    local fresh, why, code = feed.fresh("news", "https://news.example/feed.xml")
    local titles = {}
    for i, one in ipairs(fresh or {}) do titles[i] = one.title end
    local team = perigee.contacts.get "team"
    team:task { kind = "other", note = fresh and "new: " .. table.concat(titles, " | ") or code .. ": " .. why }
  end,
}
