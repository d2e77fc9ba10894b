-- SPDX-License-Identifier: MIT
-- Scripts that answer, moderate and report; tests/cli/workspaces_test.sh runs their tests.
workspace {
  timezone = "Europe/Paris",
}
