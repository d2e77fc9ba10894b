-- SPDX-License-Identifier: MIT
workspace {
  timezone = "Europe/Paris",
  segments = { partners = { label = "partner" } },
}
