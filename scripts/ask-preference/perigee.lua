-- SPDX-License-Identifier: MIT
-- The workspace of this example: a made-up brand of kitchen knives. `sim` needs no mail server and no password; to send for real, set your own
-- servers here and seal the password with `perigee secret set friends --host smtp.lame-bleue.example --host imap.lame-bleue.example`.

workspace {
  timezone = "Europe/Paris",
}

account "friends" {
  channel = "email",
  from    = "Théo from Lame Bleue <theo@lame-bleue.example>",
  smtp    = { url = "smtps://smtp.lame-bleue.example", user = "theo@lame-bleue.example", password = secret "friends" },
  imap    = { url = "imaps://imap.lame-bleue.example", user = "theo@lame-bleue.example", password = secret "friends" },
  cap     = { per_day = 80, gap = "90s" },
}
