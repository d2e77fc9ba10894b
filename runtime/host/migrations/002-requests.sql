-- SPDX-License-Identifier: MIT
-- Requests of scripts (perigee.http), and each use of a secret.

-- One row per http effect, beside its journal entry. A request other than GET and HEAD is handed to net again only on proof that
-- nothing was sent.
CREATE TABLE requests (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL, position INTEGER NOT NULL,
  state TEXT NOT NULL,         -- queued handed answered failed unknown resolved withdrawn
  method TEXT NOT NULL, host TEXT NOT NULL, url TEXT NOT NULL,
  key TEXT NOT NULL,           -- its idempotency key, and its name in the send log
  at INTEGER NOT NULL,         -- asked for
  attempts INTEGER NOT NULL DEFAULT 0,
  handed_at INTEGER, boot TEXT, done_at INTEGER,
  status INTEGER, error TEXT
);
CREATE INDEX requests_open ON requests (state, id) WHERE state IN ('queued', 'handed');
CREATE INDEX requests_by_run ON requests (run, position);
CREATE INDEX requests_unknown ON requests (id) WHERE state = 'unknown';

-- Who used which secret, where and when. Never a value.
CREATE TABLE secret_uses (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL,
  secret TEXT NOT NULL, host TEXT NOT NULL,
  script TEXT, run INTEGER,    -- of a script's request
  account TEXT                 -- of a sign-in
);
CREATE INDEX secret_uses_by_secret ON secret_uses (secret, at);
