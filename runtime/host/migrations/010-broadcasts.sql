-- SPDX-License-Identifier: MIT
-- Broadcasts: one text to many (a community's channel). A script plans one; a person confirms it before its time, or it lapses. The text
-- is what was rendered when it was planned, so what is confirmed is what leaves. Nobody's caps count it: its row in messages has no contact.
CREATE TABLE broadcasts (
  id INTEGER PRIMARY KEY,
  run INTEGER, position INTEGER, sequence TEXT,  -- who asked for it (a sequence or job)
  state TEXT NOT NULL,         -- rendering planned confirmed handed unknown sent refused lapsed cancelled
  channel TEXT NOT NULL, account TEXT NOT NULL, target TEXT NOT NULL,
  template TEXT NOT NULL, vars TEXT, locale TEXT,
  subject TEXT, text TEXT,
  at INTEGER NOT NULL,         -- when it is to leave
  due INTEGER NOT NULL,        -- when it is looked at next
  created_at INTEGER NOT NULL, confirmed_at INTEGER, done_at INTEGER,
  message INTEGER,             -- its row in messages, once it was handed over
  attempts INTEGER NOT NULL DEFAULT 0,
  rule TEXT, reason TEXT       -- why it waits, was refused or lapsed
);
CREATE INDEX broadcasts_by_due ON broadcasts (due, id) WHERE state IN ('rendering', 'planned', 'confirmed');
-- When a simulated colleague confirms one: an hour after it was planned, or half-way to its time.
CREATE INDEX broadcasts_to_confirm ON broadcasts (created_at + min(3600000, (at - created_at) / 2), id) WHERE state = 'planned';
CREATE INDEX broadcasts_by_message ON broadcasts (message) WHERE message IS NOT NULL;
