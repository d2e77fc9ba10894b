-- SPDX-License-Identifier: MIT
-- The workspace of this recipe. `sim` needs no account; to send for real, set your own servers here and seal the password with
-- `perigee secret set lea --host smtp.brand.example --host imap.brand.example`.

workspace {
  timezone = "Europe/Paris",
  segments = {
    new  = { stage = "prospect", not_label = "paused" },
    open = { stage = { "contacted", "talking", "agreed", "briefed" }, not_label = "paused" },
  },
}

account "lea" {
  channel = "email",
  from    = "Léa Martin <lea@brand.example>",
  owner   = "lea",
  smtp    = { url = "smtps://smtp.brand.example", user = "lea@brand.example", password = secret "lea" },
  imap    = { url = "imaps://imap.brand.example", user = "lea@brand.example", password = secret "lea" },
  cap     = { per_day = 80, gap = "90s" },
}
