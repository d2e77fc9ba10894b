-- SPDX-License-Identifier: MIT
-- perigee.affiliate: codes that people can say aloud (ANA-15), links that carry them, and what was sold with them. A code is a person's
-- for ever; a sale counts once, whatever a shop reports twice; commission is what was agreed when the sale was made.
-- Money is kept as whole hundredths, so sums are exact.

local perigee = require "perigee"
local check = require "perigee.check"
local codenames = require "perigee.codenames"

local M = {}

local function whole_id(what, contact)
  if type(contact) == "string" then return check.line(what, contact) end
  if contact == nil then check.raise(what .. ": a contact is needed, not nothing") end
  return contact.id
end

-- Codes -------------------------------------------------------------------------------------------------------------

local function suffix(what, value)
  if type(value) == "number" then value = tostring(math.tointeger(value) or value) end
  check.text(what, value)
  if #value > 12 or not value:find "^%w+$" then check.raise(what .. ": at most 12 letters and digits, such as 15 or SPRING") end
  return value:upper()
end

local code_keys = { suffix = suffix }

---The code of a contact: their first name in plain capitals, and what you add (`suffix`: a percentage, a season), such as ANA-15 or ZOE-SPRING.
---Who has the same name gets a number (ANA2-15). The same contact and suffix give the same code for ever.
---```lua
---local code = affiliate.code(contact, { suffix = 15 })
---```
---Needs: store.
---@param contact perigee.Contact
---@param options? { suffix?: string|number }
---@return string code
function M.code(contact, options)
  local id = whole_id("affiliate.code", contact)
  local s = check.options("affiliate.code", options or {}, code_keys).suffix
  local tail = s and "-" .. s or ""
  local prefix = ("affiliate/of/%s/%s/"):format(id, s or "")
  local is = perigee.store.list(prefix)[1]
  if is then return is.value end
  if type(contact) == "string" then check.raise "affiliate.code: a contact is needed, not an id: a code is made of their name" end
  local base = codenames.base(contact)
  local n = perigee.store.add(("affiliate/names/%s%s"):format(base, tail), 1)
  local code = base .. (n > 1 and n or "") .. tail
  perigee.store.set("affiliate/code/" .. code, id)
  perigee.store.set(("%s%06d"):format(prefix, n), code)
  -- Two runs that make one at once agree on the first; the other is theirs, too.
  return perigee.store.list(prefix)[1].value
end

---Whose code it is: the id of a contact, or nil. Case and spaces do not matter.
---```lua
---local id = affiliate.owner(order.discount_code)
---```
---Needs: store.
---@param code string
---@return string? id
function M.owner(code)
  local plain = M.parse(code).code
  return plain and perigee.store.get("affiliate/code/" .. plain) or nil
end

-- Links -------------------------------------------------------------------------------------------------------------

local link_keys = {
  suffix = suffix, code = check.line, parameter = check.line, source = check.line, medium = check.line, campaign = check.line,
  content = check.line, term = check.line,
}
local UTM = { "source", "medium", "campaign", "term", "content" }

local function escape(text)
  return (text:gsub("[^%w%-._~]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

local function unescape(text)
  return (text:gsub("%+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- A URL's parts: what stands before the query, the query (or nil), the fragment with its #.
local function parts(url)
  local rest, fragment = url:match "^([^#]*)(.*)$"
  local path, query = rest:match "^([^?]*)%??(.*)$"
  return path, query, fragment
end

local function named(query, name)
  for pair in query:gmatch "[^&]+" do
    local key, value = pair:match "^([^=]*)=?(.*)$"
    if unescape(key) == name then return unescape(value) end
  end
  return nil
end

---A link that carries a contact's code (`?code=ANA-15`; `parameter` names another) and where the visitor came from (`utm_...`). The link's own
---query and fragment stay, and of utm values those that it has.
---```lua
---local link = affiliate.link(contact, "https://shop.example/autumn", { suffix = 15, campaign = "autumn" })
----->  https://shop.example/autumn?code=ANA-15&utm_source=affiliate&utm_medium=referral&utm_campaign=autumn&utm_content=ANA-15
---```
---Needs: store.
---@param contact perigee.Contact
---@param url string
---@param options? { suffix?: string|number, code?: string, parameter?: string, source?: string, medium?: string, campaign?: string, content?: string, term?: string } code: instead of the contact's own
---@return string link
function M.link(contact, url, options)
  local o = check.options("affiliate.link", options or {}, link_keys)
  check.text("affiliate.link: url", url)
  if not url:find "^https?://[%w%-.%[%]:]+" or url:find "[%c%s]" then
    check.raise(("affiliate.link: '%s' is no link: https://... without spaces is needed"):format(url:sub(1, 80)))
  end
  local code, parameter = o.code or M.code(contact, { suffix = o.suffix }), o.parameter or "code"
  local path, query, fragment = parts(url)
  local pairs_ = {}
  for pair in query:gmatch "[^&]+" do
    if unescape(pair:match "^[^=]*") ~= parameter then pairs_[#pairs_ + 1] = pair end
  end
  pairs_[#pairs_ + 1] = escape(parameter) .. "=" .. escape(code)
  local values = { source = o.source or "affiliate", medium = o.medium or "referral", campaign = o.campaign, term = o.term, content = o.content or code }
  for _, name in ipairs(UTM) do
    if values[name] and not named(query, "utm_" .. name) then pairs_[#pairs_ + 1] = ("utm_%s=%s"):format(name, escape(values[name])) end
  end
  return ("%s?%s%s"):format(path, table.concat(pairs_, "&"), fragment)
end

---What a link or a code says, as a shop reports it: `{ code, source, medium, campaign, term, content }`, each nil where it is not said.
---```lua
---affiliate.parse("https://shop.example/?utm_campaign=autumn&code=ana-15").code --> "ANA-15"
---affiliate.parse(" ana-15 ").code                                              --> "ANA-15"
---```
---@param text string
---@param parameter? string the name of the code in links ("code")
---@return { code?: string, source?: string, medium?: string, campaign?: string, term?: string, content?: string }
function M.parse(text, parameter)
  if type(text) ~= "string" then check.raise("affiliate.parse: a text is needed, not " .. check.describe(text)) end
  local said, code = {}, text
  if text:find "^%s*%a[%w+.-]*://" then
    local _, query = parts(text)
    code = named(query, parameter or "code") or ""
    for _, name in ipairs(UTM) do said[name] = named(query, "utm_" .. name) end
  end
  code = code:gsub("%s", ""):upper()
  if #code <= 40 and code:find "^%u[%u%d]*$" or code:find "^%u[%u%d]*%-[%u%d]+$" then said.code = code end
  return said
end

-- Sales -------------------------------------------------------------------------------------------------------------

local function finite(what, value)
  if check.number(what, value) ~= value or value < 0 or value > 1e12 then check.raise(what .. ": a number from 0 is needed") end
  return value
end

local function rate(what, value)
  if finite(what, value) > 1 then check.raise(what .. ": a part of 1, such as 0.1 for ten percent") end
  return value
end

local function currency(what, value)
  if not check.text(what, value):find "^%a%a%a$" then check.raise(what .. ": three letters, such as EUR") end
  return value:upper()
end

local sale_keys = { amount = finite, currency = currency, order = check.line, rate = rate, at = check.number }
local paid_keys = { amount = finite, currency = currency, reference = check.line }

local function hundredths(amount)
  return math.floor(amount * 100 + 0.5)
end

local function total(id, of, fact, n)
  perigee.store.add(("affiliate/total/%s/%s/%s"):format(id, of, fact), n)
end

---Counts a sale for a contact, once for each order: an order that was counted gives nil, why, "already". `rate` is the part they earn of it.
---```lua
---affiliate.sale(contact, { order = "1001", amount = 49.90, currency = "EUR", rate = 0.1 })
---```
---Needs: store.
---@param contact perigee.Contact|string
---@param sale { order: string, amount: number, currency: string, rate?: number, at?: number }
---@return number? commission, string? text, string? code
function M.sale(contact, sale)
  local id = whole_id("affiliate.sale", contact)
  local s = check.options("affiliate.sale", sale, sale_keys, { "order", "amount", "currency" })
  local order = "affiliate/order/" .. s.order
  if perigee.store.add(order .. "/reported", 1) > 1 then return nil, ("order %s was counted before"):format(s.order), "already" end
  local amount = hundredths(s.amount)
  local due = math.floor(amount * (s.rate or 0) + 0.5)
  perigee.store.set(order .. "/sale", { contact = id, currency = s.currency, amount = amount, due = due, at = s.at or perigee.now() })
  total(id, s.currency, "sales", 1)
  total(id, s.currency, "amount", amount)
  total(id, s.currency, "due", due)
  return due / 100
end

---Takes the sale of an order back (returned, cancelled), once; nil, why and "already" or "none" if there is nothing to take back.
---```lua
---affiliate.refund "1001"
---```
---Needs: store.
---@param order string
---@return number? amount, string? text, string? code
function M.refund(order)
  local prefix = "affiliate/order/" .. check.line("affiliate.refund", order)
  local sale = perigee.store.get(prefix .. "/sale")
  if not sale then return nil, ("no sale is known of order %s"):format(order), "none" end
  if perigee.store.add(prefix .. "/refunded", 1) > 1 then return nil, ("order %s was taken back before"):format(order), "already" end
  total(sale.contact, sale.currency, "sales", -1)
  total(sale.contact, sale.currency, "amount", -sale.amount)
  total(sale.contact, sale.currency, "due", -sale.due)
  return sale.amount / 100
end

---Notes that commission was paid, once for each reference (of the transfer).
---```lua
---affiliate.paid(contact, { amount = 120, currency = "EUR", reference = "2026-11" })
---```
---Needs: store.
---@param contact perigee.Contact|string
---@param payment { amount: number, currency: string, reference: string }
---@return boolean? paid, string? text, string? code
function M.paid(contact, payment)
  local id = whole_id("affiliate.paid", contact)
  local p = check.options("affiliate.paid", payment, paid_keys, { "amount", "currency", "reference" })
  if perigee.store.add(("affiliate/payment/%s/%s"):format(id, p.reference), 1) > 1 then
    return nil, ("payment %s to %s was noted before"):format(p.reference, id), "already"
  end
  total(id, p.currency, "paid", hundredths(p.amount))
  return true
end

---What a contact sold, by currency: `sales`, `amount`, `earned`, `paid` and what is still `due`.
---```lua
---local eur = affiliate.totals(contact).EUR
---```
---Needs: store.
---@param contact perigee.Contact|string
---@return table<string, { sales: integer, amount: number, earned: number, paid: number, due: number }>
function M.totals(contact)
  local prefix = ("affiliate/total/%s/"):format(whole_id("affiliate.totals", contact))
  local totals = {}
  for _, row in ipairs(perigee.store.list(prefix)) do
    local of, fact = row.key:sub(#prefix + 1):match "^(%u+)/(%a+)$"
    if of then
      totals[of] = totals[of] or { sales = 0, amount = 0, due = 0, paid = 0 }
      totals[of][fact] = row.value
    end
  end
  for _, one in pairs(totals) do
    one.earned, one.paid, one.amount, one.due = one.due / 100, one.paid / 100, one.amount / 100, (one.due - one.paid) / 100
  end
  return totals
end

---The report of what is to be paid: one line for each contact and currency with something due (at least `least`), the highest first.
---```lua
---for _, line in ipairs(affiliate.payout(perigee.contacts.find { label = "affiliate" }, { least = 20 })) do perigee.log(line.text) end
---```
---Needs: store.
---@param contacts perigee.Contact[]
---@param options? { least?: number }
---@return { contact: perigee.Contact, currency: string, sales: integer, amount: number, due: number, text: string }[] lines
function M.payout(contacts, options)
  local least = check.options("affiliate.payout", options or {}, { least = finite }).least or 0.01
  local lines = {}
  for _, contact in ipairs(contacts) do
    for of, one in pairs(M.totals(contact)) do
      if one.due >= least then
        lines[#lines + 1] = { contact = contact, currency = of, sales = one.sales, amount = one.amount, due = one.due,
          text = ("%s: %d %s, %.2f %s, due %.2f %s"):format(contact.name or contact.id, one.sales, one.sales == 1 and "sale" or "sales", one.amount, of, one.due, of) }
      end
    end
  end
  table.sort(lines, function(a, b) return a.due > b.due end)
  return lines
end

return M
