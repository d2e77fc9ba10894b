-- SPDX-License-Identifier: MIT
local faq = require "perigee.faq"

return faq.tree {
  questions = {
    shipping = {
      ask = {
        en = { "where is my parcel", "where is my order", "when will it arrive", "delivery time", "how long does shipping take", "track my order" },
        fr = { "où est mon colis", "où est ma commande", "quand vais-je être livré", "délai de livraison", "suivre ma commande" },
        it = { "dov'è il mio pacco", "dov'è il mio ordine", "quando arriva", "tempi di consegna", "tracciare la spedizione" },
      },
      answer = "faq-shipping",
      branches = {
        abroad = {
          ask = { en = { "outside the EU", "abroad", "Switzerland" }, fr = { "hors UE", "à l'étranger", "en Suisse" }, it = { "fuori UE", "all'estero", "in Svizzera" } },
          answer = "faq-abroad",
        },
        lost = { ask = { en = { "never arrived", "lost" }, fr = { "perdu" }, it = { "perso", "smarrito" } }, escalate = true },
      },
    },
    returns = {
      ask = {
        en = { "how do I return it", "send it back", "return policy", "exchange for another size" },
        fr = { "comment retourner", "faire un retour", "échanger la taille", "renvoyer un article" },
        it = { "come faccio un reso", "restituire", "cambiare taglia", "politica dei resi" },
      },
      answer = "faq-returns",
    },
    materials = {
      ask = { en = { "what is it made of", "materials", "is it organic" }, fr = { "en quelle matière", "composition", "est-ce bio" }, it = { "di che materiale è", "composizione", "è biologico" } },
      answer = "faq-materials",
    },
    discount = {
      ask = { en = { "discount code", "promo code", "coupon" }, fr = { "code promo", "code de réduction", "bon de réduction" }, it = { "codice sconto", "codice promozionale", "buono sconto" } },
      answer = "faq-discount",
    },
  },
  escalate = { allergy = { en = { "allergic", "allergy" }, fr = { "allergique", "allergie" }, it = { "allergico", "allergica", "allergia" } } },
}
