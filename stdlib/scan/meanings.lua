-- SPDX-License-Identifier: MIT
-- What the words of a script mean: calls of contacts, of perigee and of the library. What is wrong in itself is a fault at its place; what only
-- the host can judge (templates, names of sequences, durations) is an effect with its place.

local check = require "check"
local names = require "scan.names"
local requests = require "scan.requests"

local M = {}

local TASK_WORDS = { kind = "task_kinds" }
local TEXT_BYTES = 200 -- of what the host judges: nothing longer can be right, and it says so when it is run

-- A Meaning listens to a reader. file: name, is_main, found, use(key, at, text, is_certain), known (globals), library(name).
local Meaning = {}
Meaning.__index = Meaning

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

-- Contacts ----------------------------------------------------------------------------------------------------------

-- Is it a contact whose method is called? Others may have a send or task of their own.
local function may_be_contact(path)
  return path == "@" or path:match "contact$" ~= nil
end

local function is_contact(path)
  return path == "contact" or path == "@contact"
end

-- The names that a send gives in vars, as one text; nil: they are worked out at run time.
local function vars_of(options)
  if not options or options.is_nil then return "" end
  if not options.keys or options.is_open then return nil end
  local vars = options.values.vars
  if not vars then return "" end
  if not vars.keys or vars.is_open then return nil end
  local list = {}
  for _, key in ipairs(vars.keys) do list[#list + 1] = key.name end
  return table.concat(list, ",")
end

function Meaning:send_options(method, options)
  if not options or not options.keys then return end
  self:keys(options, "contact:" .. method, names.keys.send)
  self:judged(options.values.before, "duration")
  self:judged(options.values.from, "account")
end

function Meaning:send(path, method, arguments, at)
  local certain = may_be_contact(path)
  local channel, template = arguments[1] and arguments[1].text, arguments[2]
  self:use(channel and "send " .. channel or "send", at, ("contact:%s on channel '%s'"):format(method, channel or "?"), certain)
  if not certain then return end
  self:effect(template and template.at or at, { kind = "send", channel = channel, template = template and template.text, vars = vars_of(arguments[3]) })
  if channel then self:effect(arguments[1].at, { kind = "channel", text = channel }) end
  if is_contact(path) then self:send_options(method, arguments[3]) end
end

function Meaning:reach(path, method, arguments, at)
  local certain = may_be_contact(path)
  local items, template = arguments[1] and arguments[1].items or {}, arguments[2]
  if #items == 0 then self:use("send", at, ("contact:%s on channels that are not named"):format(method), certain) end
  for _, item in ipairs(items) do
    local channel = item.text
    self:use(channel and "send " .. channel or "send", at, ("contact:%s on channel '%s'"):format(method, channel or "?"), certain)
    if certain then
      self:effect(template and template.at or at, { kind = "send", channel = channel, template = template and template.text, vars = vars_of(arguments[3]) })
      if channel then self:effect(item.at, { kind = "channel", text = channel }) end
    end
  end
  if is_contact(path) then self:send_options(method, arguments[3]) end
end

local calls = {} -- method → what its arguments say, where the contact is certain

function calls.wait_reply(self, arguments) self:judged(arguments[1], "duration") end
function calls.snooze(self, arguments) self:judged(arguments[1], "duration") end
function calls.can(self, arguments) self:judged(arguments[1], "channel") end

function calls.wait(self, arguments)
  self:events(arguments[1])
  self:judged(arguments[2], "duration")
end

function calls.task(self, arguments)
  local task = arguments[1]
  self:keys(task, "contact:task", names.keys["contact:task"])
  if not task or not task.values then return end
  self:judged(task.values.due, "duration")
  for key, list in pairs(TASK_WORDS) do self:one_of(task.values[key], "contact:task." .. key, names.contact[list]) end
end

function calls.set(self, arguments)
  local changes = arguments[1]
  if changes and changes.values then self:judged(changes.values.stage, "stage") end
end

function calls.messages(self, arguments)
  self:keys(arguments[1], "contact:messages", names.keys["contact:messages"])
  if arguments[1] and arguments[1].values then self:judged(arguments[1].values.channel, "channel") end
end

function calls.enrol(self, arguments, at)
  self:effect(arguments[1] and arguments[1].at or at, { kind = "enrol", sequence = arguments[1] and arguments[1].text })
end
calls.enroll = calls.enrol

function calls.stop(self, arguments)
  if arguments[1] and arguments[1].text then self:effect(arguments[1].at, { kind = "stop", sequence = arguments[1].text }) end
end

-- Fields that a script gives to contacts; nil in `text`: any.
function Meaning:gives_fields(changes, at)
  local list = {}
  for _, key in ipairs(changes and changes.keys or {}) do list[#list + 1] = key.name end
  local open = not changes or not changes.keys or changes.is_open
  self:effect(at, { kind = "fields", text = not open and table.concat(list, ",") or nil })
end

local sends = { send = Meaning.send, try_send = Meaning.send, reach = Meaning.reach, try_reach = Meaning.reach }
local job_members = { due = true, name = true }
local waits = { send = true, try_send = true, reach = true, try_reach = true, wait = true, wait_reply = true, restart = true }

function Meaning:known_method(path, method, at)
  if path == "t" then
    if not names.test.methods[method] then self:unknown(at, "unknown-call", "t:" .. method, method, names.test.methods) end
  elseif path == "job" then
    if waits[method] then
      self:fault(at, "job-writes", ("job:%s: a job enrols; sequences write"):format(method))
    else
      self:unknown(at, "unknown-call", "job:" .. method, method, job_members)
    end
  elseif is_contact(path) then
    local known = names.methods[method]
    -- A parameter called contact may be another's object; a slip of the pen is told all the same.
    if not known and (path == "contact" or check.nearest(method, names.sorted(names.methods))) then
      self:unknown(at, "unknown-call", "contact:" .. method, method, names.methods)
    end
    if waits[method] and self.found.is_job then self:fault(at, "job-writes", ("contact:%s: a job enrols; sequences write"):format(method)) end
    return known
  end
  return true
end

-- Is a contact handed to an object that we know nothing of?
function Meaning:hands_on(path, arguments)
  for _, argument in ipairs(arguments) do
    if path ~= "t" and not may_be_contact(path) and argument.path and is_contact(argument.path) then self.found.hands_on = true end
  end
end

function Meaning:method(path, method, arguments, at)
  local module = path:match "^%[(perigee%.[%w_]+)%]"
  self:hands_on(path, arguments)
  if module then return self:library_call(module, method, arguments, at) end
  if not self:known_method(path, method, at) then return end
  if method == "signal" and arguments[1] then self:effect(arguments[1].at or at, { kind = "signals", signal = arguments[1].text }) end
  if path == "t" then
    self:keys(arguments[1], "t:" .. method, names.keys["t:" .. method])
    if method == "advance" then self:judged(arguments[1], "duration") end
  elseif sends[method] then
    sends[method](self, path, method, arguments, at)
  elseif method == "task" then
    self:use("task", at, "contact:task", may_be_contact(path))
    if may_be_contact(path) then self:effect(at, { kind = "task" }) end
  end
  if may_be_contact(path) and method == "set" then self:gives_fields(arguments[1], at) end
  if is_contact(path) and calls[method] or path ~= "t" and (method == "enrol" or method == "enroll") and may_be_contact(path) then
    calls[method](self, arguments, at)
  end
end

-- perigee and the library ---------------------------------------------------------------------------------------------

local uses = {
  ["perigee.contacts.upsert"] = "contacts write", ["perigee.contacts.find"] = "contacts read", ["perigee.contacts.get"] = "contacts read",
  ["perigee.contacts.segment"] = "contacts read",
}

local function opens_call(words, at)
  local kind = words.kinds[at + 1]
  return kind == "(" or kind == "string" or kind == "{"
end

-- contact.send(...), contact.niche, contact.stage = ...
function Meaning:member_of_contact(path, owner, member, at)
  if names.methods[member] then
    if opens_call(self.words, at) then
      self:fault(at - 1, "needs-colon", ("call it with a colon: contact:%s(...)"):format(member))
    end
  elseif owner == "contact" and not names.attributes[member] then
    if opens_call(self.words, at) then
      self:unknown(at, "unknown-call", path .. "()", member, names.methods)
    else
      local near = check.nearest(member, names.sorted(names.attributes))
      self:fault(at, "unknown-attribute", ("a contact has no attribute '%s'; %s"):format(member,
        near and ("did you mean '%s'?"):format(near) or ("own fields are read as contact.fields.%s"):format(member)))
    end
  elseif owner == "contact" and self.words.kinds[at + 1] == "=" then
    self:fault(at, "read-only", ("contact.%s can't be assigned: use contact:set { %s = ... }"):format(member, member))
  end
end

function Meaning:member_of_job(member, at)
  if job_members[member] or opens_call(self.words, at) and waits[member] then return end -- a call with a dot says itself that it is none
  self:fault(at, "unknown-attribute", ("a job has no attribute '%s'%s"):format(member, check.hint(member, names.sorted(job_members))))
end

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
local constructors = { ["perigee.sequence"] = true, ["perigee.job"] = true, ["perigee.hook"] = true, ["perigee.broadcast"] = true, ["perigee.http"] = true }

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
        self:effect(template.at, { kind = "send", channel = channel.text, template = template.text })
      end
    end
  end
end

-- Steps of perigee.cadence: { send = "email", template = "intro" }, { wait = "3 days" }.
function Meaning:table(value)
  if not self.found.has_cadence or not value.values or self.file.name:find "^tests/" then return end
  local channel, template = value.values.send, value.values.template
  if channel and channel.text and template and template.text then
    self:effect(template.at, { kind = "send", channel = channel.text, template = template.text })
    self:effect(channel.at, { kind = "channel", text = channel.text })
  end
  local reach = value.values.reach
  for _, item in ipairs(template and template.text and reach and (reach.items or { reach }) or {}) do
    if item.text then self:effect(template.at, { kind = "send", channel = item.text, template = template.text }) end
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
