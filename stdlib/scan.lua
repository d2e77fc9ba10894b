-- SPDX-License-Identifier: MIT
-- What can be read off a script's source for `check`: the effects it asks for in plain sight, unknown globals, needs that are
-- missing or not used, modules. The source has been compiled, so it is valid Lua; this reads it once more, with scopes.

local reader = require "scan.reader"
local requests = require "scan.requests"

local M = {}

-- Is it a contact whose method is called? Others may have a send or task of their own.
local function may_be_contact(path)
  return path == "@" or path:match "contact$" ~= nil
end

-- Reads one file into `found`; used: what of needs is used, and where.
local function read_file(name, source, known, found, used)
  local is_main = found.main == name
  local function place(line, entry)
    entry.line = line
    entry.file = not is_main and name or nil
    return entry
  end
  local function use(key, line, text, is_certain)
    is_certain = is_certain ~= false
    if not used[key] or is_certain and not used[key].is_certain then
      used[key] = place(line, { text = text, is_certain = is_certain })
    end
  end
  local has_other_globals = false
  local seen = { member = function(member, line)
    if member == "needs" and is_main then found.needs_line = found.needs_line or line end
  end }
  function seen.module(module)
    if not module then found.wants_all = true end
    if module and module ~= "perigee" then found.wanted[#found.wanted + 1] = module end
  end
  function seen.other_globals()
    has_other_globals = true
  end
  function seen.path(path, line)
    if path == "perigee.store" or path:match "^perigee%.store%." then use("store", line, "perigee.store") end
    requests.name(found.requests, path, place(line, {}))
    if path == "perigee.contacts.upsert" then use("contacts write", line, path) end
    if path == "perigee.contacts.find" or path == "perigee.contacts.get" or path == "perigee.contacts.segment" then
      use("contacts read", line, path)
    end
  end
  function seen.call(path, arguments, line)
    requests.call(found.requests, path, arguments, place(line, {}), found.fault)
    if path == "perigee.contacts.segment" and arguments[1] and arguments[1].text then
      found.effects[#found.effects + 1] = place(line, { kind = "segment", segment = arguments[1].text })
    end
  end
  function seen.global(global, line, writes)
    if has_other_globals then return end
    if writes and known[global] == nil then
      found.faults[#found.faults + 1] = place(line, { text = ("assignment to unknown global '%s'"):format(global) })
    elseif known[global] == nil then
      found.faults[#found.faults + 1] = place(line, { text = ("unknown global '%s'"):format(global) })
    end
  end
  function seen.method(path, method, arguments, line)
    local is_contact = may_be_contact(path)
    if method == "send" or method == "try_send" then
      local channel, template = arguments[1] and arguments[1].text, arguments[2] and arguments[2].text
      use(channel and "send " .. channel or "send", line, ("contact:%s on channel '%s'"):format(method, channel or "?"), is_contact)
      if is_contact then
        found.effects[#found.effects + 1] = place(line, { kind = "send", channel = channel, template = template })
      end
    elseif method == "reach" or method == "try_reach" then
      local channels, template = arguments[1] and arguments[1].members or {}, arguments[2] and arguments[2].text
      if #channels == 0 then use("send", line, ("contact:%s on channels that are not named"):format(method), is_contact) end
      for _, channel in ipairs(channels) do
        use("send " .. channel, line, ("contact:%s on channel '%s'"):format(method, channel), is_contact)
        if is_contact then
          found.effects[#found.effects + 1] = place(line, { kind = "send", channel = channel, template = template })
        end
      end
    elseif method == "task" then
      use("task", line, "contact:task", is_contact)
      if is_contact then found.effects[#found.effects + 1] = place(line, { kind = "task" }) end
    elseif is_contact and (method == "enrol" or method == "enroll") then
      found.effects[#found.effects + 1] = place(line, { kind = "enrol", sequence = arguments[1] and arguments[1].text })
    end
  end
  reader.read(source, seen)
end

local function compare(needs, found, used)
  local function fault(use, need)
    if not use.is_certain then return end
    found.faults[#found.faults + 1] = { line = use.line, file = use.file, text = ("%s is not in needs: add %s"):format(use.text, need) }
  end
  local declared = {}
  for _, channel in ipairs(needs.send or {}) do declared[channel] = true end
  for key, use in pairs(used) do
    local channel = key:match "^send (.+)$"
    if channel and not declared[channel] then fault(use, ("send = { \"%s\" }"):format(channel)) end
  end
  if used.task and not needs.task then fault(used.task, "task = true") end
  if used.store and not needs.store then fault(used.store, "store = true") end
  if used["contacts write"] and needs.contacts ~= "write" then
    fault(used["contacts write"], "contacts = \"write\"")
  elseif used["contacts read"] and not needs.contacts then
    fault(used["contacts read"], "contacts = \"read\"")
  end
  local function warn(unused, remark)
    found.warnings[#found.warnings + 1] = { line = found.needs_line or 1, text = ("needs.%s is not used%s"):format(unused, remark or "") }
  end
  requests.compare(found.requests, needs, found.fault, warn)
  for _, channel in ipairs(needs.send or {}) do
    -- A channel that is worked out at run time may be any of them.
    if not used["send " .. channel] and not used.send then warn(("send: '%s'"):format(channel)) end
  end
  if needs.task and not used.task then warn "task" end
  if needs.store and not used.store then warn "store" end
  if needs.contacts and not used["contacts read"] and not used["contacts write"] then warn "contacts" end
end

local function by_line(a, b)
  local x, y = a.file or "", b.file or ""
  if x ~= y then return x < y end
  return a.line < b.line
end

-- An empty list would be encoded as an empty object, so it is left out.
local function filled(list)
  return #list > 0 and list or nil
end

-- The modules of the library that one of them requires itself.
local function read_library(source, found)
  pcall(reader.read, source, host.setmetatable({
    module = function(module)
      if module then found.wanted[#found.wanted + 1] = module end
    end,
  }, { __index = function() return function() end end }))
end

-- Reads the main file and the modules it requires in turn. Adds to the declarations: effects, warnings, faults, modules (the main
-- file among them, so that the list is never empty) and library, the sources of the modules perigee.NAME.
function M.load(name, files, context, declarations)
  local found = { main = name, effects = {}, warnings = {}, faults = {}, wanted = {}, modules = { name }, library = {}, requests = requests.new() }
  function found.fault(place, text)
    found.faults[#found.faults + 1] = { line = place.line, file = place.file, text = text }
  end
  local sources, done, used = {}, {}, {}
  for i = 2, #files do sources[context.module_of(files[i].name)] = files[i] end
  local function read(file, source)
    -- A slip in here must keep no valid script from running: what was read until then stands.
    if not pcall(read_file, file, source, context.globals, found, used) then found.wants_all = true end
  end
  read(name, files[1].source)
  local at = 1
  local function want_all() -- which they are is worked out at run time
    for module in pairs(sources) do
      if not done[module] then found.wanted[#found.wanted + 1] = module end
    end
  end
  if found.wants_all then want_all() end
  while at <= #found.wanted do
    local module = context.module_of(found.wanted[at])
    local of_library = not done[module] and context.library_text(module)
    if of_library then
      found.library[module] = of_library
      read_library(of_library, found)
    elseif not done[module] and sources[module] then
      found.modules[#found.modules + 1] = sources[module].name
      read(context.path_of(module), sources[module].source)
    end
    done[module] = true
    if at == #found.wanted and found.wants_all then want_all() end
    at = at + 1
  end
  compare(declarations.needs, found, used)
  table.sort(found.faults, by_line)
  table.sort(found.warnings, by_line)
  table.sort(found.modules)
  for _, key in ipairs { "effects", "warnings", "faults", "modules" } do declarations[key] = filled(found[key]) end
  declarations.library = found.library
  return declarations
end

return M
