-- SPDX-License-Identifier: MIT
-- This week's issue: the one file that is edited each week. `key` is its number: nobody gets an issue twice.
return {
  key  = "2026-12",
  url  = "https://brand.example/letter/12",
  word = {
    en = { title = "Bread that waits for you", teaser = "Why a cold dough tastes better, and three creators who bake at midnight." },
    fr = { title = "Le pain qui vous attend", teaser = "Pourquoi une pâte froide a meilleur goût, et trois créateurs qui cuisent à minuit." },
    it = { title = "Il pane che ti aspetta", teaser = "Perché un impasto freddo è più buono, e tre creator che infornano a mezzanotte." },
  },
  posts = { -- the short announcement, in each network's own tone; a person posts it
    { on = "Instagram", text = "Cold dough, warm kitchen. Issue 12 of our letter is out: link in bio." },
    { on = "LinkedIn", text = "Three creators told us why they bake at midnight. The new issue of the Brand Letter: https://brand.example/letter/12" },
    { on = "TikTok", text = "POV: you let the dough sleep. The whole story is in our letter, link in bio." },
  },
}
