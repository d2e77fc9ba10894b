-- SPDX-License-Identifier: MIT
-- The workspace of this example. `sim` needs no mail server and no password; to send for real, set your own servers here
-- and seal the password with `perigee secret set team --host smtp.bellerive.example --host imap.bellerive.example`.

workspace {
  timezone = "Europe/Paris",
}

account "team" {
  channel = "email",
  from    = "Léa Martin <lea@bellerive.example>",
  smtp    = { url = "smtps://smtp.bellerive.example", user = "lea@bellerive.example", password = secret "team" },
  imap    = { url = "imaps://imap.bellerive.example", user = "lea@bellerive.example", password = secret "team" },
  cap     = { per_day = 80, gap = "90s" },
}
