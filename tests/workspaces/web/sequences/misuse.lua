-- SPDX-License-Identifier: MIT
-- Tries the misuse that contact.fields.what names, and ends as "said" if it raises the words of contact.fields.words.
local perigee = require "perigee"

local key = perigee.secret "key" -- may be made at the top level, too
local URL = "https://api.example.com/"

local tries = {
  ["another host"] = { url = "https://evil.example/" },
  ["another port"] = { url = "https://api.example.com:8443/" },
  ["a user"] = { url = "https://api.example.com@evil.example/" },
  ["http"] = { url = "http://api.example.com:80/" },
  ["no url"] = {},
  ["a slip"] = { url = URL, mehtod = "POST" },
  ["method"] = { url = URL, method = "CONNECT" },
  ["small method"] = { url = URL, method = "post" },
  ["framing"] = { url = URL, headers = { ["Transfer-Encoding"] = "chunked" } },
  ["proxy"] = { url = URL, headers = { ["Proxy-Anything"] = "x" } },
  ["no token"] = { url = URL, headers = { ["X Y"] = "x" } },
  ["line end"] = { url = URL, headers = { ["X-Y"] = "x\r\nHost: y" } },
  ["twice"] = { url = URL, headers = { ["X-Y"] = "1", ["x-y"] = "2" } },
  ["own key"] = { url = URL, headers = { ["Idempotency-Key"] = "1" } },
  ["two bodies"] = { url = URL, method = "POST", body = "x", form = {} },
  ["body of a GET"] = { url = URL, json = {} },
  ["secret in json"] = { url = URL, method = "POST", json = { deep = { key } } },
  ["secret as body"] = { url = URL, method = "POST", body = key },
  ["secret in the url"] = { url = key },
  ["text as auth"] = { url = URL, auth = "Bearer x" },
  ["no secret for the path"] = { url = URL .. "{secret}/x" },
  ["two in the path"] = { url = URL .. "{secret}/{secret}", auth = key },
  ["look-alike"] = { url = URL, auth = { secret = "key" } },
  ["long wait"] = { url = URL, timeout = "1 hour" },
  ["no wait"] = { url = URL, timeout = 0 },
  ["path"] = { url = URL, pick = { "a", "b[x]" } },
  ["key"] = { url = URL, idempotency_key = "a b" },
}

local others = {
  concat = function() return "Bearer " .. key end,
  length = function() return #key end,
  order = function() return key < key end,
  index = function() return key.value end,
  call = function() return key() end,
  pairs = function() for _ in pairs(key) do end end,
  rawget = function() return rawget(key, 1) end,
  metatable = function() return setmetatable(key, {}) end,
  store = function() perigee.store.set("k", key) end,
  ["deep in the store"] = function() perigee.store.set("k", { a = { key } }) end,
  ["as a key"] = function() perigee.store.set("k", { [key] = 1 }) end,
  log = function() perigee.log(key) end,
  fields = function() perigee.log("x", { key = key }) end,
  undeclared = function() perigee.http { url = URL, auth = perigee.secret(("an") .. "other") } end,
  name = function() perigee.secret("a" .. " b") end,
}

return perigee.sequence {
  name  = "misuse",
  needs = { net = { "api.example.com", "api.example.com:80" }, secret = { "key" }, store = true },
  run   = function(contact)
    local what = contact.fields.what
    local ok, why
    if others[what] then
      ok, why = pcall(others[what])
    elseif tries[what] then
      ok, why = pcall(perigee.http, tries[what])
    else
      return table.concat({
        tostring(key), type(key), tostring(key == perigee.secret "key"), tostring(key == perigee.secret("k" .. "ey2")), tostring(getmetatable(key)),
      }, " ")
    end
    if ok then return "let through" end
    return tostring(why):find(contact.fields.words, 1, true) and "said" or tostring(why)
  end,
}
