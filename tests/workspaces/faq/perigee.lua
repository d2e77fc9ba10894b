-- SPDX-License-Identifier: MIT
-- A script that answers questions; tests/cli/workspaces_test.sh runs its tests.
workspace {
  timezone = "Europe/Paris",
}
