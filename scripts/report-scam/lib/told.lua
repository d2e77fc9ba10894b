-- SPDX-License-Identifier: MIT
-- What people write who have met somebody that uses our name.
local faq = require "perigee.faq"

return faq.tree {
  questions = {
    impostor = {
      ask = {
        en = { "is this a scam", "is that really you", "from your team asks me to pay", "fake profile with your name", "pretends to be you", "somebody uses your name" },
        fr = { "est-ce une arnaque", "c'est vraiment vous", "de votre équipe me demande de payer", "faux compte à votre nom", "se fait passer pour vous" },
        it = { "è una truffa", "siete davvero voi", "del vostro team mi chiede di pagare", "profilo falso con il vostro nome", "si spaccia per voi" },
      },
      answer = "not-us",
    },
  },
}
