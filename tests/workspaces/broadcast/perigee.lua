-- SPDX-License-Identifier: MIT
workspace { timezone = "Europe/Paris", hours = "mon-fri 09:00-18:00" }
