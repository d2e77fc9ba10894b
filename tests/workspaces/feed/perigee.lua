-- SPDX-License-Identifier: MIT
-- The module perigee.feed.
workspace { timezone = "UTC", hours = "always" }
