-- SPDX-License-Identifier: MIT
-- Scripts that meet each kind of event; tests/cli/workspaces_test.py runs their tests.
workspace {
  timezone = "Europe/Paris",
  hours    = "always",
}
