-- SPDX-License-Identifier: MIT
-- Scores as this workspace counts them.
return require "perigee.score".with {
  weights = { x = { quote = 6 }, forum = { post = 5 } }, half_life_days = 10, tiers = { { "silver", 10 }, { "gold", 50 } },
}
