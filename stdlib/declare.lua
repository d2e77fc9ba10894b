-- SPDX-License-Identifier: MIT
-- perigee.sequence, perigee.job and perigee.hook: what a script says about itself, checked.

local check = require "check"
local verify = require "verify"

local M = {}

local definitions = {} -- what the constructors returned → the definition

local function choice(...)
  local list = { ... }
  return function(what, value) return check.one_of(what, value, list) end
end

local function yes(what, value)
  if type(value) ~= "boolean" then host.raise(("%s: true or nothing, not %s"):format(what, check.describe(value))) end
  return value or nil
end

local function texts(what, value)
  local list = check.texts(what, value)
  return #list > 0 and list or nil
end

-- A list of texts in which `fault` finds nothing wrong.
local function sound(fault)
  return function(what, value)
    local list = texts(what, value)
    for i, item in ipairs(list or {}) do
      local wrong = fault(item)
      if wrong then host.raise(("%s[%d]: %s"):format(what, i, wrong)) end
    end
    return list
  end
end

local need_keys = {
  send = texts, task = yes, store = yes, broadcast = yes, net = sound(host.entry_fault), secret = sound(host.secret_fault), contacts = choice("read", "write"),
  hooks = yes,
}

local function needs(what, value)
  return check.options(what, value, need_keys)
end

local function positive(what, value)
  if math.type(value) ~= "integer" or value < 1 then host.raise(what .. ": a whole number from 1") end
  return value
end

local limit_keys = { cpu_ms = positive, memory_mb = positive }

local function limits(what, value)
  return check.options(what, value, limit_keys)
end

local function accounts(what, value)
  if type(value) ~= "table" then host.raise(what .. ": a table { channel = \"account\" } is needed") end
  local copy = {}
  for channel, account in pairs(value) do
    copy[check.text(what, channel)] = check.text(what .. "." .. tostring(channel), account)
  end
  return copy
end

local function starts_on(what, value)
  local list = check.texts(what, value, true)
  for _, event in ipairs(list) do
    if not event:match "^signal:[%w_%-]+$" then check.one_of(what, event, { "message", "signal:NAME" }) end
  end
  return #list > 0 and list or nil
end

local sequence_keys = {
  name = check.name, run = "function", title = check.text, needs = needs, topic = check.text, account = accounts,
  on_reply = choice("stop", "continue"), on_handled = choice("stop", "continue"), starts_on = starts_on, limits = limits,
}

local job_keys = {
  name = check.name, schedule = check.text, run = "function", title = check.text, needs = needs, zone = check.text, jitter = check.text,
  missed = choice("once", "skip", "all"), overlap = choice("skip", "wait"), limits = limits,
}

-- What each constructor takes.
M.keys = { sequence = sequence_keys, job = job_keys, needs = need_keys, limits = limit_keys }

-- A hook signals: it neither sends nor waits, so what is for that can't be among its needs.
local hook_need_keys = { task = yes, store = yes, contacts = choice("read", "write"), hooks = yes }

local function hook_needs(what, value)
  local near = { send = true, net = true, secret = true, broadcast = true }
  for key in pairs(type(value) == "table" and value or {}) do
    if near[key] then host.raise(("%s.%s: a hook signals; sequences write (a sequence that starts_on the signal)"):format(what, key)) end
  end
  return check.options(what, value, hook_need_keys)
end

local hook_keys = { name = check.name, verify = verify.read, run = "function", title = check.text, needs = hook_needs, limits = limits }

M.keys.hook = hook_keys
M.keys.broadcast = {
  channel = check.name, account = check.text, to = check.line, template = check.name, vars = "table", at = check.duration, locale = check.line,
}

local function define(kind, options, keys, required, defaults)
  local definition = check.options("perigee." .. kind, options, keys, required)
  for key, value in pairs(defaults) do
    if definition[key] == nil then definition[key] = value end
  end
  definition.type = kind
  definition.needs = definition.needs or {}
  local object = {}
  host.object(object, { __name = kind }, "a " .. kind)
  definitions[object] = definition
  return object
end

function M.sequence(options)
  return define("sequence", options, sequence_keys, { "name", "run" }, { on_reply = "stop", on_handled = "stop" })
end

function M.job(options)
  return define("job", options, job_keys, { "name", "schedule", "run" }, { missed = "once", overlap = "skip" })
end

-- The secret that requests are looked at with is among what the script needs, though nobody writes it there.
function M.hook(options)
  local object = define("hook", options, hook_keys, { "name", "verify", "run" }, {})
  local definition = definitions[object]
  local verified = type(definition.verify) == "table" and (definition.verify.secret or definition.verify.token)
  if verified then definition.needs.secret = { verified } end
  return object
end

-- The definition behind what a script returned, or nil.
function M.definition(object)
  if object == nil then return nil end
  return definitions[object]
end

return M
