-- ATTACK capability: URLs that a careless parser takes for the allowed host, and addresses in every disguise | SAFE HOST: refused
-- SPDX-License-Identifier: MIT
local urls = {
  "http://api.example.com/", "https://api.example.com:80/", "https://api.example.com:8443/", "https://api.example.com:22/", "https://evil.test/",
  "https://api.example.com@evil.test/", "https://evil.test@api.example.com/", "https://user:pw@api.example.com/", "https://api.example.com.evil.test/",
  "https://evil.test/api.example.com", "https://evil.test#api.example.com", "https://evil.test?api.example.com", "https://evil.test\\@api.example.com/",
  "https://api.example.com\\@evil.test/", "https:\\\\evil.test/", "https:/evil.test/", "https:evil.test", "//evil.test/", "https:///evil.test/", "https://",
  "https://127.0.0.1/", "https://127.1/", "https://0/", "https://0.0.0.0/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://0177.0.0.1/",
  "https://017700000001/", "https://127.0.0.1./", "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[0:0:0:0:0:ffff:7f00:1]/",
  "https://[64:ff9b::7f00:1]/", "https://[fe80::1%25eth0]/", "https://[fc00::1]/", "https://10.0.0.1/", "https://192.168.1.1/", "https://172.16.0.1/", "https://169.254.169.254/",
  "https://100.64.0.1/", "https://localhost/", "https://localhost./", "https://metadata.google.internal/", "https://sub.api.example.com/", "https://xapi.example.com/",
  "https://example.com/", "file:///etc/passwd", "gopher://api.example.com/", "ftp://api.example.com/", "dict://api.example.com:11211/", "javascript:alert(1)", "data:text/plain,x",
  "https://api.example.com\r\n.evil.test/", "https://api.example.com%00.evil.test/", "https://api.example.com%2eevil.test/", "https://api.example.com%40evil.test/",
  "https://api.ex\u{E1}mple.com/", " https://api.example.com/", "https://api.example.com /", "https://api.example.com:443:80/",
  "https://api.example.com:99999999999/", "https://api.example.com:-1/", "https://[api.example.com]/", "https://\u{2460}\u{2461}\u{2466}.0.0.1/",
}
for _, url in ipairs(urls) do
  local ok, body = pcall(host.http, { url = url })
  if ok then host.log("BREACH accepted " .. url .. " " .. tostring(body):sub(1, 20)) end
end
for _, url in ipairs { 5, true, {}, { "https://api.example.com/" }, "", ("https://api.example.com/"):rep(4000) } do
  if pcall(host.http, { url = url }) then host.log("BREACH accepted a url of another kind") end
end
