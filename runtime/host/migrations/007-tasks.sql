-- SPDX-License-Identifier: MIT
-- By hand, jobs whose time has come, and contacts that are put off.

-- Names of the files that a person sends along, separated by commas.
ALTER TABLE tasks ADD COLUMN files TEXT;
CREATE INDEX tasks_by_run ON tasks (run) WHERE state = 'open' AND run IS NOT NULL;
CREATE INDEX tasks_by_message ON tasks (message) WHERE message IS NOT NULL;

-- A job whose time has come and that has not started yet: its jitter is not over (scripts.next_due), or the run before it is not.
CREATE TABLE job_starts (
  job TEXT PRIMARY KEY,
  version TEXT NOT NULL,       -- a newer one begins with a time of its own
  due INTEGER NOT NULL,        -- by the schedule
  missed INTEGER NOT NULL      -- 1: one of several that passed while nothing ran, to be made up one after the other
) WITHOUT ROWID;

-- Out of the way until then, or until they write.
ALTER TABLE contacts ADD COLUMN snoozed_until INTEGER;
