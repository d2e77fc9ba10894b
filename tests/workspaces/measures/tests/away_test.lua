-- SPDX-License-Identifier: MIT
-- The second message is due on Tuesday, 7 January.
for _, case in ipairs {
  { "Sono in ferie fino al 20 gennaio 2025", "2025-01-20" }, { "Back on Thursday, 16 January.", "2025-01-16" }, { "Bin bis zum 14.1. im Urlaub", "2025-01-14" },
  { "I am away.", "2025-01-13" }, -- five days, and a weekend
} do
  test(("who answers '%s' is written to on %s"):format(table.unpack(case)), function(t)
    t:enrol { sequence = "patient", contact = { id = "ana", name = "Ana", email = "ana@example.com" } }
    t:advance "10h"
    t:event { kind = "auto_reply", text = case[1] }
    t:advance "20 days"
    t:expect_outcome(case[2])
  end)
end
