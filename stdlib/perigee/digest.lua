-- SPDX-License-Identifier: MIT
-- What people tell us through the week, by topic, as a report: how often against the period before, what grows suddenly, what sounds
-- unhappy, and the newest words themselves. Kept in the store as counters of days (UTC) and a few texts, so it stays small.

local check = require "perigee.check"
local perigee = require "perigee"
local tone = require "perigee.tone"
local words = require "perigee.words"

local M = {}

local DAY = 24 * 3600
local NEWEST = 30     -- texts that are kept of a digest
local TEXT = 300      -- bytes of each
local LONGEST = 92    -- days of a period
local KEPT = 62       -- days that counters are kept at least

local function name_of(what, value)
  return check.name(what .. ": name", value)
end

local function cut(text, most)
  text = text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", "")
  if #text <= most then return text end
  return (text:sub(1, most):gsub("[\xC2-\xF4][\x80-\xBF]*$", "")) .. "…"
end

local function day_of(time) return os.date("!%Y-%m-%d", time) end

local add_options = {
  tag = check.line, text = check.text, negative = "boolean",
  contact = function(what, value)
    if type(value) ~= "table" then check.raise(what .. ": a contact is needed, not " .. check.describe(value)) end
    return value
  end,
}

---Adds one entry. `tag` is its topic (small letters; 60 bytes at most). Whether it is an unhappy one is read from the text (perigee.tone), or
---said by `negative`. Counters are exact; of the texts the newest 30 are kept, 300 bytes of each, with the contact's name.
---Needs: store.
---```lua
---digest.add("feedback", { tag = "packaging", text = reply.text, contact = contact })
---```
---@param name string of the digest: small letters, digits, _ and -
---@param entry { tag: string, text?: string, contact?: perigee.Contact, negative?: boolean }
function M.add(name, entry)
  name = name_of("digest.add", name)
  entry = check.options("digest.add", entry, add_options, { "tag" })
  local tag = words.fold(entry.tag):sub(1, 60)
  if tag == "" then check.raise("digest.add.tag: a word is needed") end
  local negative = entry.negative
  if negative == nil then negative = entry.text ~= nil and tone.look(entry.text).negative end
  local now = perigee.now()
  local key = ("digest/%s/%%s/%s/%s"):format(name, day_of(now), tag)
  perigee.store.add(key:format "all")
  if negative then perigee.store.add(key:format "bad") end
  if entry.text then
    local n = perigee.store.add(("digest/%s/texts"):format(name))
    perigee.store.set(("digest/%s/text/%02d"):format(name, n % NEWEST),
      { at = now, n = n, tag = tag, text = cut(entry.text, TEXT), negative = negative or nil, who = entry.contact and (entry.contact.name or entry.contact.id) })
  end
end

-- Sums of the two periods by tag, from the counters; those of days before `forget` go.
local function sums(name, kind, before, from, to, forget)
  local prefix = ("digest/%s/%s/"):format(name, kind)
  local now_by, then_by = {}, {}
  for _, counter in ipairs(perigee.store.list(prefix)) do
    local day, tag = counter.key:sub(#prefix + 1):match "^([%d%-]+)/(.+)$"
    if not day or day < forget then
      perigee.store.delete(counter.key)
    elseif day >= from and day < to then
      now_by[tag] = (now_by[tag] or 0) + counter.value
    elseif day >= before and day < from then
      then_by[tag] = (then_by[tag] or 0) + counter.value
    end
  end
  return now_by, then_by
end

-- More than chance explains: five at least, twice as many as before, and by more than two standard deviations of a count.
local function leaps(n, before)
  return n >= 5 and n >= 2 * before and n - before > 2 * math.sqrt(before + 1)
end

-- Three unhappy ones at least, two of five of all, and half as much again as their share before.
local function sours(row)
  if row.bad < 3 or row.bad < 0.4 * row.n then return false end
  local share = row.before > 0 and row.bad_before / row.before or 0
  return row.bad / row.n >= 1.5 * share
end

local function rows_of(name, before, from, to, forget)
  local n, n_before = sums(name, "all", before, from, to, forget)
  local bad, bad_before = sums(name, "bad", before, from, to, forget)
  local rows, known = {}, {}
  for _, counts in ipairs { n, n_before } do
    for tag in pairs(counts) do
      if not known[tag] then
        known[tag] = true
        rows[#rows + 1] = { tag = tag, n = n[tag] or 0, before = n_before[tag] or 0, bad = bad[tag] or 0, bad_before = bad_before[tag] or 0 }
      end
    end
  end
  for _, row in ipairs(rows) do row.spike = leaps(row.n, row.before) and "volume" or sours(row) and "unhappy" or nil end
  table.sort(rows, function(a, b)
    if a.n ~= b.n then return a.n > b.n end
    if a.before ~= b.before then return a.before > b.before end
    return a.tag < b.tag
  end)
  return rows
end

local function newest_of(name, from, to, most)
  local list = {}
  for _, kept in ipairs(perigee.store.list(("digest/%s/text/"):format(name))) do
    local day = day_of(kept.value.at)
    if day >= from and day < to then list[#list + 1] = kept.value end
  end
  table.sort(list, function(a, b) return a.n > b.n end)
  local few = {}
  for i = 1, math.min(most, #list) do few[i] = list[i] end
  return few
end

local take_options = { days = check.number, at = check.number, newest = check.number }

---@class perigee.digest.Row
---@field tag string
---@field n integer entries in the period
---@field before integer in the period before
---@field bad integer the unhappy ones among n
---@field bad_before integer
---@field spike? "volume"|"unhappy"

---@class perigee.digest.Report
---@field name string
---@field period string "2026-11-16/2026-11-22", first and last day
---@field days integer
---@field total integer
---@field total_before integer
---@field bad integer
---@field rows perigee.digest.Row[] the most frequent first
---@field newest table[] { at, tag, text, who, negative }, the newest first

---The report of the last whole days before now (or before `at`), against as many days before them; it is kept, so that taking the same period
---again gives the same report. Days that are older than both, and than 62 days, are forgotten.
---Needs: store.
---```lua
---local report = digest.take("feedback", { days = 7, at = job.due })
---```
---@param name string
---@param options? { days?: integer, at?: integer, newest?: integer } days: 7; newest: how many texts, 5
---@return perigee.digest.Report
function M.take(name, options)
  name = name_of("digest.take", name)
  options = check.options("digest.take", options or {}, take_options)
  local days = options.days or 7
  if days ~= math.floor(days) or days < 1 or days > LONGEST then check.raise(("digest.take.days: a whole number from 1 to %d"):format(LONGEST)) end
  local at = math.floor(options.at or perigee.now())
  local to, from, before = day_of(at), day_of(at - days * DAY), day_of(at - 2 * days * DAY)
  local period = from .. "/" .. day_of(at - DAY)
  local key = ("digest/%s/taken/%d"):format(name, days)
  local last = perigee.store.get(key)
  if last and last.period == period then return last end
  local forget = day_of(at - math.max(2 * days, KEPT) * DAY)
  local report = { name = name, period = period, days = days, total = 0, total_before = 0, bad = 0, rows = rows_of(name, before, from, to, forget),
    newest = newest_of(name, from, to, options.newest or 5) }
  for _, row in ipairs(report.rows) do
    report.total, report.total_before, report.bad = report.total + row.n, report.total_before + row.before, report.bad + row.bad
  end
  perigee.store.set(key, report)
  return report
end

---The report that was taken last of so many days, or nil: for a sequence that sends what a job took.
---Needs: store.
---```lua
---local report = digest.last "feedback"
---```
---@param name string
---@param days? integer 7
---@return perigee.digest.Report?
function M.last(name, days)
  return perigee.store.get(("digest/%s/taken/%d"):format(name_of("digest.last", name), math.floor(check.number("digest.last: days", days or 7))))
end

-- In words ----------------------------------------------------------------------------------------------------------

local said = {
  en = { all = "%d in all, %d in the days before", unhappy = "%d of them unhappy", row = "%d (before: %d)", none = "Nobody has said anything.", newest = "In their words",
    volume = "**many more than before**", sour = "**more unhappy than before**", quote = "“%s” (%s, %s)" },
  fr = { all = "%d en tout, %d la période d'avant", unhappy = "dont %d mécontents", row = "%d (avant : %d)", none = "Personne n'a rien dit.", newest = "Dans leurs mots",
    volume = "**bien plus qu'avant**", sour = "**plus de mécontents qu'avant**", quote = "« %s » (%s, %s)" },
  it = { all = "%d in tutto, %d nel periodo prima", unhappy = "di cui %d scontenti", row = "%d (prima: %d)", none = "Nessuno ha detto nulla.", newest = "Con le loro parole",
    volume = "**molti più di prima**", sour = "**più scontenti di prima**", quote = "«%s» (%s, %s)" },
}

-- What strangers wrote must not become markup in our own mail.
local function harmless(text)
  return (text:gsub("[\\`%*_{}%[%]<>#|~!&]", "\\%0"):gsub("(%a)://", "%1:\\//"))
end

---A report as Markdown in the reader's language (en, fr, it): a line for each topic, then the newest texts, their markup made harmless. For a
---template: `{{ report | raw }}`.
---```lua
---contact:send("email", "digest", { vars = { report = digest.text(report, contact.locale) } })
---```
---@param report perigee.digest.Report
---@param locale? string
---@return string
function M.text(report, locale)
  if type(report) ~= "table" or type(report.rows) ~= "table" then
    check.raise("digest.text: what digest.take gave is needed, not " .. check.describe(report))
  end
  local s = said[words.of_locale(locale)] or said.en
  if report.total == 0 and report.total_before == 0 then return s.none end
  local lines = { s.all:format(report.total, report.total_before) .. (report.bad > 0 and ", " .. s.unhappy:format(report.bad) or "") .. ".", "" }
  for _, row in ipairs(report.rows) do
    local line = ("- **%s**: %s"):format(harmless(row.tag), s.row:format(row.n, row.before))
    if row.bad > 0 then line = line .. ", " .. s.unhappy:format(row.bad) end
    if row.spike then line = line .. ", " .. (row.spike == "volume" and s.volume or s.sour) end
    lines[#lines + 1] = line
  end
  if #report.newest > 0 then
    lines[#lines + 1] = "\n" .. s.newest .. ":\n"
    for _, one in ipairs(report.newest) do
      lines[#lines + 1] = "- " .. s.quote:format(harmless(one.text), harmless(one.who or "?"), harmless(one.tag))
    end
  end
  return table.concat(lines, "\n")
end

return M
