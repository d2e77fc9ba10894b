-- SPDX-License-Identifier: MIT
-- What others publish: RSS 2.0 and Atom feeds (rssboard.org/rss-specification, RFC 4287), read by a job that looks for what is new and for
-- what names you. A feed is a stranger's text: what is no feed is `nil, text, "invalid"`, what it says is plain text without markup.

local perigee = require "perigee"
local check = require "perigee.check"
local words = require "perigee.words"

local M = {}

local MOST = 100   -- entries of a feed that are looked at
local SEEN = 200   -- ids of a feed that are remembered
local LONG = 600   -- bytes of a title or summary that are kept

-- Text ----------------------------------------------------------------------------------------------------------------------

local entities = { amp = "&", lt = "<", gt = ">", quot = '"', apos = "'", nbsp = " " }

local function entity(name)
  local code = name:match "^#(%d+)$"
  code = code and tonumber(code) or tonumber(name:match "^#[xX](%x+)$" or "", 16)
  if code then return code >= 32 and code < 0xD800 and utf8.char(code) or code == 10 and "\n" or " " end
  return entities[name] -- nil leaves it as it stands
end

local function decode(text)
  return (text:gsub("&(#?%w+);", entity))
end

-- What stands between two marks: where it begins and ends, and where what follows begins. Nothing is looked at twice, so that no text
-- takes long, however it is made.
local function between(text, open, close, at)
  local first, last = text:find(open, at, true)
  if not first then return nil end
  local stop, after = text:find(close, last + 1, true)
  if not stop then return nil end
  return last + 1, stop - 1, after + 1, first
end

-- Text in which each part from open to close has become what `with` makes of its inside, and the rest what `rest` makes of it.
local function replace(text, open, close, with, rest)
  local parts, at = {}, 1
  while true do
    local first, last, after, start = between(text, open, close, at)
    parts[#parts + 1] = rest(text:sub(at, start and start - 1 or #text))
    if not first then return table.concat(parts) end
    parts[#parts + 1] = with(text:sub(first, last))
    at = after
  end
end

local function as_it_is(text) return text end
local function nothing() return "" end

-- The text of an element: CDATA as it stands, the rest with its entities; then without tags (of HTML within), on one line.
local function plain(text)
  if not text then return nil end
  local whole = replace(text, "<![CDATA[", "]]>", as_it_is, decode)
  whole = decode((whole:gsub("<[^<>]*>", " "))):gsub("%s+", " "):gsub("^ ", ""):gsub(" $", "")
  if not utf8.len(whole) then whole = whole:gsub("[\x80-\xFF]", "?") end
  if #whole > LONG then whole = whole:sub(1, LONG):gsub("[\xC2-\xF4][\x80-\xBF]*$", "") .. "…" end
  return whole ~= "" and whole or nil
end

-- What stands in the first element of this name, and where what follows it begins.
local function element(text, name, at)
  local open, close = "<" .. name, "</" .. name
  while true do
    local first, last = text:find(open, at or 1, true)
    local stop = first and text:find(">", last + 1, true)
    if not stop then return nil end
    at = stop + 1
    if text:find("^[%s>]", last + 1) and text:sub(stop - 1, stop - 1) ~= "/" then
      local before = text:find(close, at, true)
      if not before then return nil end
      return text:sub(at, before - 1), before
    end
  end
end

-- Times ---------------------------------------------------------------------------------------------------------------------

local months = { jan = 1, feb = 2, mar = 3, apr = 4, may = 5, jun = 6, jul = 7, aug = 8, sep = 9, oct = 10, nov = 11, dec = 12 }

-- Seconds since 1970 of a date in UTC (days since the first of March of year 0, whose leap day comes last).
local function seconds(year, month, day, hour, minute, second)
  local y = month <= 2 and year - 1 or year
  local days = 365 * y + y // 4 - y // 100 + y // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 1 - 719468
  return ((days * 24 + hour) * 60 + minute) * 60 + second
end

local function offset(zone)
  local sign, hours, minutes = zone:match "([+-])(%d%d):?(%d%d)"
  if not sign then return 0 end
  return (sign == "-" and -60 or 60) * (tonumber(hours) * 60 + tonumber(minutes))
end

-- "2026-11-23T09:00:00+01:00" (RFC 3339) and "Mon, 23 Nov 2026 09:00:00 +0100" (RFC 822); nil for what is neither.
local function moment(text)
  if not text then return nil end
  local year, month, day, hour, minute, second, zone = text:match "(%d%d%d%d)%-(%d%d)%-(%d%d)[Tt ](%d%d):(%d%d):?(%d*)(.*)"
  if not year then
    day, month, year, hour, minute, second, zone = text:match "(%d%d?) (%a%a%a)%a* (%d%d%d%d) (%d%d):(%d%d):?(%d*)(.*)"
    month = month and months[month:lower()]
  end
  if not year or not month then return nil end
  return math.tointeger(seconds(tonumber(year), tonumber(month), tonumber(day), tonumber(hour), tonumber(minute), tonumber(second) or 0) - offset(zone))
end

-- Feeds ---------------------------------------------------------------------------------------------------------------------

local function entry(text, is_atom)
  local link
  if is_atom then
    for attributes in text:gmatch "<link([^<>]*)>" do
      local relation = attributes:match 'rel%s*=%s*["\']([^"\']*)'
      if not relation or relation == "alternate" then link = link or attributes:match 'href%s*=%s*["\']([^"\']*)' end
    end
    link = link and decode(link)
  else
    link = plain(element(text, "link"))
  end
  local title = plain(element(text, "title"))
  local id = plain(element(text, is_atom and "id" or "guid")) or link or title
  if not id then return nil end
  return {
    id = id:sub(1, 200), title = title or "", link = link,
    at = moment(element(text, is_atom and "updated" or "pubDate") or element(text, is_atom and "published" or "dc:date")),
    summary = plain(element(text, is_atom and "summary" or "description") or element(text, is_atom and "content" or "content:encoded")),
  }
end

---The entries of an RSS or Atom feed, in its order (most feeds: newest first), 100 at most.
---```lua
---local entries = feed.parse(answer.body)
---```
---@param text string
---@return perigee.FeedEntry[]? entries
---@return string? why what is wrong with it
---@return string? code "invalid"
function M.parse(text)
  if type(text) ~= "string" then check.raise("feed.parse: a text is needed, not " .. check.describe(text)) end
  text = replace(text, "<!--", "-->", nothing, as_it_is)
  local is_atom = text:find "<feed[%s>]" ~= nil
  if not is_atom and not text:find "<rss[%s>]" and not text:find "<rdf:RDF[%s>]" then return nil, "it is no RSS or Atom feed", "invalid" end
  local entries, name, at = {}, is_atom and "entry" or "item", 1
  while #entries < MOST do
    local inner, after = element(text, name, at)
    if not inner then break end
    entries[#entries + 1] = entry(inner, is_atom)
    at = after
  end
  return entries
end

---Reads a feed and gives what is new since the last look, oldest first. The first look remembers what is there and gives nothing, so
---that nobody is told of last year. `name` is your word for the feed.
---```lua
---local fresh, why = feed.fresh("blog", "https://news.example/feed.xml")
---```
---Needs: store, net.
---@param name string
---@param url string its host stands in needs.net
---@return perigee.FeedEntry[]? entries
---@return string? why
---@return string? code as of perigee.http, or "invalid"
function M.fresh(name, url)
  local key = "feed/" .. check.line("feed.fresh: name", name)
  local answer, why, code = perigee.http { url = check.text("feed.fresh: url", url), headers = { accept = "application/rss+xml, application/atom+xml, text/xml" } }
  if not answer then return nil, why, code end
  if answer.status ~= 200 or not answer.body then
    return nil, ("%s answered %d%s"):format(url, answer.status, answer.body and "" or " without a text"), "invalid"
  end
  local entries
  entries, why, code = M.parse(answer.body)
  if not entries then return nil, url .. ": " .. why, code end
  local known = perigee.store.get(key)
  local seen, ids, fresh = {}, {}, {}
  for _, id in ipairs(known or {}) do seen[id] = true end
  for _, one in ipairs(entries) do
    if not seen[one.id] then
      seen[one.id] = true
      ids[#ids + 1] = one.id
      if known then table.insert(fresh, 1, one) end
    end
  end
  if #ids > 0 or not known then
    for _, id in ipairs(known or {}) do
      if #ids < SEEN then ids[#ids + 1] = id end
    end
    perigee.store.set(key, ids)
  end
  return fresh
end

---Those entries whose title or summary names one of these words or phrases; accents and capitals do not matter.
---```lua
---for _, one in ipairs(feed.naming(fresh, { "Brand", "brand.example" })) do perigee.log(one.title) end
---```
---@param entries perigee.FeedEntry[]
---@param names string[]
---@return perigee.FeedEntry[]
function M.naming(entries, names)
  local wanted, found = {}, {}
  for i, name in ipairs(check.texts("feed.naming: names", names, true)) do wanted[i] = " " .. words.fold(name) .. " " end
  for _, one in ipairs(entries) do
    local text = " " .. words.fold((one.title or "") .. " " .. (one.summary or "")) .. " "
    for _, name in ipairs(wanted) do
      if text:find(name, 1, true) then
        found[#found + 1] = one
        break
      end
    end
  end
  return found
end

---@class perigee.FeedEntry
---@field id string
---@field title string
---@field link? string
---@field at? integer seconds since the epoch
---@field summary? string plain text, at most 600 bytes

return M
