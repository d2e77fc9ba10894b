-- ATTACK CPU: order of long texts that differ in the last byte | SAFE HOST: killed within the CPU limit
-- SPDX-License-Identifier: MIT
local a, b = ("y"):rep(2 << 20) .. "1", ("y"):rep(2 << 20) .. "2"
while a ~= b and a < b do end
