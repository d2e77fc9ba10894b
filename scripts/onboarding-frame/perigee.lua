-- SPDX-License-Identifier: MIT
-- The workspace of this example: a made-up brand of rucksacks. `sim` needs no mail server and no password; to send for real, set your own
-- servers here and seal the password with `perigee secret set crew --host smtp.sac-a-vent.example --host imap.sac-a-vent.example`.

workspace {
  timezone = "Europe/Paris",
  topics   = { contract = "email", invoice = "email" },
}

account "crew" {
  channel = "email",
  from    = "Nour from Sac à Vent <nour@sac-a-vent.example>",
  smtp    = { url = "smtps://smtp.sac-a-vent.example", user = "nour@sac-a-vent.example", password = secret "crew" },
  imap    = { url = "imaps://imap.sac-a-vent.example", user = "nour@sac-a-vent.example", password = secret "crew" },
  cap     = { per_day = 80, gap = "90s" },
}
