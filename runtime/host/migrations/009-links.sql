-- SPDX-License-Identifier: MIT
-- Signed links of messages ({{ "https://..." | link: "7 days" }}): where each leads, and until when. A link in a mail holds the random
-- part and an HMAC of it and of its number (token.h), nothing of the person or the address.
CREATE TABLE links (
  message INTEGER NOT NULL, position INTEGER NOT NULL,
  random TEXT NOT NULL,
  url TEXT NOT NULL,
  until INTEGER NOT NULL,       -- afterwards it leads nowhere
  opened_at INTEGER,            -- the first time: that is the event
  PRIMARY KEY (message, position)
) WITHOUT ROWID;
CREATE INDEX links_by_random ON links (random);
