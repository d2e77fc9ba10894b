-- ATTACK escape: break the library tables that the standard library uses, then call it in every way | SAFE HOST: the standard library keeps its own
-- SPDX-License-Identifier: MIT
local perigee, log = require "perigee", host.log
local evil = function(...) log("BREACH the host's own code called a script's function") return ... end
for _, name in ipairs { "byte", "find", "format", "gsub", "match", "rep", "sub", "lower" } do string[name] = evil end
for _, name in ipairs { "concat", "insert", "sort", "unpack", "remove" } do table[name] = evil end
math.type, math.floor, utf8.len, os.time = evil, evil, evil, evil
for _, name in ipairs { "next", "pairs", "ipairs", "type", "tostring", "select", "error", "pcall", "rawget", "setmetatable" } do rawset(_ENV, name, evil) end
perigee.store.add("ours-72", 1)
contact:label "ours"
contact:unlabel "ours"
contact:can "email"
contact:set { note_of_ours = "x" }
perigee.date(0, "1 day")
return "own"
