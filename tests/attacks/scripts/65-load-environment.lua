-- ATTACK escape: code made by load without an environment, or with a forged one, sees more than its maker | SAFE HOST: load gives the script's own environment and none other
-- SPDX-License-Identifier: MIT
for _, name in ipairs { "io", "debug", "package", "_G", "ours", "theirs", "collectgarbage", "dofile" } do
  for _, source in ipairs { "return " .. name, "return _ENV." .. name, "return (load or error)('return " .. name .. "')()" } do
    local ok, found = pcall(load(source))
    if ok and found ~= nil then host.log("BREACH load finds " .. name) end
    ok, found = pcall(load(source, "=x", "t", setmetatable({}, { __index = _ENV })))
    if ok and found ~= nil then host.log("BREACH load in a look-alike finds " .. name) end
  end
end
local mine = {}
load("x = 1", "=x", "t", mine)()
if mine.x ~= 1 or rawget(_ENV, "x") then host.log("BREACH load writes elsewhere") end
for _, name in ipairs { "=[C]", "=[string \"perigee\"]", "@/etc/passwd", "=stdlib", ("n"):rep(5000) } do
  local ok, text = pcall(load("error 'here'", name))
  if type(text) == "string" and #text > 400 then host.log("BREACH a long chunk name comes back") end
end
