-- SPDX-License-Identifier: MIT
-- People, in full: ids that a merge took away, what consent was when and by whose word, requests for data and for erasure,
-- and what `keep` has dropped.

-- The ids of contacts that were merged into others: a file that still names them finds whom they became.
CREATE TABLE former_ids (
  id TEXT PRIMARY KEY,
  contact TEXT NOT NULL REFERENCES contacts(id) ON DELETE CASCADE,
  at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX former_ids_by_contact ON former_ids (contact);

-- at: when it was recorded here; given_at: when it was given, as the source says. cause as in stage_changes.
CREATE TABLE consent_changes (
  id INTEGER PRIMARY KEY, contact TEXT NOT NULL, at INTEGER NOT NULL,
  old TEXT, new TEXT, source TEXT, given_at INTEGER, cause TEXT NOT NULL
);
CREATE INDEX consent_changes_by_contact ON consent_changes (contact);
CREATE INDEX stage_changes_by_contact ON stage_changes (contact);

-- Who was given their data (export) or erased, and when. people: keyed hashes of the id and the addresses, separated by spaces,
-- so that the question "when did we erase this address?" has an answer and the table names nobody.
CREATE TABLE person_requests (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL,
  kind TEXT NOT NULL,          -- export, erase
  cause TEXT NOT NULL,         -- person, keep
  people TEXT NOT NULL
);

-- Addresses, ids and names of people who are erased by `keep`, until what others' runs have read of them is gone too. whole: it
-- could be any word, and counts only where a string of JSON is that and nothing else.
CREATE TABLE forgetting (word TEXT PRIMARY KEY, whole INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX event_runs_by_event ON event_runs (event);

-- keep.journals has dropped its journal: what it came to stays, but it can't be retried.
ALTER TABLE runs ADD COLUMN forgotten_at INTEGER;
