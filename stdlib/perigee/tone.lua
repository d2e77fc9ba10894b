-- SPDX-License-Identifier: MIT
-- How a message sounds (English, French, Italian): angry, unhappy, only thanks, or written by a machine. It reads words, not
-- minds: who acts on it lets a person decide.

local words = require "perigee.words"

local M = {}

-- Folded phrases (perigee.words); all languages at once, as people mix them.
local function phrases(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do
    for phrase in line:gmatch "[^,]+" do
      phrase = phrase:match "^%s*(.-)%s*$"
      if phrase ~= "" then list[#list + 1] = phrase end
    end
  end
  return list
end

local angry = phrases [[
  furious, angry, outraged, outrageous, disgusted, disgusting, disgrace, disgraceful, unacceptable, ridiculous, shame on you, shameful, incompetent,
  liars, thieves, crooks, rip off, ripoff, robbery, never again, fed up, sick of, sick and tired, what a joke, pathetic, worst service,
  worst company, terrible service, awful service, last time i, third time, fourth time, nobody answers, no one answers, nobody replies,
  bullshit, wtf, piss off, how dare you, waste of money, waste of time
  furieux, furieuse, en colere, inacceptable, inadmissible, scandaleux, scandaleuse, honteux, honteuse, une honte, incompetents, incompetence, voleurs,
  menteurs, escrocs, ras le bol, marre, jamais plus, plus jamais chez vous, lamentable, deplorable, vous moquez, foutez de moi, foutage,
  personne ne repond, troisieme fois, quatrieme fois, service pourri, merde, c est nul, la pire, le pire, une blague
  furioso, furiosa, arrabbiato, arrabbiata, arrabbiatissima, inaccettabile, scandaloso, scandalosa, uno scandalo, vergogna, vergognoso, vergognosa,
  vergognatevi, ridicolo, incompetenti, ladri, truffatori, bugiardi, mai piu, non ne posso piu, stufo, stufa, uno schifo, fate schifo, nessuno risponde,
  presa in giro, prendete in giro, prendendo in giro, terza volta, quarta volta, pessimo servizio, servizio pessimo, indecente
]]

local unhappy = phrases [[
  disappointed, disappointing, unhappy, broken, damaged, faulty, defective, missing, wrong, problem, problems, issue, late, delayed, bad, poor, terrible, awful,
  horrible, doesn t work, does not work, didn t work, not working, stopped working, never arrived, not arrived, complaint, complain, too expensive, slow,
  confusing, leaking, leaks, annoying, annoyed, useless
  decu, decue, decevant, decevante, mecontent, mecontente, casse, cassee, abime, abimee, defectueux, defectueuse, manque, manquant, erreur, probleme,
  problemes, retard, mauvais, mauvaise, ne fonctionne pas, ne fonctionne plus, ne marche pas, ne marche plus, jamais arrive, pas arrive, reclamation, trop cher,
  trop chere, trop lent, fuit, penible, inutile, nul, nulle
  deluso, delusa, deludente, scontento, scontenta, rotto, rotta, danneggiato, danneggiata, difettoso, difettosa, manca, mancante, sbagliato, sbagliata, errore,
  problema, problemi, ritardo, cattivo, cattiva, pessimo, pessima, non funziona, non funzionano, mai arrivato, non e arrivato, reclamo, troppo caro, troppo cara,
  lento, lenta, perde, fastidioso, inutile, brutto, brutta
]]

-- What holds a word of the lists above and means the opposite.
local harmless = phrases [[
  no problem, no problems, not a problem, without problems, not angry, not bad, no issue, no worries, not disappointed, not at all disappointed,
  nothing missing, nothing wrong
  pas de probleme, aucun probleme, sans probleme, pas de souci, pas decu, pas decue, pas mal, nulle part, pas fache, sans retard, pas en retard
  nessun problema, senza problemi, non c e problema, niente di rotto, niente male, non sono arrabbiata, non sono arrabbiato, mai deluso, mai delusa
]]

local thanks = phrases [[
  thanks, thank you, thank you so much, thx, cheers, perfect, great, got it, all good, all clear, that helps, that helped, ok, okay, wonderful, super
  merci, merci beaucoup, merci bien, parfait, super, genial, d accord, c est note, c est clair, tres bien, entendu, ca marche
  grazie, grazie mille, perfetto, ottimo, va bene, capito, chiaro, tutto chiaro, gentilissimi, gentilissima, benissimo
]]

local automatic = phrases [[
  automatic reply, automatic response, auto reply, autoreply, automated response, automated message, automatically generated, out of office, out of the office,
  do not reply to this, please do not respond to this, delivery status notification, we have received your message and will
  reponse automatique, message automatique, absent du bureau, absente du bureau, absence du bureau, ne pas repondre a ce, ne repondez pas a ce,
  risposta automatica, messaggio automatico, fuori ufficio, non rispondere a questa, non rispondere a questo, generato automaticamente
  automatische antwort, abwesenheitsnotiz, nicht im buro, respuesta automatica, fuera de la oficina
]]

-- A text without the phrases of a list; eight of them at most.
local function without(folded, list)
  for _ = 1, 8 do
    local phrase = words.find(folded, list)
    if not phrase then break end
    local padded = " " .. folded .. " "
    local from, to = padded:find(" " .. phrase .. " ", 1, true)
    folded = (padded:sub(1, from) .. padded:sub(to + 1)):match "^ *(.-) *$"
  end
  return folded
end

-- Words in capitals: a short text has none, or a name.
local function shouts(text)
  local loud, all = 0, 0
  for word in text:sub(1, 1000):gmatch "%f[%w]%a%a%a%a+" do
    all = all + 1
    if word == word:upper() then loud = loud + 1 end
  end
  return all >= 4 and loud * 2 > all
end

-- A few words, all of them thanks and small ones, and no question.
local function only_thanks(text, folded)
  if text:find("?", 1, true) or #folded > 120 then return false end
  local rest, found = folded, false
  for _ = 1, 4 do
    local phrase = words.find(rest, thanks)
    if not phrase then break end
    found, rest = true, without(rest, { phrase })
  end
  if not found then return false end
  local content = 0
  for word in rest:gmatch "%S+" do
    if not (words.is_small(word, "en") or words.is_small(word, "fr") or words.is_small(word, "it")) then content = content + 1 end
  end
  return content <= 3
end

---@class perigee.tone.Tone
---@field angry boolean a person should answer
---@field negative boolean something went wrong for them, or they are angry
---@field thanks boolean nothing but thanks: no answer is waited for
---@field automatic boolean a machine seems to have written it
---@field why? string the words it was told by

---How a text sounds.
---```lua
---local tone = require "perigee.tone"
---if tone.look(reply.text).angry then contact:task { kind = "call", note = reply.text } end
---```
---@param text string
---@return perigee.tone.Tone
function M.look(text)
  local folded = words.fold(text)
  local heard = without(folded, harmless)
  local anger, trouble = words.find(heard, angry), words.find(heard, unhappy)
  local loud = shouts(text) and (text:find("!", 1, true) or trouble) ~= nil
  local machine = words.find(folded, automatic)
  return {
    angry = anger ~= nil or loud,
    negative = anger ~= nil or trouble ~= nil or loud,
    thanks = not anger and not trouble and only_thanks(text, heard),
    automatic = machine ~= nil,
    why = machine or anger or loud and "capitals" or trouble or nil,
  }
end

return M
