-- SPDX-License-Identifier: MIT
-- The short announcement on our social accounts: a task for each, for the person whose contact is labelled `desk`.
local perigee = require "perigee"
local issue = require "issue"

return perigee.sequence {
  name  = "announce",
  title = "Announcing an issue on social channels",
  needs = { task = true },
  run   = function(contact)
    for _, post in ipairs(issue.posts) do
      contact:task { kind = "other", note = ("Post on %s: %s"):format(post.on, post.text), due = "end of business day" }
    end
    for _ = 1, #issue.posts do
      if not contact:wait("task_done", "3 days") then return "not all posted" end
    end
    return "posted"
  end,
}
