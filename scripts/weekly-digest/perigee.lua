-- SPDX-License-Identifier: MIT
-- The workspace of this example. `sim` needs no mail server and no password; to send it for real, set your own servers here and seal
-- the password with `perigee secret set voices --host smtp.brand.example --host imap.brand.example`.

workspace {
  timezone = "Europe/Paris",
}

account "voices" {
  channel = "email",
  from    = "Brand <voices@brand.example>",
  smtp    = { url = "smtps://smtp.brand.example", user = "voices@brand.example", password = secret "voices" },
  imap    = { url = "imaps://imap.brand.example", user = "voices@brand.example", password = secret "voices" },
}
