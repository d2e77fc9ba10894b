-- SPDX-License-Identifier: MIT
-- What policy counts by. Caps and windows go by identity, because several contacts may share one (an agent).
ALTER TABLE messages ADD COLUMN identity TEXT;   -- "channel:norm" it was sent to or came from
ALTER TABLE messages ADD COLUMN likeness TEXT;   -- keyed hash of what it says, names aside (rule personal)
-- Rules count what was sent by handed_at, and look for the last message that came by at.
CREATE INDEX messages_by_identity ON messages (identity, at) WHERE identity IS NOT NULL AND direction = 'in';
CREATE INDEX messages_sent_to ON messages (identity, handed_at) WHERE identity IS NOT NULL AND handed_at IS NOT NULL;
CREATE INDEX messages_sent ON messages (contact, handed_at) WHERE handed_at IS NOT NULL;
CREATE INDEX messages_by_likeness ON messages (likeness) WHERE likeness IS NOT NULL;

-- The rule that opened a task (two_then_call asks a person to call, once per run).
ALTER TABLE tasks ADD COLUMN rule TEXT;

-- Accounts that failed lately. An open breaker (until) lets nothing go; then one message tries.
CREATE TABLE breakers (
  account TEXT PRIMARY KEY, failures INTEGER NOT NULL DEFAULT 0,
  opened_at INTEGER, until INTEGER, error TEXT
) WITHOUT ROWID;

-- When the consent that is recorded was given (or withdrawn).
ALTER TABLE contacts ADD COLUMN consent_at INTEGER;

-- policy.stop_company: who else is of the company that has answered.
CREATE INDEX contacts_by_company ON contacts (lower(trim(company))) WHERE company IS NOT NULL;
