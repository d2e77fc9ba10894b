-- SPDX-License-Identifier: MIT
-- require "perigee": the calls of scripts. The annotations stand in meta/perigee.lua.

local check = require "check"
local contact = require "contact"
local declare = require "declare"
local http = require "http"

local effect = host.effect

local M = { store = {}, contacts = {} }

M.sequence = declare.sequence
M.job = declare.job
M.hook = declare.hook
M.http = http.request
M.secret = http.secret

function M.sleep(duration)
  effect("sleep", { ["for"] = check.duration("perigee.sleep", duration) }, true)
end

M.now = host.now

function M.date(time, shift, zone)
  if time == nil then time = host.now() end
  check.number("perigee.date: time", time)
  if shift ~= nil then check.duration("perigee.date: shift", shift) end
  if zone ~= nil then check.line("perigee.date: zone", zone) end
  return effect("date", { time = time, shift = shift, zone = zone })
end

function M.calendar(time, zone)
  if time == nil then time = host.now() end
  check.number("perigee.calendar: time", time)
  if zone ~= nil then check.line("perigee.calendar: zone", zone) end
  return effect("calendar", { time = time, zone = zone })
end

function M.broadcast(options)
  local broadcast = check.options("perigee.broadcast", options, declare.keys.broadcast, { "channel", "to", "template", "at" })
  return effect("broadcast", broadcast, true)
end

function M.log(text, fields)
  check.text("perigee.log", text)
  if fields ~= nil and type(fields) ~= "table" then host.raise("perigee.log: fields are a table { key = value }") end
  effect("log", { text = text, fields = fields })
end

function M.store.get(key)
  return effect("store.get", { key = check.line("perigee.store.get: key", key) })
end

function M.store.set(key, value)
  check.line("perigee.store.set: key", key)
  if value == nil then host.raise("perigee.store.set: the value is nil; perigee.store.delete(key) takes a key away") end
  effect("store.set", { key = key, value = value })
end

function M.store.add(key, n)
  check.line("perigee.store.add: key", key)
  if n == nil then n = 1 end
  return effect("store.add", { key = key, n = check.number("perigee.store.add: n", n) })
end

function M.store.delete(key)
  effect("store.delete", { key = check.line("perigee.store.delete: key", key) })
end

function M.store.list(prefix)
  if prefix == nil then prefix = "" end
  if type(prefix) ~= "string" then host.raise("perigee.store.list: the prefix is a text") end
  return effect("store.list", { prefix = prefix })
end

local function filter(what, value)
  if type(value) ~= "table" then
    host.raise(("%s: a table { key = value } is needed, not %s"):format(what, check.describe(value)))
  end
  for key in pairs(value) do
    if type(key) ~= "string" then host.raise(what .. ": a table { key = value } is needed, not a list") end
  end
  return value
end

function M.contacts.find(what)
  local found, text, code = effect("contacts.find", filter("perigee.contacts.find", what))
  if type(found) ~= "table" then return found, text, code end
  local list = {}
  for i, data in ipairs(found) do list[i] = contact.other(data) end
  return list
end

function M.contacts.segment(name)
  local found, text, code = effect("contacts.segment", { name = check.name("perigee.contacts.segment", name) })
  if type(found) ~= "table" then return found, text, code end
  local list = {}
  for i, data in ipairs(found) do list[i] = contact.other(data) end
  return list
end

function M.contacts.get(id)
  local found, text, code = effect("contacts.get", { id = check.line("perigee.contacts.get: id", id) })
  return contact.other(found), text, code
end

function M.contacts.upsert(attributes)
  local made, text, code = effect("contacts.upsert", filter("perigee.contacts.upsert", attributes))
  return contact.other(made), text, code
end

-- Names that other versions have or will have; the rest is a slip of the pen.
local later = {
  ["perigee.driver"] = true, ["perigee.recipe"] = true,
}

local function closed(table, path)
  local names = check.names(table)
  return host.setmetatable(table, {
    __metatable = false,
    __index = function(_, name)
      local whole = path .. "." .. tostring(name)
      if later[whole] then host.raise(whole .. " is not in this version") end
      host.raise(("there is no %s%s"):format(whole, check.hint(tostring(name), names)))
    end,
    __newindex = function(_, name)
      host.raise(("%s.%s can't be assigned"):format(path, tostring(name)))
    end,
  })
end

closed(M.store, "perigee.store")
closed(M.contacts, "perigee.contacts")
return closed(M, "perigee")
