-- SPDX-License-Identifier: MIT
-- Domains in what people write, and whether one is made to be taken for ours: by letters that look alike (Cyrillic а, 0 for o, rn
-- for m), by a slip, by our name with a word beside it, or by our whole domain before another one.

local words = require "perigee.words"

local M = {}

-- Letters of other alphabets that look like Latin ones (the common part of Unicode's confusables, UTS #39).
local alike = {
  ["а"] = "a", ["е"] = "e", ["о"] = "o", ["р"] = "p", ["с"] = "c", ["у"] = "y", ["х"] = "x", ["і"] = "i", ["ј"] = "j", ["ѕ"] = "s", ["ԁ"] = "d", ["һ"] = "h",
  ["к"] = "k", ["м"] = "m", ["т"] = "t", ["в"] = "b", ["н"] = "h", ["г"] = "r", ["ԛ"] = "q", ["ԝ"] = "w", ["ո"] = "n", ["ӏ"] = "l", ["ɡ"] = "g", ["ɑ"] = "a", ["ı"] = "i",
  ["α"] = "a", ["ο"] = "o", ["ν"] = "v", ["ρ"] = "p", ["τ"] = "t", ["υ"] = "u", ["κ"] = "k", ["ι"] = "i", ["ε"] = "e", ["η"] = "n", ["χ"] = "x", ["γ"] = "y",
  ["А"] = "a", ["В"] = "b", ["Е"] = "e", ["К"] = "k", ["М"] = "m", ["Н"] = "h", ["О"] = "o", ["Р"] = "p", ["С"] = "c", ["Т"] = "t", ["Х"] = "x", ["У"] = "y", ["І"] = "i",
}

local shorteners = {}
for name in ([[bit.ly tinyurl.com goo.gl is.gd cutt.ly rb.gy ow.ly shorturl.at tiny.cc s.id rebrand.ly v.gd t.ly urlz.fr lnkd.in bit.do shorte.st adf.ly]]):gmatch "%S+" do
  shorteners[name] = true
end

-- Endings under which names are given out by two labels.
local second = { co = true, com = true, org = true, net = true, ac = true, gov = true, edu = true }

-- Words that stand beside a borrowed name.
local beside = {}
for word in ([[support help login signin secure security verify verification account accounts service services team official pay payment payments billing shop store promo gift win
  collab collabs partner partners partnership info contact client assistance aide connexion compte securite boutique accesso assistenza supporto verifica negozio]]):gmatch "%S+" do
  beside[word] = true
end

---A text with the letters of other alphabets that look like Latin ones made Latin, in words that mix them: "pаypal" with a Cyrillic а
---becomes "paypal". Words that are written in one alphabet stay as they are.
---```lua
---domains.unmask "Vеrify" --> "Verify"
---```
---@param text string
---@return string
function M.unmask(text)
  if not text:find "[\x80-\xFF]" or not utf8.len(text) then return text end
  return (text:gsub("[%w\x80-\xFF]+", function(word)
    if not word:find "%a" then return nil end
    return (word:gsub("[\xC2-\xF4][\x80-\xBF]*", alike))
  end))
end

---The domains that a text names: of links, of addresses, and bare ones. In small letters, each once, ten at most.
---```lua
---domains.find "Write to ann@brand.example or see https://Shop.example/x" --> { "brand.example", "shop.example" }
---```
---@param text string
---@return string[]
function M.find(text)
  local list, seen = {}, {}
  for piece in text:gmatch "[%w\x80-\xFF%-%.]+" do
    local name = #piece <= 120 and piece:lower():match "^[%.%-]*(.-)[%.%-]*$" or ""
    local ending = name:match "%.([%a\x80-\xFF][%w\x80-\xFF%-]+)$"
    if ending and not seen[name] and #list < 10 and not name:find("..", 1, true) then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  return list
end

---Does a domain belong to a service that hides where links lead?
---```lua
---domains.short "bit.ly" --> true
---```
---@param domain string
---@return boolean
function M.short(domain)
  return shorteners[domain:gsub("^www%.", "")] == true
end

-- What the eye reads: folded, look-alikes and digits made letters.
local function skeleton(label)
  label = label:gsub("[\xC2-\xF4][\x80-\xBF]*", alike)
  label = words.fold(label):gsub(" ", ""):gsub("rn", "m"):gsub("vv", "w"):gsub("cl", "d")
  return (label:gsub("[0135]", { ["0"] = "o", ["1"] = "l", ["3"] = "e", ["5"] = "s" }):gsub("i", "l"))
end

-- "shop.brand.co.uk" → "brand", "co.uk"; and the registered name.
local function parts(domain)
  local labels = {}
  for label in domain:gmatch "[^%.]+" do labels[#labels + 1] = label end
  local n = #labels
  local from = n > 2 and #labels[n] == 2 and second[labels[n - 1]] and n - 2 or n - 1
  if from < 1 then from = 1 end
  return labels[from], table.concat(labels, ".", from)
end

local function is_of(domain, own)
  return domain == own or domain:sub(-#own - 1) == "." .. own
end

local function compare(domain, own)
  local label, ours = parts(domain), parts(own)
  if domain:find(own .. ".", 1, true) == 1 or domain:find("." .. own .. ".", 1, true) or domain:find(own:gsub("%.", "-"), 1, true) == 1 then
    return 0.8, ("%s begins with our %s and is not ours"):format(domain, own)
  end
  if label ~= ours and #ours >= 4 and skeleton(label) == skeleton(ours) then return 0.9, ("%s is written to look like %s"):format(domain, own) end
  if #ours >= 5 and label ~= ours then
    local most = #ours >= 9 and 2 or 1
    if words.distance(label, ours, most) <= most then return 0.65, ("%s is like %s but for a letter"):format(domain, own) end
    local rest
    if label:sub(1, #ours) == ours then
      rest = label:sub(#ours + 1):gsub("^%-", "")
    elseif label:sub(-#ours) == ours then
      rest = label:sub(1, -#ours - 1):gsub("%-$", "")
    end
    if rest and beside[rest:match "^[^%-]+" or ""] then return 0.62, ("%s has our name and is not ours"):format(domain) end
  elseif label == ours and #ours >= 4 then
    return 0.35, ("%s has our name under another ending"):format(domain)
  end
  return nil
end

---How suspicious a domain is beside our own ones: a weight and the reason, or nil. Ours and what stands under them are never.
---```lua
---domains.likeness("brand-support.example", { "brand.example" }) --> 0.62, "..."
---```
---@param domain string
---@param own string[]
---@return number? weight, string? reason
function M.likeness(domain, own)
  domain = domain:lower():gsub("^www%.", "")
  for _, one in ipairs(own) do
    if is_of(domain, one:lower()) then return nil end
  end
  local most, reason
  for _, one in ipairs(own) do
    local weight, why = compare(domain, one:lower())
    if weight and weight > (most or 0) then most, reason = weight, why end
  end
  if not most and domain:find "xn%-%-" then return 0.3, domain .. " is written in another alphabet" end
  return most, reason
end

return M
