-- SPDX-License-Identifier: MIT
-- A made-up brand. `sim` and `test` need no mail server and no password; to send for real, set your own servers here and seal the
-- password: perigee secret set news --host smtp.brand.example --host imap.brand.example
-- public_url is where `perigee serve --public 127.0.0.1:8085` is reached from outside: the links to confirm, to unsubscribe and to the guide.

workspace {
  timezone   = "Europe/Paris",
  public_url = "https://news.brand.example",
}

account "news" {
  channel = "email",
  from    = "Brand Letter <letter@news.brand.example>",
  smtp    = { url = "smtps://smtp.brand.example", user = "letter@news.brand.example", password = secret "news" },
  imap    = { url = "imaps://imap.brand.example", user = "letter@news.brand.example", password = secret "news" },
  cap     = { per_day = 500, gap = "5s" },
}
