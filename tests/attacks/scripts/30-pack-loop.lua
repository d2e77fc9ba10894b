-- ATTACK CPU: large formats of string.pack and unpack in a loop | SAFE HOST: killed within the CPU limit or memory limit
-- SPDX-License-Identifier: MIT
local format = ("i16"):rep(200)
local data = ("\0"):rep(16 * 200)
while true do pcall(string.unpack, format, data) pcall(string.pack, format, string.byte(data, 1, 200)) end
