-- SPDX-License-Identifier: MIT
-- What the words of a script mean: calls of contacts, of perigee and of the library. What is wrong in itself is a fault at its place; what only
-- the host can judge (templates, names of sequences, durations) is an effect with its place.

local check = require "check"
local contacts = require "scan.contacts"
local names = require "scan.names"
local requests = require "scan.requests"

local M = {}

local TEXT_BYTES = 200 -- of what the host judges: nothing longer can be right, and it says so when it is run

-- A Meaning listens to a reader. file: name, is_main, found, use(key, at, text, is_certain), known (globals), library(name).
local Meaning = {}
Meaning.__index = Meaning
for name, method in pairs(contacts.methods) do Meaning[name] = method end

local may_be_contact = contacts.may_be

local told = { "begin", "member", "table", "module", "other_globals", "global", "path", "call", "method", "guarded" }

function M.listener(file)
  local self = host.setmetatable({ file = file, found = file.found, guards = 0 }, Meaning)
  local seen = {}
  for _, name in ipairs(told) do
    seen[name] = function(...) return self[name](self, ...) end
  end
  return seen
end

function Meaning:begin(words)
  self.words = words
end

-- A place of the source: adds line, column, size and file to an entry.
function Meaning:place(at, entry)
  local words = self.words
  entry.line, entry.column, entry.size = words.lines[at], words.columns[at], words.sizes[at]
  entry.file = not self.file.is_main and self.file.name or nil
  return entry
end

-- In a pcall: the script itself looks at what goes wrong there.
function Meaning:guarded(n)
  self.guards = self.guards + n
end

function Meaning:fault(at, code, text)
  if self.guards > 0 and code ~= "unknown-global" then return end
  self.found.fault(self:place(at, {}), text, code)
end

function Meaning:effect(at, entry)
  self.found.effects[#self.found.effects + 1] = self:place(at, entry)
end

function Meaning:use(key, at, text, is_certain)
  self.file.use(key, self:place(at, { text = text }), is_certain)
end

-- Names -------------------------------------------------------------------------------------------------------------

-- A name that is none of a set; the sentence says which one is near.
function Meaning:unknown(at, code, what, name, set)
  self:fault(at, code, ("there is no %s%s"):format(what, check.hint(name, names.sorted(set))))
end

function Meaning:keys(value, what, spec)
  if not value or not value.keys or not spec then return end
  for _, key in ipairs(value.keys) do
    if spec[key.name] == nil then
      self:fault(key.at, "unknown-key", ("%s: unknown key '%s'%s"):format(what, key.name, check.hint(key.name, names.sorted(names.set_of(spec)))))
    end
  end
end

function Meaning:one_of(value, what, list, code)
  if not value or not value.text then return end
  for _, word in ipairs(list) do
    if word == value.text then return end
  end
  self:fault(value.at, code or "unknown-word", ("%s: '%s' is not known%s"):format(what, value.text:sub(1, 80), check.hint(value.text, list)))
end

-- What the host judges: duration, shift, channel, stage, account.
function Meaning:judged(value, kind)
  if value and value.text and #value.text <= TEXT_BYTES and self.guards == 0 then self:effect(value.at, { kind = kind, text = value.text }) end
end

function Meaning:events(value)
  for _, one in ipairs(value and (value.items or { value }) or {}) do
    local signal = one.text and one.text:match "^signal:([%w_%-]+)$"
    if signal then
      self:effect(one.at, { kind = "awaits", signal = signal })
    else
      self:one_of(one, "contact:wait", names.contact.events, "unknown-event")
    end
  end
end

-- perigee and the library ---------------------------------------------------------------------------------------------

local uses = {
  ["perigee.contacts.upsert"] = "contacts write", ["perigee.contacts.find"] = "contacts read", ["perigee.contacts.get"] = "contacts read",
  ["perigee.contacts.segment"] = "contacts read", ["perigee.broadcast"] = "broadcast",
}

function Meaning:path(path, at)
  if path == "perigee.store" or path:match "^perigee%.store%." then self:use("store", at, "perigee.store") end
  requests.name(self.found.requests, path, self:place(at, {}))
  if uses[path] then self:use(uses[path], at, path) end
  if path == "perigee.job" and self.file.is_main then self.found.is_job = true end
  local owner, member = path:match "^(.*)%.([%w_]+)$"
  if not owner then return end
  if owner == "contact" or owner == "@contact" then return self:member_of_contact(path, owner, member, at) end
  if owner == "job" then return self:member_of_job(member, at) end
  local members = names.members[owner]
  if members and not members[member] then return self:unknown(at, "unknown-call", path, member, members) end
  local module = owner:match "^%[(perigee%.[%w_]+)%]$"
  local of = module and self.file.library(module)
  if of and of.members and not of.members[member] then
    self:unknown(at, "unknown-call", ("%s in %s"):format(member, module), member, of.members)
  end
end

-- What a function of the library needs. One that says nothing may do all with a contact that it is given.
function Meaning:library_call(module, name, arguments, at)
  local of = self.file.library(module)
  local what = ("%s.%s"):format(module:match "%.(.*)$", name)
  for _, key in ipairs(of and of.needs[name] or {}) do
    if key == "net" then requests.library(self.found.requests, self:place(at, {}), what) else self:use(key, at, what) end
  end
  if module == "perigee.cadence" then self:cadence(arguments) end
  if of and of.needs[name] then return end
  for _, argument in ipairs(arguments) do
    if argument.path and may_be_contact(argument.path) or argument.keys then
      self:use("send", at, what, false)
      self:use("task", at, what, false)
    end
  end
end

local durations = { ["perigee.sleep"] = { 1, "duration" }, ["perigee.date"] = { 2, "shift" } }
local constructors = { ["perigee.sequence"] = true, ["perigee.job"] = true, ["perigee.hook"] = true, ["perigee.http"] = true }

-- Where each need stands, as a warning about it names it: "task", "send: 'email'".
function Meaning:places_of_needs(needs)
  for _, key in ipairs(needs and needs.keys or {}) do
    self.found.needs[key.name] = self:place(key.at, {})
    for _, item in ipairs(needs.values[key.name].items or {}) do
      if item.text then self.found.needs[("%s: '%s'"):format(key.name, item.text)] = self:place(item.at, {}) end
    end
  end
end

function Meaning:constructor(path, options)
  self:keys(options, path, names.keys[path])
  if not options or not options.values or path == "perigee.http" then return end
  self:keys(options.values.needs, path .. ".needs", names.keys["perigee.needs"])
  if self.file.is_main then self:places_of_needs(options.values.needs) end
  self:keys(options.values.limits, path .. ".limits", names.keys["perigee.limits"])
  for _, event in ipairs(options.values.starts_on and options.values.starts_on.items or {}) do
    local signal = event.text and event.text:match "^signal:([%w_%-]+)$"
    if signal then self:effect(event.at, { kind = "awaits", signal = signal }) end
  end
end

function Meaning:broadcast(options, at)
  local values = options and options.values or {}
  if values.template and values.template.text then self:effect(values.template.at, { kind = "template", template = values.template.text }) end
  self:judged(values.channel, "channel")
  self:judged(values.account, "account")
  self:judged(values.at, "duration")
end

function Meaning:call(path, arguments, at)
  requests.call(self.found.requests, path, arguments, self:place(at, {}), self.found.fault)
  local first = arguments[1]
  if path == "perigee.contacts.segment" and first and first.text then
    self:effect(first.at, { kind = "segment", segment = first.text })
  elseif path == "perigee.contacts.find" and first and first.values then
    self:judged(first.values.stage, "stage")
    self:judged(first.values.channel, "channel")
  elseif path == "perigee.contacts.upsert" then
    if first and first.values then self:judged(first.values.stage, "stage") end
    self:gives_fields(first, at)
  elseif path == "perigee.broadcast" then
    self:broadcast(first, at)
    self:keys(first, path, names.keys[path])
  elseif durations[path] then
    self:judged(arguments[durations[path][1]], durations[path][2])
  elseif constructors[path] then
    self:constructor(path, first)
  end
  local module, name = path:match "^%[(perigee%.[%w_]+)%]%(?%)?%.([%w_]+)$"
  if module then self:library_call(module, name, arguments, at) else self:hands_on(path, arguments) end
end

-- Steps that stand in a call of the cadence as { "email", "intro" }.
function Meaning:cadence(arguments)
  for _, argument in ipairs(arguments) do
    local steps = argument.values and argument.values.steps or argument
    for _, step in ipairs(steps.items or {}) do
      local channel, template = step.items and step.items[1], step.items and step.items[2]
      if channel and template and channel.text and template.text and names.channels[channel.text] then
        self:effect(template.at, { kind = "send", channel = channel.text, template = template.text, vars = contacts.vars_of(step) })
      end
    end
  end
end

-- Steps of perigee.cadence: { send = "email", template = "intro" }, { wait = "3 days" }.
function Meaning:table(value)
  if not self.found.has_cadence or not value.values or self.file.name:find "^tests/" then return end
  local channel, template = value.values.send, value.values.template
  if channel and channel.text and template and template.text then
    self:effect(template.at, { kind = "send", channel = channel.text, template = template.text, vars = contacts.vars_of(value) })
    self:effect(channel.at, { kind = "channel", text = channel.text })
  end
  local reach = value.values.reach
  for _, item in ipairs(template and template.text and reach and (reach.items or { reach }) or {}) do
    if item.text then self:effect(template.at, { kind = "send", channel = item.text, template = template.text, vars = contacts.vars_of(value) }) end
  end
  if channel and channel.text or value.values.wait or value.values.within then
    self:judged(value.values.wait, "duration")
    self:judged(value.values.within, "duration")
  end
end

-- The rest ------------------------------------------------------------------------------------------------------------

function Meaning:member(member, at)
  if member == "needs" and self.file.is_main and not self.found.needs[1] then self.found.needs[1] = self:place(at, {}) end
end

function Meaning:module(module, at)
  if not module then self.found.wants_all = true end
  if module == "perigee.cadence" then self.found.has_cadence = true end
  if module and module ~= "perigee" then
    self.found.wanted[#self.found.wanted + 1] = module
    self.found.asked[#self.found.asked + 1] = self:place(at, { module = module })
  end
end

function Meaning:other_globals()
  self.has_other_globals = true
end

function Meaning:global(global, at, writes)
  if self.has_other_globals or self.file.known[global] ~= nil then return end
  local near = check.nearest(global, names.sorted(self.file.known))
  self:fault(at, "unknown-global", writes and ("assignment to unknown global '%s'; declare it with local"):format(global) or
    ("unknown global '%s'%s"):format(global, near and near ~= "_ENV" and ("; did you mean '%s'?"):format(near) or ""))
end

return M
