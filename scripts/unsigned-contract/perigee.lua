-- SPDX-License-Identifier: MIT
-- A made-up brand. `sim` and `test` need no mail server and no password; to send for real, set your own servers here and seal the
-- password: perigee secret set partnerships --host smtp.brand.example --host imap.brand.example

workspace {
  timezone = "Europe/Paris",
  holidays = { "FR" },
}

account "partnerships" {
  channel = "email",
  from    = "Léa Martin <lea@brand.example>",
  smtp    = { url = "smtps://smtp.brand.example", user = "lea@brand.example", password = secret "partnerships" },
  imap    = { url = "imaps://imap.brand.example", user = "lea@brand.example", password = secret "partnerships" },
  cap     = { per_day = 80, gap = "90s" },
}
