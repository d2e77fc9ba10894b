-- SPDX-License-Identifier: MIT
-- perigee.offer: offers with a limited number of places. Who claims gets a number in the line; the first `places` of the line have
-- a place, the others wait. Whoever gives a place back leaves the line, and all behind move up by one: so there are never
-- more than `places`, however many claim at once, and who has a place keeps it until they give it back.

local perigee = require "perigee"
local check = require "perigee.check"

local M = {}

local function key(name, fact, of)
  return ("offer/%s/%s%s"):format(name, fact, of and "/" .. of or "")
end

-- Tickets are sorted as texts.
local function ticket_key(name, fact, ticket)
  return key(name, fact, ("%09d"):format(ticket))
end

local function whole(what, value)
  local number = math.tointeger(check.number(what, value))
  if not number or number < 1 then check.raise(what .. ": a whole number from 1") end
  return number
end

local open_keys = { name = check.name, places = whole, closes = check.duration, waiting = "boolean" }

local function own_id(what, contact)
  if type(contact) == "string" then return check.line(what, contact) end
  if contact == nil then check.raise(what .. ": a contact is needed, not nothing") end
  return contact.id
end

---Opens an offer: so many places, until `closes` (a date, a time or a duration; without it the offer stays open). To open it again with
---the same settings changes nothing, and a duration counts from the first opening; with other settings it changes them. A date without an
---offset is that of the contact's zone, so open it in a job (the workspace's zone) or write `2026-12-01T18:00+01:00`.
---`waiting = false`: who comes too late does not wait in line.
---```lua
---offer.open { name = "winter-box", places = 50, closes = "2026-12-01T18:00+01:00" }
---```
---Needs: store.
---@param settings { name: string, places: integer, closes?: perigee.Duration, waiting?: boolean }
---@return { places: integer, closes?: integer } offer closes: seconds since the epoch
function M.open(settings)
  local s = check.options("offer.open", settings, open_keys, { "name", "places" })
  local waiting = s.waiting ~= false
  local is = perigee.store.get(key(s.name, "settings"))
  if is and is.places == s.places and is.said == s.closes and is.waiting == waiting then
    return { places = is.places, closes = is.closes }
  end
  local closes = s.closes and perigee.date(perigee.now(), s.closes)
  perigee.store.set(key(s.name, "settings"), { places = s.places, said = s.closes, closes = closes, waiting = waiting })
  return { places = s.places, closes = closes }
end

local function settings_of(what, offer)
  if type(offer) == "table" then
    local open = M.open(offer)
    return offer.name, { places = open.places, closes = open.closes, waiting = offer.waiting ~= false }
  end
  local name = check.name(what .. ": name", offer)
  return name, perigee.store.get(key(name, "settings"))
end

local function is_closed(settings)
  return settings.closes ~= nil and perigee.now() >= settings.closes
end

-- The tickets that were given back, in order.
local function given_back(name)
  local prefix = key(name, "back") .. "/"
  local list = {}
  for i, row in ipairs(perigee.store.list(prefix)) do list[i] = math.tointeger(row.key:sub(#prefix + 1)) end
  return list
end

-- The place in the line of a ticket: those before it, without who left.
local function place_of(ticket, back)
  local place = ticket
  for _, left in ipairs(back) do
    if left < ticket then place = place - 1 end
  end
  return place
end

-- The ticket that has a place in the line: what place_of turns around.
local function ticket_at(place, back)
  local ticket = place
  for _, left in ipairs(back) do
    if left <= ticket then ticket = ticket + 1 end
  end
  return ticket
end

local function full(name, settings, place)
  if not settings.waiting then return nil, ("all %d places of %s are taken"):format(settings.places, name), "full" end
  local waits = place - settings.places
  return nil, ("all %d places of %s are taken; number %d on the waiting list"):format(settings.places, name, waits), "full", waits
end

local function leave(name, id, ticket)
  perigee.store.set(ticket_key(name, "back", ticket), id)
  perigee.store.delete(key(name, "of", id))
  perigee.store.set(key(name, "claims", id), 0)
end

---Claims a place for a contact. The place in the line (1 to `places`), or nil, why, and a code: "full" (with the number on the waiting
---list; `offer.place` tells later whether they moved up), "already" (with the place, if they have one), or "closed" (too late, or no such
---offer). The offer is given by name, or by its settings, which open it.
---```lua
---local place, text, code = offer.claim(contact, { name = "winter-box", places = 50, closes = "2026-12-01" })
---```
---Needs: store.
---@param contact perigee.Contact|string
---@param offer string|{ name: string, places: integer, closes?: perigee.Duration, waiting?: boolean }
---@return integer? place, string? text, string? code, integer? number
function M.claim(contact, offer)
  local id = own_id("offer.claim", contact)
  local name, settings = settings_of("offer.claim", offer)
  if not settings then return nil, ("there is no offer '%s': open it with offer.open"):format(name), "closed" end
  if is_closed(settings) then return nil, ("%s has closed"):format(name), "closed" end
  if perigee.store.add(key(name, "claims", id), 1) > 1 then
    local place = M.place(id, name)
    return nil, ("%s has claimed %s before"):format(id, name), "already", place
  end
  local ticket = perigee.store.add(key(name, "tickets"), 1)
  perigee.store.set(key(name, "of", id), ticket)
  perigee.store.set(ticket_key(name, "ticket", ticket), id)
  if ticket <= settings.places then return ticket end
  local place = place_of(ticket, given_back(name))
  if place <= settings.places then return place end
  if not settings.waiting then leave(name, id, ticket) end
  return full(name, settings, place)
end

---The place in the line of a contact, if it is one of the places; else nil, why, and "full" (with the number on the waiting list) or
---"none" (they are not in the line).
---```lua
---if offer.place(contact, "winter-box") then contact:send("email", "you-moved-up") end
---```
---Needs: store.
---@param contact perigee.Contact|string
---@param name string
---@return integer? place, string? text, string? code, integer? number
function M.place(contact, name)
  local id = own_id("offer.place", contact)
  local settings
  name, settings = settings_of("offer.place", name)
  local ticket = perigee.store.get(key(name, "of", id))
  if not settings or not ticket then return nil, ("%s is not in the line of %s"):format(id, name), "none" end
  local place = place_of(ticket, given_back(name))
  if place <= settings.places then return place end
  return full(name, settings, place)
end

---Leaves the line. Gives the ids of those who have moved up to a place by it: nobody, or mostly one (two who leave at the same moment may
---both be given the same two, so that nobody is forgotten). Tell them by a signal: their run hears it once. `may(id)` says who can still
---take it: for whom it gives false or nil leaves the line, too, and the next moves up. Whoever was erased is no contact any more.
---```lua
---local function may(id)
---  local waiting = perigee.contacts.get(id)
---  return waiting and waiting:can "email"
---end
---for _, id in ipairs(offer.give_back(contact, "winter-box", may)) do perigee.contacts.get(id):signal "place-free" end
---```
---Needs: store.
---@param contact perigee.Contact|string
---@param name string
---@param may? fun(id: string): any
---@return string[] ids
function M.give_back(contact, name, may)
  local id = own_id("offer.give_back", contact)
  if may ~= nil and type(may) ~= "function" then check.raise("offer.give_back: a function that is given an id is needed, not " .. check.describe(may)) end
  local settings
  name, settings = settings_of("offer.give_back", name)
  local ticket = perigee.store.get(key(name, "of", id))
  if not settings or not ticket then return {} end
  local before = given_back(name)
  leave(name, id, ticket)
  if place_of(ticket, before) > settings.places or is_closed(settings) then return {} end
  local after, ids, gone = given_back(name), {}, {}
  for _, left in ipairs(after) do gone[left] = true end
  local up, last = ticket_at(settings.places, before) + 1, ticket_at(settings.places, after)
  while up <= last do
    local who = not gone[up] and perigee.store.get(ticket_key(name, "ticket", up)) or nil
    if who and may and not may(who) then
      leave(name, who, up)
      last = ticket_at(settings.places, given_back(name))
    else
      ids[#ids + 1] = who
    end
    up = up + 1
  end
  return ids
end

---How many places are left: 0 when all are taken or the offer has closed. nil and why if there is no such offer.
---```lua
---contact:send("email", "secret-drop", { vars = { left = offer.left "winter-box" } })
---```
---Needs: store.
---@param name string
---@return integer? left, string? text, string? code
function M.left(name)
  local settings
  name, settings = settings_of("offer.left", name)
  if not settings then return nil, ("there is no offer '%s': open it with offer.open"):format(name), "closed" end
  if is_closed(settings) then return 0 end
  local tickets = perigee.store.get(key(name, "tickets")) or 0
  return math.max(0, settings.places - (tickets - #given_back(name)))
end

---Who is in the line, by id: those who have a place, and those who wait, each in order.
---```lua
---for _, id in ipairs(offer.line("winter-box").places) do perigee.contacts.get(id):label "winter box" end
---```
---Needs: store.
---@param name string
---@return { places: string[], waiting: string[] }
function M.line(name)
  local settings
  name, settings = settings_of("offer.line", name)
  local line, prefix = { places = {}, waiting = {} }, key(name, "ticket") .. "/"
  if not settings then return line end
  local left = {}
  for _, ticket in ipairs(given_back(name)) do left[ticket] = true end
  for _, row in ipairs(perigee.store.list(prefix)) do
    if not left[math.tointeger(row.key:sub(#prefix + 1))] then
      local list = #line.places < settings.places and line.places or line.waiting
      list[#list + 1] = row.value
    end
  end
  return line
end

return M
