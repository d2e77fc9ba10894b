-- SPDX-License-Identifier: MIT
local M = {}

-- Is 1994-03-21 a birthday on the day of this time? Who was born on 29 February has it on the 28th in other years.
function M.is_on(text, time)
  local month, day = tostring(text or ""):match "^%d%d%d%d%-(%d%d)%-(%d%d)$"
  if not month then return false end
  local year = tonumber(os.date("%Y", time))
  local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
  if month == "02" and day == "29" and not leap then day = "28" end
  return os.date("%m-%d", time) == month .. "-" .. day
end

return M
