-- SPDX-License-Identifier: MIT
-- What is launched, when, and where the community reads of it.
return {
  name      = "Night Garden",
  what      = { en = "a tea without caffeine, for the hour after dinner", fr = "une infusion sans théine, pour l'heure d'après dîner",
                it = "un infuso senza teina, per l'ora del dopocena" },
  link      = "https://bellerive.example/night-garden",
  launch    = "next thursday 10:00",        -- or a date: "2027-03-04T10:00"
  timezone  = "Europe/Paris",
  community = { channel = "discord", to = "#news", locale = "en" },
}
