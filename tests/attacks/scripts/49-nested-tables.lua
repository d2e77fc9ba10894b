-- ATTACK memory: a list nested 60,000 deep, handed to the host | SAFE HOST: clean error (nesting), or memory limit
-- SPDX-License-Identifier: MIT
local t = {}
for i = 1, 60000 do t = { t } end
if pcall(host.store_set, "k", t) then host.log("BREACH 60,000 levels accepted") end
