-- The first schema. Times are milliseconds since the epoch, UTC. JSON is canonical text. Views at the end are for people.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- People. rev grows with every change that a script could see; a run remembers the rev it last saw.
CREATE TABLE contacts (
  id TEXT PRIMARY KEY,
  name TEXT, first_name TEXT, locale TEXT, timezone TEXT, country TEXT, company TEXT, owner TEXT,
  stage TEXT NOT NULL DEFAULT 'prospect',
  preferred_channel TEXT, consent TEXT, consent_source TEXT,
  fields TEXT NOT NULL DEFAULT '{}',
  away_until INTEGER,                          -- an auto-reply said so; sends are deferred until then
  rev INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
);
-- Addresses. norm is the form that is compared: lower case, for e-mail without display name. Of several on one channel
-- the one of the lowest rank is written to.
CREATE TABLE identities (
  contact TEXT NOT NULL REFERENCES contacts(id) ON DELETE CASCADE,
  channel TEXT NOT NULL, address TEXT NOT NULL, norm TEXT NOT NULL, rank INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (contact, channel, norm)
) WITHOUT ROWID;
CREATE INDEX identities_by_address ON identities (channel, norm);
CREATE TABLE labels (
  contact TEXT NOT NULL REFERENCES contacts(id) ON DELETE CASCADE,
  label TEXT NOT NULL, PRIMARY KEY (contact, label)
) WITHOUT ROWID;
CREATE INDEX labels_by_label ON labels (label, contact);
CREATE TABLE notes (
  id INTEGER PRIMARY KEY, contact TEXT NOT NULL, at INTEGER NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX notes_by_contact ON notes (contact);
-- Stage history with its cause: 'run 12', 'import', 'person'.
CREATE TABLE stage_changes (
  id INTEGER PRIMARY KEY, contact TEXT NOT NULL, at INTEGER NOT NULL, old TEXT, new TEXT NOT NULL, cause TEXT NOT NULL
);

-- Nobody here is written to. person: all channels of the contact (address_hash of each identity is kept, channel '*');
-- identity: that address only. Hashes outlive erasure.
CREATE TABLE suppressions (
  channel TEXT NOT NULL, address_hash TEXT NOT NULL, reason TEXT NOT NULL,   -- opted_out, complaint, erased, dead_address
  contact TEXT, at INTEGER NOT NULL,
  PRIMARY KEY (channel, address_hash)
) WITHOUT ROWID;
CREATE INDEX suppressions_by_contact ON suppressions (contact);

-- Script versions by content hash; sources is a JSON list of [module, source], main file first.
CREATE TABLE versions (
  hash TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL,
  sources TEXT NOT NULL, declarations TEXT NOT NULL, created_at INTEGER NOT NULL
) WITHOUT ROWID;
-- Sequences and jobs by name, with the version that new runs take.
CREATE TABLE scripts (
  name TEXT PRIMARY KEY, kind TEXT NOT NULL, version TEXT NOT NULL REFERENCES versions(hash),
  paused_reason TEXT,                           -- a version whose first visits all ended by a limit
  next_due INTEGER                              -- jobs
) WITHOUT ROWID;

CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  sequence TEXT NOT NULL, contact TEXT, key TEXT NOT NULL DEFAULT '',
  version TEXT NOT NULL,
  state TEXT NOT NULL,         -- ready, waiting, sending, done, failed, stopped, parked
  outcome TEXT, error TEXT, error_code TEXT,
  due INTEGER,                 -- when a ready or waiting run wakes; NULL: only by an event or a message
  seed INTEGER NOT NULL, start TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER,
  steps INTEGER NOT NULL DEFAULT 0,             -- journal entries
  contact_rev INTEGER NOT NULL DEFAULT 0,       -- the contact as the run last saw it
  seen_event INTEGER NOT NULL DEFAULT 0,        -- the last reply event of the contact that the run was given or that ended before its start
  first_message_at INTEGER,
  wait_ended_at INTEGER,                        -- the end of its last wait: inbox_fresh compares with it
  account TEXT,                                 -- the mailbox it writes from
  thread TEXT,                                  -- Message-ID of the first mail of its thread
  held TEXT                                     -- waits for this account's mailbox to be read before its wait may end
);
CREATE UNIQUE INDEX runs_by_key ON runs (sequence, contact, key);
CREATE INDEX runs_by_due ON runs (due, id) WHERE state IN ('ready', 'waiting') AND due IS NOT NULL;
CREATE INDEX runs_by_held ON runs (held) WHERE held IS NOT NULL;
CREATE INDEX runs_by_contact ON runs (contact);

-- The truth about a run. answer is NULL while the effect is pending.
CREATE TABLE journal (
  run INTEGER NOT NULL, position INTEGER NOT NULL,
  kind TEXT NOT NULL, args TEXT NOT NULL, asked_at INTEGER NOT NULL,
  answer TEXT, answered_at INTEGER,
  deadline INTEGER,            -- a wait's or sleep's resolved end
  place TEXT,                  -- FILE:LINE of the call
  PRIMARY KEY (run, position)
) WITHOUT ROWID;
CREATE TABLE run_log (
  id INTEGER PRIMARY KEY, run INTEGER NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL, fields TEXT
);
CREATE INDEX run_log_by_run ON run_log (run);

-- What happened outside. One row per event; event_runs says to which runs it belongs and whether it was given.
CREATE TABLE events (
  id INTEGER PRIMARY KEY, contact TEXT, kind TEXT NOT NULL, at INTEGER NOT NULL,
  channel TEXT, message INTEGER, data TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX events_by_contact ON events (contact, kind, id);
CREATE TABLE event_runs (
  run INTEGER NOT NULL, event INTEGER NOT NULL, given_at INTEGER,
  PRIMARY KEY (run, event)
) WITHOUT ROWID;

-- The ledger: every message sent or received.
CREATE TABLE messages (
  id INTEGER PRIMARY KEY,
  contact TEXT, run INTEGER, position INTEGER,
  channel TEXT NOT NULL, account TEXT, direction TEXT NOT NULL,   -- out, in
  state TEXT NOT NULL,        -- out: queued handed accepted refused unknown withdrawn held cancelled delivered bounced read replied; in: received
  template TEXT, purpose TEXT, vars TEXT, options TEXT,
  address TEXT, subject TEXT, text TEXT,
  message_id TEXT,            -- without < >; for other channels the provider's id
  thread TEXT, in_reply_to TEXT, refs TEXT,
  raw BLOB,                   -- the bytes to send, kept until there is an outcome; of received mail while `keep` says so
  at INTEGER NOT NULL,        -- asked for, or received
  due INTEGER,                -- not before this time (undo, deferral, retry)
  rule TEXT, reason TEXT,     -- why it waits or was refused
  handed_at INTEGER,           -- counts for caps and pace; cleared when it comes back to the queue
  first_handed_at INTEGER,     -- of the first attempt: it is given up four days after that
  boot TEXT, done_at INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0, code TEXT, error TEXT,
  uncertain INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX messages_queue ON messages (account, due, id) WHERE state = 'queued';
CREATE INDEX messages_by_contact ON messages (contact, at);
CREATE INDEX messages_by_run ON messages (run) WHERE run IS NOT NULL;
CREATE INDEX messages_by_message_id ON messages (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX messages_by_thread ON messages (thread) WHERE thread IS NOT NULL;
CREATE INDEX messages_by_account ON messages (account, handed_at) WHERE direction = 'out' AND handed_at IS NOT NULL;

CREATE TABLE tasks (
  id INTEGER PRIMARY KEY, contact TEXT, run INTEGER, kind TEXT NOT NULL, note TEXT, due INTEGER,
  state TEXT NOT NULL DEFAULT 'open', outcome TEXT, created_at INTEGER NOT NULL, done_at INTEGER,
  message INTEGER              -- the message that a person is to send by hand
);
CREATE INDEX tasks_by_state ON tasks (state, due);
CREATE INDEX tasks_by_contact ON tasks (contact);

CREATE TABLE store (
  space TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (space, key)
) WITHOUT ROWID;

-- Mailboxes: how far each folder has been read; read_until is on the accounts' inbox row.
CREATE TABLE mailboxes (
  account TEXT NOT NULL, role TEXT NOT NULL,   -- inbox, sent
  uidvalidity INTEGER NOT NULL DEFAULT 0, uid INTEGER NOT NULL DEFAULT 0, modseq INTEGER NOT NULL DEFAULT 0,
  read_until INTEGER NOT NULL DEFAULT 0,       -- everything that came before this time has been recorded
  PRIMARY KEY (account, role)
) WITHOUT ROWID;
CREATE TABLE account_states (
  account TEXT PRIMARY KEY, state TEXT NOT NULL, code TEXT, text TEXT, since INTEGER NOT NULL
) WITHOUT ROWID;

-- scope: all, account, sequence, contact; name '' for all.
CREATE TABLE pauses (
  scope TEXT NOT NULL, name TEXT NOT NULL, until INTEGER, at INTEGER NOT NULL, PRIMARY KEY (scope, name)
) WITHOUT ROWID;

CREATE VIEW people AS
  SELECT c.id, c.name, c.stage, (SELECT group_concat(channel || ':' || address, ' ') FROM identities i WHERE i.contact = c.id) AS identities,
         (SELECT group_concat(label, ' ') FROM labels l WHERE l.contact = c.id) AS labels
  FROM contacts c;
CREATE VIEW timeline AS
  SELECT datetime(at / 1000, 'unixepoch') AS at_utc, contact, run, channel, direction, state, template, subject, message_id FROM messages ORDER BY at;
