-- SPDX-License-Identifier: MIT
-- The workspace of this example: a made-up maker of coffee machines. `sim` needs no mail server and no password; to send for real, set your own
-- servers here and seal the password with `perigee secret set care --host smtp.brulerie.example --host imap.brulerie.example`.

workspace {
  timezone = "Europe/Paris",
  hours    = { "mon-sun 08:00-21:00" }, -- people complain at the weekend, too
}

account "care" {
  channel = "email",
  from    = "Camille from Brûlerie <care@brulerie.example>",
  smtp    = { url = "smtps://smtp.brulerie.example", user = "care@brulerie.example", password = secret "care" },
  imap    = { url = "imaps://imap.brulerie.example", user = "care@brulerie.example", password = secret "care" },
}
