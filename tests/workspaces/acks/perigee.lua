-- SPDX-License-Identifier: MIT
-- A script that acknowledges; tests/cli/workspaces_test.sh runs its tests.
workspace {
  timezone = "Europe/Paris",
}
