-- SPDX-License-Identifier: MIT
-- Three people with a mailbox each. Whoever has a creator (`owner`) writes from their own. `sim` needs no server and no password; to send for
-- real, set your own servers here and seal each password: `perigee secret set lea --host smtp.brand.example --host imap.brand.example`.

workspace {
  timezone = "Europe/Paris",
  holidays = { "FR" },
  segments = {
    waiting = { stage = "prospect", not_label = { "written", "paused" }, channel = "email" },
  },
}

account "lea" {
  channel = "email",
  from    = "Léa Martin <lea@brand.example>",
  owner   = "lea",
  smtp    = { url = "smtps://smtp.brand.example", user = "lea@brand.example", password = secret "lea" },
  imap    = { url = "imaps://imap.brand.example", user = "lea@brand.example", password = secret "lea" },
  cap     = { per_day = 40, gap = "2m", per_domain = 20 },
}

account "tom" {
  channel = "email",
  from    = "Tom Keller <tom@brand.example>",
  owner   = "tom",
  smtp    = { url = "smtps://smtp.brand.example", user = "tom@brand.example", password = secret "tom" },
  imap    = { url = "imaps://imap.brand.example", user = "tom@brand.example", password = secret "tom" },
  cap     = { per_day = 40, gap = "2m", per_domain = 20 },
}

-- A mailbox that is new sends little at first: ten on its first day, five more on each that follows.
account "ines" {
  channel = "email",
  from    = "Inès Rossi <ines@brand.example>",
  owner   = "ines",
  smtp    = { url = "smtps://smtp.brand.example", user = "ines@brand.example", password = secret "ines" },
  imap    = { url = "imaps://imap.brand.example", user = "ines@brand.example", password = secret "ines" },
  cap     = { per_day = 40, gap = "2m", per_domain = 20, warmup = { from = 10, step = 5 } },
}
