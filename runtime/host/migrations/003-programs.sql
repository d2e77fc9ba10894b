-- SPDX-License-Identifier: MIT
-- The program that a run began with: if it replays differently later, this tells whether the program has changed since.
ALTER TABLE runs ADD COLUMN program TEXT;
