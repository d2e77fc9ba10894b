-- ATTACK secrets: texts of errors and of the run's end hold what they should not (values, paths, addresses of memory) | SAFE HOST: texts are built from what is known to be clean
-- SPDX-License-Identifier: MIT
local function look(what, f, ...)
  local ok, text = pcall(f, ...)
  text = tostring(text)
  if text:find("s3cr3t", 1, true) then host.log("BREACH a value in the error of " .. what) end
  if text:find("0x%x%x%x%x") then host.log("BREACH an address in the error of " .. what) end
  if text:find("/tmp/", 1, true) or text:find("/work/", 1, true) or text:find("/home/", 1, true) then host.log("BREACH a path in the error of " .. what .. ": " .. text:sub(1, 100)) end
  if #text > 2000 then host.log("BREACH an endless error of " .. what) end
end
local s = host.secret "api_key"
look("http", host.http, { url = "https://nowhere.api.example.com/", headers = { Authorization = s } })
look("http method", host.http, { url = "https://api.example.com/", method = ("M"):rep(5000), headers = { Authorization = s } })
look("http header", host.http, { url = "https://api.example.com/", headers = { Authorization = s, ["Bad Header"] = s } })
look("http url", host.http, { url = ("u"):rep(20000) })
look("module", host.module, "no_such_module")
look("template", host.template, ("t"):rep(3000))
look("option", function() contact:try_send("email", "intro", { [("o"):rep(5000)] = s }) end)
look("secret", host.secret, ("x"):rep(5000))
look("send", host.send, { to = contact.email, subject = ("s"):rep(3000), body = "b" })
look("store", host.store_set, "k", { x = s })
look("load", function() error((select(2, load("return " .. ("x"):rep(5000) .. " x")))) end)
look("a handle as error", error, s)
error("the run's own end shows " .. tostring(s) .. " " .. tostring({}))
