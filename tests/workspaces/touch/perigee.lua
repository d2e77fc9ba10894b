-- SPDX-License-Identifier: MIT
workspace {
  timezone = "Europe/Paris",
  hours    = "mon-sun 09:00-18:00",       -- thanks must leave within a day, on weekends too
  policy   = { two_then_call = 0 },       -- the sequence has its own rule for people who don't react
  segments = { ambassadors = { label = "ambassador" } },
}
