-- SPDX-License-Identifier: MIT
workspace { timezone = "Europe/Paris", holidays = { "FR" } }
