-- SPDX-License-Identifier: MIT
-- Where to listen, and which words are about you. Each host stands in `needs.net` of jobs/listen.lua, too.
return {
  feeds = {
    forum = "https://forum.bakers.example/latest.rss",
    blog  = "https://blog.crumbs.example/feed.xml",
  },
  names = { "Brand", "brand.example", "Léa's ovens" },
}
