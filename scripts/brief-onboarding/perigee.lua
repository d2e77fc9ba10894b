-- SPDX-License-Identifier: MIT
-- The workspace of this example. `sim` needs no mail server and no password; to send for real, set your own servers here
-- and seal the password with `perigee secret set partnerships --host smtp.brand.example --host imap.brand.example`.

workspace {
  timezone = "Europe/Paris",
}

account "partnerships" {
  channel = "email",
  from    = "Léa Martin <lea@brand.example>",
  smtp    = { url = "smtps://smtp.brand.example", user = "lea@brand.example", password = secret "partnerships" },
  imap    = { url = "imaps://imap.brand.example", user = "lea@brand.example", password = secret "partnerships" },
  cap     = { per_day = 80, gap = "90s" },
}
