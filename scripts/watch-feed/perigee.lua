-- SPDX-License-Identifier: MIT
-- The workspace of this example. `sim` needs no mail server and no password; to send for real, set your own servers here
-- and seal the password with `perigee secret set team --host smtp.brand.example --host imap.brand.example`.

workspace {
  timezone = "Europe/Paris",
}

account "team" {
  channel = "email",
  from    = "Brand listening <listening@brand.example>",
  smtp    = { url = "smtps://smtp.brand.example", user = "listening@brand.example", password = secret "team" },
  imap    = { url = "imaps://imap.brand.example", user = "listening@brand.example", password = secret "team" },
}
