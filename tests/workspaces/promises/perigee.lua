-- SPDX-License-Identifier: MIT
-- What docs/scripting.md says beside the tables, as stories.
workspace { timezone = "Europe/Paris", hours = { "mon-sun 07:00-22:00" } }
