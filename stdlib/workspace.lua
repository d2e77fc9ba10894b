-- SPDX-License-Identifier: MIT
-- Reads perigee.lua: a file of data in an environment that holds only workspace, account and secret. What comes out is
-- the normalized workspace of docs/architecture.md.

local channels = require "channels"
local check = require "check"
local hours = require "hours"
local whatif = require "whatif"
local segments = require "segments"

local M = {}

local file, lines -- being read

-- Places ------------------------------------------------------------------------------------------------------------

-- Raises at the line where a key stands, at or after the line of the call.
local function fault(key, text)
  local change = whatif.place(key)
  if change then error(("%s: %s"):format(change, text), 0) end
  local line = tonumber(host.where():match ":(%d+)$") or 1
  local last = key and tostring(key):match "[%w_]+$"
  for i = line, last and #lines or 0 do
    if lines[i]:find("%f[%w_]" .. last .. "%f[^%w_]%s*=") then
      line = i
      break
    end
  end
  error(("%s:%d: %s"):format(file, line, text), 0)
end

-- Checks: each takes the path of the key and its value, and returns what is kept ------------------------------------

local describe = check.describe

local function text(path, value)
  if type(value) ~= "string" or value == "" then fault(path, ("%s: a text is needed, not %s"):format(path, describe(value))) end
  return value
end

local function one_of(...)
  local list = { ... }
  return function(path, value)
    for _, allowed in ipairs(list) do
      if value == allowed then return value end
    end
    fault(path, ("%s: %s is not known%s"):format(path, type(value) == "string" and "'" .. value .. "'" or describe(value),
      check.hint(value, list)))
  end
end

local function whole(least)
  return function(path, value)
    if math.type(value) ~= "integer" or value < least then
      fault(path, ("%s: a whole number from %d is needed, not %s"):format(path, least,
        type(value) == "number" and tostring(value) or describe(value)))
    end
    return value
  end
end

local function texts(path, value)
  if type(value) ~= "table" then fault(path, ("%s: a list { \"...\" } is needed, not %s"):format(path, describe(value))) end
  local list = {}
  for key, item in pairs(value) do
    if math.type(key) ~= "integer" then fault(path, ("%s: a list is needed, and '%s' is a name"):format(path, tostring(key))) end
    list[#list + 1] = text(path, item)
  end
  return list
end

local units = { s = 1, sec = 1, second = 1, m = 60, min = 60, minute = 60, h = 3600, hour = 3600, d = 86400, day = 86400,
  w = 604800, week = 604800, month = 2592000, year = 31536000 }

local function seconds_of(value)
  if math.type(value) == "integer" and value >= 0 then return value end
  if type(value) ~= "string" then return nil end
  local n, unit = value:match "^%s*(%d+)%s*(%a+)%s*$"
  local each = unit and (units[unit:lower()] or units[unit:lower():gsub("s$", "")])
  return each and tonumber(n) * each
end

local function seconds(path, value)
  local n = seconds_of(value)
  if not n then fault(path, ("%s: a duration such as \"90s\" or \"2 minutes\" is needed"):format(path)) end
  return n
end

-- Kept as it was written; the host resolves it.
local function duration(path, value)
  if not seconds_of(value) then fault(path, ("%s: a duration such as \"90s\" or \"1 year\" is needed"):format(path)) end
  return type(value) == "number" and value .. "s" or value
end

local function url(...)
  local schemes = { ... }
  return function(path, value)
    text(path, value)
    local scheme, rest = value:match "^(%a+)://([^%s]+)$"
    for _, allowed in ipairs(schemes) do
      if scheme == allowed then
        if rest:find("@", 1, true) then fault(path, path .. ": user and password do not belong in an address; use user and password") end
        return value
      end
    end
    fault(path, ("%s: '%s' does not begin with %s://"):format(path, value, table.concat(schemes, ":// or ")))
  end
end

-- A table with known keys: spec[key] = check, defaults[key] = value.
local function record(spec, defaults, required)
  return function(path, value)
    if type(value) ~= "table" then fault(path, ("%s: a table { key = value } is needed, not %s"):format(path, describe(value))) end
    local copy = {}
    for key, item in pairs(value) do
      local rule = type(key) == "string" and spec[key]
      if not rule then
        fault(key, ("%s: unknown key '%s'%s"):format(path, tostring(key), check.hint(tostring(key), check.names(spec))))
      end
      copy[key] = rule(path .. "." .. key, item)
    end
    for key, item in pairs(defaults or {}) do
      if copy[key] == nil then copy[key] = item end
    end
    for _, key in ipairs(required or {}) do
      if copy[key] == nil then fault(nil, ("%s: '%s' is missing"):format(path, key)) end
    end
    return copy
  end
end

local function map(rule)
  return function(path, value)
    if type(value) ~= "table" then fault(path, ("%s: a table { key = value } is needed, not %s"):format(path, describe(value))) end
    local copy = {}
    for key, item in pairs(value) do
      copy[text(path, key)] = rule(path .. "." .. key, item)
    end
    return copy
  end
end

-- workspace { } -----------------------------------------------------------------------------------------------------

local function week(path, value)
  local read, why = hours.read(value)
  if not read then fault(path, path .. ": " .. why) end
  return read
end

local function holidays(path, value)
  local list = texts(path, value)
  for _, item in ipairs(list) do
    if not item:match "^%u%u$" and not item:match "^%u%u%-[%u%d]+$" and not item:match "^%d%d%d%d%-%d%d%-%d%d$" and not item:match "^%d%d%-%d%d$" then
      fault(path, ("%s: '%s' is neither a country such as \"FR\" or \"DE-BY\" nor a date such as \"2026-12-24\" or \"12-24\""):format(path, item))
    end
  end
  return list
end

local function addresses(path, value)
  local list = texts(path, value)
  for _, item in ipairs(list) do
    if not item:match "^[^%s]+:%d+$" then fault(path, ("%s: '%s' is not of the form \"127.0.0.1:2525\""):format(path, item)) end
  end
  return list
end

local function mail_address(path, value)
  if not text(path, value):match "^[^%s<>@]+@[^%s<>@]+$" then fault(path, ("%s: '%s' is no mail address"):format(path, value)) end
  return value
end

local function flag(path, value)
  if type(value) ~= "boolean" then fault(path, ("%s: true or false is needed, not %s"):format(path, describe(value))) end
  return value
end

-- How many; 0 or false: the rule is off.
local function limit(path, value)
  if value == false then return 0 end
  if math.type(value) ~= "integer" or value < 0 then
    fault(path, ("%s: a whole number is needed, or false for no such rule, not %s"):format(path,
      type(value) == "number" and tostring(value) or describe(value)))
  end
  return value
end

-- A driver may speak a channel that the table does not have: only what is nearly one of its names is a slip.
local function channel(path, value)
  text(path, value)
  local near = not channels.channels[value] and check.nearest(value, check.names(channels.channels))
  if near then fault(path, ("%s: there is no channel '%s'; did you mean '%s'?"):format(path, value, near)) end
  return value
end

-- One channel or a list of them; always a list.
local function channel_list(path, value)
  if type(value) ~= "table" then return { channel(path, value) } end
  local list = texts(path, value)
  for _, item in ipairs(list) do channel(path, item) end
  return list
end

local function topic_channels(path, value)
  local list = channel_list(path, value)
  if #list == 0 then fault(path, path .. ": name a channel, such as \"email\"") end
  return list
end

local policy = { asks_per_week = 3, max_channels = 3, two_then_call = 2, personal = true, breaker = 5, stop_company = false, opt_in = {} }
local policy_keys = { asks_per_week = limit, max_channels = limit, two_then_call = limit, personal = flag, breaker = limit,
  stop_company = flag, opt_in = channel_list }
local keep = { journals = "1 year", raw_mail = "1 year" }

-- One value or a list of them; always a list.
local function any_of(rule)
  return function(path, value)
    local list = {}
    for i, item in ipairs(type(value) == "table" and value or { value }) do list[i] = rule(path, item) end
    if #list == 0 then fault(path, path .. ": the list is empty") end
    return list
  end
end

-- What was sent counts for 90 days.
local function quarter(path, value)
  duration(path, value)
  if seconds_of(value) < 90 * 86400 then fault(path, path .. ": 90 days or more, because policy counts what was sent within them") end
  return duration(path, value)
end

local read_keep = record({
  journals = duration, raw_mail = duration, messages = quarter, attachments = duration, logs = duration, secret_uses = duration,
  contacts = quarter,
}, keep)

local read_workspace = record({
  timezone = text, hours = week, holidays = holidays, stages = texts, topics = map(topic_channels), database = text,
  public_url = url("https", "http"),
  policy = record(policy_keys, policy),
  undo = duration,
  keep = read_keep, segments = segments.reader(fault, { text = text, one_or_more = any_of, duration = duration, record = record }),
  redirect_all_to = mail_address, allow_addresses = addresses,
}, {
  database = "perigee.db", topics = {}, holidays = {}, policy = policy, undo = "0s", keep = keep, segments = {}, allow_addresses = {},
  stages = { "prospect", "contacted", "talking", "agreed", "briefed", "published", "paid", "silent", "declined" },
})

-- account "name" { } ------------------------------------------------------------------------------------------------

local secrets = {} -- what secret "name" returned → the name

local function sealed(what)
  return function(path, value)
    if type(value) == "string" then
      fault(path, ("%s: a %s does not stand in this file; store it with `perigee secret set NAME` and write %s = secret \"NAME\""):format(
        path, what, what))
    end
    if not secrets[value] then fault(path, path .. ": secret \"NAME\" is needed, not " .. describe(value)) end
    return secrets[value]
  end
end

local password = sealed "password"

-- One value or a list of them; always a list.
local function one_or_more(rule)
  return function(path, value)
    if type(value) ~= "table" or secrets[value] then return { rule(path, value) } end
    local list = {}
    for i, item in ipairs(value) do list[i] = rule(path, item) end
    if #list == 0 then fault(path, path .. ": the list is empty") end
    return list
  end
end

local read_dkim = record({ domain = text, selector = one_or_more(text), key = one_or_more(sealed "key") }, nil,
  { "domain", "selector", "key" })

-- { domain, selector, key } for each signature.
local function dkim(path, value)
  local read, list = read_dkim(path, value), {}
  if #read.selector ~= #read.key then
    fault(path, ("%s: each key has a selector of its own: there are %d selectors and %d keys"):format(path, #read.selector, #read.key))
  end
  for i, key in ipairs(read.key) do
    list[i] = { domain = read.domain, selector = read.selector[i], key = key }
  end
  return list
end

local server = { user = text, password = password, auth = one_of("plain", "login", "xoauth2"), tls = one_of("required", "none") }

local function server_keys(more)
  local keys = {}
  for key, rule in pairs(server) do keys[key] = rule end
  for key, rule in pairs(more) do keys[key] = rule end
  return keys
end

-- N, or { default = N, ["gmail.com"] = M }; always the table.
local function per_domain(path, value)
  local most = whole(1)
  if type(value) ~= "table" then return { default = most(path, value) } end
  local copy = {}
  for key, item in pairs(value) do
    if type(key) ~= "string" or (key ~= "default" and not key:match "^[^%s@.]+%.[^%s@]+$") then
      fault(path, ("%s: '%s' is neither default nor a domain such as [\"gmail.com\"]"):format(path, tostring(key)))
    end
    copy[key:lower()] = most(path .. "." .. key, item)
  end
  return copy
end

local cap_keys = { per_day = whole(1), per_domain = per_domain, gap = seconds, warmup = record({ from = whole(1), step = whole(1) }, nil, { "from", "step" }) }
local cap = record(cap_keys)

local shared_keys = { channel = text, from = text, owner = text, cap = cap, inbound = one_of("contacts", "everyone") }

local email_keys = {
  smtp = record(server_keys { url = url("smtp", "smtps") }, { tls = "required" }, { "url" }),
  imap = record(server_keys { url = url("imap", "imaps"), inbox = text, sent = text },
    { tls = "required", inbox = "INBOX", sent = "Sent" }, { "url" }),
  dkim = dkim, return_path = one_of("plus"),
}
for key, rule in pairs(shared_keys) do email_keys[key] = rule end

local defaults = { cap = {}, inbound = "contacts" }
local read_email = record(email_keys, defaults, { "channel", "from" })
local read_other = record(shared_keys, defaults, { "channel" })

-- "Léa Martin <lea@brand.example>" or the address alone.
local function split_from(account)
  local name, address = account.from:match "^%s*(.-)%s*<%s*([^<>%s]+@[^<>%s]+)%s*>%s*$"
  if not address then name, address = "", account.from:match "^%s*([^<>%s]+@[^<>%s]+)%s*$" end
  if not address or account.from:find "%c" then
    fault("from", ("account '%s': from is \"Name <address>\" or an address, not '%s'"):format(account.name, account.from))
  end
  account.from_name = name:match '^"(.*)"$' or name
  account.from_address = address
end

-- The file ----------------------------------------------------------------------------------------------------------

local function environment(result)
  local unfinished = {}
  local names = {}
  local known = {}

  function known.workspace(options)
    if result.workspace then fault(nil, "workspace { } stands twice") end
    result.workspace = read_workspace("workspace", whatif.workspace(options, check.names(policy_keys)))
    if not result.workspace.timezone then
      fault(nil, "workspace: 'timezone' is missing; for example timezone = \"Europe/Paris\"")
    end
    segments.check_stages(result.workspace.segments, result.workspace.stages, fault)
    result.workspace.hours = result.workspace.hours or hours.read { "mon-fri 09:00-18:00" }
  end

  function known.account(name)
    if type(name) ~= "string" or not name:match "^[%w_%-%.]+$" or #name > 64 then
      fault(nil, "account: a name of letters, digits, _ and - is needed: account \"partnerships\" { ... }")
    end
    if names[name] then fault(nil, ("there are two accounts named '%s'"):format(name)) end
    names[name] = true
    unfinished[name] = true
    return function(options)
      local path = ("account '%s'"):format(name)
      options = whatif.account(name, options, check.names(cap_keys))
      local is_email = type(options) == "table" and options.channel == "email"
      local account = (is_email and read_email or read_other)(path, options)
      account.name = name
      if is_email then split_from(account) end
      unfinished[name] = nil
      result.accounts[#result.accounts + 1] = account
    end
  end

  function known.secret(name)
    if type(name) ~= "string" or not name:match "^[%w_%-%.]+$" or #name > 64 then
      fault(nil, "secret: a name of letters, digits, _ and - is needed: secret \"partnerships\"")
    end
    local object = {}
    secrets[object] = name
    return object
  end

  host.setmetatable(known, {
    __metatable = false,
    __index = function(_, name)
      fault(nil, ("'%s' is not known in this file; it holds workspace { }, account \"name\" { } and secret \"name\"%s"):format(
        tostring(name), check.hint(tostring(name), { "workspace", "account", "secret" }):gsub("; known.*", "")))
    end,
    __newindex = function(_, name)
      fault(nil, ("'%s' can't be assigned in this file; it is data alone"):format(tostring(name)))
    end,
  })
  return known, unfinished
end

function M.load(name, files, context)
  local source = files[1].source
  file, lines = name, {}
  for line in (source .. "\n"):gmatch "(.-)\n" do lines[#lines + 1] = line end
  whatif.read(files[2] and files[2].source)
  local result = { accounts = {} }
  local known, unfinished = environment(result)
  context.compile(source, name, known)()
  local open = next(unfinished)
  if open then error(("%s:1: account \"%s\" is not followed by { ... }"):format(name, open), 0) end
  if not result.workspace then error(("%s:1: workspace { timezone = \"...\" } is missing"):format(name), 0) end
  local names = {}
  for i, account in ipairs(result.accounts) do names[i] = account.name end
  whatif.finish(check.names(policy_keys), names)
  result.channels = channels.channels
  return result, function() end
end

return M
