-- SPDX-License-Identifier: MIT
-- perigee.statistics, perigee.ab and perigee.business, straight and in short sequences.
workspace {
  timezone = "Europe/Paris",
  hours    = { "mon 09:00-12:00", "mon 14:00-18:00", "tue-fri 09:00-18:00" },
  holidays = { "FR" },
}
