-- SPDX-License-Identifier: MIT
local tone = require "perigee.tone"
local words = require "perigee.words"

test("texts that read alike become equal", function(t)
  for _, case in ipairs {
    { "Où est  mon COLIS ?", "ou est mon colis" }, { "L’envoi, s'il vous plaît", "l envoi s il vous plait" }, { "ÀÉÎÕÜ œuf Straße", "aeiou oeuf strasse" },
    { "ｗｉｄｅ", "wide" }, { "zero\u{200B}width", "zerowidth" }, { "e\u{301}te\u{301}", "ete" }, { "😀thanks😀", "thanks" }, { "", "" }, { "Привет", "Привет" }, { "\xff bad", "bad" },
  } do
    t:expect({ case[1], words.fold(case[1]) }, case)
  end
end)

test("words of one stem, and words that are one slip apart", function(t)
  for _, case in ipairs {
    { "en", "parcels", "parcel" }, { "en", "shipping", "shipped" }, { "en", "deliveries", "delivery" }, { "fr", "livrée", "livrer" }, { "fr", "colis", "coli" },
    { "fr", "retourner", "retourné" }, { "it", "spedizione", "spedizioni" }, { "it", "pacchi", "pacco" }, { "it", "resi", "reso" },
  } do
    local a, b = words.stem(words.fold(case[2]), case[1]), words.stem(words.fold(case[3]), case[1])
    t:expect({ case[2], a }, { case[2], b })
  end
  t:expect({ words.near("delivery", "delivry"), words.near("parcel", "pracel"), words.near("order", "older"), words.near("parcel", "carpel") },
    { true, true, false, false })
  t:expect({ words.distance("abcdef", "abcdef"), words.distance("abcdef", "abdcef"), words.distance("abc", "xyzuvw", 2) }, { 0, 1, 3 })
end)

test("the language of a text, where its small words tell", function(t)
  t:expect({ words.language "Quando arriva il mio pacco?", words.language "Où est mon colis ?", words.language "Where is my parcel?" }, { "it", "fr", "en" })
  t:expect({ words.language "42", words.of_locale "fr-CA", words.of_locale(nil) }, { nil, "fr" })
end)

test("how a message sounds", function(t)
  for _, case in ipairs {
    { "This is ridiculous!", "angry" }, { "C'est inadmissible", "angry" }, { "È una vergogna", "angry" }, { "WHERE IS MY PARCEL? WILL ANYBODY EVER TELL ME?!", "angry" },
    { "No problem, thanks!", "thanks" }, { "Merci beaucoup, c'est parfait", "thanks" }, { "Grazie mille", "thanks" }, { "ok", "thanks" },
    { "Thanks! And where is my parcel?", nil }, { "The jar was broken", "negative" }, { "Pas de problème", nil }, { "Nessun problema", nil },
    { "Automatic reply: out of office", "automatic" }, { "Réponse automatique : absente du bureau", "automatic" }, { "Where is my parcel?", nil },
  } do
    local heard = tone.look(case[1])
    local kind = heard.automatic and "automatic" or heard.angry and "angry" or heard.negative and "negative" or heard.thanks and "thanks" or nil
    t:expect({ case[1], kind }, case)
  end
end)
