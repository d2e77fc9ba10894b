-- SPDX-License-Identifier: MIT
-- What there is that scripts may name: asked of the very tables that answer them when they run.

local contact = require "contact"
local declare = require "declare"
local http = require "http"
local perigee = require "perigee"
local testing = require "testing"

local M = {}

local function set_of(...)
  local set = {}
  for _, list in ipairs { ... } do
    for key, value in pairs(list) do set[math.type(key) and value or key] = true end
  end
  return set
end

local function sorted(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

M.contact = contact.names()
M.test = testing.names()
M.attributes = set_of(M.contact.attributes, M.contact.channels)
M.channels = set_of(M.contact.channels)
M.methods = set_of(M.contact.methods)
-- Members by path: what stands behind the dot.
M.members = {
  perigee = set_of(perigee), ["perigee.store"] = set_of(perigee.store), ["perigee.contacts"] = set_of(perigee.contacts),
}
-- Keys of the tables that calls take.
M.keys = {
  ["perigee.http"] = http.keys, ["contact:task"] = M.contact.keys.task, ["contact:messages"] = M.contact.keys.messages,
  send = M.contact.keys.send,
}
for name, keys in pairs(declare.keys) do M.keys["perigee." .. name] = keys end
for name, keys in pairs(M.test.keys) do M.keys["t:" .. name] = keys end

M.sorted = sorted
M.set_of = set_of

return M
