-- SPDX-License-Identifier: MIT
-- The words by which people say how they want to be written to, in English, French and Italian: small letters, no accents, no signs. Used by
-- perigee.preference_reader.

local M = {}

-- Where a private message may be meant by "DM".
M.networks = { instagram = true, x = true, tiktok = true, messenger = true, linkedin = true, discord = true, twitch = true }

-- Small words that tell a language; a word of two languages stands in neither.
local small = {
  en = "the you your is are it and my me best better please would we works fine just not don i can use prefer with thanks",
  fr = "je le les des du et est vous votre vos moi mon mes pas plutot svp merci sur par si c j pour une bonjour nous avec oui",
  it = "il lo gli di del e sono mi mio mia meglio grazie per preferisco va bene anche ti via piu con puoi scrivimi non ciao ho uso guardo leggo poco mai vedo tutto o che",
}

-- MEANING: phrases, separated by commas. "on" names a channel, "by" a way to use one (call, text, DM), which a network beside it overrules.
-- best: what is liked most; else: what comes second; urgent: only then; than: what is less liked; any: left to us.
local both = {
  ["on email"] = "email, emails, mail, mails, e mail, e mails, gmail, inbox, mailbox, boite mail, courriel, courriels, mel, posta, posta elettronica, casella, hotmail, outlook",
  ["on whatsapp"] = "whatsapp, whatsap, watsapp, whatsup, whatsupp, wattsapp, whats app, wapp, wsp, whattsapp, whatsappe",
  ["on instagram"] = "instagram, insta, ig, instagramm, instragram",
  ["on telegram"] = "telegram, telegramm",
  ["on messenger"] = "messenger, facebook messenger, fb messenger, facebook, fb",
  ["on linkedin"] = "linkedin, linked in, linkdin",
  ["on tiktok"] = "tiktok, tik tok",
  ["on discord"] = "discord", ["on slack"] = "slack", ["on imessage"] = "imessage, imessages, i message", ["on twitch"] = "twitch",
  ["on x"] = "twitter, on x, sur x, su x, via x",
  ["on signal"] = "on signal, sur signal, su signal, via signal, par signal, use signal, signal app",
  ["on sms"] = "sms, texto, textos, messaggino, messaggini",
  ["by dm"] = "dm, dms, direct message, direct messages, mp, message prive, messages prives, messaggio privato, messaggi privati, in privato, in direct, in dm",
  ["by call"] = "phone, telephone, telefono, tel, zoom, visio, facetime, skype, video call, videocall, phone call, phone calls",
  ["any"] = "either, both ok, both fine, ok both, whichever, whatever",
  ["not"] = "no, not, non, never, stop",
  ["else"] = "backup, plan b",
  ["nothing"] = "no problem, not only, not sure, not just, no worries",
}

local en = {
  ["on email"] = "email me, drop me an email, drop me a line, mailing",
  ["by call"] = "call, calls, calling, called, call me, ring, ring me, a ring, give me a call, phoning",
  ["by sms"] = "text, texts, texting, text me, text message, text messages",
  ["by dm"] = "slide into my dms, direct",
  ["on here"] = "here, here is fine, here is good, here is perfect, here s fine, here works, this thread, this chat, this channel, same as now, as we do now, like this",
  ["nothing"] = "not too much trouble, not too much, nothing gets lost, never gets lost, never get lost, never miss, not miss, here is, here s, here are, why not, not a problem, no rush, no hurry, not hesitate, not forget, can not wait, call you, call it, wait for your call, i ll call",
  ["any"] = "both are ok, both is fine, either one, no preference, not mind, not matter, doesnt matter, dont mind, up to you, you choose, your call, you decide, all good, both work, both are fine, both are good, both fine, both good, "
    .. "both works, any works, any is fine, any of them, any of those, any of these, anything works, anything is fine, all fine, all the same, equally, however you like, as you like, as you prefer, "
    .. "whatever you prefer, what suits you, whatever is easier, whichever is easier, whatever is easiest, easiest for you, easier for you, best for you, anything but",
  ["best"] = "prefer, preferred, prefers, preferably, preference, better, best, rather, ideally, ideal, easier, easiest, faster, fastest, quicker, quickest, mostly, mainly, always, only, just, favourite, "
    .. "favorite, first, works best, more often, stick to, stick with, go to, super responsive, most of the time",
  ["not"] = "stay off, keep off, disappear, disappears, vanish, dont, doesnt, isnt, avoid, without, hate, rarely, hardly, seldom, barely, cannot, cant, wont, except, nor, neither, rather not, better not, prefer not, dislike, sick of, tired of, overflowing, "
    .. "buried, drowning, terrible at, bad at, lost, gets lost, miss, ignore, less, worst, nightmare, but not, anything but, other than, apart from, no more, slow, full of spam, a mess, chaos, chaotic, a disaster, never check",
  ["than"] = "rather than, instead of, better than, more than, faster than, over to, in place of", ["soft_than"] = "than, over, to",
  ["else"] = "works too, fine too, good too, ok too, works as well, as well, otherwise, or else, failing that, if not, then, second, as a last resort, if you prefer, if you have to, if needed, if you must, worst case, as backup",
  ["urgent"] = "if urgent, if it s urgent, if it is urgent, when urgent, if something is urgent, in an emergency, emergencies, for emergencies, for urgent, urgent things, urgent stuff, urgent matters, is urgent, "
    .. "last minute",
  ["unless"] = "unless, unless urgent, unless it s urgent, unless it is urgent",
  ["or"] = "or, and", ["break"] = "but, so, because, since, however, though, although, as i, cause, while, plus",
}

local fr = {
  ["by call"] = "appel, appels, appeler, appelle, appelles, appelez, appelle moi, appelez moi, m appeler, coup de fil, coups de fil, coup de telephone, coups de telephone, portable, de vive voix, en visio, "
    .. "passer un coup de fil, passez moi un coup de fil",
  ["on here"] = "ici, par ici, ce fil, ce canal, cette messagerie, comme ca, comme maintenant",
  ["nothing"] = "sans hesiter, sans hesitation, sans probleme, sans souci, ne perds rien, rien ne se perd, pas de probleme, pas de souci, aucun souci, aucun probleme, pas de soucis, n hesitez pas, n hesite pas, hesitez pas, hesite pas, pourquoi pas, pas mal, n oubliez pas, n oublie pas, je ne sais pas, sais pas, "
    .. "voici, non merci",
  ["any"] = "peu importe, n importe, n importe lequel, comme vous voulez, comme tu veux, comme vous preferez, comme tu preferes, les deux, au choix, a votre convenance, a ta convenance, pas de preference, "
    .. "aucune preference, pas vraiment de preference, egal, m est egal, indifferent, indifferemment, tout me va, tous les deux, l un ou l autre, comme ca vous arrange, comme ca t arrange, comme vous arrange, "
    .. "c est vous qui voyez, a vous de voir, comme bon vous semble, le plus simple pour vous, le plus simple pour toi, tout sauf",
  ["best"] = "prefere, preferes, preferez, preferer, prefererais, preference, de preference, plutot, mieux, ideal, idealement, surtout, uniquement, seulement, toujours, plus simple, plus pratique, plus rapide, plus facile, "
    .. "plus efficace, plus reactif, plus reactive, plus direct, plus fluide, plus souvent, d abord, en priorite, le top, l ideal, nickel, exclusivement, reste sur, restons sur",
  ["not"] = "pas, jamais, sans, evite, evitez, eviter, sauf, deteste, rarement, aucun, aucune, ni, noie, noyee, noye, deborde, perds, rate, plutot pas, plus de, plus besoin, tout sauf, moins, marre, horreur, fuis, "
    .. "passe a cote, a part, mal a l aise, peu",
  ["than"] = "plutot que, plutot qu, au lieu de, au lieu du, au lieu des, au lieu d, mieux que, mieux qu, a la place de, a la place du, a la place des, a la place d, plus que", ["soft_than"] = "que, qu, a, au, aux",
  ["else"] = "fonctionne aussi, marche aussi, va aussi, possible aussi, aussi, sinon, ou sinon, a defaut, au pire, eventuellement, si vous preferez, si tu preferes, puis, ensuite, si besoin, en dernier recours, si jamais, en second",
  ["urgent"] = "si urgent, si c est urgent, si c urgent, en cas d urgence, urgence, urgences, pour les urgences, si urgence, si ca presse, quand c est urgent, si ca urge, urgent, urgents",
  ["unless"] = "sauf si, sauf urgence, sauf si urgent, sauf si c est urgent, sauf si urgence, sauf en cas d urgence",
  ["or"] = "ou, et, ou bien", ["break"] = "mais, alors, donc, car, parce que, parce qu, cependant, tandis que, du coup, puisque",
}

local it = {
  ["on email"] = "mail, maill",
  ["by call"] = "chiamami, chiamatemi, chiamare, chiamarmi, chiamata, chiamate, chiami, telefonata, telefonate, telefonare, telefonami, telefonatemi, squillo, cellulare, videochiamata, videochiamate, voce, a voce",
  ["on here"] = "qui, qua, in questa chat, come adesso, come ora, cosi",
  ["nothing"] = "senza problemi, senza dubbio, non perdo nulla, non perdo niente, non si perde nulla, nessun problema, non c e problema, non ci sono problemi, perche no, non esitare, non esitate, non solo, non so, non saprei, ecco, no grazie, non vedo l ora, non dimenticare",
  ["any"] = "e uguale, uguale, e lo stesso, lo stesso, e indifferente, indifferente, fa lo stesso, come preferite, come preferisci, come vuoi, come volete, entrambi, entrambe, va bene tutto, tutto ok, nessuna preferenza, "
    .. "non ho preferenze, quello che preferite, quello che preferisci, quello che vuoi, a tua scelta, a vostra scelta, decidi tu, decidete voi, fate voi, fai tu, vedi tu, qualsiasi, uno vale l altro, tutti e due, "
    .. "per me e uguale, come ti e piu comodo, come vi e piu comodo, come ti torna meglio, come vi torna meglio, tutto tranne",
  ["best"] = "preferisco, preferirei, preferibilmente, preferenza, preferita, preferito, preferiamo, meglio, piuttosto, ideale, l ideale, comodo, comoda, piu comodo, piu comoda, piu veloce, piu facile, piu pratico, piu pratica, "
    .. "piu semplice, piu rapido, piu diretto, solo, soltanto, sempre, soprattutto, magari, principalmente, innanzitutto, esclusivamente, per primo",
  ["not"] = "niente, mai, senza, tranne, evita, evitate, evitare, evitiamo, eviterei, odio, detesto, raramente, perdo, perdono, nessun, nessuna, nemmeno, neanche, ne, meglio di no, meglio non, preferirei di no, preferirei non, "
    .. "preferisco non, preferirei evitare, meglio evitare, preferisco evitare, tutto tranne, sommersa, sommerso, meno, poco, a parte, stufa, stufo, sfugge, sfuggono, intasata",
  ["than"] = "piuttosto che, invece di, invece che, invece del, invece della, invece delle, al posto di, al posto della, al posto delle, al posto del, anziche, meglio di, meglio che, rispetto a, rispetto alla, rispetto alle",
  ["soft_than"] = "che, alla, alle, al, all, agli, ai, a, della, delle, del",
  ["else"] = "va bene anche, anche, altrimenti, senno, se no, oppure, in alternativa, eventualmente, poi, se preferisci, se preferite, se serve, al limite, come seconda scelta, al massimo, in caso",
  ["urgent"] = "se urgente, se e urgente, urgente, urgenti, urgenze, per le urgenze, in caso di urgenza, se c e urgenza, emergenze, cose urgenti, se c e fretta, se avete fretta, se hai fretta",
  ["unless"] = "a meno che, salvo urgenze, tranne urgenze, tranne se e urgente, salvo emergenze, tranne in caso di urgenza",
  ["or"] = "o, e, ed", ["break"] = "ma, pero, quindi, perche, allora, mentre, dato che, visto che, percio",
}

-- By which somebody says no to what they were asked; at the beginning, and anywhere.
local no_first = "but no, mais non, ma no, no, non, nope, nah, no thanks, no thank you, non merci, no grazie, merci non, grazie no, grazie ma no, merci mais non, thanks but no, sorry no, desole non, desolee non, purtroppo no"
local no_anywhere = "no thanks, no thank you, not interested, not for me, not for us, i ll pass, will pass, have to pass, not a fit, not a good fit, have to decline, must decline, not taking on, fully booked, too busy, "
  .. "no time for, not at the moment, not right now, maybe another time, non merci, pas interesse, pas interessee, pas interesses, ne m interesse pas, ne nous interesse pas, pas pour moi, pas pour nous, pas le temps, pas possible, "
  .. "pas en ce moment, une autre fois, je passe mon tour, dois decliner, decline votre, complet jusqu, no grazie, non mi interessa, non m interessa, non sono interessata, non sono interessato, non ci interessa, non fa per me, "
  .. "non fa per noi, non ho tempo, non riesco, non posso, al momento no, per ora no, sara per un altra volta, un altra volta, troppo lavoro, devo rifiutare, devo declinare, sono al completo, passo questa volta"

local function phrases(meanings)
  local of = {}
  for meaning, list in pairs(meanings) do
    for phrase in list:gmatch "[^,]+" do of[phrase:match "^%s*(.-)%s*$"] = meaning end
  end
  return of
end

local function set(list)
  local of = {}
  for word in list:gmatch "%S+" do of[word] = true end
  return of
end

-- Letters with accents and typographic signs, and what stands for them: { from, to }.
M.letters = {}
for to, letters in pairs {
  a = "àáâäãÀÁÂÄÃ", e = "éèêëÉÈÊË", i = "ìíîïÌÍÎÏ", o = "òóôöõÒÓÔÖÕ", u = "ùúûüÙÚÛÜ", c = "çÇ", n = "ñÑ", ["'"] = "’‘ʼ", [" , "] = "—–…", [" "] = "\u{A0}\u{202F}«»",
} do
  for _, code in utf8.codes(letters) do M.letters[utf8.char(code)] = to end
end

M.no_first, M.no_anywhere = phrases { no = no_first }, phrases { no = no_anywhere }
M.any = phrases(both)
M.of = { en = phrases(en), fr = phrases(fr), it = phrases(it) }
M.small = { en = set(small.en), fr = set(small.fr), it = set(small.it) }

return M
