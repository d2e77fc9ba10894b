-- ATTACK floods: the same, each in pcall, with log lines between | SAFE HOST: a limit on effects, or killed within the CPU limit
-- SPDX-License-Identifier: MIT
while true do pcall(host.store_set, "flood", 1) pcall(host.log, "x") pcall(host.now) end
