-- SPDX-License-Identifier: MIT
workspace {
  timezone = "Europe/Paris",
  holidays = { "FR" },
  segments = { online = { stage = "published" } },
}
