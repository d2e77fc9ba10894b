-- SPDX-License-Identifier: MIT
-- Loads a script (a sequence, a job or a hook with the workspace modules it requires) and runs its visits.

local check = require "check"
local contact = require "contact"
local declare = require "declare"
local http = require "http"
require "perigee"

local M = {}

local function job_object(definition, start)
  local values = { due = start.due, name = definition.name }
  local object = {}
  host.object(object, {
    __index = function(_, name)
      if values[name] ~= nil then return values[name] end
      if name == "send" or name == "try_send" or name == "wait" or name == "wait_reply" then
        host.raise(("job:%s: a job enrols; sequences write"):format(name))
      end
      host.raise(("a job has no attribute '%s'%s"):format(tostring(name), check.hint(tostring(name), { "due", "name" })))
    end,
    __newindex = function() host.raise("a job can't be assigned to") end,
    __name = "job",
  }, "a job")
  return object
end

local function entry(definition)
  local run = definition.run
  return function(start)
    host.place(run)
    http.declare(definition)
    local subject
    if definition.type == "job" then
      contact.set_job "a job enrols; sequences write"
      subject = job_object(definition, start)
    elseif definition.type == "hook" then
      contact.set_job "a hook signals; sequences write"
      subject = start.request
    else
      subject = contact.own(start.contact, start.state)
    end
    local outcome = run(subject)
    if outcome ~= nil and type(outcome) ~= "string" then
      host.raise(("run returns its outcome as a text, or nothing; this one returned %s"):format(check.describe(outcome)))
    end
    return outcome
  end
end

local function declarations(definition)
  local copy = {}
  for key, value in pairs(definition) do
    if type(value) ~= "function" then copy[key] = value end
  end
  return copy
end

-- The line of the last return at the margin: there a script says what it is.
local function return_line(source)
  local at, line = 0, 1
  for text in (source .. "\n"):gmatch "(.-)\n" do
    at = at + 1
    if text:find "^return%f[^%w_]" then line = at end
  end
  return line
end

function M.load(name, files, context)
  context.set_modules(files)
  host.place(("%s:%d"):format(name, return_line(files[1].source)))
  local chunk = context.compile(files[1].source, name)
  local definition = declare.definition((chunk(name)))
  if not definition then
    host.raise("a script ends with: return perigee.sequence { ... }, perigee.job { ... } or perigee.hook { ... }")
  end
  return declarations(definition), entry(definition)
end

return M
