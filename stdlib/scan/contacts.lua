-- SPDX-License-Identifier: MIT
-- What calls of contacts (and of t, and of a job) mean; a part of scan/meanings.lua.

local check = require "check"
local names = require "scan.names"

local M = {}

local TASK_WORDS = { kind = "task_kinds" }

-- Is it a contact whose method is called? Others may have a send or task of their own.
function M.may_be(path)
  return path == "@" or path:match "contact$" ~= nil
end

function M.is(path)
  return path == "contact" or path == "@contact"
end

local may_be_contact, is_contact = M.may_be, M.is

-- Is what is named there called?
function M.opens_call(words, at)
  local kind = words.kinds[at + 1]
  return kind == "(" or kind == "string" or kind == "{"
end

local Meaning = {} -- methods, for scan/meanings.lua

-- The names that a send (or a step of a cadence) gives in vars, as one text; nil: they are worked out at run time.
function M.vars_of(options)
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
  local documents = options.values.documents
  for _, one in ipairs(documents and (documents.items or { documents }) or {}) do self:judged(one, "document") end
end

function Meaning:send(path, method, arguments, at)
  local certain = may_be_contact(path)
  local channel, template = arguments[1] and arguments[1].text, arguments[2]
  self:use(channel and "send " .. channel or "send", at, ("contact:%s on channel '%s'"):format(method, channel or "?"), certain)
  if not certain then return end
  self:effect(template and template.at or at, { kind = "send", channel = channel, template = template and template.text, vars = M.vars_of(arguments[3]) })
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
      self:effect(template and template.at or at, { kind = "send", channel = channel, template = template and template.text, vars = M.vars_of(arguments[3]) })
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

-- contact.send(...), contact.niche, contact.stage = ...
function Meaning:member_of_contact(path, owner, member, at)
  if names.methods[member] then
    if M.opens_call(self.words, at) then
      self:fault(at - 1, "needs-colon", ("call it with a colon: contact:%s(...)"):format(member))
    end
  elseif owner == "contact" and not names.attributes[member] then
    if M.opens_call(self.words, at) then
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
  if job_members[member] or M.opens_call(self.words, at) and waits[member] then return end -- a call with a dot says itself that it is none
  self:fault(at, "unknown-attribute", ("a job has no attribute '%s'%s"):format(member, check.hint(member, names.sorted(job_members))))
end

M.methods = Meaning

return M
