-- SPDX-License-Identifier: MIT
-- The tests of a workspace: files that call test(name, function(t) ... end). The host plays the world on a virtual clock; the
-- annotations stand in meta/testing.lua.

local check = require "check"

local M = {}
local methods = {}
local effect = host.effect

-- A value on one line, keys in order.
local function show(value)
  if type(value) == "string" then return ("%q"):format(value):gsub("\\\n", "\\n") end
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  for key, item in pairs(value) do
    local name = math.type(key) and "" or tostring(key) .. " = "
    parts[#parts + 1] = name .. show(item)
  end
  return parts[1] and "{ " .. table.concat(parts, ", ") .. " }" or "{}"
end

-- Where two values differ first: nil if they are equal, else the path, what there is and what is wanted.
local function difference(value, wanted, path)
  if type(value) ~= "table" or type(wanted) ~= "table" then
    local equal = value == wanted and math.type(value) == math.type(wanted)
    if equal then return nil end
    return path, value, wanted
  end
  local seen = {}
  for key, item in pairs(wanted) do
    seen[key] = true
    local step = math.type(key) and ("[%s]"):format(key) or (path == "" and "" or ".") .. tostring(key)
    local where, a, b = difference(value[key], item, path .. step)
    if where then return where, a, b end
  end
  for key, item in pairs(value) do
    if not seen[key] then return path .. (path == "" and "" or ".") .. tostring(key), item, nil end
  end
  return nil
end

-- The host tells what happened in the world until here: expected is what kind of thing was, wanted what it should be like.
local function fail(text, expected, wanted)
  effect("test.missed", { expected = expected, wanted = wanted })
  host.fail("test", text)
end

local function filter(what, value)
  if value == nil then return {} end
  if type(value) ~= "table" then host.raise(("%s: a table { key = value } is needed, not %s"):format(what, check.describe(value))) end
  return value
end

local function contact(what, value)
  if type(value) ~= "string" and type(value) ~= "table" then host.raise(what .. ": an id, or a table of attributes") end
  return value
end

local enrol_keys = { sequence = check.text, contact = contact, key = check.text }
local reply_keys = { channel = check.text, text = check.text, contact = contact }

function methods:enrol(options)
  return effect("test.enrol", check.options("t:enrol", options, enrol_keys, { "sequence", "contact" }))
end

methods.enroll = methods.enrol

function methods:advance(duration)
  effect("test.advance", { ["for"] = check.duration("t:advance", duration) })
end

function methods:reply(options)
  effect("test.reply", check.options("t:reply", options, reply_keys, { "text" }))
end

local event_keys = {
  kind = check.text, channel = check.text, text = check.text, data = "table", id = check.number,
  contact = function(what, value)
    if type(value) ~= "string" and type(value) ~= "table" then host.raise(what .. ": an id, or a table of attributes") end
    return value
  end,
}

-- A request to a hook. A query goes as it stands in a URL, or as a table.
local hook_keys = {
  hook = check.name, json = function(_, value) return value end, body = "string", method = check.text, path = check.text,
  headers = function(what, value)
    local copy = {}
    for name, text in pairs(filter(what, value)) do
      copy[check.text(what, name)] = check.text(("%s[%q]"):format(what, name), text)
    end
    return next(copy) and copy or nil
  end,
  query = function(what, value)
    if type(value) == "string" then return value end
    local parts = {}
    for name, text in pairs(filter(what, value)) do
      local function encode(part)
        return (tostring(part):gsub("[^%w%-._~]", function(byte) return ("%%%02X"):format(byte:byte()) end))
      end
      parts[#parts + 1] = encode(name) .. "=" .. encode(text)
    end
    return table.concat(parts, "&")
  end,
}

function methods:event(options)
  if type(options) ~= "table" or options.hook == nil then
    return effect("test.event", check.options("t:event", options, event_keys, { "kind" }))
  end
  local request = check.options("t:event", options, hook_keys)
  if request.body ~= nil and request.json ~= nil then host.raise("t:event: body and json are both given") end
  return effect("test.event", request)
end

local codes = { "refused", "invalid", "unreachable", "timeout", "limit", "unknown" }

local http_keys = {
  method = function(what, value) return check.one_of(what, value, host.methods()) end,
  url = check.text, body = "string", text = check.text,
  error = function(what, value) return check.one_of(what, value, codes) end,
  json = function(_, value) return value end,
  status = function(what, value)
    if math.type(value) ~= "integer" or value < 100 or value > 999 then host.raise(what .. ": a whole number from 100 to 999") end
    return value
  end,
  headers = function(what, value)
    local copy = {}
    for name, text in pairs(filter(what, value)) do
      copy[check.text(what, name):lower()] = check.text(("%s[%q]"):format(what, name), text)
    end
    return copy
  end,
}

-- What a request was, as far as it is asked for. Headers are known in lower case.
local request_keys = {
  method = http_keys.method, url = check.text, json = http_keys.json, body = "string", form = "table", headers = http_keys.headers,
  secret = check.text, idempotency_key = check.text, contact = check.text, status = http_keys.status,
  code = http_keys.error,
}

---What t has and its calls take, for those who read tests without running them.
function M.names()
  local set = {}
  for name in pairs(methods) do set[name] = true end
  return { methods = set, functions = methods, keys = { enrol = enrol_keys, enroll = enrol_keys, reply = reply_keys, http = http_keys,
    expect_request = request_keys, expect_no_request = request_keys } }
end

function methods:http(options)
  local answer = check.options("t:http", options, http_keys, { "url" })
  if answer.body ~= nil and answer.json ~= nil then host.raise("t:http: body and json are both given") end
  if answer.error and (answer.status or answer.body or answer.json ~= nil) then
    host.raise("t:http: an error has no status, body or json")
  end
  effect("test.http", answer)
end

function methods:now()
  return effect("test.now", {})
end

function methods:expect_sent(wanted)
  wanted = filter("t:expect_sent", wanted)
  local found = effect("test.sent", wanted) or {}
  if not found[1] then
    fail("expected to be sent: " .. show(wanted), "sent", wanted)
  end
  return found[1]
end

function methods:expect_nothing_sent()
  local found = effect("test.sent", {}) or {}
  if found[1] then fail(("expected nothing to be sent; %d sent since the last look"):format(#found), "nothing") end
end

function methods:expect_request(wanted)
  wanted = check.options("t:expect_request", filter("t:expect_request", wanted), request_keys)
  local found = effect("test.requests", wanted) or {}
  if not found[1] then
    fail("expected a request: " .. show(wanted), "request", wanted)
  end
  return found[1]
end

function methods:expect_no_request(unwanted)
  unwanted = check.options("t:expect_no_request", filter("t:expect_no_request", unwanted), request_keys)
  local found = effect("test.requests", unwanted) or {}
  if found[1] then fail("expected no request: " .. show(unwanted), "no request", unwanted) end
end

function methods:expect_task(wanted)
  wanted = filter("t:expect_task", wanted)
  local found = effect("test.tasks", wanted) or {}
  if not found[1] then
    fail("expected a task: " .. show(wanted), "task", wanted)
  end
  return found[1]
end

function methods:expect_no_task(unwanted)
  unwanted = filter("t:expect_no_task", unwanted)
  local found = effect("test.tasks", unwanted) or {}
  if found[1] then fail("expected no task: " .. show(unwanted), "no task", unwanted) end
end

function methods:expect_broadcast(wanted)
  wanted = filter("t:expect_broadcast", wanted)
  local found = effect("test.broadcasts", wanted) or {}
  if not found[1] then
    fail("expected a broadcast: " .. show(wanted), "broadcast", wanted)
  end
  return found[1]
end

function methods:expect_outcome(wanted)
  local outcome = effect("test.outcome", {})
  if outcome ~= wanted then
    fail(("expected the outcome %s; %s"):format(show(wanted), outcome and "it is " .. show(outcome) or "the run has not ended"), "outcome", wanted)
  end
end

-- What is known of somebody now, with labels as a set.
function methods:contact(id)
  local found = effect("test.contact", { contact = check.line("t:contact", id) })
  local labels = {}
  for _, label in ipairs(found.labels or {}) do labels[label] = true end
  found.labels, found.fields = labels, found.fields or {}
  return found
end

-- Enough of a value to see what it is.
local function show_whole(value)
  local text = show(value)
  return #text > 1000 and text:sub(1, 1000):gsub("[\128-\255]*$", "") .. " ..." or text
end

function methods:expect(value, wanted)
  local path, a, b = difference(value, wanted, "")
  if path then
    local text = ("expected %s, got %s%s"):format(show(b), show(a), path ~= "" and " at " .. path or "")
    if path ~= "" then text = ("%s\n  wanted: %s\n  got:    %s"):format(text, show_whole(wanted), show_whole(value)) end
    fail(text, "value")
  end
end

local function object()
  return host.object({}, {
    __index = function(_, name)
      if not methods[name] then
        host.raise(("there is no t:%s%s"):format(tostring(name), check.hint(tostring(name), check.names(methods))))
      end
      return methods[name]
    end,
    __newindex = function() host.raise("t can't be assigned to") end,
    __name = "t",
  }, "t")
end

function M.load(name, files, context)
  local names, bodies, seen = {}, {}, {}
  context.set_modules(files)
  rawset(context.environment, "test", function(title, body)
    check.text("test: name", title)
    if type(body) ~= "function" then host.raise("test: takes a name and a function(t)") end
    if seen[title] then host.raise(("test: there are two tests named '%s'"):format(title)) end
    seen[title] = true
    names[#names + 1] = title
    bodies[#bodies + 1] = body
  end)
  host.place(name .. ":1")
  context.compile(files[1].source, name)(name)
  if not names[1] then host.raise("the file holds no test: test(\"it does this\", function(t) ... end)") end
  -- A test plays a month; it may take longer than a visit.
  return { tests = names, limits = { cpu_ms = 2000 } }, function(start)
    host.place(bodies[start.test])
    bodies[start.test](object())
  end
end

return M
