-- SPDX-License-Identifier: MIT
-- How often a run has begun anew (contact:restart) in the hour that began at restarts_since: one that does nothing else is ended.
ALTER TABLE runs ADD COLUMN restarts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN restarts_since INTEGER NOT NULL DEFAULT 0;
