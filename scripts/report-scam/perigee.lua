-- SPDX-License-Identifier: MIT
-- The workspace of this example. `sim` needs no mail server and no password; to write for real, set your own servers here and seal
-- the password with `perigee secret set care --host smtp.brand.example --host imap.brand.example`.

workspace {
  timezone = "Europe/Paris",
}

account "care" {
  channel = "email",
  from    = "Brand <care@brand.example>",
  smtp    = { url = "smtps://smtp.brand.example", user = "care@brand.example", password = secret "care" },
  imap    = { url = "imaps://imap.brand.example", user = "care@brand.example", password = secret "care" },
  inbound = "everyone",   -- who writes for the first time becomes a contact
}
