-- SPDX-License-Identifier: MIT
-- On the first of the month: a task for each affiliate who is owed something. What stands in a task counts as paid, so it is asked for once.
local perigee = require "perigee"
local affiliate = require "perigee.affiliate"

return perigee.job {
  name     = "affiliate-payout",
  title    = "What is owed to affiliates",
  schedule = "every month on the 1st at 09:00",
  needs    = { contacts = "write", store = true, task = true },
  limits   = { cpu_ms = 2000, memory_mb = 64 },   -- it looks at everybody
  run      = function(job)
    local lines = affiliate.payout(assert(perigee.contacts.find { label = "affiliate" }), { least = 20 })
    for _, line in ipairs(lines) do
      line.contact:task { kind = "other", note = "Pay " .. line.text, due = "5 business days" }
      affiliate.paid(line.contact, { amount = line.due, currency = line.currency, reference = os.date("!%Y-%m ", job.due) .. line.currency })
    end
    perigee.log(#lines .. " affiliates to pay")
    return #lines .. " to pay"
  end,
}
