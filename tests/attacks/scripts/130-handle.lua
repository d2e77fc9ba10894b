-- ATTACK secrets: every way to read a value out of a handle, or to put the handle where it does not belong | SAFE HOST: a handle shows its name and nothing else
-- SPDX-License-Identifier: MIT
local s = host.secret "api_key"
local function show(what, f)
  local ok, text = pcall(f)
  if ok and tostring(text):find("s3cr3t", 1, true) then host.log("BREACH " .. what .. " shows the value") end
  if ok and what:sub(1, 1) == "!" then host.log("BREACH " .. what .. " works on a handle") end
end
show("tostring", function() return tostring(s) end)
show("format", function() return ("%s"):format(s) end)
show("! concat", function() return s .. "" end)
show("! concat in a list", function() return table.concat { s } end)
show("! arithmetic", function() return s + 1 end)
show("! call", function() return s() end)
show("! string methods", function() return s:upper() end)
show("! rep", function() return string.rep(s, 2) end)
show("index", function() return s.value or s[1] or s.secret end)
show("pairs", function() local all = "" for k, v in pairs(s) do all = all .. tostring(k) .. tostring(v) end return all end)
show("next", function() return (next(s)) end)
show("! assignment", function() s.value = "x" return 1 end)
show("! load", function() return load(s) end)
show("! in the log", function() host.log(s) return 1 end)
show("! in fields of the log", function() require "perigee".log("x", { s = s }) return 1 end)
show("! in the store", function() host.store_set("k", s) return 1 end)
show("! in a table of the store", function() host.store_set("k", { a = { s } }) return 1 end)
show("! as a key", function() host.store_set("k", { [s] = 1 }) return 1 end)
show("! in a field", function() contact:set { leak = s } return 1 end)
show("! in a note", function() contact:note(s) return 1 end)
show("! in a subject", function() host.send { to = contact.email, subject = s, body = "b" } return 1 end)
show("! in a signal", function() contact:signal("x", { s }) return 1 end)
show("! as duration", function() host.sleep(s) return 1 end)
if rawequal(s, "s3cr3t-value") or s == "s3cr3t-value" then host.log("BREACH the handle is the value") end
