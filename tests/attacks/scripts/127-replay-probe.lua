-- ATTACK determinism: look for anything that differs between a visit before a wait and its replay after it | SAFE HOST: works: every value is the same in each replay (else the run is parked)
-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local function probe()
  local t, out, list, holes = {}, {}, {}, { 1, 2, nil, 4, nil, nil, 7 }
  for i = 1, 100 do t["k" .. i * 7919 % 1000] = i end
  for k, v in pairs(t) do out[#out + 1] = k .. v end
  for i = 1, 100, 3 do holes[i] = i end
  for i = 1, 100 do list[i] = { i % 7, i } end
  table.sort(list, function(a, b) return a[1] < b[1] end)
  for i = 1, 100 do out[#out + 1] = list[i][2] end
  return table.concat(out, ",") .. #holes .. tostring({}) .. tostring(probe) .. math.random() .. math.random(1000) .. tostring(0 / 0)
    .. string.format("%.17g %.17g %.17g", math.sin(1e6), 2 ^ 0.5, math.exp(1.1)) .. tostring(select(2, pcall(error, {})))
    .. tostring(select(2, pcall(function() local x = nil + 1 end))) .. host.now() .. os.time() .. os.date() .. tostring(coroutine.create(probe)) .. tostring(next(t))
end
for i = 1, 4 do
  perigee.log(probe())
  host.sleep(0.01)
end
return "same"
