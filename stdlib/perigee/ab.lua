-- SPDX-License-Identifier: MIT
-- perigee.ab: which of two wordings (or times, or offers) works better. A contact's variant is reckoned from the names of the test and the
-- contact, so it is the same whenever it is asked for and nothing is kept; what is counted is counted once for each contact.

local perigee = require "perigee"
local check = require "perigee.check"
local statistics = require "perigee.statistics"

local M = {}

local MANY = 1000000 -- each; beyond that nobody waits for a difference
local MISMATCH = 0.001

local function key(test, ...)
  return table.concat({ "ab", test, ... }, "/")
end

local function id_of(what, contact)
  if type(contact) == "string" then return check.line(what .. ": contact", contact) end
  if contact == nil then check.raise(what .. ": a contact is needed, not nothing") end
  return contact.id
end

local function variants_of(what, variants)
  local list, seen = check.texts(what .. ": variants", variants), {}
  if #list < 2 then check.raise(what .. ": variants: at least two are needed, such as { \"a\", \"b\" }") end
  for _, name in ipairs(list) do
    check.line(what .. ": variants", name)
    if seen[name] then check.raise(("%s: variants: '%s' stands there twice"):format(what, name)) end
    seen[name] = true
  end
  return list
end

-- A list of numbers for the variants, 1 each where nothing is said.
local function weights_of(what, weights, variants)
  local list, given = {}, weights or {}
  if type(given) ~= "table" then check.raise(what .. ": weights: a table is needed, such as { a = 9, b = 1 }") end
  for name, weight in pairs(given) do
    if weight ~= check.number(("%s: weights.%s"):format(what, tostring(name)), weight) or weight <= 0 or weight == math.huge then
      check.raise(("%s: weights.%s: a number above 0 is needed"):format(what, tostring(name)))
    end
    check.one_of(what .. ": weights", name, variants)
  end
  for i, name in ipairs(variants) do list[i] = given[name] or 1 end
  return list
end

-- FNV-1a with the last steps of MurmurHash3, so that names that are alike fall far apart: a number in [0, 1).
local function chance_of(text)
  local h = 0xcbf29ce484222325
  for i = 1, #text do h = (h ~ text:byte(i)) * 0x100000001b3 end
  h = (h ~ (h >> 33)) * 0xff51afd7ed558ccd
  h = (h ~ (h >> 33)) * 0xc4ceb9fe1a85ec53
  h = h ~ (h >> 33)
  return (h >> 11) / (1 << 53)
end

---A contact's variant: always the same one for the same contact, test, variants and weights. Other weights move some people.
---```lua
---local subject = ab.variant(contact, "subject-line", { "question", "praise" })
---contact:send("email", "intro-" .. subject)
---```
---@param contact perigee.Contact|string a contact or its id
---@param test string
---@param variants string[]
---@param options? { weights?: table<string, number> } { question = 9, praise = 1 }: nine of ten get the first
---@return string variant
function M.variant(contact, test, variants, options)
  local what = "ab.variant"
  local id = id_of(what, contact)
  check.name(what .. ": test", test)
  variants = variants_of(what, variants)
  options = check.options(what, options or {}, { weights = "table" })
  local weights, all = weights_of(what, options.weights, variants), 0
  for _, weight in ipairs(weights) do all = all + weight end
  local place = chance_of(test .. "\n" .. id) * all
  for i, weight in ipairs(weights) do
    place = place - weight
    if place < 0 then return variants[i] end
  end
  return variants[#variants]
end

---Counts that a contact was shown a variant, or that it won them, once for each contact however often it is called. What was won goes to
---the variant that they were shown, and who won without having been shown anything is counted as shown, too.
---```lua
---ab.count(contact, "subject-line", subject, "shown")
---local reply = contact:wait_reply "5 days"
---if reply then ab.count(contact, "subject-line", subject, "won") end
---```
---Needs: store.
---@param contact perigee.Contact|string
---@param test string
---@param variant string
---@param what "shown"|"won"
---@return boolean counted false: it was counted before
function M.count(contact, test, variant, what)
  local id = id_of("ab.count", contact)
  check.name("ab.count: test", test)
  check.line("ab.count: variant", variant)
  check.one_of("ab.count: what", what, { "shown", "won" })
  if perigee.store.add(key(test, "once", what, id), 1) > 1 then return false end
  if what == "shown" then
    perigee.store.set(key(test, "of", id), variant)
  else
    local shown = perigee.store.get(key(test, "of", id))
    if not shown then M.count(id, test, variant, "shown") end
    variant = shown or variant
  end
  perigee.store.add(key(test, "n", what, variant), 1)
  return true
end

-- ---- the read-out ---------------------------------------------------------------------------------------------------

local function percent(share)
  return ("%.1f %%"):format(100 * share)
end

-- Few are expected somewhere: then Fisher's test, which holds for any number.
local function compare(a, b)
  local won, shown = a.won + b.won, a.shown + b.shown
  local least = math.min(won, shown - won) * math.min(a.shown, b.shown) / math.max(1, shown)
  if least < 5 then return statistics.fisher(a.won, a.shown, b.won, b.shown), "Fisher's exact test" end
  return statistics.two_proportions(a.won, a.shown, b.won, b.shown), "two-proportion z test"
end

-- How many more each of the two needs, if the rates stay as they are (or differ by `smallest`); nil: too many to wait for.
local function more_of(best, other, o)
  local rate, apart = best.rate, best.rate - other.rate
  if o.smallest then apart = math.min(o.smallest, rate > 0 and rate or o.smallest) end
  if apart <= 0 then return nil end
  local each = statistics.sample_size(rate - apart, rate, o.confidence, o.power)
  local more = math.max(0, each - math.min(best.shown, other.shown))
  return more <= MANY and more or nil
end

-- Compares each with the best, sets p of each, and says in words what is known.
local function judge(r, best, o)
  local others, ps = {}, {}
  for _, v in ipairs(r.variants) do
    if v ~= best then
      others[#others + 1] = v
      ps[#others], v.method = compare(best, v)
    end
  end
  local worst, method = others[1], nil
  for i, p in ipairs(statistics.holm(ps)) do
    others[i].p = p
    if p > worst.p then worst = others[i] end
  end
  method = worst.method .. (#others > 1 and ", Holm" or "")
  r.p = worst.p
  r.significant = r.p < 1 - o.confidence
  if r.significant then
    r.best = best.name
    return ("%s is better: such a difference comes by chance with p = %.2g (%s)."):format(best.name, r.p, method)
  end
  r.more = more_of(best, worst, o)
  local tail = r.more and r.more > 0 and ("not enough yet: about %d more each"):format(r.more) or "no difference that could be told apart"
  return ("%s and %s: %s (p = %.2g, %s)."):format(best.name, worst.name, tail, r.p, method)
end

local function table_of(r, test)
  local wide = utf8.len(test) or #test
  for _, v in ipairs(r.variants) do wide = math.max(wide, utf8.len(v.name) or #v.name) end
  local function row(name, ...)
    return name .. (" "):rep(wide - (utf8.len(name) or #name)) .. ("  %7s %7s  %8s  %s"):format(...)
  end
  local lines = { row(test, "shown", "won", "rate", "probably between") }
  for _, v in ipairs(r.variants) do
    lines[#lines + 1] = row(v.name, v.shown, v.won, v.shown > 0 and percent(v.rate) or "-", percent(v.low) .. " and " .. percent(v.high))
  end
  return lines
end

local reading = { weights = "table", confidence = check.number, power = check.number, smallest = check.number }

---What counts say: each variant's rate with Wilson's interval, and whether the best is really better (two-proportion z test, Fisher's exact
---test for few; more than two: each against the best, with Holm's correction). Pure: `ab.result` reads the store.
---```lua
---local r = ab.read("subject-line", { question = { shown = 410, won = 37 }, praise = { shown = 395, won = 61 } })
---perigee.log(r.text)
---```
---@param test string a name for the table
---@param counts table<string, { shown: integer, won: integer }>
---@param options? { weights?: table<string, number>, confidence?: number, power?: number, smallest?: number } confidence 0.95, power 0.8; smallest: the least difference of rates worth knowing (0.02), instead of the one that is seen
---@return perigee.ab.Result
function M.read(test, counts, options)
  check.line("ab.read: test", test)
  local o = check.options("ab.read", options or {}, reading)
  o.confidence, o.power = o.confidence or 0.95, o.power or 0.8
  if type(counts) ~= "table" then check.raise "ab.read: counts: a table { variant = { shown = , won = } } is needed" end
  local names, r = check.names(counts), { variants = {}, significant = false }
  table.sort(names)
  local shown, best = {}, nil
  for i, name in ipairs(names) do
    local n = check.options("ab.read: " .. name, counts[name], { shown = check.number, won = check.number }, { "shown", "won" })
    local v = { name = name, shown = n.shown, won = n.won, rate = n.shown > 0 and n.won / n.shown or 0.0 }
    v.low, v.high = statistics.wilson(v.won, v.shown, o.confidence)
    r.variants[i], shown[i] = v, v.shown
    if not best or v.rate > best.rate then best = v end
  end
  local lines = table_of(r, test)
  r.fit = #names > 0 and statistics.fit(shown, weights_of("ab.read", o.weights, names)) or 1.0
  lines[#lines + 1] = #names < 2 and "Nothing to compare yet." or judge(r, best, o)
  if r.fit < MISMATCH then
    lines[#lines + 1] = ("Beware: the numbers shown don't fit the weights (p = %.2g). Is somebody left out, or counted only where it went well?"):format(r.fit)
  end
  r.text = table.concat(lines, "\n")
  return r
end

---What a test has shown so far, from the store. Decide beforehand when you will look: who looks every day finds, sooner or later, a difference
---that is none.
---```lua
---local r = ab.result("subject-line", { variants = { "question", "praise" } })
---if r.significant then perigee.store.set("subject", r.best) end
---perigee.log(r.text)
---```
---Needs: store.
---@param test string
---@param options? { variants?: string[], weights?: table<string, number>, confidence?: number, power?: number, smallest?: number } as of ab.read; variants: those that must stand there even if nobody was shown them
---@return perigee.ab.Result
function M.result(test, options)
  check.name("ab.result: test", test)
  local o = { variants = "table" }
  for name, rule in pairs(reading) do o[name] = rule end
  o = check.options("ab.result", options or {}, o)
  local counts = {}
  for _, name in ipairs(o.variants and variants_of("ab.result", o.variants) or {}) do counts[name] = { shown = 0, won = 0 } end
  local prefix = key(test, "n") .. "/"
  for _, entry in ipairs(perigee.store.list(prefix)) do
    local what, name = entry.key:sub(#prefix + 1):match "^(%a+)/(.*)$"
    counts[name] = counts[name] or { shown = 0, won = 0 }
    counts[name][what] = entry.value
  end
  o.variants = nil
  return M.read(test, counts, o)
end

---@class perigee.ab.Variant
---@field name string
---@field shown integer
---@field won integer
---@field rate number
---@field low number Wilson's interval
---@field high number
---@field p? number against the best, of several corrected; the best has none

---@class perigee.ab.Result
---@field variants perigee.ab.Variant[] sorted by name
---@field significant boolean is the best better than each other?
---@field best? string if it is
---@field p? number of the one that is hardest to tell from the best
---@field more? integer about so many more each until this difference would be told; nil if it is, or if they are too many
---@field fit number the chance that the numbers shown fit the weights; below 0.001 something is wrong
---@field text string all of it as a table and a sentence

return M
