-- SPDX-License-Identifier: MIT
-- What stands in every state before any other Lua: the rest of the two environments (runtime/worker/environment.c) and
-- the loading of programs. `ours` is the stdlib's environment, `theirs` the scripts'; `host` are the bindings.

local ours, theirs = ...
local host = ours.host
local raise, compile = host.raise, host.compile
local type, rawget, rawset, pairs, select = ours.type, ours.rawget, ours.rawset, ours.pairs, ours.select
local format, gsub, sub = ours.string.format, ours.string.gsub, ours.string.sub

-- Undeclared globals ------------------------------------------------------------------------------------------------

local absent = {
  io = "files", os = "the system", debug = "debug", package = "package", dofile = "files", loadfile = "files",
  print = "print: use perigee.log", collectgarbage = "the collector", _G = "_G",
}

local function strict(environment)
  host.setmetatable(environment, {
    __metatable = false,
    __index = function(_, name)
      if type(name) ~= "string" then return nil end
      if absent[name] then raise(format("a script has no %s (unknown global '%s')", absent[name], name)) end
      raise(format("unknown global '%s'; declare it with local", name))
    end,
    __newindex = function(_, name)
      raise(format("assignment to unknown global '%s'; declare it with local", ours.tostring(name)))
    end,
  })
end

-- A stable sort -----------------------------------------------------------------------------------------------------

-- Equal elements keep their order and the comparator is called the same way every time, which a replay needs.
local function merge_sort(list, n, before)
  local from, to = list, {}
  -- Runs of 8 by insertion, then merged in rounds.
  for first = 1, n, 8 do
    local last = first + 7 < n and first + 7 or n
    for i = first + 1, last do
      local value, at = list[i], i - 1
      while at >= first and before(value, list[at]) do
        list[at + 1] = list[at]
        at = at - 1
      end
      list[at + 1] = value
    end
  end
  local width = 8
  while width < n do
    for first = 1, n, 2 * width do
      local left, right, at = first, first + width, first
      local middle = right <= n + 1 and right or n + 1
      local stop = first + 2 * width <= n + 1 and first + 2 * width or n + 1
      while left < middle and right < stop do
        if before(from[right], from[left]) then
          to[at] = from[right]
          right = right + 1
        else
          to[at] = from[left]
          left = left + 1
        end
        at = at + 1
      end
      while left < middle do
        to[at] = from[left]
        left, at = left + 1, at + 1
      end
      while right < stop do
        to[at] = from[right]
        right, at = right + 1, at + 1
      end
    end
    from, to = to, from
    width = 2 * width
  end
  return from
end

local function less(a, b) return a < b end

local function sort(list, before)
  if type(list) ~= "table" then raise(format("table.sort: a list is needed, not a %s", type(list))) end
  if before ~= nil and type(before) ~= "function" then raise(format("table.sort: the order is a function, not a %s", type(before))) end
  local n = #list
  if n > 1000000 then raise("table.sort: more than 1,000,000 elements") end
  local copy = {}
  for i = 1, n do copy[i] = list[i] end
  local sorted = merge_sort(copy, n, before or less)
  for i = 1, n do list[i] = sorted[i] end
end

ours.table.sort, theirs.table.sort = sort, sort

-- Source text -------------------------------------------------------------------------------------------------------

local LOAD_BYTES = 64 * 1024

local function loader(environment)
  return function(source, name, mode, env, ...)
    if type(source) ~= "string" then raise(format("load: takes a text, not a %s", type(source))) end
    if mode ~= nil and mode ~= "t" and mode ~= "bt" then raise("load: only source text (mode \"t\")") end
    if #source > LOAD_BYTES then raise("load: more than 64 KiB") end
    -- A name of the stdlib's form would hide where an error is.
    if type(name) ~= "string" or sub(name, 1, 2) == "=[" or #name > 100 then name = "=(load)" end
    if env == nil and select("#", ...) == 0 then env = environment end
    if type(env) ~= "table" then raise("load: the environment is a table") end
    return compile(source, name, env)
  end
end

ours.load, theirs.load = loader(ours), loader(theirs)

-- Modules -----------------------------------------------------------------------------------------------------------

local ours_loaded = { markdown = host.markdown }

function ours.require(name)
  local module = ours_loaded[name]
  if module == nil then
    local chunk, text = host.library((gsub(name, "%.", "/")) .. ".lua", ours)
    if not chunk then ours.error(text, 0) end
    module = chunk(name)
    ours_loaded[name] = module == nil and true or module
  end
  return module
end

-- What scripts require: the library of perigee.NAME, which runs as their own code does (its names in "[]" make host.raise blame the
-- script's line), and modules of the workspace. `pinned` are the sources of perigee.NAME that a version was entered with.
local public = { perigee = true }
local sources, pinned, loaded = {}, {}, {}
local LOADING = {}

local function library_file(name)
  return format("perigee/%s.lua", sub(name, #"perigee." + 1))
end

-- The checks of stdlib/check.lua for modules of the library, which must not change them.
loaded["perigee.check"] = false
local function check_view()
  local view = { raise = raise }
  for name, value in pairs(ours.require "check") do view[name] = value end
  return host.frozen(view, "perigee.check can't be assigned to")
end

local function chunk_of(name)
  if pinned[name] then return compile(pinned[name], format("=[%s]", library_file(name)), theirs) end
  if ours.string.find(name, "^perigee%.[%w_]+$") then
    if not host.library_text(library_file(name)) then
      local known = ours.require "check".hint(name, host.library_modules())
      raise(format("require: the library has no module '%s'%s", name, known))
    end
    return host.library(library_file(name), theirs)
  end
  return nil
end

-- Modules are the files of lib/, named with dots or slashes: "words" and "lib.words" are lib/words.lua.
local function module_of(name)
  name = gsub(gsub(name, "%.lua$", ""), "/", ".")
  return (gsub(name, "^lib%.", ""))
end

local function path_of(module)
  return "lib/" .. gsub(module, "%.", "/") .. ".lua"
end

function theirs.require(name)
  if type(name) ~= "string" then raise(format("require: takes the name of a module, not a %s", type(name))) end
  if public[name] then return ours.require(name) end
  local asked = name
  name = module_of(name)
  if loaded[name] == false then loaded[name] = check_view() end
  local module = loaded[name]
  if module == LOADING then raise(format("require: module '%s' requires itself", asked)) end
  if module ~= nil then return module end
  local chunk, text = chunk_of(name)
  if not chunk and not text then
    if not sources[name] then raise(format("require: there is no module '%s' in the workspace (lib/)", asked)) end
    chunk, text = compile(sources[name], "@" .. path_of(name), theirs)
  end
  if not chunk then ours.error(text, 0) end
  loaded[name] = LOADING
  module = chunk(name)
  loaded[name] = module == nil and true or module
  sources[name], pinned[name] = nil, nil
  return loaded[name]
end

-- Programs ----------------------------------------------------------------------------------------------------------

-- The module that loads each type. Its load(name, files, context) returns declarations and the entry that the host calls.
local loaders = { script = "script", test = "testing", model = "model", workspace = "workspace", template = "texts", liquid = "texts", scan = "scan" }

local globals = { require = true, _ENV = true }
for name in pairs(theirs) do globals[name] = true end

local context = {
  environment = theirs,
  globals = globals,
  -- Compiles a file of the program; the main file keeps the name the host gave it.
  compile = function(source, name, environment)
    local chunk, text = compile(source, "@" .. name, environment or theirs)
    if not chunk then ours.error(text, 0) end
    return chunk
  end,
  -- Makes the other files modules.
  module_of = module_of,
  path_of = path_of,
  set_modules = function(files)
    for i = 2, #files do
      local of_library = ours.string.match(files[i].name, "^%[(perigee%.[%w_]+)%]$")
      if of_library then
        pinned[of_library] = files[i].source
      else
        sources[module_of(files[i].name)] = files[i].source
      end
    end
  end,
  -- The library's own text of perigee.NAME, or nil.
  library_text = function(name)
    return ours.string.find(name, "^perigee%.[%w_]+$") and host.library_text(library_file(name)) or nil
  end,
}

host.keep {
  prepare = function(kind)
    ours.require(loaders[kind])
  end,
  load = function(kind, name, files, declarations)
    context.type = kind
    return ours.require(loaders[kind]).load(name, files, context, declarations)
  end,
}

strict(theirs)
strict(ours)
