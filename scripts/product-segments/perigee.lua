-- SPDX-License-Identifier: MIT
-- One sender for each product, so that people see at once what a mail is about; one list of those who opted out, for both. `sim` needs no server
-- and no password; to send for real, set your own here and seal each password: `perigee secret set tea --host smtp.brand.example --host imap.brand.example`.

workspace {
  timezone   = "Europe/Paris",
  public_url = "https://write.brand.example",     -- for the link to unsubscribe
  segments   = {
    tea    = { label = "tea", not_label = "no-news" },
    coffee = { label = "coffee", not_label = "no-news" },
  },
}

account "tea" {
  channel = "email",
  from    = "Brand Tea <tea@brand.example>",
  smtp    = { url = "smtps://smtp.brand.example", user = "tea@brand.example", password = secret "tea" },
  imap    = { url = "imaps://imap.brand.example", user = "tea@brand.example", password = secret "tea" },
  cap     = { per_day = 300, gap = "20s" },
}

account "coffee" {
  channel = "email",
  from    = "Brand Coffee <coffee@brand.example>",
  smtp    = { url = "smtps://smtp.brand.example", user = "coffee@brand.example", password = secret "coffee" },
  imap    = { url = "imaps://imap.brand.example", user = "coffee@brand.example", password = secret "coffee" },
  cap     = { per_day = 300, gap = "20s" },
}
