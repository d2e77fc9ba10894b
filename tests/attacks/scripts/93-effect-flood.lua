-- ATTACK floods: as many store effects as a visit can make | SAFE HOST: a limit on effects, or killed within the CPU limit
-- SPDX-License-Identifier: MIT
for i = 1, 1e9 do host.store_set("flood", i) end
