-- SPDX-License-Identifier: MIT
-- What perigee.cadence, perigee.preference and perigee.channels promise in the library's pages.
workspace { timezone = "Europe/Paris", hours = "always" }
