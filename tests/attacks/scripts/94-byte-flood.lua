-- ATTACK floods: large values into the store and the log, as many as fit | SAFE HOST: a limit on bytes, or killed within the CPU limit
-- SPDX-License-Identifier: MIT
local big = ("b"):rep(200000)
for i = 1, 1e9 do host.store_set("flood-" .. i % 10, big) pcall(host.log, big) end
