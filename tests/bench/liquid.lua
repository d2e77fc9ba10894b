-- SPDX-License-Identifier: MIT
-- Renders the templates of tests/bench/liquid.py, each parsed once: prints seconds a rendering and the text, as JSON.
package.path = "stdlib/?.lua;" .. package.path
local json = require "liquid.json"
local liquid = require "liquid"
local values = require "liquid.values"

local given = json.read(io.read("a")).map
for i = 1, values.length(given.templates) do
  local t = liquid.parse(given.templates[i], { name = "t" })
  local data = { given.data.map }
  local text = liquid.render(t, data)
  local function lap(n)
    local from = os.clock()
    for _ = 1, n do liquid.render(t, data) end
    return os.clock() - from
  end
  local n, best = 16, nil
  while lap(n) < 0.1 do n = n * 2 end
  for _ = 1, 5 do
    local took = lap(n) / n
    best = best and math.min(best, took) or took
  end
  print(string.format("%.9f %s", best, (text:gsub("[%%\n]", { ["%"] = "%25", ["\n"] = "%0A" }))))
end
