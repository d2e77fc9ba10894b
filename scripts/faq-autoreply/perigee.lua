-- SPDX-License-Identifier: MIT
-- The workspace of this example. `sim` needs no mail server and no password; to answer for real, set your own servers here and seal
-- the password with `perigee secret set hello --host smtp.brand.example --host imap.brand.example`.

workspace {
  timezone = "Europe/Paris",
}

account "hello" {
  channel = "email",
  from    = "Brand <hello@brand.example>",
  smtp    = { url = "smtps://smtp.brand.example", user = "hello@brand.example", password = secret "hello" },
  imap    = { url = "imaps://imap.brand.example", user = "hello@brand.example", password = secret "hello" },
  inbound = "everyone",   -- who writes for the first time becomes a contact
}
