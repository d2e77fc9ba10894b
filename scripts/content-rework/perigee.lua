-- SPDX-License-Identifier: MIT
-- The workspace of this recipe. `sim` needs no mail server and no password; to send for real, set your own servers here and seal the
-- password with `perigee secret set lea --host smtp.brand.example --host imap.brand.example`.

workspace {
  timezone = "Europe/Paris",
  topics   = { sensitive = "call" },   -- a script whose topic this is could write nothing at all
}

account "lea" {
  channel = "email",
  from    = "Léa Martin <lea@brand.example>",
  owner   = "lea",
  smtp    = { url = "smtps://smtp.brand.example", user = "lea@brand.example", password = secret "lea" },
  imap    = { url = "imaps://imap.brand.example", user = "lea@brand.example", password = secret "lea" },
}
