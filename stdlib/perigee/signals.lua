-- SPDX-License-Identifier: MIT
-- What scams, spam and abuse say: phrases (English, French, Italian), each group with its weight and the reason it is told by. The
-- weights are chances that a message which holds such a phrase is bad; perigee.moderation adds them up. Alone, what honest people
-- write too (a messenger's name, "gift card", a short link) stays under its limit.

local words = require "perigee.words"

local M = {}

-- { group, weight, kind, reason, phrases }: folded, separated by commas.
local groups = {
  { "verification", 0.75, "scam", "says that a page or an account will be closed", [[
    your page has been flagged, your account has been flagged, your page is scheduled for, your account is scheduled for, violated our community, violates our community,
    violates our terms, violated our terms, copyright infringement on your, copyright violation on your, apply for the verified badge, eligible for a verified badge,
    eligible for the blue badge, meta support team, facebook support team, instagram support team, meta business support, instagram help center team, appeal within
    enfreint nos regles, enfreint les standards, violation des droits d auteur sur, eligible au badge, badge de verification gratuit, equipe support meta, equipe de support facebook,
    equipe d assistance meta, votre page a ete signalee, votre compte a ete signale
    viola gli standard, violato gli standard, violazione del copyright sulla, idoneo al badge, badge di verifica gratuito, team di assistenza meta, supporto meta,
    la tua pagina e stata segnalata, il tuo account e stato segnalato]] },
  { "credentials", 0.65, "scam", "asks for a password or a code", [[
    send me your password, give me your password, tell me your password, enter your password, confirm your password, verify your password, update your password,
    your login details, your login and password, send me the code, send me the verification code, send me the 6 digit code, give me the code you received, tell me the code,
    forward me the code, share the code you, verify your account, verify your identity, confirm your identity, confirm your account, your bank details to receive,
    your card details, your card number, seed phrase, recovery phrase, private key
    votre mot de passe, ton mot de passe, envoyez moi le code, envoie moi le code, donnez moi le code, le code que vous avez recu, le code que tu as recu, vos identifiants,
    tes identifiants, verifiez votre compte, verifier votre compte, confirmez votre compte, confirmez votre identite, confirmer votre identite, numero de votre carte, vos coordonnees bancaires
    la tua password, la vostra password, mandami il codice, inviami il codice, inviateci il codice, dammi il codice, il codice che hai ricevuto, le tue credenziali,
    le vostre credenziali, verifica il tuo account, verificare il tuo account, verificate il vostro account, conferma il tuo account, conferma la tua identita, confermare la tua identita,
    numero della tua carta, i tuoi dati bancari, le vostre coordinate bancarie]] },
  { "inheritance", 0.65, "scam", "speaks of an inheritance or a fortune", [[
    next of kin, unclaimed inheritance, inheritance fund, unclaimed funds, unclaimed fund, my late husband, late client,
    consignment box, compensation fund, dear beneficiary, you are the beneficiary
    votre heritage, un heritage de, succession d un, fonds en desherence, mon defunt mari, feu mon mari,
    faire don de ma fortune, heritage non reclame
    una eredita di, la tua eredita, eredita non, mio defunto marito, fondi non reclamati,
    donare la mia fortuna]] },
  { "fortune", 0.35, "scam", "speaks of millions", [[
    million dollars, million usd, million euros, million pounds, millions d euros, million d euros, millions de dollars, milioni di euro, milione di euro, milioni di dollari]] },
  { "illness", 0.3, "scam", "speaks of an illness that ends in death", [[
    dying of cancer, terminally ill, phase terminale, cancer en phase, malata terminale, malato terminale]] },
  { "money first", 0.55, "scam", "wants money first", [[
    processing fee, advance fee, transfer fee, release fee, clearance fee, activation fee, western union, moneygram, pay a small fee, small refundable, refundable deposit first,
    send the money first, overpaid you, refund the difference, cashier s check, shipping agent
    frais de dossier a, frais de transfert, frais de deblocage, mandat cash, western union, payer d abord les frais, envoyez d abord, transporteur vous remettra, mandat urgent
    spese di sblocco, commissione di trasferimento, pagare prima, paga prima, inviare prima il denaro, spese anticipate, ricarica postepay, vaglia postale]] },
  { "gift cards", 0.6, "scam", "wants gift cards or prepaid codes", [[
    itunes gift card, itunes card, steam card, steam gift card, google play card, apple gift cards, amazon gift cards for, scratch the back, scratch off the,
    pictures of the cards, codes on the back, send me the codes, envoyez moi les codes, mandami i codici
    carte itunes, cartes itunes, carte google play, recharge pcs, recharges pcs, coupon pcs, ticket transcash, recharge transcash, tickets neosurf, carte neosurf, grattez le code
    carta itunes, carte itunes, carta google play, comprami delle carte regalo, buoni steam, gratta il codice]] },
  { "cards", 0.3, "scam", "speaks of gift cards", [[
    buy some gift cards, buy gift cards, gift cards for me, acheter des cartes cadeaux, comprare delle carte regalo, compra delle carte regalo]] },
  { "investment", 0.55, "scam", "promises money", [[
    guaranteed return, guaranteed returns, guaranteed profit, double your money, double your bitcoin, double your investment, bitcoin investment, crypto investment, forex trading, trading signals,
    trading platform, invest with me, mining platform, earn daily, weekly profit, financial freedom, earn up to, make money from home, passive income with, usdt, airdrop, my broker, account manager who helped me
    rendement garanti, gains garantis, doubler votre argent, doublez votre, investissement bitcoin, investissement crypto, investir dans le bitcoin, trading forex, gagner jusqu a, gagnez jusqu a, revenus passifs,
    liberte financiere, plateforme de trading, offre de pret, pret entre particuliers, credit sans justificatif
    rendimento garantito, guadagno garantito, guadagni garantiti, raddoppia i tuoi, raddoppiare i tuoi soldi, investimento in bitcoin, investimenti in criptovalute, investire in bitcoin, trading online, guadagna fino a,
    guadagnare fino a, guadagnare da casa, rendita passiva, liberta finanziaria, prestito tra privati, offerta di prestito]] },
  { "prize", 0.5, "scam", "says that they have won", [[
    you have won, you ve won, you have been selected as a winner, you are our lucky winner, lottery winner, claim your prize, claim your reward
    vous avez gagne, vous avez ete tire au sort, tu as gagne, l heureux gagnant, reclamez votre prix, reclamez votre lot
    hai vinto, avete vinto, sei il fortunato vincitore, sei stato selezionato come vincitore, ritira il tuo premio, riscuoti il tuo premio]] },
  { "remote access", 0.6, "scam", "wants to see their screen", [[
    install anydesk, download anydesk, install teamviewer, anydesk code, installez anydesk, installer anydesk, installa anydesk, scarica anydesk, scaricare anydesk]] },
  { "urgency", 0.25, "scam", "hurries", [[
    within 24 hours, within 12 hours, within 48 hours, within the next 24 hours, act now, last warning, final warning, final notice, last chance, immediately or, before it is too late
    sous 24 heures, sous 24h, sous 48 heures, sous 48h, dans les 24 heures, dernier avertissement, derniere chance, immediatement sinon, avant qu il ne soit trop tard
    entro 24 ore, entro 48 ore, entro le prossime 24 ore, ultimo avviso, ultima possibilita, immediatamente altrimenti, prima che sia troppo tardi]] },
  { "followers", 0.65, "spam", "sells followers", [[
    buy followers, real followers for, 10k followers for, cheap followers, grow your instagram, boost your followers, acheter des abonnes, abonnes reels pour, booster vos abonnes,
    comprare follower, follower reali, aumenta i tuoi follower, aumentare i tuoi follower]] },
  { "search", 0.5, "spam", "sells places in search results", [[
    seo services, seo expert, rank on google, first page of google, quality backlinks, increase your website traffic, we design websites, website redesign
    referencement google, premiere page de google, premiere position sur google, augmenter votre trafic, audit seo, prima pagina di google, primi su google, servizi seo,
    consulente seo, aumentare il traffico]] },
  { "threat", 0.9, "abuse", "threatens", [[
    i will kill you, i ll kill you, gonna kill you, i will find you and, i know where you live, watch your back, i will hurt you, hope you die, kill yourself
    je vais te tuer, je vais vous tuer, je sais ou tu habites, je sais ou vous habitez, tu vas le payer cher, vous allez le payer cher, va mourir, je vais te retrouver,
    je vais vous retrouver
    ti ammazzo, vi ammazzo, ti uccido, so dove abiti, so dove abitate, la pagherai cara, la pagherete cara, devi morire, dovete morire]] },
  { "insult", 0.65, "abuse", "insults", [[
    fuck you, fuck off, asshole, assholes, bastards, bitch, piece of shit, dickhead, motherfucker, you are an idiot, you re an idiot, you idiot, you idiots, you are idiots, you re idiots,
    you are stupid, you re stupid, you moron, you morons, you are disgusting people, go to hell, you will regret this
    connard, connards, connasse, salope, salaud, salauds, encule, encules, fils de pute, va te faire, allez vous faire, bande d idiots, bande d incapables, espece d idiot,
    vous etes des idiots, tu es un idiot, ta gueule, fermez la, tu vas le regretter, vous allez le regretter, espece de con, espece d imbecile
    stronzo, stronza, stronzi, vaffanculo, bastardi, figlio di puttana, figli di puttana, coglione, coglioni, testa di cazzo, pezzo di merda, siete degli idioti, sei un idiota, siete dei cretini,
    sei un cretino, sei una cretina, imbecilli, andate all inferno, te ne pentirai, ve ne pentirete, sei un bastardo, sei una troia]] },
}

local function split(text)
  local list = {}
  for phrase in text:gmatch "[^,\n]+" do
    phrase = phrase:match "^%s*(.-)%s*$"
    if phrase ~= "" then list[#list + 1] = phrase end
  end
  return list
end

for _, group in ipairs(groups) do group[5] = split(group[5]) end

-- "your page will be deleted": who, and what is to happen.
local ends = {
  { "your page will be, your account will be, your facebook page will be, your instagram account will be, page will be, account will be",
    "deleted, disabled, suspended, removed, permanently, unpublished, restricted, deactivated, closed" },
  { "votre page sera, votre page va etre, votre compte sera, votre compte va etre, page sera, compte sera, seront",
    "supprimee, supprime, desactivee, desactive, suspendue, suspendu, definitivement, fermee, ferme, restreint, restreinte" },
  { "la tua pagina sara, la tua pagina verra, la vostra pagina sara, la vostra pagina verra, il tuo account sara, il tuo account verra, il vostro account sara, il vostro account verra",
    "eliminata, eliminato, disattivata, disattivato, sospesa, sospeso, rimossa, rimosso, chiusa, chiuso, definitivamente, disabilitato, disabilitata" },
}
for _, pair in ipairs(ends) do
  for _, who in ipairs(split(pair[1])) do
    for _, what in ipairs(split(pair[2])) do table.insert(groups[1][5], who .. " " .. what) end
  end
end

-- Messengers to which people are lured, and how one says "come there".
local messengers = { "whatsapp", "whats app", "watsapp", "wa me", "telegram", "t me", "wechat", "signal", "hangouts", "google chat", "zangi", "line app", "viber" }
local come = split [[
  contact, contact me, text me, text, write me, write to me, message me, add me, reach me, reach out, chat with me, chat, hit me up, dm, inbox me, talk, continue on, move to
  contactez, contacte, ecrivez, ecris, ecrire, ajoutez, ajoute, discuter, parler, rejoignez, joindre, joignez, envoyez moi
  contattami, contattatemi, contattate, contatta, scrivimi, scrivetemi, scrivete, aggiungimi, aggiungetemi, parliamo, parlare, continuiamo, mandami]]

---The groups of phrases a text holds, each as { group, weight, kind, reason, phrase }. A second phrase of a group adds half its weight.
---```lua
---for _, found in ipairs(signals.phrases(words.fold(text))) do ... end
---```
---@param folded string
---@return table[]
function M.phrases(folded)
  local found = {}
  for _, group in ipairs(groups) do
    local phrase = words.find(folded, group[5])
    if phrase then
      local weight = group[2]
      local from = (" " .. folded .. " "):find(" " .. phrase .. " ", 1, true)
      local rest = folded:sub(1, math.max(from - 2, 0)) .. " / " .. folded:sub(from + #phrase)
      if words.find(rest, group[5]) then weight = 1 - (1 - weight) * (1 - weight / 2) end
      found[#found + 1] = { group = group[1], weight = weight, kind = group[3], reason = group[4], phrase = phrase }
    end
  end
  return found
end

---The messenger that a text asks to come to, or nil.
---```lua
---signals.lure(words.fold "Please text me on WhatsApp") --> "whatsapp"
---```
---@param folded string
---@return string?
function M.lure(folded)
  local messenger = words.find(folded, messengers)
  return messenger and words.find(folded, come) and messenger or nil
end

return M
