-- ATTACK hostile value: cycles, keys that are tables and functions, halves of lists, numbers that are none | SAFE HOST: clean error (raw traversal, bounded)
-- SPDX-License-Identifier: MIT
local a, b = {}, {}
a.b, b.a, a.self = b, a, a
local function refused(what, value) if pcall(host.store_set, "k", value) then host.log("BREACH accepted: " .. what) end end
refused("a cycle", a)
refused("a function", refused)
refused("a coroutine", coroutine.create(refused))
refused("a table as key", { [{}] = 1 })
refused("a list with holes", { 1, nil, 3 })
refused("a mixed table", { 1, 2, x = 3 })
refused("not a number", { 0 / 0 })
refused("infinite", { math.huge })
refused("a real position", { [1.5] = 1 })
refused("a negative position", { [-1] = 1 })
refused("an object", { contact })
refused("an enormous position", { [math.maxinteger] = 1 })
local deep = {}
for i = 1, 40 do deep = { deep } end
refused("40 levels", deep)
