-- SPDX-License-Identifier: MIT
workspace { timezone = "Europe/Paris", hours = "always" }
