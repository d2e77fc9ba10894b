-- SPDX-License-Identifier: MIT
-- The table of questions that perigee.faq is given, read and checked: every mistake is found, each with its place in the table.

local check = require "perigee.check"
local matching = require "perigee.matching"

local M = {}

local DEEPEST = 8 -- levels of branches

-- Topics that are a person's, always. A tree adds words and topics of its own, or takes one out with `false`.
local topics = {
  refund = {
    en = { "refund", "my money back", "chargeback", "reimburse" },
    fr = { "remboursement", "rembourser", "remboursez moi", "recuperer mon argent" },
    it = { "rimborso", "rimborsare", "rimborsatemi", "indietro i soldi", "i miei soldi" },
  },
  complaint = {
    en = { "complaint", "complain", "make a claim" },
    fr = { "reclamation", "porter plainte", "me plaindre" },
    it = { "reclamo", "lamentarmi", "lamentela" },
  },
  legal = {
    en = { "lawyer", "attorney", "solicitor", "lawsuit", "sue you", "legal action", "small claims", "gdpr", "data protection", "trading standards" },
    fr = { "mon avocat", "avocats", "tribunal", "mise en demeure", "poursuites", "action en justice", "rgpd", "dgccrf", "donnees personnelles" },
    it = { "avvocato", "avvocati", "tribunale", "diffida", "vie legali", "denuncia", "denunciare", "gdpr", "agcm", "dati personali" },
  },
  press = {
    en = { "journalist", "reporter", "press request", "press inquiry", "press enquiry", "interview request", "for an article" },
    fr = { "journaliste", "demande presse", "service presse", "pour un article", "demande d interview" },
    it = { "giornalista", "ufficio stampa", "richiesta stampa", "per un articolo", "richiesta di intervista" },
  },
}

-- Checks -------------------------------------------------------------------------------------------------------------

local function fault(state, path, text)
  state.faults[#state.faults + 1] = ("%s: %s"):format(path, text)
end

local function keys_of(state, path, value, known)
  if type(value) ~= "table" then
    fault(state, path, "a table { key = value } is needed, not " .. check.describe(value))
    return false
  end
  for key in pairs(value) do
    if not known[key] then
      local names = {}
      for name in pairs(known) do names[#names + 1] = name end
      fault(state, path, ("unknown key '%s'%s"):format(tostring(key):sub(1, 80), check.hint(tostring(key), names)))
    end
  end
  return true
end

-- { en = { "...", ... }, fr = ... } → compiled phrases.
local function phrases(state, path, value)
  local compiled = {}
  if type(value) ~= "table" or next(value) == nil then
    fault(state, path, "phrases by language are needed: { en = { \"where is my parcel\" }, fr = { ... } }")
    return compiled
  end
  for language, list in pairs(value) do
    local where = path .. "." .. tostring(language)
    if type(language) ~= "string" or not language:match "^%l%l%l?$" then
      fault(state, path, ("'%s' is no language; write { en = { ... } }"):format(tostring(language):sub(1, 20)))
    elseif type(list) ~= "table" or #list == 0 then
      fault(state, where, "a list of phrases is needed")
    else
      for i, phrase in ipairs(list) do
        local made = type(phrase) == "string" and matching.phrase(phrase, language)
        if made then
          compiled[#compiled + 1] = made
        else
          fault(state, ("%s[%d]"):format(where, i), "a text with at least one word is needed, not " .. check.describe(phrase))
        end
      end
    end
  end
  return compiled
end

local question_keys = { ask = true, answer = true, branches = true, escalate = true }
local nodes

local function question(state, path, name, value)
  if not keys_of(state, path, value, question_keys) then return nil end
  local node = { name = name, path = path:gsub("^questions%.", ""), ask = phrases(state, path .. ".ask", value.ask) }
  if value.answer ~= nil and value.escalate ~= nil then fault(state, path, "either an answer or escalate, not both") end
  if value.escalate ~= nil and value.escalate ~= true then fault(state, path .. ".escalate", "true, or nothing") end
  node.escalate = value.escalate == true or nil
  if not node.escalate then
    if type(value.answer) ~= "string" or not value.answer:find "^[a-z0-9_%-]+$" then
      fault(state, path .. ".answer", "the name of a template is needed, such as \"faq-shipping\"")
    end
    node.answer = value.answer
  end
  if value.branches ~= nil then node.branches = nodes(state, path .. ".branches", value.branches) end
  return node
end

function nodes(state, path, value)
  local list = {}
  if type(value) ~= "table" or next(value) == nil then
    fault(state, path, "a table { NAME = { ask = ..., answer = ... } } is needed")
    return list
  end
  state.depth = state.depth + 1
  if state.depth > DEEPEST then check.raise(("faq.tree: more than %d levels of branches"):format(DEEPEST)) end
  for name, item in pairs(value) do
    if type(name) ~= "string" or not name:find "^[%w_%-]+$" then
      fault(state, path, ("'%s' is no name of a question (letters, digits, _ and -)"):format(tostring(name):sub(1, 40)))
    else
      list[#list + 1] = question(state, path .. "." .. name, name, item)
    end
  end
  state.depth = state.depth - 1
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

local function escalations(state, value)
  local list = {}
  local own = value == nil and {} or value
  if type(own) ~= "table" then
    fault(state, "escalate", "a table { TOPIC = { en = { ... } } } is needed")
    own = {}
  end
  for topic, given in pairs(topics) do
    if own[topic] ~= false then list[#list + 1] = { name = topic, ask = phrases(state, topic, given) } end
  end
  for topic, given in pairs(own) do
    if given and given ~= true then list[#list + 1] = { name = topic, ask = phrases(state, "escalate." .. tostring(topic), given) } end
    if (given == true or given == false) and not topics[topic] then
      fault(state, "escalate." .. tostring(topic), "no topic of ours; give its words: { en = { ... } }")
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

---The questions and the topics of a definition, as perigee.faq keeps them; raises with all mistakes, one a line.
---```lua
---local roots, topics = questions.read { questions = { shipping = { ask = { en = { "my parcel" } }, answer = "faq-shipping" } } }
---```
---@param definition { questions: table, escalate?: table }
---@return table[] roots, table[] topics
function M.read(definition)
  local state = { faults = {}, depth = 0 }
  local roots, list = nodes(state, "questions", definition.questions), escalations(state, definition.escalate)
  if #state.faults > 0 then
    table.sort(state.faults)
    check.raise("faq.tree: " .. table.concat(state.faults, "\n  "))
  end
  return roots, list
end

return M
