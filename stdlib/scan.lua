-- SPDX-License-Identifier: MIT
-- What can be read off a script's source for `check`: the effects it asks for in plain sight, unknown globals, needs that are
-- missing or not used, modules. The source has been compiled, so it is valid Lua; this reads it once more, with scopes.

local check = require "check"
local library = require "scan.library"
local meanings = require "scan.meanings"
local names = require "scan.names"
local reader = require "scan.reader"
local requests = require "scan.requests"

local M = {}

local function compare(needs, found, used)
  local function fault(use, need)
    if use.is_certain then found.fault(use, ("%s is not in needs: add %s"):format(use.text, need), "undeclared-need") end
  end
  local declared = {}
  for _, channel in ipairs(needs.send or {}) do declared[channel] = true end
  for key, use in pairs(used) do
    local channel = key:match "^send (.+)$"
    if channel and not declared[channel] then fault(use, ("send = { \"%s\" }"):format(channel)) end
  end
  if used["library send"] and not next(declared) then fault(used["library send"], "send = { \"email\" }") end
  if used.task and not needs.task then fault(used.task, "task = true") end
  if used.store and not needs.store then fault(used.store, "store = true") end
  if used.broadcast and not needs.broadcast then fault(used.broadcast, "broadcast = true") end
  if used["contacts write"] and needs.contacts ~= "write" then
    fault(used["contacts write"], "contacts = \"write\"")
  elseif used["contacts read"] and not needs.contacts then
    fault(used["contacts read"], "contacts = \"read\"")
  end
  local function warn(unused, remark)
    found.warning(found.needs[unused] or found.needs[1] or { line = 1 }, ("needs.%s is not used%s"):format(unused, remark or ""), "unused-need")
  end
  requests.compare(found.requests, needs, found.fault, warn)
  -- What is handed a contact may do with it what the library can.
  if found.hands_on and next(found.library) then used = host.setmetatable({}, { __index = function() return true end }) end
  for _, channel in ipairs(needs.send or {}) do
    -- A channel that is worked out at run time may be any of them.
    if not used["send " .. channel] and not used.send and not used["library send"] then warn(("send: '%s'"):format(channel)) end
  end
  if needs.task and not used.task then warn "task" end
  if needs.store and not used.store then warn "store" end
  if needs.broadcast and not used.broadcast then warn "broadcast" end
  if needs.contacts and not used["contacts read"] and not used["contacts write"] then warn "contacts" end
end

local function by_line(a, b)
  local x, y = a.file or "", b.file or ""
  if x ~= y then return x < y end
  if a.line ~= b.line then return a.line < b.line end
  return (a.column or 0) < (b.column or 0)
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

-- Reads the main file and the modules it requires in turn. Without declarations the source, which has not been run, is compiled first.
-- Adds to the declarations: effects, warnings, faults, modules (the main file among them, so that the list is never empty) and library,
-- the sources of the modules perigee.NAME.
function M.load(name, files, context, declarations)
  if not declarations then
    context.compile(files[1].source, name)
    declarations = {}
  end
  local found = { effects = {}, warnings = {}, faults = {}, wanted = {}, asked = {}, needs = {}, modules = { name }, library = {}, requests = requests.new() }
  local function finding(list)
    return function(place, text, code)
      list[#list + 1] = { line = place.line, column = place.column, size = place.size, file = place.file, text = text, code = code }
    end
  end
  found.fault, found.warning = finding(found.faults), finding(found.warnings)
  local sources, done, used = {}, {}, {}
  for i = 2, #files do sources[context.module_of(files[i].name)] = files[i] end
  local modules = {} -- of the library, as they are asked for
  local function module_of(module)
    if modules[module] == nil then modules[module] = library.of(module, context) or false end
    return modules[module]
  end
  local known = context.globals
  if name:find "^tests/" then known = names.set_of(names.sorted(known), { "test" }) end
  local function read(file, source)
    -- A slip in here must keep no valid script from running: what was read until then stands.
    local listener = meanings.listener {
      name = file, is_main = file == name, found = found, known = known, library = module_of,
      use = function(key, place, is_certain)
        place.is_certain = is_certain ~= false
        if not used[key] or place.is_certain and not used[key].is_certain then used[key] = place end
      end,
    }
    if not pcall(reader.read, source, listener) then found.wants_all = true end
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
  for _, place in ipairs(found.asked) do
    local module = context.module_of(place.module)
    if not sources[module] and not context.library_text(module) and module ~= "perigee.check" then
      local list = module:find "^perigee%." and host.library_modules() or names.sorted(sources)
      found.fault(place, ("there is no module '%s'%s"):format(place.module, check.hint(module, list)), "missing-module")
    end
  end
  if declarations.needs then compare(declarations.needs, found, used) end
  table.sort(found.faults, by_line)
  table.sort(found.warnings, by_line)
  table.sort(found.modules)
  for _, key in ipairs { "effects", "warnings", "faults", "modules" } do declarations[key] = filled(found[key]) end
  declarations.library = found.library
  return declarations
end

return M
