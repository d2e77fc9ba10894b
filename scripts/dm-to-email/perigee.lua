-- SPDX-License-Identifier: MIT
-- The workspace of this example: a made-up maker of notebooks. `sim` needs no mail server and no password; to send for real, set your own
-- servers here and seal the password with `perigee secret set studio --host smtp.carta-lenta.example --host imap.carta-lenta.example`.

workspace {
  timezone = "Europe/Rome",
}

account "studio" {
  channel = "email",
  from    = "Marta di Carta Lenta <marta@carta-lenta.example>",
  smtp    = { url = "smtps://smtp.carta-lenta.example", user = "marta@carta-lenta.example", password = secret "studio" },
  imap    = { url = "imaps://imap.carta-lenta.example", user = "marta@carta-lenta.example", password = secret "studio" },
  cap     = { per_day = 60, gap = "90s" },
}
