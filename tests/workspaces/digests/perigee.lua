-- SPDX-License-Identifier: MIT
-- A script that counts what people say; tests/cli/workspaces_test.sh runs its tests.
workspace {
  timezone = "Europe/Paris",
}
