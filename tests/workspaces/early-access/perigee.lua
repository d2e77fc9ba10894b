-- SPDX-License-Identifier: MIT
workspace {
  timezone = "Europe/Paris",
  public_url = "https://mail.brand.example",
  segments = { team = { label = "team" } },
}
