-- SPDX-License-Identifier: MIT
-- Documents in mails, links to confirm and signed links, and the modules perigee.documents and perigee.gate.
workspace {
  timezone   = "Europe/Paris",
  public_url = "https://mail.brand.example",
}
