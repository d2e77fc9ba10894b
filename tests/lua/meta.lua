-- SPDX-License-Identifier: MIT
-- Compares the annotations for editors with the program; tests/c/meta_test.c runs it in the stdlib's environment, with signature(f) and
-- what is to be compared. Returns what does not agree, a line each.

local signature, respect = ...

local check = require "check"
local checks = { raise = host.raise } -- as prelude.lua gives them to scripts, before they are spied on below
for name, value in pairs(check) do checks[name] = value end
local contact = require "contact"
local faults = {}

local function fault(...)
  faults[#faults + 1] = string.format(...)
end

-- What the annotations say --------------------------------------------------------------------------------------------

-- functions: "perigee.store.get" → {params = {names}, doc = text}; classes: name → {field = type}; in a file's order.
local function read(file, into)
  local doc, class = {}, nil
  for line in (host.library_text(file) .. "\n"):gmatch "(.-)\n" do
    line = line:match "^%s*(.*)$"
    local name, params = line:match "^function%s+([%w_.:]+)%s*(%b())"
    if line:match "^%-%-%-" then
      doc[#doc + 1] = line
      class = line:match "^%-%-%-@class%s+([%w_.]+)" or class
      if line:match "^%-%-%-@class" then into.classes[class] = into.classes[class] or {} end
      local field, kind = line:match "^%-%-%-@field%s+([%w_]+)%??%s+(.*)$"
      if field then into.classes[class][field] = kind end
    else
      if name then
        local list = {}
        for param in params:gmatch "[%w_.]+" do list[#list + 1] = param end
        into.functions[name] = { params = list, doc = table.concat(doc, "\n"), file = file }
      end
      doc, class = {}, nil
    end
  end
  return into
end

local meta = { functions = {}, classes = {} }
for _, name in ipairs { "perigee", "contact", "testing", "workspace", "model", "check" } do read(("meta/%s.lua"):format(name), meta) end

-- The keys of an inline table type: { a: string, b?: { c: number } } → a, b.
local function inline_keys(kind)
  local keys, depth, word = {}, 0, ""
  for at = 1, #kind do
    local c = kind:sub(at, at)
    if c == "{" or c == "(" or c == "<" then depth = depth + 1 elseif c == "}" or c == ")" or c == ">" then depth = depth - 1 end
    if depth == 1 and c == ":" then
      local key = word:match "([%w_]+)%??$"
      if key then keys[key] = true end
    end
    word = word .. c
  end
  return keys
end

local function param_type(name, param)
  local one = meta.functions[name]
  return one and one.doc:match("%-%-%-@param%s+" .. param .. "%??%s+([^\n]*)") or ""
end

-- Comparing -----------------------------------------------------------------------------------------------------------

local function same(what, annotated, there)
  for name in pairs(there) do
    if annotated[name] == nil then fault("%s has %s, which is not annotated", what, name) end
  end
  for name in pairs(annotated) do
    if there[name] == nil then fault("%s: %s is annotated, and not there", what, name) end
  end
end

local function set(...)
  local all = {}
  for _, list in ipairs { ... } do
    for key, value in pairs(list) do all[math.type(key) and value or key] = true end
  end
  return all
end

-- functions: name → function; prefix: of the annotations ("perigee.", "contact:"); skip: parameters before the first that is annotated.
local function same_calls(what, prefix, functions, skip)
  local annotated = {}
  for name, one in pairs(meta.functions) do
    if name:sub(1, #prefix) == prefix and not name:sub(#prefix + 1):find "[.:]" then annotated[name:sub(#prefix + 1)] = one end
  end
  same(what, annotated, functions)
  for name, one in pairs(annotated) do
    local f = functions[name]
    if type(f) == "function" then
      local n, more = signature(f)
      if n - skip ~= #one.params and not more then
        fault("%s%s takes %d arguments; %d are annotated", prefix, name, n - skip, #one.params)
      end
    end
  end
end

-- What a call takes: the keys that it checks its options against. Found by calling it with a key that nobody knows.
local asked
local options, names = check.options, check.names
function check.options(what, value, spec, required)
  asked = set(spec)
  return options(what, value, spec, required)
end
function check.names(spec)
  asked = asked or set(spec)
  return names(spec)
end

local function keys_of(call)
  asked = nil
  pcall(call)
  return asked or {}
end

local NOBODY = { nobody_knows_this_key = true }

-- The comparisons -----------------------------------------------------------------------------------------------------

local compare = {}

function compare.perigee()
  local perigee = require "perigee"
  local functions = {}
  for name, value in pairs(perigee) do
    if type(value) == "function" then functions[name] = value end
  end
  same_calls("perigee", "perigee.", functions, 0)
  for _, name in ipairs { "store", "contacts" } do
    local members = {}
    for key, value in pairs(perigee[name]) do members[key] = value end
    same_calls("perigee." .. name, name .. ".", members, 0)
    if not meta.classes.perigee[name] then fault("perigee.%s is not annotated as a field of perigee", name) end
  end
end

function compare.contact()
  local has = contact.names()
  same_calls("a contact", "contact:", has.functions, 1)
  local attributes = set(has.attributes, has.channels)
  for name in pairs(has.functions) do attributes[name] = nil end -- contact.signal is the call
  same("a contact", meta.classes["perigee.Contact"], attributes)
end

function compare.test()
  local functions = require "testing".names().functions
  same_calls("t", "t:", functions, 1)
  if not meta.functions.test then fault "test is not annotated" end
end

function compare.check()
  same_calls("perigee.check", "check.", checks, 0)
end

function compare.keys()
  local perigee, object = require "perigee", contact.own({ id = "ana" })
  local function method(name, ...)
    local given = { ... }
    return function() object[name](object, table.unpack(given)) end
  end
  local classes = {
    ["perigee.SequenceOptions"] = function() perigee.sequence(NOBODY) end,
    ["perigee.JobOptions"] = function() perigee.job(NOBODY) end,
    ["perigee.HookOptions"] = function() perigee.hook(NOBODY) end,
    ["perigee.Request"] = function() perigee.http(NOBODY) end,
    ["perigee.Needs"] = function() perigee.sequence { needs = NOBODY } end,
    ["perigee.Limits"] = function() perigee.sequence { limits = NOBODY } end,
    ["perigee.SendOptions"] = method("send", "email", "x", NOBODY),
  }
  if meta.classes["perigee.Broadcast"] then classes["perigee.Broadcast"] = function() perigee.broadcast(NOBODY) end end
  for name, call in pairs(classes) do same(name, meta.classes[name], keys_of(call)) end
  for name, call in pairs { ["contact:task"] = { "task", method("task", NOBODY) }, ["contact:messages"] = { "options", method("messages", NOBODY) } } do
    same(name, inline_keys(param_type(name, call[1])), keys_of(call[2]))
  end
  for name, spec in pairs(require "testing".names().keys) do
    local one = meta.functions["t:" .. name]
    local kind = one and param_type("t:" .. name, one.params[1]) or ""
    if kind:find "{" then same("t:" .. name, inline_keys(kind), set(spec)) end
  end
  same("a model's answer", meta.classes["perigee.model.Happening"], require "model".keys)
end

function compare.workspace()
  local load = require "workspace".load
  local function file(text)
    return function()
      load("perigee.lua", { { name = "perigee.lua", source = text } }, { compile = function(source, name, environment)
        return host.compile(source, "@" .. name, environment)
      end })
    end
  end
  local mail = 'account "a" { channel = "email", from = "a@b.example", %s }'
  local cases = {
    ["perigee.Workspace"] = "workspace { nobody_knows = 1 }", ["perigee.Policy"] = "workspace { policy = { nobody_knows = 1 } }",
    ["perigee.Keep"] = "workspace { keep = { nobody_knows = 1 } }", ["perigee.Segment"] = "workspace { segments = { x = { nobody_knows = 1 } } }",
    ["perigee.Cap"] = mail:format "cap = { nobody_knows = 1 }", ["perigee.Dkim"] = mail:format "dkim = { nobody_knows = 1 }",
    ["perigee.Account"] = mail:format "nobody_knows = 1", ["perigee.Server"] = mail:format "imap = { nobody_knows = 1 }",
  }
  -- The sentence about a key that nobody knows asks for the names of those that there are; the last asked is the innermost table.
  for class, text in pairs(cases) do
    local last
    function check.names(spec)
      last = set(spec)
      return names(spec)
    end
    local _, said = pcall(file(text))
    local listed = tostring(said):match "known: ([%w_, ]+);" -- a segment's sentence holds them
    if listed then
      last = {}
      for key in listed:gmatch "[%w_]+" do last[key] = true end
    end
    same(class, meta.classes[class], last or {})
  end
  for _, name in ipairs { "workspace", "account", "secret" } do
    if not meta.functions[name] then fault("%s is not annotated", name) end
  end
end

function compare.words()
  local has = contact.names()
  local events, kinds = param_type("contact:wait", "events"), param_type("contact:task", "task")
  for _, event in ipairs(has.events) do
    if not (" " .. events .. ","):find("[ ,]" .. event .. ",") then fault("contact:wait: the event %s is not annotated", event) end
  end
  for _, kind in ipairs(has.task_kinds) do
    if not kinds:find('"' .. kind .. '"', 1, true) then fault("contact:task: the kind %s is not annotated", kind) end
  end
  local annotated = {}
  for kind in kinds:gmatch '"([%w_]+)"' do annotated[kind] = true end
  same("contact:task: kinds", annotated, set(has.task_kinds))
  for _, method in ipairs(host.methods()) do
    if not meta.classes["perigee.Request"].method:find('"' .. method .. '"', 1, true) then fault("perigee.http: the method %s is not annotated", method) end
  end
end

-- Modules of the library are loaded as scripts load them.
local function library_modules(see)
  local library = require "scan.library"
  for _, name in ipairs(host.library_modules()) do
    local file = ("perigee/%s.lua"):format(name:match "%.(.*)$")
    see(name, file, read(file, { functions = {}, classes = {} }), library)
  end
end

-- Modules that other modules are made of have no section in docs/library.md; what they have is for those who read the source.
local function is_public(file)
  return host.library_text(file):match "^%-%- SPDX[^\n]*\n%-%- perigee%.[%w_]+:" ~= nil
end

function compare.library()
  local n = 0
  library_modules(function(name, file, found)
    if not is_public(file) then return end
    n = n + 1
    local source = host.library_text(file)
    local main = source:match "\nreturn ([%w_]+)%s*$" or "M"
    for line in source:gmatch "[^\n]+" do
      local member = line:match("^%s*" .. main .. "%.([%w_]+)%s*=%s*function") or line:match("^%s*function%s+" .. main .. "%.([%w_]+)")
      local one = member and (found.functions[main .. "." .. member])
      if member and (not one or one.doc == "") then fault("%s.%s has no annotation", name, member) end
    end
  end)
  if n == 0 then fault "there is no module of the library" end
end

local function look_at(what, one, needs_example)
  if needs_example and not one.doc:find "```lua" then fault("%s has no example", what) end
  for _, param in ipairs(one.params) do
    local word = param == "..." and "%.%.%." or param
    if param ~= "_" and not one.doc:find("%-%-%-@param%s+" .. word .. "[%s?]") then fault("%s: the parameter %s is not annotated", what, param) end
  end
  for param in one.doc:gmatch "%-%-%-@param%s+([%w_.]+)" do
    if not set(one.params)[param] then fault("%s: %s is annotated, and no parameter", what, param) end
  end
end

function compare.examples()
  for name, one in pairs(meta.functions) do look_at(name, one, true) end
  library_modules(function(module, file, found)
    for name, one in pairs(found.functions) do
      if one.doc ~= "" then look_at(module .. ": " .. name, one, is_public(file)) end
    end
  end)
end

compare[respect]()
table.sort(faults)
return table.concat(faults, "\n")
