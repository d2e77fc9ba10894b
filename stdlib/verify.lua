-- SPDX-License-Identifier: MIT
-- verify of perigee.hook: how a request proves whom it comes from. Plain data, which is looked at before a request becomes a run;
-- secrets stand in it by name. The annotations stand in meta/perigee.lua.

local check = require "check"

local M = {}

local function secret(what, value)
  local name = host.secret_name(value)
  if not name then
    host.raise(("%s: perigee.secret \"NAME\" is needed, not %s"):format(what, check.describe(value)))
  end
  return name
end

-- The name of a header, in lower case, as headers come.
local function header(what, value)
  local fault = host.header_fault(check.text(what, value))
  if fault then host.raise(("%s: %s"):format(what, fault)) end
  return value:lower()
end

local function one_of(...)
  local list = { ... }
  return function(what, value) return check.one_of(what, value, list) end
end

-- What is signed, where that is not the body alone: "v0:{timestamp}:{body}".
local function signed(what, value)
  check.line(what, value)
  if not value:find("{body}", 1, true) then host.raise(what .. ": {body} is missing: what is not signed can be changed") end
  for hole in value:gmatch "{(.-)}" do check.one_of(what .. ": {" .. hole .. "}", hole, { "body", "timestamp" }) end
  return value
end

local timestamp_keys = { header = header, within = check.duration }

local function timestamp(what, value)
  if type(value) == "string" then value = { header = value } end
  local copy = check.options(what, value, timestamp_keys, { "header" })
  copy.within = copy.within or "5 minutes"
  return copy
end

local hmac_keys = {
  hmac = one_of("sha256", "sha1", "sha512"), header = header, secret = secret, encoding = one_of("hex", "base64"), prefix = check.line,
  signed = signed, timestamp = timestamp, id = header,
}
local token_keys = { token = secret, header = header, query = check.line, id = header }

local FORMS = '{ hmac = "sha256", header = "X-Signature", secret = perigee.secret "NAME" }, { token = perigee.secret "NAME", header = "X-Token" } or "none"'

function M.read(what, value)
  if value == "none" then return value end
  if type(value) ~= "table" then host.raise(("%s: %s is needed, not %s"):format(what, FORMS, check.describe(value))) end
  if value.token ~= nil then
    local copy = check.options(what, value, token_keys, { "token" })
    if (copy.header == nil) == (copy.query == nil) then
      host.raise(what .. ": a token stands in a header or in the query: header = \"X-Token\" or query = \"token\"")
    end
    return copy
  end
  if value.hmac == nil then host.raise(("%s: it says %s"):format(what, FORMS)) end
  local copy = check.options(what, value, hmac_keys, { "hmac", "header", "secret" })
  copy.encoding = copy.encoding or "hex"
  if copy.signed and copy.signed:find("{timestamp}", 1, true) and not copy.timestamp then
    host.raise(what .. ".timestamp: say in which header the {timestamp} of `signed` comes")
  end
  if copy.timestamp and not (copy.signed and copy.signed:find("{timestamp}", 1, true)) then
    host.raise(what .. ".signed: a timestamp that is not signed proves nothing: signed = \"{timestamp}.{body}\", as the sender documents it")
  end
  return copy
end

return M
