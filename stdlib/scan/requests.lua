-- SPDX-License-Identifier: MIT
-- What can be read off a script of its requests and secrets, compared with needs.net and needs.secret.

local M = {}

function M.new()
  -- http, secret: places where the words stand; calls: how many of them are plain calls, so that the rest may be anything.
  return { http = {}, secret = {}, http_calls = 0, secret_calls = 0, hosts = {}, names = {} }
end

-- perigee.http or perigee.secret is named at a place.
function M.name(seen, path, place)
  local list = path == "perigee.http" and seen.http or path == "perigee.secret" and seen.secret
  if list then list[#list + 1] = place end
end

-- A function of the library that makes requests is named at a place.
function M.library(seen, place, what)
  place.what = what
  seen.http[#seen.http + 1] = place
end

-- The URL of a call, or its beginning up to the path: what stands for its host in needs.net. Nothing: it is worked out later.
local function known_url(argument)
  local url = argument and argument.members and argument.members.url
  if url then return not url:find("\\", 1, true) and url or nil, true end
  local beginning = argument and argument.beginnings and argument.beginnings.url
  return beginning and beginning:match "^(https?://[^/?#\\{}]+)[/?]", false
end

local function see_request(seen, argument, place, fault)
  local url, whole = known_url(argument)
  if not url then return end
  local at, name, https = host.url(url)
  if not at then
    if whole then fault(place, "perigee.http: url: " .. name, "bad-url") end
    return
  end
  seen.http_calls = seen.http_calls + 1
  place.url, place.entry = url, https and at == name .. ":443" and name or at
  seen.hosts[#seen.hosts + 1] = place
end

-- One of them is called. fault(place, text, code) tells of what can't be right.
function M.call(seen, path, arguments, place, fault)
  if path == "perigee.http" then
    see_request(seen, arguments[1], place, fault)
  elseif path == "perigee.secret" and arguments[1] and arguments[1].text then
    seen.secret_calls = seen.secret_calls + 1
    place.name = arguments[1].text
    seen.names[#seen.names + 1] = place
  end
end

local function set_of(list)
  local set = {}
  for _, item in ipairs(list) do set[item] = true end
  return set
end

local function compare_hosts(seen, net, fault, warn)
  if seen.http[1] and not net[1] and not seen.hosts[1] then
    fault(seen.http[1], (seen.http[1].what or "perigee.http") .. " is not in needs: add net = { \"HOST\" }", "undeclared-need")
  end
  local used = {}
  for _, place in ipairs(seen.hosts) do
    local is_named = false
    for _, entry in ipairs(net) do
      if host.url_in(place.url, { entry }) then is_named, used[entry] = true, true end
    end
    if not is_named then
      fault(place, ("a request to %s is not in needs: add net = { \"%s\" }"):format(place.entry, place.entry), "undeclared-need")
    end
  end
  local all_known = seen.http_calls == #seen.http
  for _, entry in ipairs(net) do
    if not used[entry] and all_known then
      warn(("net: '%s'"):format(entry), seen.http[1] and " (unless a redirect leads there)")
    end
  end
end

local function compare_secrets(seen, names, fault, warn)
  local declared, used = set_of(names), {}
  if seen.secret[1] and not names[1] and not seen.names[1] then
    fault(seen.secret[1], "perigee.secret is not in needs: add secret = { \"NAME\" }", "undeclared-need")
  end
  for _, place in ipairs(seen.names) do
    used[place.name] = true
    if not declared[place.name] then
      fault(place, ("secret '%s' is not in needs: add secret = { \"%s\" }"):format(place.name, place.name), "undeclared-need")
    end
  end
  local all_known = seen.secret_calls == #seen.secret
  for _, name in ipairs(names) do
    if not used[name] and all_known then warn(("secret: '%s'"):format(name)) end
  end
end

-- fault(place, text, code); warn(what is not used, remark).
function M.compare(seen, needs, fault, warn)
  compare_hosts(seen, needs.net or {}, fault, warn)
  compare_secrets(seen, needs.secret or {}, fault, warn)
end

return M
