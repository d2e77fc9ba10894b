-- SPDX-License-Identifier: MIT
-- The workspace of this example: a made-up brand of running shoes. `sim` needs no mail server and no password; to send for real, set your own
-- servers here and seal the password with `perigee secret set athletes --host smtp.passo.example --host imap.passo.example`.

workspace {
  timezone = "Europe/Rome",
  topics   = { contract = "email", invoice = "email" }, -- whatever must leave a trace stays in the mailbox
}

account "athletes" {
  channel = "email",
  from    = "Sara from Passo <sara@passo.example>",
  smtp    = { url = "smtps://smtp.passo.example", user = "sara@passo.example", password = secret "athletes" },
  imap    = { url = "imaps://imap.passo.example", user = "sara@passo.example", password = secret "athletes" },
  cap     = { per_day = 60, gap = "90s" },
}
