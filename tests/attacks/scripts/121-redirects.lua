-- ATTACK capability: redirects of an allowed host to forbidden hosts, addresses and schemes, and in a circle | SAFE HOST: every hop is checked; no credentials across hosts
-- SPDX-License-Identifier: MIT
for _, to in ipairs { "https://evil.test/", "http://evil.test/", "//evil.test/", "https://127.0.0.1/", "http://api.example.com/", "file:///etc/passwd", "https://api.example.com@evil.test/",
  "https://api.example.com.evil.test/", "gopher://evil.test/", "https://rebind.example.com@evil.test/", "\\\\evil.test/", "https://[::1]/", "https://other.example.com/" } do
  for _, headers in ipairs { {}, { Authorization = host.secret "api_key" } } do
    local ok, body = pcall(host.http, { url = "https://api.example.com/redirect?" .. to, headers = headers })
    if ok and tostring(body):find("BREACH-MARK", 1, true) then host.log("BREACH followed a redirect to " .. to) end
  end
end
pcall(host.http, { url = "https://api.example.com/redirect?" .. ("/redirect?"):rep(60) .. "/" })
