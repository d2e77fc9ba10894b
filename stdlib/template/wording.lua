-- SPDX-License-Identifier: MIT
-- Filters that templates have besides Liquid's own: words, money and dates as people write them in English, French, Italian,
-- Spanish and German. Plain Liquid (perigee render --data) does not have them. The language is that of the file that is
-- rendered, else the contact's; each takes another one as its last argument: {{ 1200 | money: "EUR", "fr" }}.

local dates = require "liquid.dates"
local logic = require "liquid.logic"
local values = require "liquid.values"

local M = {}

local to_text = values.to_text

-- "fr-CA" → "fr", and whether it is American English.
local function language(ctx, given)
  local locale = to_text(given or ctx.locale or ""):lower():gsub("_", "-")
  local short = locale:match("^%a+") or "en"
  return short, locale == "en-us" or locale == "en-ca"
end

local function filter(name, min, max, call)
  M[name] = { min = min, max = max, call = function(ctx, _, value, ...)
    if value == nil then return nil end
    return call(ctx, value, ...)
  end }
end

---{{ name | first_word }}: "Zoé Blanc" → "Zoé".
filter("first_word", 0, 0, function(_, value)
  return to_text(value):match("%S+") or ""
end)

local vowels = { "a", "e", "i", "o", "u", "y", "h", "à", "â", "é", "è", "ê", "ë", "î", "ï", "ô", "œ", "û", "ü",
  "À", "Â", "É", "È", "Ê", "Ë", "Î", "Ï", "Ô", "Œ", "Û", "Ü" }

local function elides(name)
  local lower = name:lower()
  for _, vowel in ipairs(vowels) do
    if lower:sub(1, #vowel) == vowel then return true end
  end
  return false
end

local possessives = {
  en = function(name) return name .. (name:find("[sS]$") and "'" or "'s") end,
  de = function(name) return name .. ((name:find("[sSxXzZ]$") or name:find("ß$")) and "'" or "s") end,
  fr = function(name) return (elides(name) and "d'" or "de ") .. name end,
  it = function(name) return "di " .. name end,
  es = function(name) return "de " .. name end,
}

---{{ first_name | possessive }}: "Ana's", "Lucas'", "d'Ana", "de Zoé", "di Ana", "Anas".
filter("possessive", 0, 1, function(ctx, value, locale)
  local name = to_text(value)
  if name == "" then return name end
  return (possessives[language(ctx, locale)] or possessives.en)(name)
end)

local function english_ordinal(n)
  local tens = n % 100
  local suffix = tens >= 11 and tens <= 13 and "th" or ({ "st", "nd", "rd" })[n % 10] or "th"
  return n .. suffix
end

local ordinals = {
  en = english_ordinal,
  de = function(n) return n .. "." end,
  fr = function(n) return n == 1 and "1er" or n .. "e" end,
  it = function(n) return n .. "º" end,
  es = function(n) return n .. ".º" end,
}

---{{ 3 | ordinal }}: "3rd", "3e", "3º", "3.º", "3.". What is no whole number from 0 stays as it is.
filter("ordinal", 0, 1, function(ctx, value, locale)
  local n = math.tointeger(tonumber(to_text(value)) or -1)
  if not n or n < 0 then return value end
  return (ordinals[language(ctx, locale)] or english_ordinal)(n)
end)

local symbols = { EUR = "€", USD = "$", GBP = "£", JPY = "¥", INR = "₹", BRL = "R$", CAD = "CA$", AUD = "A$", MXN = "MX$" }
local whole = { JPY = true, KRW = true, CLP = true, VND = true }
local NARROW, HARD = "\u{202F}", "\u{A0}" -- spaces at which no line breaks

-- How an amount is written: what groups thousands (from how many digits on) and ends the whole, and where the symbol stands.
local amounts = {
  en = { group = ",", from = 4, point = "." },
  fr = { group = NARROW, from = 4, point = ",", after = true },
  it = { group = ".", from = 4, point = ",", after = true },
  es = { group = ".", from = 5, point = ",", after = true },
  de = { group = ".", from = 4, point = ",", after = true },
}

local function grouped(digits, style)
  if #digits < style.from then return digits end
  local first = #digits % 3
  local parts = { first > 0 and digits:sub(1, first) or nil }
  for at = first + 1, #digits, 3 do parts[#parts + 1] = digits:sub(at, at + 2) end
  return table.concat(parts, style.group)
end

---{{ 1234.5 | money: "EUR" }}: "€1,234.50", "1 234,50 €", "1.234,50 €". A whole amount has no decimals. The currency is a
---code of ISO 4217, EUR if none is given.
filter("money", 0, 2, function(ctx, value, currency, locale)
  local amount = logic.to_number(value)
  if type(value) == "string" and not tonumber(value) or type(value) == "table" or amount ~= amount or math.abs(amount) >= 1e15 then
    error({ text = "money: this is no amount: " .. to_text(value) }, 0)
  end
  currency = currency and to_text(currency):upper() or "EUR"
  if not currency:find("^%u%u%u$") then
    error({ text = 'money: a currency is written by its three letters, such as "EUR", not ' .. currency }, 0)
  end
  local style = amounts[language(ctx, locale)] or amounts.en
  local text = string.format("%.2f", math.abs(amount))
  if whole[currency] then text = string.format("%.0f", math.abs(amount)) .. ".00" end
  local units, cents = text:match("^(%d+)%.(%d+)$")
  local number = grouped(units, style) .. (cents ~= "00" and style.point .. cents or "")
  local symbol = symbols[currency] or currency
  local sign = amount < 0 and text:find("[1-9]") and "-" or ""
  if style.after then return sign .. number .. HARD .. symbol end
  return sign .. symbol .. (symbol == currency and HARD or "") .. number
end)

local names = {
  en = { days = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday",
    months = "January February March April May June July August September October November December" },
  fr = { days = "dimanche lundi mardi mercredi jeudi vendredi samedi",
    months = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre" },
  it = { days = "domenica lunedì martedì mercoledì giovedì venerdì sabato",
    months = "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre" },
  es = { days = "domingo lunes martes miércoles jueves viernes sábado",
    months = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre" },
  de = { days = "Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag",
    months = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember" },
}
for _, words in pairs(names) do
  for key, list in pairs(words) do
    local all = {}
    for word in list:gmatch("%S+") do all[#all + 1] = word end
    words[key] = all
  end
end

-- The patterns of each language: D day, O its ordinal, M month, Y year, W weekday, d and m two digits.
local patterns = {
  en = { medium = "D M Y", long = "W D M Y", day = "D M", short = "d/m/Y" },
  us = { medium = "M D, Y", long = "W, M D, Y", day = "M D", short = "m/d/Y" },
  fr = { medium = "O M Y", long = "W O M Y", day = "O M", short = "d/m/Y" },
  it = { medium = "O M Y", long = "W O M Y", day = "O M", short = "d/m/Y" },
  es = { medium = "D de M de Y", long = "W, D de M de Y", day = "D de M", short = "d/m/Y" },
  de = { medium = "D. M Y", long = "W, D. M Y", day = "D. M", short = "d.m.Y" },
}
for _, forms in pairs(patterns) do forms.weekday = "W" end

---{{ deadline | localized_date }}: "23 November 2026", "23 novembre 2026", "23 de noviembre de 2026". The form is "medium",
---or "long" (with the weekday), "day" (without the year), "short" (digits) or "weekday". Dates are read as by Liquid's date.
filter("localized_date", 0, 2, function(ctx, value, form, locale)
  local date = dates.of(ctx, value)
  if not date then error({ text = "localized_date: this is no date: " .. to_text(value) }, 0) end
  local short, american = language(ctx, locale)
  local forms = american and patterns.us or patterns[short] or patterns.en
  local pattern = forms[form and to_text(form) or "medium"]
  if not pattern then
    error({ text = 'localized_date: the form is "short", "medium", "long", "day" or "weekday", not ' .. to_text(form) }, 0)
  end
  local words = names[short] or names.en
  local first = date.day == 1 and (short == "fr" and "1er" or short == "it" and "1º")
  return (pattern:gsub("%f[%a]%a%f[%A]", {
    D = tostring(date.day), O = first or tostring(date.day), M = words.months[date.month], Y = tostring(date.year),
    W = words.days[dates.weekday(date)], d = string.format("%02d", date.day), m = string.format("%02d", date.month),
  }))
end)

---{{ "https://brand.example/guide.pdf" | link: "7 days" }}: an address of ours that leads there for so long from when the message leaves
---(30 days if nothing is said), and tells the run who opens it (event click). Where the workspace has no public_url it is the
---plain address. The host gives the tokens and is told what each stands for: ctx.links {base, tokens, made}.
filter("link", 0, 1, function(ctx, value, within)
  local url = to_text(value):match("^%s*(.-)%s*$")
  if not url:find("^[Hh][Tt][Tt][Pp][Ss]?://[^/%s]") or url:find("[%c%s<>\"\\^`{|}\x80-\xFF]") or #url > 2000 then
    error({ text = "what is to be opened is a whole address, https://..., not " .. url:sub(1, 100) }, 0)
  end
  within = within == nil and "30 days" or to_text(within)
  if not within:find("^%s*%d") then
    error({ text = 'say for how long, such as link: "7 days", not ' .. within:sub(1, 60) }, 0)
  end
  local links = ctx.links
  if not links then return url end
  for i, one in ipairs(links.made) do
    if one.url == url and one.within == within then return links.base .. links.tokens[i] end
  end
  local n = #links.made + 1
  if not links.tokens[n] then error({ text = ("a message holds at most %d signed links"):format(#links.tokens) }, 0) end
  links.made[n] = { url = url, within = within }
  return links.base .. links.tokens[n]
end)

return M
