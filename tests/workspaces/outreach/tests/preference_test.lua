-- SPDX-License-Identifier: MIT
local preference = require "perigee.preference"

local ana = { id = "ana", name = "Ana Ruiz", email = "ana@bakes.example", locale = "fr-FR" }

-- What people answer to "How shall we write to you, by e-mail or WhatsApp?", and what it means: a channel, or "any", "ambiguous", "nothing".
-- A line: locale, what was offered (- for nothing), what it means, the answer.
local answers = [[
en - whatsapp WhatsApp please!
en - whatsapp Hi Léa, WhatsApp is best for me, I'm always on it.
en - email Email works best, I check it every morning.
en - instagram DM me on insta
en - instagram just message me on Instagram
en email,call email no calls please
en - ambiguous no calls please
en - any either is fine
en - any Both work for me, email or WhatsApp.
en - any Whatever is easiest for you!
en - email I'd rather keep it to email if that's ok
en - whatsapp I rarely check my email, so WhatsApp is better
en - whatsapp Not email please, I drown in it. WhatsApp!
en - sms text me, 0044 7700 900123
en - call Give me a ring, it's quicker
en - whatsapp Call me on WhatsApp
en - email email, or WhatsApp if it's urgent
en - email I prefer email to WhatsApp
en - email Email over calls any day
en - whatsapp WhatsApp rather than email
en - ambiguous email or whatsapp
en - ambiguous WhatsApp for quick stuff, email for contracts
en - telegram I use Telegram for everything now
en - ambiguous Hey, my number is +44 7700 900123
en - email You can write to me at ana@bakes.example
en - nothing Thanks, sounds great! Looking forward to it.
en - email I don't mind WhatsApp but prefer email
en instagram,email instagram DMs are fine
en - ambiguous DMs are fine
en - email here is fine
en - whatsapp E-mails? Never. WhatsApp.
en - whatsapp Don't call me, I never pick up. WhatsApp me instead
en - email no problem with email
en email,whatsapp email I don't have WhatsApp
en - whatsapp instead of email use whatsapp
en - call a quick phone call would be easiest
en - email Please don't hesitate to email me
en - tiktok DM on TikTok, my insta is a mess
en - whatsapp whatsapp > +1 415 555 0132
en - sms SMS. Not a fan of calls.
en - email My inbox is the only place where nothing gets lost... so email
en - whatsapp Honestly my emails get lost, WhatsApp is the safest
en - email email first, then WhatsApp
en - linkedin linkedin works
en - whatsapp whatsapp unless it's urgent, then call me
en - email Hello! Thanks for reaching out. Could we do email? My DMs are chaos right now.
en - whatsapp whatsapp's easiest tbh 😊
en - whatsapp Probably WhatsApp.
en - email Email pls, I'm terrible at answering texts
en - email I'd prefer not to give out my number, email is good.
en - whatsapp You can reach me on WhatsApp, I don't really do email.
en - nothing I love the idea! What's the budget?
en - email Let's stick to email for now
en - instagram insta dm is best, I see those straight away
en - any No preference at all, really
en - sms Text is fine
en - email Email. Please no WhatsApp.
en - whatsapp WhatsApp > email > anything else
en - call Can we hop on a call instead?
en - email Emails are better than calls for me
en - ambiguous Not on Instagram anymore!
en - whatsapp I check WhatsApp way more than email
en - email I don't use whatsapp or telegram, sorry. email?
en - ambiguous Which apps do you use? I have WhatsApp and Telegram
en - email either works but email is easier to keep track of
en - ambiguous My agent handles email, for me it's WhatsApp
en - slack Slack if you have it
en - whatsapp Easiest is WhatsApp, I live on it
en - email I try to stay off WhatsApp for work so email please
en - email Happy with email!
en - whatsapp Let's move to WhatsApp? Mails disappear in my promotions tab
en - email Prefer email for everything if possible. Calls make me anxious :)
en - call Honestly I'd much rather talk, can you call me?
en - email please no phone calls or texts, just email
en - instagram Here on insta works better than email tbh
en - sms Shoot me a text
en - whatsapp Whats app pls
en - email My manager prefers email
en - any I'm easy, whatever works for you
en - any Doesn't matter to me
en - ambiguous Email for briefs and contracts, WhatsApp for the rest
en - email I read my email every morning, so that's fine
en - email Not a fan of DMs. Email me!
en - whatsapp WhatsApp if that's not too much trouble
en - email I'm not on WhatsApp, so email I guess
en - nothing Could you send me the brief first?
en - any Both are OK
en - email email only please, never call
en - telegram do you guys use telegram? would be my first choice
en - whatsapp I'd say WhatsApp, though email works too
en - email e-mail is my go-to
en - call phone!
en - instagram I almost never open my mail, DMs on Instagram is where you'll get me
fr - whatsapp plutôt WhatsApp si possible
fr - whatsapp Bonjour Léa, je préfère WhatsApp, c'est plus rapide
fr - email Par mail svp, je garde une trace
fr - email le mail c'est très bien
fr - any Peu importe, comme vous voulez !
fr - any Les deux me vont
fr - any Pas de préférence :)
fr - instagram En DM sur Insta c'est parfait
fr - instagram Message privé sur Instagram
fr - whatsapp Pas de mails s'il vous plaît, WhatsApp !
fr - whatsapp Je ne lis jamais mes mails, écrivez-moi sur WhatsApp
fr - email Plutôt par mail que par téléphone
fr - email Le mail plutôt que WhatsApp
fr - email je préfère le mail aux appels
fr - call Appelez-moi, c'est plus simple : 06 12 34 56 78
fr - call un petit coup de fil et c'est réglé
fr - sms Par SMS au 06 12 34 56 78
fr - sms un texto suffit
fr email,call email Évitez le téléphone svp
fr - ambiguous évitez le téléphone svp
fr - whatsapp n'hésitez pas à m'écrire sur WhatsApp
fr - email Mail de préférence, sinon WhatsApp
fr - email Mail, et WhatsApp si urgent
fr - email Si c'est urgent appelez-moi, sinon mail
fr - whatsapp appelle-moi sur WhatsApp
fr - ambiguous mail ou WhatsApp
fr - email Par courriel, merci
fr - ambiguous Voici mon numéro : 06 12 34 56 78
fr - email pas de souci pour le mail
fr - whatsapp WhatsApp, les mails je ne les vois jamais
fr - email je ne suis pas très téléphone, plutôt mail
fr - messenger Messenger c'est le mieux
fr - telegram sur Telegram !
fr - email ici c'est parfait
fr - nothing Merci, hâte de commencer !
fr - email Je n'ai pas WhatsApp donc mail
fr - whatsapp au lieu du mail, WhatsApp
fr - email tout sauf le téléphone ! mail idéalement
fr - whatsapp WhatsApp pour moi, ma boîte mail déborde
fr - ambiguous WhatsApp pour les petites questions et mail pour les contrats
fr - email plus de WhatsApp svp, par mail
fr - email Bonjour, vous pouvez m'écrire par mail, je réponds dans la journée.
fr - ambiguous WhatsApp ! Je n'ouvre mes mails qu'une fois par semaine…
fr - instagram Le plus simple pour moi c'est Insta
fr - email Je préférerais qu'on continue par mail
fr - ambiguous Surtout pas par téléphone
fr - sms Envoyez-moi un SMS, je vous rappelle
fr - any Ça m'est égal
fr - email Mail svp, j'ai horreur du téléphone
fr - whatsapp Whatsapp c'est plus pratique que les mails
fr - whatsapp WhatsApp ou à défaut mail
fr - email e-mail 👍
fr - call Le téléphone, je suis de la vieille école
fr - email mail mais pas avant 10h
fr - nothing Oui avec plaisir !
fr - email Je ne suis pas sur WhatsApp. Par mail c'est parfait.
fr - any insta ou mail les deux sont ok pour les collabs mais ça dépend
fr - telegram Telegram ou Signal, de préférence Telegram
fr - email Bonjour, le plus simple reste l'email.
fr - whatsapp Whatsapp sans hésiter !
fr - whatsapp Perso je préfère WhatsApp, mes mails c'est la jungle
fr - email Par mail ça me va très bien, pas trop fan de WhatsApp pour le boulot
fr - email Je suis plus mail que téléphone
fr - instagram Sur Instagram, je réponds vite
fr - sms SMS svp, je capte mal
fr - any Comme ça vous arrange
fr - any Je n'ai pas de préférence
fr - any L'un ou l'autre, c'est pareil
fr - call Vous pouvez m'appeler, c'est mieux de vive voix
fr - email N'importe quand par mail
fr - whatsapp Je ne consulte mes mails que rarement, donc WhatsApp
fr - email pas WhatsApp svp. Mail.
fr - email Evitez Insta, je suis noyée sous les messages : le mail c'est parfait
fr - nothing D'accord, merci !
fr - ambiguous Jamais par téléphone, merci
fr - whatsapp Mon numéro WhatsApp : 06 12 34 56 78
fr - telegram Telegram de préférence
fr - whatsapp si possible whatsapp, mais le mail fonctionne aussi
it - email meglio via mail
it - whatsapp Preferisco WhatsApp, grazie!
it - email Via email va benissimo
it - email mail è perfetta
it - whatsapp scrivimi su WhatsApp
it - whatsapp Meglio WhatsApp che mail
it - whatsapp Preferisco WhatsApp alle mail
it - whatsapp WhatsApp piuttosto che la mail
it - email Niente telefonate per favore, meglio una mail
it email,call email niente telefonate, grazie
it - ambiguous niente telefonate, grazie
it - any Per me è uguale, come preferite
it - any Vanno bene entrambi
it - any Come vuoi tu!
it - instagram Scrivimi in DM su Instagram
it - instagram su insta rispondo subito
it - call Chiamami pure, è più veloce: 333 123 4567
it - call preferisco una telefonata
it - sms Un SMS va bene
it - whatsapp Non leggo mai le mail, meglio WhatsApp
it - whatsapp non uso quasi mai la posta, quindi WhatsApp
it - email non ho WhatsApp, scrivetemi via mail
it - email Email, oppure WhatsApp se è urgente
it - email mail, altrimenti WhatsApp
it - ambiguous mail o WhatsApp
it - telegram Telegram!
it - email nessun problema con la mail
it - ambiguous Il mio numero è +39 333 123 4567
it - nothing Grazie mille, non vedo l'ora di iniziare
it - email qui va benissimo
it - whatsapp non esitare a scrivermi su WhatsApp
it - email per i contratti la mail, ma in generale preferisco la mail
it - ambiguous WhatsApp per le cose veloci, mail per le fatture
it - whatsapp vocali no, WhatsApp scritto sì
it - whatsapp invece della mail usiamo WhatsApp
it - email Meglio evitare le chiamate: mail
it - email Ciao Léa! Per me va benissimo continuare via email.
it - whatsapp Ti lascio il mio WhatsApp: 333 1234567
it - whatsapp WhatsApp, le mail le guardo poco
it - email Preferirei la mail, così resta tutto scritto
it - email Preferirei di no su WhatsApp, meglio email
it - ambiguous Per favore non chiamatemi
it - any Fate voi, per me non cambia nulla
it - instagram I direct su Instagram li vedo subito
it - call Sentiamoci al telefono, è più semplice
it - whatsapp Più comodo WhatsApp!
it - email tutto tranne il telefono, meglio per iscritto via mail
it - telegram Solo Telegram
it - whatsapp Whatsapp se possibile, sennò email
it - nothing Mi piace molto l'idea, quando iniziamo?
it - email La mail. Non rispondo mai al telefono.
it - any È lo stesso, mail o WhatsApp
it - email mail per favore, non messaggi su Instagram
it - email Per me la mail è la cosa migliore
it - whatsapp Su WhatsApp ci sono sempre
it - whatsapp Ma certo! Scrivimi pure su whatsapp
it - email Preferisco ricevere tutto via email
it - email No whatsapp, grazie. Solo email.
it - email Meglio per iscritto, quindi mail
it - any Decidete voi, a me va bene tutto
it - any Indifferente
it - call Una chiamata veloce e ci capiamo subito
it - instagram Instagram, lo apro cento volte al giorno
it - sms Mandami un sms
it - ambiguous mail per le cose ufficiali e whatsapp per il resto
it - whatsapp Whatsapp, per favore niente mail
it - email Non rispondo mai ai messaggi su Instagram, meglio la mail
it - whatsapp Puoi trovarmi su WhatsApp allo stesso numero
it - email Continuiamo pure via mail
it - nothing Grazie, ci penso e ti dico
it - whatsapp Se per voi va bene, WhatsApp
it - email Ho WhatsApp ma preferisco la mail
]]

test("answers are read as people write them, in English, French and Italian", function(t)
  local wrong, counts = {}, {}
  for language, among, wanted, text in answers:gmatch "(%l%l) (%S+) (%l+) ([^\n]+)" do
    local list = {}
    for channel in among:gmatch "%l+" do list[#list + 1] = channel end
    local channel, reading = preference.parse(text, { locale = language, among = list[1] and list or nil, here = "email" })
    if (channel or reading) ~= wanted then wrong[#wrong + 1] = ("%s: %s, not %s"):format(text, channel or reading, wanted) end
    counts[language] = (counts[language] or 0) + 1
  end
  t:expect(wrong, {})
  for _, language in ipairs { "en", "fr", "it" } do t:expect(counts[language] >= 25, true) end
end)

test("what else was said comes with it", function(t)
  local channel, reading, details = preference.parse("No calls please, WhatsApp: +33 6 12 34 56 78", "en")
  t:expect({ channel, reading, details.avoid, details.number }, { "whatsapp", "sure", { "call" }, "+33612345678" })
  local _, _, given = preference.parse("scrivetemi a ana.ruiz@bakes.example.", "it")
  t:expect(given.address, "ana.ruiz@bakes.example")
end)

test("an address is found however it is written", function(t)
  for text, address in pairs {
    ["It's ana@bakes.example, thanks!"] = "ana@bakes.example",
    ["ana.ruiz (at) bakes (dot) example"] = "ana.ruiz@bakes.example",
    ["ana[at]bakes.example"] = "ana@bakes.example",
    ["ana at bakes dot example"] = "ana@bakes.example",
    ["ana arobase bakes point example"] = "ana@bakes.example",
    ["ana chiocciola bakes punto example"] = "ana@bakes.example",
    ["<ana@bakes.example>"] = "ana@bakes.example",
  } do
    t:expect(select(3, preference.parse(text)).address, address)
  end
  t:expect(select(3, preference.parse("I'm at home, see you at the fair. At 10?")).address, nil)
end)

test("dates, prices and handles are no numbers to call", function(t)
  for _, text in ipairs { "le 12.11.2026, par mail", "email, from 2026-11-12 on", "email: ana12345678@bakes.example", "mail, 1 500 000 vues" } do
    local channel, _, details = preference.parse(text, "fr")
    t:expect({ channel, details.number }, { "email" })
  end
end)

test("a locale is a help, not a law: an Italian who answers in English is understood", function(t)
  t:expect((preference.parse("I'd rather do WhatsApp, I don't check my mail", "it")), "whatsapp")
  t:expect((preference.parse("je préfère WhatsApp, je ne lis pas ma boîte mail", "it-IT")), "whatsapp")
end)

test("long answers, empty ones and strange letters are no trouble", function(t)
  t:expect({ preference.parse "" }, { nil, "nothing", { avoid = {} } })
  t:expect(select(2, preference.parse("☎️ 🙂\0\xff")), "nothing")
  t:expect((preference.parse(("bla "):rep(20000) .. "whatsapp")), nil)
  t:expect((preference.parse("WhatsApp " .. ("bla "):rep(20000))), "whatsapp")
end)

test("a network beside a DM, a call or a text is what counts", function(t)
  t:expect((preference.parse("a DM is fine", { among = { "email", "tiktok" } })), "tiktok")
  t:expect(select(2, preference.parse("a DM is fine", { among = { "instagram", "tiktok" } })), "ambiguous")
  t:expect((preference.parse "just text me on Signal, I mean via signal"), "signal")
end)

test("a no is a no, in three languages; what only holds one is none", function(t)
  for _, text in ipairs {
    "No thanks!", "no", "Thanks, but no.", "Sorry, not for me", "I'll pass this time", "I'm fully booked until May", "Not at the moment, sorry.",
    "Non merci", "Bonjour, non merci.", "Merci mais je ne suis pas intéressée", "Désolé, pas le temps", "Ce ne sera pas possible pour moi",
    "No grazie! Troppo lavoro", "Grazie, ma non mi interessa", "Al momento no", "Purtroppo no.", "Ciao Marta, purtroppo non riesco",
  } do
    t:expect({ text, preference.declines(text) }, { text, true })
  end
  for _, text in ipairs {
    "Yes, gladly", "No problem, tell me more", "Why not!", "I have no agent, write to me", "Oui, avec plaisir", "Pourquoi pas", "Pas de souci, racontez",
    "Sì, volentieri", "Perché no? Racconta", "Nessun problema", "Mi interessa!", "ana@no.example", "",
  } do
    t:expect({ text, preference.declines(text) }, { text, false })
  end
end)

test("misuse is told", function(t)
  t:expect((pcall(preference.parse, nil)), false)
  t:expect((pcall(preference.parse, "mail", { lang = "fr" })), false)
end)

test("asking sets the field, leaves a note and says what it did", function(t)
  t:enrol { sequence = "asks", contact = ana }
  t:expect_sent { channel = "email", template = "which" }
  t:advance "1 day"
  t:reply { channel = "email", text = "Plutôt WhatsApp si possible" }
  t:expect_outcome "prefers whatsapp (sure): \"Plutôt WhatsApp si possible\""
end)

test("an answer that can't be told is read by a person", function(t)
  t:enrol { sequence = "asks", contact = ana }
  t:reply { channel = "email", text = "WhatsApp pour les questions, mail pour les contrats" }
  t:expect_task { kind = "review", note = "Which channel does Ana Ruiz prefer? Read the answer and set preferred_channel: "
    .. "\"WhatsApp pour les questions, mail pour les contrats\"" }
end)

test("who leaves it to us sets nothing", function(t)
  t:enrol { sequence = "asks", contact = ana }
  t:reply { channel = "email", text = "Peu importe !" }
  t:expect_outcome "has no preference of a channel: \"Peu importe !\""
end)

test("nobody answers", function(t)
  t:enrol { sequence = "asks", contact = ana }
  t:advance "4 days"
  t:expect_outcome "timeout"
end)

test("the question bounced", function(t)
  t:enrol { sequence = "asks", contact = ana }
  t:event { kind = "bounce", channel = "email", text = "550 5.1.1 no such user" }
  t:expect_outcome "bounced"
end)
