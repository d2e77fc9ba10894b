-- SPDX-License-Identifier: MIT
local domains = require "perigee.domains"
local moderation = require "perigee.moderation"

local own = { "brand.example", "ourbrandshop.co.uk" }

local function look(text, country)
  return moderation.look(text, { own_domains = own, country = country })
end

-- What honest people write: { text, country }
local harmless = {
  { "Hi, where is my parcel? I ordered last Tuesday and it should be here by now.", "GB" },
  { "I love your page! Your page will be my first stop from now on.", "US" },
  { "You can reach me on WhatsApp at +33 6 12 34 56 78, I read it more often than mail.", "FR" },
  { "Message me on Telegram if that's easier, I'm travelling this week.", "DE" },
  { "My number is +44 7700 900123 if you would rather call.", "GB" },
  { "Do you sell gift cards? I would like to buy one for my sister.", "US" },
  { "Can I buy gift cards in your shop in Lyon?", "FR" },
  { "I forgot my password, how do I reset it?", "US" },
  { "I never got the verification code, can you help?", "GB" },
  { "I run a podcast about bitcoin and would love to have you on.", "US" },
  { "My page is https://mayabakes.example and my shop is shop.mayabakes.example", "GB" },
  { "See my media kit: https://bit.ly/maya-kit", "GB" },
  { "Is brand.example/summer still valid? The link in your mail to help@brand.example bounced.", "US" },
  { "I saw it on www.ourbrandshop.co.uk yesterday", "GB" },
  { "This is a stupid question, but how do I open the box?", "US" },
  { "I am very disappointed. The vase arrived broken and nobody has answered for a week.", "GB" },
  { "This is unacceptable. I want my money back today.", "US" },
  { "I won your giveaway last week, how do I get my prize?", "US" },
  { "Heritage crafts are what I write about, and your looms are lovely.", "GB" },
  { "It is urgent: we leave within 24 hours and the charger is missing.", "US" },
  { "My mother is terminally ill and loved your candles. Could it arrive before Friday?", "IE" },
  { "I feel like a million dollars in that coat!", "US" },
  { "How can I earn more with your affiliate programme? Do I earn up to 20%?", "US" },
  { "Hello! I shoot recipes in 30 seconds, 200,000 followers. Shall we work together?", "ES" },
  { "Bonjour, où en est ma commande 4512 ?", "FR" },
  { "Écrivez-moi sur WhatsApp au +33 6 98 76 54 32, c'est plus simple.", "FR" },
  { "Puis-je acheter des cartes cadeaux en ligne ?", "FR" },
  { "Votre page sera bientôt ma préférée, continuez !", "FR" },
  { "J'ai oublié mon mot de passe, comment le changer ?", "FR" },
  { "C'est une espèce de rose ancienne, je crois.", "FR" },
  { "Mon pneu est crevé, je serai en retard au tournage.", "FR" },
  { "Je fais un don de sang demain, parlons-en vendredi.", "FR" },
  { "Notre héritage artisanal est au cœur de ma chaîne.", "FR" },
  { "Je suis déçue : le bol est arrivé cassé. Pouvez-vous le remplacer ?", "FR" },
  { "Avez-vous gagné un prix pour ce design ? Il est superbe.", "FR" },
  { "Buongiorno, quando arriva il mio ordine?", "IT" },
  { "Scrivetemi pure su WhatsApp al +39 333 123 4567", "IT" },
  { "Posso pagare con Postepay?", "IT" },
  { "C'è una crepa nel vaso, me lo cambiate?", "IT" },
  { "Sto girando un video sulla guerra di Troia, vi interessa?", "IT" },
  { "Vorrei comprare delle carte regalo per Natale.", "IT" },
  { "Ho dimenticato la password del mio account.", "IT" },
  { "Sono molto delusa, il pacco è arrivato aperto.", "IT" },
  { "Ho vinto il vostro concorso, come ritiro il premio?", "IT" },
  { "La vostra pagina è bellissima, complimenti!", "IT" },
  { "Ciao! Il mio sito è www.sofiainviaggio.example, parliamone.", "IT" },
  { "Приве́т! Где моя посылка?", nil },
  { "👍👍👍", nil },
  { "", nil },
}

-- What is none: { text, country, kind }
local bad = {
  { "Your Facebook page has been flagged. Your page will be permanently deleted unless you appeal within 24 hours: https://bit.ly/3xAppeal", "US", "scam" },
  { "Meta Support Team: we noticed that your content violates our community standards. Confirm your identity here.", "GB", "scam" },
  { "Congratulations! You are eligible for the blue badge. Verify your account at brand-verify.example", "US", "scam" },
  { "Hello dear, contact me on WhatsApp +234 803 555 0199, I have a business for you", "FR", "scam" },
  { "Nice profile. Text me on Telegram +1 (202) 555-0123 let's talk", "IT", "scam" },
  { "Please log in again at https://brand.example.secure-login.test/auth", "GB", "scam" },
  { "New order portal: https://brаnd.example", "GB", "scam" }, -- a Cyrillic а
  { "Our invoices have moved to https://brand-support.example", "GB", "scam" },
  { "See https://brarnd.example for the campaign", "GB", "scam" },
  { "Please update your password here", "GB", "scam" },
  { "To join the campaign send me the code you received by SMS. Send me the verification code now.", "GB", "scam" },
  { "I am a lawyer. Your next of kin left an unclaimed inheritance of 4.5 million dollars.", "US", "scam" },
  { "I am terminally ill and want to give my 2 million euros to a good person. My late husband left it.", "US", "scam" },
  { "Are you at your desk? I need gift cards for me to give to staff, scratch the back and send me the codes", "US", "scam" },
  { "Buy an iTunes gift card and send pictures of the cards", "US", "scam" },
  { "Guaranteed returns with bitcoin investment! Double your money in a week", "US", "scam" },
  { "I earn daily with my trading platform, forex trading changed my life, ask my broker", "US", "scam" },
  { "You have won! Claim your prize within 24 hours", "US", "scam" },
  { "We will pay you by cashier's check; refund the difference by Western Union, last chance", "US", "scam" },
  { "Install AnyDesk so that our support can check your shop", "US", "scam" },
  { "Your Instagram account will be suspended for copyright infringement on your last post", "US", "scam" },
  { "Your wallet needs validation, enter your seed phrase", "US", "scam" },
  { "Vеrify yоur account to keep your blue badge", "US", "scam" }, -- with Cyrillic е and о
  { "Votre page sera supprimée sous 24 heures pour violation. Contactez l'équipe support Meta.", "FR", "scam" },
  { "Votre compte a été signalé. Confirmez votre identité sur ce lien : https://tinyurl.com/abc", "FR", "scam" },
  { "Bonjour, contactez-moi sur WhatsApp au +229 97 55 01 23 pour une proposition sérieuse", "FR", "scam" },
  { "Je suis en phase terminale et veux léguer 1,2 million d'euros. Mon défunt mari était armateur.", "FR", "scam" },
  { "Achetez une recharge PCS et envoyez-moi les codes", "FR", "scam" },
  { "Rendement garanti : investir dans le bitcoin et doubler votre argent", "FR", "scam" },
  { "Offre de prêt entre particuliers sans justificatif, crédit sans justificatif, frais de dossier à 90 €", "FR", "scam" },
  { "Vous avez gagné un iPhone ! Réclamez votre lot sous 24h", "FR", "scam" },
  { "Pour participer, envoyez-moi le code reçu par SMS et votre mot de passe", "FR", "scam" },
  { "La tua pagina sarà eliminata per violazione del copyright. Verifica il tuo account.", "IT", "scam" },
  { "Team di assistenza Meta: il tuo account verrà disattivato entro 24 ore", "IT", "scam" },
  { "Ciao bella, scrivimi su WhatsApp +225 07 55 01 02 03", "IT", "scam" },
  { "Guadagno garantito con investimenti in criptovalute, guadagna fino a 500 euro al giorno", "IT", "scam" },
  { "Hai vinto! Ritira il tuo premio entro 24 ore", "IT", "scam" },
  { "Mandami il codice che hai ricevuto per SMS", "IT", "scam" },
  { "Mio defunto marito ha lasciato 3 milioni di euro per te", "IT", "scam" },
  { "Compra delle carte regalo, gratta il codice e mandami i codici", "IT", "scam" },
  { "Buy followers! 10k followers for 20 dollars", "US", "spam" },
  { "We offer SEO services and quality backlinks, first page of Google", "US", "spam" },
  { "Nous proposons du référencement Google : première page de Google en un mois", "FR", "spam" },
  { "Vuoi aumentare i tuoi follower? Follower reali da 5 euro", "IT", "spam" },
  { "You idiots, go to hell", "US", "abuse" },
  { "I know where you live. I will kill you.", "US", "abuse" },
  { "Bande d'incapables, allez vous faire voir", "FR", "abuse" },
  { "Je sais où tu habites", "FR", "abuse" },
  { "Siete degli idioti, vaffanculo", "IT", "abuse" },
  { "So dove abiti, ti ammazzo", "IT", "abuse" },
}

test("what honest people write passes", function(t)
  for _, case in ipairs(harmless) do
    local seen = look(case[1], case[2])
    t:expect({ case[1], seen.kind, table.concat(seen.reasons, "; ", 1, seen.kind == "ok" and 0 or #seen.reasons) }, { case[1], "ok", "" })
  end
  t:expect(#harmless >= 40, true)
end)

test("scams, spam and abuse are seen, each with its reasons", function(t)
  for _, case in ipairs(bad) do
    local seen = look(case[1], case[2])
    t:expect({ case[1], seen.kind, seen.score >= 0.6, #seen.reasons >= 1 }, { case[1], case[3], true, true })
  end
  t:expect(#bad >= 40, true)
end)

test("a number of their own country is not foreign, whatever it is written like", function(t)
  t:expect(look("Contact me on WhatsApp +33 6 12 34 56 78", "FR").kind, "ok")
  t:expect(look("Contact me on WhatsApp +33 6 12 34 56 78", "US").kind, "scam")
  t:expect(look("Contact me on WhatsApp 0033612345678", "US").kind, "scam")
  t:expect(look("Contact me on WhatsApp wa.me/33612345678", "US").kind, "scam")
  t:expect(look("Contact me on WhatsApp +33 6 12 34 56 78").kind, "ok") -- nobody knows where they are
  t:expect(moderation.look("Contact me on WhatsApp +33 6 12 34 56 78", { locale = "fr-FR" }).kind, "ok")
end)

test("domains: ours, theirs, and those made to look like ours", function(t)
  for _, case in ipairs {
    { "brand.example", nil }, { "mail.brand.example", nil }, { "www.brand.example", nil }, { "other.example", nil }, { "grandbrandy.example", nil },
    { "ourbrandshop.co.uk", nil }, { "brandnew.example", nil },
    { "brand.example.login.test", 0.8 }, { "brand-example.test", 0.8 }, { "bra1nd.example", 0.65 }, { "brqnd.example", 0.65 }, { "brand.test", 0.35 },
    { "brand-login.test", 0.62 }, { "support-brand.test", 0.62 }, { "secure-brand.test", 0.62 }, { "0urbrandshop.co.uk", 0.9 }, { "ourbrandsh0p.com", 0.9 },
    { "ourbrandshop.com", 0.35 }, { "xn--brnd-6cd.example", 0.3 },
  } do
    t:expect({ case[1], (domains.likeness(case[1], own)) }, { case[1], case[2] })
  end
  t:expect(domains.find "ann@Brand.example, https://shop.example/a.b?c=d.e and 10.50 e.g. this", { "brand.example", "shop.example" })
end)

test("the same text from three people is spam; short ones are everybody's", function(t)
  local text = "Dear team, we produce wonderful kitchen tiles and would be glad to send you our catalogue with all prices"
  for i = 1, 2 do
    t:event { kind = "signal:post", contact = { id = "p" .. i, name = "P", email = ("p%d@example.com"):format(i) }, data = { text = text } }
    t:expect_outcome "fine"
    t:event { kind = "signal:post", contact = { id = "s" .. i, name = "S", email = ("s%d@example.com"):format(i) }, data = { text = "Thank you!" } }
    t:expect_outcome "fine"
  end
  t:event { kind = "signal:post", contact = "p2", data = { text = text } } -- again by the same person: they are still two
  t:expect_outcome "fine"
  t:event { kind = "signal:post", contact = { id = "p3", name = "P", email = "p3@example.com" }, data = { text = text:upper() .. "!!" } }
  t:expect_task { kind = "review" }
end)

test("who is put aside is one task, and is let out when a person says so", function(t)
  local eve = { id = "eve", name = "Eve", email = "eve@example.com", country = "US" }
  t:event { kind = "signal:post", contact = eve, data = { text = "Please update your password here" } }
  local task = t:expect_task { kind = "review" }
  t:expect({ task.note:find("asks for a password", 1, true) ~= nil, task.note:find("Came by instagram", 1, true) ~= nil }, { true, true })
  t:expect_nothing_sent()
  t:event { kind = "task_done", contact = "eve", text = "fine" }
  t:expect_outcome "in quarantine"
  t:event { kind = "signal:post", contact = "eve", data = { text = "Hello, lovely page" } }
  t:expect_outcome "fine"
end)

test("a second bad message makes no second task", function(t)
  local eve = { id = "eve", name = "Eve", email = "eve@example.com", country = "US" }
  t:event { kind = "signal:post", contact = eve, data = { text = "Please update your password here" } }
  t:advance "2 weeks"
  t:event { kind = "signal:post", contact = "eve", data = { text = "Buy followers! Cheap followers" } }
  t:expect_outcome "in quarantine"
end)

test("no text makes a script fail", function(t)
  local dave = { id = "dave", name = "Dave", email = "dave@example.com", country = "US" }
  for _, text in ipairs { ("é"):rep(4000), ("pa.rcel@"):rep(900), ("+1 00 "):rep(900), ("whatsapp "):rep(900), ("\u{300}"):rep(3000), ("a-"):rep(3000), ("а"):rep(3000) } do
    t:event { kind = "signal:post", contact = dave, data = { text = text } }
    t:expect_outcome "fine"
  end
end)
