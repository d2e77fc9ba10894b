-- SPDX-License-Identifier: MIT
-- The workspace of this example: a made-up maker of teas. `sim` needs no mail server and no password; to send for real, set your own servers
-- here and seal the password with `perigee secret set hello --host smtp.sencha-sud.example --host imap.sencha-sud.example`.

workspace {
  timezone = "Europe/Paris",
}

account "hello" {
  channel = "email",
  from    = "Inès from Sencha Sud <ines@sencha-sud.example>",
  smtp    = { url = "smtps://smtp.sencha-sud.example", user = "ines@sencha-sud.example", password = secret "hello" },
  imap    = { url = "imaps://imap.sencha-sud.example", user = "ines@sencha-sud.example", password = secret "hello" },
  cap     = { per_day = 60, gap = "90s" },
}
