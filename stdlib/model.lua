-- SPDX-License-Identifier: MIT
-- A model of contacts for `perigee sim --replies FILE.lua`: a file that returns function(message, chance), or a table of
-- message =, task = and start = functions. It is called for each message and task, and once for each contact at the start where
-- the sequence starts on events; it remembers nothing between two calls. The annotations stand in meta/model.lua.

local check = require "check"

local M = {}

local kinds = { "reply", "message", "auto_reply", "bounce", "unsubscribe", "complaint", "handled", "click", "opt_in", "task_done" }

local function kind(what, value)
  if type(value) == "string" and value:find "^signal:." then return value end
  return check.one_of(what, value, kinds)
end

local keys = { kind = kind, after = check.duration, text = "string", channel = check.name, returns = check.text, data = "table" }

M.keys = keys -- of what it returns

-- What a model returned: nil, one thing or a list of them; a list comes out.
local function happenings(value)
  if value == nil then return nil end
  if type(value) ~= "table" then
    host.raise(("a model returns nil, { kind = \"reply\", ... } or a list of those; this one returned %s"):format(check.describe(value)))
  end
  if value.kind ~= nil or next(value) ~= nil and value[1] == nil then value = { value } end
  local list = {}
  for key, item in pairs(value) do
    if math.type(key) ~= "integer" then host.raise(("what a model returns: '%s' stands in a list"):format(tostring(key):sub(1, 80))) end
    list[#list + 1] = check.options(#value > 1 and ("what a model returns [%d]"):format(key) or "what a model returns", item, keys, { "kind" })
  end
  for _, item in ipairs(list) do item.where = host.where() end -- for what the host finds wrong
  return list[1] and list or nil
end

local function chance()
  return math.random()
end

-- The functions that the file returned, by what they are called for.
local function functions(value)
  if type(value) == "function" then return { message = value } end
  if type(value) ~= "table" then
    host.raise(("a model ends with: return function(message, chance) ... end; this file returns %s"):format(check.describe(value)))
  end
  local copy = check.options("the model", value, { message = "function", task = "function", start = "function" })
  if next(copy) == nil then host.raise("the model: message = function(message, chance) or task = function(task, chance) is missing") end
  return copy
end

function M.load(name, files, context)
  context.set_modules(files)
  host.place(name .. ":1")
  local model = functions((context.compile(files[1].source, name)(name)))
  return { message = model.message ~= nil, task = model.task ~= nil, start = model.start ~= nil }, function(start)
    local called = start.message and "message" or start.task and "task" or "start"
    local about = start[called]
    host.place(model[called])
    return happenings(model[called](called == "start" and about.contact or about, chance))
  end
end

return M
