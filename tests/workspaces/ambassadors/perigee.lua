-- SPDX-License-Identifier: MIT
-- perigee.score, perigee.thanks, perigee.offer and perigee.affiliate, in short sequences and straight.
workspace {
  timezone = "Europe/Paris",
  hours    = "always",
}
