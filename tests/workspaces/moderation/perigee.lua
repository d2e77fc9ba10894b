-- SPDX-License-Identifier: MIT
-- A script that looks at what people post; tests/cli/workspaces_test.sh runs its tests.
workspace {
  timezone = "Europe/Paris",
}
