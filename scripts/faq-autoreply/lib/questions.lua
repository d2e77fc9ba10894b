-- SPDX-License-Identifier: MIT
-- What creators and customers ask every day, as they say it, and the template that answers. Refunds, complaints, lawyers and
-- the press are always a person's; so is what stands under `escalate`.
local faq = require "perigee.faq"

return faq.tree {
  questions = {
    parcel = {
      ask = {
        en = { "where is my parcel", "where is my order", "nothing has come yet", "when will it be delivered", "when will it arrive", "delivery time", "track my order" },
        fr = { "où est mon colis", "où est ma commande", "je n'ai encore rien reçu", "quand serai-je livrée", "délai de livraison", "suivre ma commande" },
        it = { "dov'è il mio pacco", "dov'è il mio ordine", "non è ancora arrivato nulla", "quando arriva la consegna", "tempi di consegna", "tracciare l'ordine" },
      },
      answer = "faq-parcel",
      branches = {
        abroad = {
          ask = {
            en = { "outside the EU", "in Switzerland", "in the UK", "customs" },
            fr = { "hors de l'UE", "en Suisse", "au Royaume-Uni", "la douane" },
            it = { "fuori dall'UE", "in Svizzera", "nel Regno Unito", "la dogana" },
          },
          answer = "faq-customs",
        },
        lost = {
          ask = { en = { "it never arrived", "it is lost" }, fr = { "jamais arrivé", "il est perdu" }, it = { "mai arrivato", "si è perso" } },
          escalate = true,
        },
      },
    },
    code = {
      ask = {
        en = { "discount code", "promo code", "code for my followers" },
        fr = { "code promo", "code de réduction", "un code pour mes abonnés" },
        it = { "codice sconto", "codice promozionale", "un codice per chi mi segue" },
      },
      answer = "faq-code",
    },
    join = {
      ask = {
        en = { "how can I work with you", "collaborate with you", "become an ambassador", "join your programme" },
        fr = { "comment collaborer avec vous", "devenir ambassadrice", "devenir ambassadeur", "rejoindre le programme" },
        it = { "come posso collaborare con voi", "diventare ambassador", "entrare nel programma" },
      },
      answer = "faq-join",
    },
    payment = {
      ask = {
        en = { "when do I get paid", "when is my commission paid", "where do I send my invoice", "payment date" },
        fr = { "quand serai-je payée", "quand ma commission est-elle versée", "où envoyer ma facture", "date de paiement" },
        it = { "quando vengo pagata", "quando arriva la commissione", "dove mando la fattura", "data di pagamento" },
      },
      answer = "faq-payment",
    },
  },
  escalate = {
    scam = {
      en = { "scam", "fake profile", "profile with your name", "pretends to be you" },
      fr = { "arnaque", "faux compte", "compte avec votre nom", "se fait passer pour vous" },
      it = { "truffa", "profilo falso", "profilo con il vostro nome", "si spaccia per voi" },
    },
  },
}
