-- ATTACK capability: keys and prefixes that reach the stores of others, or the tables behind | SAFE HOST: only the script's own space
-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
for _, key in ipairs { "../x", "recipe:other/x", "workspace/x", "'; DROP TABLE store; --", "%", "_", "x\0y", "x\ny", ("k"):rep(5000), "", "\xff" } do
  if pcall(host.store_set, key, "mine") then
    if host.store_get(key) ~= "mine" then host.log("BREACH a key is another's: " .. key) end
    perigee.store.delete(key)
  end
end
for _, prefix in ipairs { "%", "_", "", "'", "../" } do
  for _, row in ipairs(perigee.store.list(prefix)) do
    if row.key:sub(1, #prefix) ~= prefix then host.log("BREACH prefix " .. prefix .. " lists " .. row.key) end
  end
end
perigee.store.set("%ours", 1)
perigee.store.set("aours", 1)
if #perigee.store.list "%ours" ~= 1 then host.log("BREACH a prefix is a pattern") end
