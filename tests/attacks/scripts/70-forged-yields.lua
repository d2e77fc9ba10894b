-- ATTACK escape: yield to the host what looks like an effect, from the top, from a coroutine, through pcall | SAFE HOST: yields reach nobody but the script
-- SPDX-License-Identifier: MIT
for _, value in ipairs { "effect", { kind = "store.set", args = { key = "forged", value = 1 } }, { "send" }, host } do
  if pcall(coroutine.yield, value) then host.log("BREACH a yield outside of a coroutine returned") end
end
if coroutine.isyieldable() then host.log("BREACH run can yield") end
local co = coroutine.wrap(function() return coroutine.yield({ kind = "store.set", args = { key = "forged", value = 1 } }) end)
if type(co()) ~= "table" then host.log("BREACH somebody took the yield") end
if host.store_get("forged") ~= nil then host.log("BREACH a forged effect was carried out") end
