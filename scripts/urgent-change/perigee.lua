-- SPDX-License-Identifier: MIT
-- The workspace of this recipe. `sim` needs no account; to send for real, set your own servers here, seal the password with
-- `perigee secret set lea --host smtp.brand.example --host imap.brand.example`, and add the accounts of your apps (docs/channels.md).

workspace {
  timezone = "Europe/Paris",
  hours    = { "mon-sun 08:00-21:00" },   -- a change can't wait for Monday, but it wakes nobody
}

account "lea" {
  channel = "email",
  from    = "Léa Martin <lea@brand.example>",
  owner   = "lea",
  smtp    = { url = "smtps://smtp.brand.example", user = "lea@brand.example", password = secret "lea" },
  imap    = { url = "imaps://imap.brand.example", user = "lea@brand.example", password = secret "lea" },
}
