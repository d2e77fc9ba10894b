-- The workspace: where it is, who writes, how much. Only these words stand here; scripts go to sequences/.

workspace {
  timezone = "Europe/Paris",      -- hours and dates of contacts whose own zone is not known
  -- hours = "always",            -- without this: Monday to Friday, 09:00 to 18:00 where the contact lives
}

-- Your mailbox. Take out the dashes, put in your servers, then seal the password (it is read from stdin):
--
--   perigee secret set mailbox --host smtp.example.com --host imap.example.com
--
-- Until then `perigee sim` and `perigee test` work with a pretend one.
--
-- account "me" {
--   channel = "email",
--   from    = "Your Name <you@example.com>",
--   smtp    = { url = "smtps://smtp.example.com", user = "you@example.com", password = secret "mailbox" },
--   imap    = { url = "imaps://imap.example.com", user = "you@example.com", password = secret "mailbox" },
--   cap     = { per_day = 50, gap = "2m" },     -- at most 50 a day, two minutes apart
-- }
