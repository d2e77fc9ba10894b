-- SPDX-License-Identifier: MIT
-- Contacts as scripts see them: attributes to read, calls to act. The annotations stand in meta/contact.lua.

local check = require "check"

local M = {}
local methods = {}
local effect = host.effect

local attributes = {
  "id", "name", "first_name", "locale", "timezone", "country", "company", "owner", "stage", "preferred_channel", "labels", "fields", "state",
}
-- Identities by channel name: nil if the contact has none there.
local channels = {
  "email", "phone", "whatsapp", "instagram", "facebook", "messenger", "sms", "call", "telegram", "x", "twitter", "linkedin",
  "tiktok", "youtube", "twitch", "slack", "discord", "signal", "imessage", "line", "viber", "threads", "bluesky", "mastodon",
  "matrix", "reddit", "pinterest", "snapchat", "website",
}
local known = {}
for _, name in ipairs(attributes) do known[name] = true end
for _, name in ipairs(channels) do known[name] = true end

local events = {
  "reply", "auto_reply", "bounce", "unsubscribe", "complaint", "handled", "message_delivered", "message_read", "click", "opt_in",
  "task_done",
}
local task_kinds = { "call", "video", "review", "sign", "gift", "message", "other" }

local records = {}  -- object → its record {attributes, own}
local own           -- the record of the run's own contact
local no_writing -- why nothing is sent or waited for; nil in a sequence

-- Objects -----------------------------------------------------------------------------------------------------------

-- What some attributes become, made when they are first read: a visit starts with a contact, and most read little of it.
local convert = {}

function convert.labels(list)
  local set = {}
  for _, label in ipairs(list or {}) do set[label] = true end
  return host.frozen(set, "contact.labels can't be assigned: use contact:label '%s' or contact:unlabel '%s'")
end

function convert.fields(fields)
  return host.frozen(fields or {}, "contact.fields can't be assigned: use contact:set { %s = ... }")
end

local function unknown(name)
  local list = {}
  for _, names in ipairs { attributes, channels, check.names(methods) } do
    for _, one in ipairs(names) do list[#list + 1] = one end
  end
  local near = check.nearest(name, list)
  host.raise(("a contact has no attribute '%s'; %s"):format(name,
    near and ("did you mean '%s'?"):format(near) or ("own fields are read as contact.fields.%s"):format(name)))
end

local function attribute(record, name)
  if convert[name] then
    local made = record.made[name]
    if made == nil then
      made = convert[name](record.values[name])
      record.made[name] = made
    end
    return made
  end
  if name == "state" then return record.state end
  local value = name ~= "identities" and record.values[name] or nil
  if value == nil then
    local identities = record.values.identities
    value = identities and identities[name]
  end
  if value == nil and not known[name] then unknown(tostring(name)) end
  return value
end

local function refuse_assignment(_, name)
  host.raise(("contact.%s can't be assigned: use contact:set { %s = ... }"):format(tostring(name), tostring(name)))
end

local function object_of(data, state)
  local record = { values = data, made = {}, state = state }
  local object = host.object({}, {
    __index = function(_, name)
      return methods[name] or attribute(record, name)
    end,
    __newindex = refuse_assignment,
    __tostring = function() return "contact " .. record.values.id end,
    __name = "contact",
  }, "a contact")
  records[object] = record
  return object
end

-- The contact that the run is for.
function M.own(data, state)
  local object = object_of(data, state)
  own = records[object]
  return object
end

-- Another contact, as found.
function M.other(data)
  if type(data) ~= "table" then return data end
  return object_of(data)
end

-- In a job or a hook there is no own contact, and nothing is sent or waited for.
function M.set_job(why)
  no_writing = why
end

host.keep {
  fold = function(name, value)
    if own then own.values[name], own.made[name] = value, nil end
  end,
}

-- Calls -------------------------------------------------------------------------------------------------------------

-- The arguments of an effect on a contact; those on another than the run's own name it.
local function target(self, args)
  local record = records[self]
  if record ~= own and not (own and own.values.id == record.values.id) then args.contact = record.values.id end
  return args
end

local function no_job(call)
  if no_writing then host.raise(("contact:%s: %s"):format(call, no_writing)) end
end

local send_options = {
  vars = "table",
  from = check.text,
  cc = function(what, value) return check.texts(what, value, true) end,
  attach = function(what, value) return check.texts(what, value, true) end,
  documents = function(what, value) return check.texts(what, value, true) end,
  before = check.duration,
  thread = function(what, value) return check.one_of(what, value, { "new" }) end,
}

local function send(self, call, channel, template, options, try)
  no_job(call)
  local args = target(self, {
    channel = check.name("contact:" .. call .. ": channel", channel),
    template = check.name("contact:" .. call .. ": template", template),
    try = try,
  })
  if options ~= nil then
    options = check.options("contact:" .. call, options, send_options)
    if next(options) ~= nil then args.opts = options end
  end
  return effect("send", args, true)
end

function methods:send(channel, template, options)
  return send(self, "send", channel, template, options)
end

function methods:try_send(channel, template, options)
  return send(self, "try_send", channel, template, options, true)
end

local MOST_CHANNELS = 16

local function reach(self, call, channels, template, options, try)
  no_job(call)
  local what = "contact:" .. call
  local list, seen = {}, {}
  if type(channels) ~= "table" then
    host.raise(("%s: a list of channels { \"email\", ... } is needed, not %s"):format(what, check.describe(channels)))
  end
  for i, channel in ipairs(channels) do
    list[i] = check.name(what .. ": channel", channel)
    if seen[channel] then host.raise(("%s: '%s' stands twice in the list of channels"):format(what, channel)) end
    seen[channel] = true
  end
  if #list == 0 or #list > MOST_CHANNELS then host.raise(("%s: 1 to %d channels can be named"):format(what, MOST_CHANNELS)) end
  local args = target(self, { channels = list, template = check.name(what .. ": template", template), try = try })
  if options ~= nil then
    options = check.options(what, options, send_options)
    if next(options) ~= nil then args.opts = options end
  end
  return effect("reach", args, true)
end

function methods:reach(channels, template, options)
  return reach(self, "reach", channels, template, options)
end

function methods:try_reach(channels, template, options)
  return reach(self, "try_reach", channels, template, options, true)
end

function methods:wait_reply(within)
  no_job "wait_reply"
  if within ~= nil then check.duration("contact:wait_reply", within) end
  return effect("wait_reply", target(self, { within = within }), true)
end

function methods:wait(names, within)
  no_job "wait"
  local list = check.texts("contact:wait", names, true)
  if #list == 0 then host.raise("contact:wait: the list of events is empty") end
  for _, name in ipairs(list) do
    if not name:match "^signal:[%w_%-]+$" then check.one_of("contact:wait", name, events) end
  end
  if within ~= nil then check.duration("contact:wait", within) end
  return effect("wait", target(self, { events = list, within = within }), true)
end

function methods:can(channel)
  return effect("can", target(self, { channel = check.name("contact:can", channel) }))
end

local task_keys = {
  kind = function(what, value) return check.one_of(what, value, task_kinds) end,
  note = check.text,
  due = check.duration,
}

function methods:task(task)
  return effect("task", target(self, check.options("contact:task", task, task_keys, { "kind" })))
end

function methods:set(changes)
  if type(changes) ~= "table" then
    host.raise(("contact:set: a table { key = value } is needed, not %s"):format(check.describe(changes)))
  end
  for key in pairs(changes) do
    if type(key) ~= "string" then host.raise("contact:set: a table { key = value } is needed, not a list") end
    if key == "id" then host.raise("contact:set: the id of a contact can't be changed") end
  end
  effect("set", target(self, { changes = changes }))
end

function methods:label(label)
  effect("label", target(self, { label = check.line("contact:label", label) }))
end

function methods:unlabel(label)
  effect("unlabel", target(self, { label = check.line("contact:unlabel", label) }))
end

function methods:note(text)
  effect("note", target(self, { text = check.text("contact:note", text) }))
end

function methods:snooze(until_)
  effect("snooze", target(self, { ["until"] = check.duration("contact:snooze", until_) }))
end

local message_options = {
  limit = function(what, value)
    if math.type(value) ~= "integer" or value < 1 or value > 200 then host.raise(what .. ": a whole number from 1 to 200") end
    return value
  end,
  channel = check.name,
  direction = function(what, value) return check.one_of(what, value, { "in", "out" }) end,
}

function methods:messages(options)
  return effect("messages", target(self, check.options("contact:messages", options or {}, message_options)))
end

function methods:signal(name, data)
  check.line("contact:signal", name)
  if not name:match "^[%w_%-]+$" then
    host.raise(("contact:signal: '%s' is no name of a signal (letters, digits, _ and -)"):format(name))
  end
  effect("signal", target(self, { name = name, data = data }))
end

function methods:enrol(sequence, key)
  check.name("contact:enrol", sequence)
  if key ~= nil then check.line("contact:enrol: key", key) end
  return effect("enrol", target(self, { sequence = sequence, key = key }))
end

methods.enroll = methods.enrol

function methods:stop(sequence)
  effect("stop", target(self, { sequence = check.name("contact:stop", sequence) }))
end

function methods:restart(state)
  no_job "restart"
  local args = target(self, { state = state })
  if args.contact then host.raise("contact:restart: only the run's own contact starts anew") end
  effect("restart", args, true)
end

local functions = {} -- as they are written, for who looks at their parameters
for name, method in pairs(methods) do functions[name] = method end

---What contacts have and their calls take, for those who read scripts without running them.
function M.names()
  return {
    attributes = attributes, channels = channels, methods = check.names(methods), functions = functions, events = events, task_kinds = task_kinds,
    keys = { send = send_options, task = task_keys, messages = message_options },
  }
end

for name, method in pairs(methods) do
  methods[name] = function(self, ...)
    if not records[self] then host.raise(("call it with a colon: contact:%s(...)"):format(name)) end
    return method(self, ...)
  end
end

return M
