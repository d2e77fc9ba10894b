-- SPDX-License-Identifier: MIT
-- perigee.http and perigee.secret: a request is put into the form that the host is asked in, and misuse is told at the script's
-- own line. The host checks all of it once more. The annotations stand in meta/perigee.lua.

local check = require "check"

local M = {}
local methods = host.methods()
local PICKS_MOST, FORM_MOST, HEADERS_MOST = 50, 256, 50

local declared -- { name, net, secret } of the script that runs; nil where nothing is declared (tests)

-- Called before a script runs.
function M.declare(definition)
  local needs = definition.needs
  declared = { name = definition.name, net = needs.net or {}, secret = {} }
  for _, name in ipairs(needs.secret or {}) do declared.secret[name] = true end
end

function M.secret(name)
  return host.secret(check.text("perigee.secret", name))
end

local function granted(what, handle)
  local name = host.secret_name(handle)
  if declared and not declared.secret[name] then
    host.raise(("%s: \"%s\" is not in needs.secret of %s: add it there"):format(what, name, declared.name))
  end
  return name
end

local function fault(what, text)
  if text then host.raise(("%s: %s"):format(what, text)) end
end

-- The parts of a request, each checked ------------------------------------------------------------------------------

local function url(what, value)
  check.text(what, value)
  local place, name = host.url(value)
  if not place then fault(what, name) end
  if declared and not host.url_in(value, declared.net) then
    local is_plain = place == name .. ":443"
    host.raise(("%s: \"%s\" is not in needs.net of %s: add it there"):format(what, is_plain and name or place, declared.name))
  end
  return value
end

local function auth(what, value)
  if not host.secret_name(value) then
    host.raise(("%s: perigee.secret \"NAME\" is needed, not %s"):format(what, check.describe(value)))
  end
  return granted(what, value)
end

-- Names in lower case, with the name that was written: its letters are what the place of a secret is known by.
local function headers(what, value)
  if type(value) ~= "table" then
    host.raise(("%s: a table { [\"Name\"] = \"value\" } is needed, not %s"):format(what, check.describe(value)))
  end
  local copy, secrets, seen, n = {}, {}, {}, 0
  for name, text in pairs(value) do
    if type(name) ~= "string" then host.raise(what .. ": a table { [\"Name\"] = \"value\" } is needed, not a list") end
    local header, lower = ("%s[%q]"):format(what, name:sub(1, 80)), name:lower()
    fault(header, host.header_fault(name))
    if seen[lower] then host.raise(header .. ": this header stands there twice") end
    seen[lower], n = true, n + 1
    if n > HEADERS_MOST then host.raise(("%s: more than %d headers"):format(what, HEADERS_MOST)) end
    if host.secret_name(text) then
      secrets[#secrets + 1] = { secret = granted(header, text), place = "header " .. name }
    elseif type(text) ~= "string" then
      host.raise(("%s: a text or perigee.secret \"NAME\" is needed, not %s"):format(header, check.describe(text)))
    else
      fault(header, host.value_fault(text))
      copy[lower] = text
    end
  end
  return { texts = copy, secrets = secrets }
end

local function form(what, value)
  if type(value) ~= "table" then
    host.raise(("%s: a table { name = \"text\" } is needed, not %s"):format(what, check.describe(value)))
  end
  local copy, n = {}, 0
  for name, text in pairs(value) do
    if type(name) ~= "string" then host.raise(what .. ": a table { name = \"text\" } is needed, not a list") end
    if type(text) == "number" then text = tostring(text) end
    if type(text) ~= "string" then
      host.raise(("%s.%s: a text or number is needed, not %s"):format(what, name:sub(1, 80), check.describe(text)))
    end
    copy[name], n = text, n + 1
    if n > FORM_MOST then host.raise(("%s: more than %d fields"):format(what, FORM_MOST)) end
  end
  return copy
end

local function pick(what, value)
  local list = check.texts(what, value, true)
  if #list == 0 then return nil end
  if #list > PICKS_MOST then host.raise(("%s: more than %d paths"):format(what, PICKS_MOST)) end
  for _, path in ipairs(list) do fault(what, host.pick_fault(path)) end
  return list
end

local keys = {
  method = function(what, value) return check.one_of(what, value, methods) end,
  url = url, headers = headers, auth = auth, form = form, pick = pick,
  body = function(what, value)
    if type(value) ~= "string" then host.raise(("%s: a text is needed, not %s"):format(what, check.describe(value))) end
    return value
  end,
  json = function(what, value)
    if host.secret_name(value) then host.raise(what .. ": a secret stands only in auth or headers of perigee.http") end
    return value
  end,
  timeout = check.duration,
  idempotency_key = function(what, value)
    check.text(what, value)
    fault(what, host.key_fault(value))
    return value
  end,
}

M.keys = keys

-- A request -----------------------------------------------------------------------------------------------------------

local function check_body(request)
  local bodies = {}
  for _, key in ipairs { "body", "json", "form" } do
    if request[key] ~= nil then bodies[#bodies + 1] = key end
  end
  if #bodies > 1 then
    host.raise(("perigee.http: %s and %s are both given; a request has one body"):format(bodies[1], bodies[2]))
  end
  if bodies[1] and host.only_reads(request.method) then
    host.raise(("perigee.http: a %s has no body; take %s away, or say method = \"POST\""):format(request.method, bodies[1]))
  end
end

local function check_hole(request)
  local _, _, _, holes = host.url(request.url)
  if holes > 1 then host.raise("perigee.http.url: {secret} stands in it more than once") end
  if holes == 1 and not request.auth then
    host.raise("perigee.http.url: it has a place for a {secret}; say which with auth = perigee.secret \"NAME\"")
  end
end

function M.request(options)
  local request = check.options("perigee.http", options, keys, { "url" })
  request.method = request.method or "GET"
  check_body(request)
  check_hole(request)
  local secrets = request.headers and request.headers.secrets or {}
  local texts = request.headers and request.headers.texts
  if request.auth then table.insert(secrets, 1, { secret = request.auth, place = "" }) end
  request.auth = nil
  request.headers = texts and next(texts) and texts or nil
  request.secrets = #secrets > 0 and secrets or nil
  return host.effect("http", request, true)
end

return M
