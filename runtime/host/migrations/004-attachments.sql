-- SPDX-License-Identifier: MIT
-- The files of messages. Their bytes stand in run/attachments/HASH until the message has an outcome, so that a try that is
-- repeated sends what the first one sent, whatever has become of the file meanwhile.
CREATE TABLE attachments (
  message INTEGER NOT NULL, position INTEGER NOT NULL,
  name TEXT NOT NULL,          -- within the folder attachments/
  type TEXT NOT NULL, size INTEGER NOT NULL,
  hash TEXT NOT NULL,          -- SHA-256
  place INTEGER NOT NULL,      -- where in messages.raw it stands, in base64
  PRIMARY KEY (message, position)
) WITHOUT ROWID;
CREATE INDEX attachments_by_hash ON attachments (hash);
