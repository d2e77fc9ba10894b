-- SPDX-License-Identifier: MIT
-- What can be read off a script's source for `check`: the effects it asks for in plain sight, unknown globals, needs that are
-- missing or not used, modules. The source has been compiled, so it is valid Lua; this reads it once more, with scopes.

local M = {}

-- Words and signs ---------------------------------------------------------------------------------------------------

local function long_bracket(source, at)
  local level = source:match("^%[(=*)%[", at)
  if not level then return nil end
  local _, stop = source:find("]" .. level .. "]", at + #level + 2, true)
  stop = stop or #source
  return source:sub(at + #level + 2, stop - #level - 2), stop + 1
end

local function quoted(source, at)
  local quote, from = source:sub(at, at), at + 1
  while true do
    local stop = source:find("[\\" .. quote .. "]", from)
    if not stop then return source:sub(at + 1), #source + 1 end
    if source:sub(stop, stop) == quote then return source:sub(at + 1, stop - 1), stop + 1 end
    from = stop + 2
  end
end

local keywords = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true until while]])
  :gmatch "%a+" do
  keywords[word] = true
end

local function lines_in(text)
  return select(2, text:gsub("\n", ""))
end

-- Three lists side by side: kind (name, string, number, or the sign or keyword itself), text, line.
local function tokens_of(source)
  local kinds, texts, lines, n, at, line = {}, {}, {}, 0, 1, 1
  local function add(kind, text)
    n = n + 1
    kinds[n], texts[n], lines[n] = kind, text, line
  end
  while true do
    local space, after = source:match("^(%s*)()", at)
    line, at = line + lines_in(space), after
    if at > #source then break end
    local word = source:match("^[%a_][%w_]*", at)
    local number = not word and source:match("^%.?%d[%w%.]*", at)
    local start = source:sub(at, at)
    if word then
      add(keywords[word] and word or "name", word)
      at = at + #word
    elseif number then
      -- The sign of an exponent belongs to it.
      number = source:match("^0[xX][%x%.]*[pP][+-]%d+", at) or source:match("^%.?%d[%d%.]*[eE][+-]%d+", at) or number
      add("number", number)
      at = at + #number
    elseif source:find("^%-%-", at) then
      local text, stop = long_bracket(source, at + 2)
      if not text then stop = source:find("\n", at, true) or #source + 1 end
      line, at = line + lines_in(source:sub(at, stop - 1)), stop
    elseif start == '"' or start == "'" then
      local text, stop = quoted(source, at)
      add("string", text)
      line, at = line + lines_in(text), stop
    else
      local text, stop = long_bracket(source, at)
      if text then
        add("string", text)
        line, at = line + lines_in(source:sub(at, stop - 1)), stop
      else
        local sign = source:match("^%.%.%.", at) or source:match("^%.%.", at) or source:match("^[<>=~]=", at)
          or source:match("^<<", at) or source:match("^>>", at) or source:match("^//", at) or source:match("^::", at) or start
        add(sign, sign)
        at = at + #sign
      end
    end
  end
  add("end of file", "")
  return { kinds = kinds, texts = texts, lines = lines }
end

-- Reading with scopes -----------------------------------------------------------------------------------------------

-- A reader walks the tokens. Scopes map a local's name to the path it stands for: "perigee.store"; "@" for parameters and
-- variables of loops, which may be contacts; "?" for all others.
local Reader = {}
Reader.__index = Reader

local function reader(source, seen)
  local tokens = tokens_of(source)
  return host.setmetatable({
    kinds = tokens.kinds, texts = tokens.texts, lines = tokens.lines, at = 1, scope = {}, seen = seen,
  }, Reader)
end

function Reader:is(kind)
  return self.kinds[self.at] == kind
end

function Reader:take(kind)
  if self.kinds[self.at] ~= kind then return nil end
  self.at = self.at + 1
  return self.texts[self.at - 1], self.lines[self.at - 1]
end

function Reader:need(kind)
  local text, line = self:take(kind)
  if not text then error("scan: " .. kind .. " expected in line " .. self.lines[self.at], 0) end
  return text, line
end

function Reader:open()
  self.scope = { [0] = self.scope }
end

function Reader:close()
  self.scope = self.scope[0]
end

function Reader:declare(name, stands_for)
  if name == "_ENV" then self.seen.other_globals() end
  self.scope[name] = stands_for or name:match "contact$" or "?"
end

function Reader:find(name)
  local scope = self.scope
  while scope do
    if scope[name] then return scope[name] end
    scope = scope[0]
  end
end

function Reader:block()
  self:open()
  while not (self:is "end" or self:is "else" or self:is "elseif" or self:is "until" or self:is "end of file") do
    self:statement()
  end
end

function Reader:closed_block(stop)
  self:block()
  self:close()
  self:need(stop)
end

function Reader:function_body(method)
  self:open()
  if method then self:declare "self" end
  self:need "("
  while not self:take ")" do
    local name = self:take "name"
    if name then self:declare(name, "@") else self:need "..." end
    self:take ","
  end
  self:closed_block "end"
  self:close()
end

-- A table; returns its members that are plain texts.
function Reader:table()
  local members = {}
  self:need "{"
  while not self:take "}" do
    if self:take "[" then
      self:expression()
      self:need "]"
      self:need "="
      self:expression()
    elseif self:is "name" and self.kinds[self.at + 1] == "=" then
      local name, line = self:take "name"
      self:need "="
      self.seen.member(name, line)
      members[name] = self:expression().text
    else
      members[#members + 1] = self:expression().text
    end
    if not self:take "," then self:take ";" end
  end
  return members
end

-- The arguments of a call: a list of what is known of each.
function Reader:arguments()
  if self:is "string" then return { { text = self:take "string" } } end
  if self:is "{" then return { { members = self:table() } } end
  local list = {}
  self:need "("
  while not self:take ")" do
    list[#list + 1] = self:expression()
    self:take ","
  end
  return list
end

-- A name, call or index. Returns {path=} ("perigee.store") while that is known.
function Reader:suffixed()
  local value = {}
  local name, line = self:take "name"
  if name then
    local stands_for = self:find(name)
    if stands_for then
      value.path = stands_for
    else
      value.path, value.global, value.line = name, name, line
    end
  else
    self:need "("
    self:expression()
    self:need ")"
  end
  while true do
    if value.path then self.seen.path(value.path, self.lines[self.at - 1]) end
    if self:take "." then
      local member = self:need "name"
      self:read(value)
      value = { path = value.path and value.path .. "." .. member }
    elseif self:take "[" then
      self:read(value)
      self:expression()
      self:need "]"
      value = {}
    elseif self:take ":" then
      self:read(value)
      local method, at_line = self:need "name"
      self.seen.method(value.path or "?", method, self:arguments(), at_line)
      value = {}
    elseif self:is "(" or self:is "string" or self:is "{" then
      local requires = value.global == "require"
      if requires then value.global = nil end
      self:read(value)
      local path, arguments = value.path, self:arguments()
      value = {}
      if requires then
        local module = arguments[1] and arguments[1].text
        self.seen.module(module)
        value.path = module == "perigee" and "perigee" or nil
      elseif path == "perigee.contacts.get" or path == "perigee.contacts.upsert" then
        value.path = "contact"
      end
    else
      return value
    end
  end
end

function Reader:read(value)
  if value.global == "require" then self.seen.module(nil) end -- handed on: it may ask for anything
  if value.global then self.seen.global(value.global, value.line) end
  value.global = nil
end

local unary = { ["not"] = true, ["-"] = true, ["#"] = true, ["~"] = true }
local binary = {}
for sign in ("+ - * / // % ^ & | ~ << >> .. < <= > >= == ~= and or"):gmatch "%S+" do binary[sign] = true end

function Reader:simple()
  local text = self:take "string"
  if text then return { text = text } end
  if self:take "number" or self:take "nil" or self:take "true" or self:take "false" or self:take "..." then return {} end
  if self:is "{" then return { members = self:table() } end
  if self:take "function" then
    self:function_body()
    return {}
  end
  local value = self:suffixed()
  self:read(value)
  return value
end

-- What is known of an expression: {text=} of a literal, {members=} of a table, {path=}; {} of all others.
function Reader:expression()
  while unary[self.kinds[self.at]] do self.at = self.at + 1 end
  local value = self:simple()
  while binary[self.kinds[self.at]] do
    self.at = self.at + 1
    while unary[self.kinds[self.at]] do self.at = self.at + 1 end
    self:simple()
    value = {}
  end
  return value
end

function Reader:expressions()
  local first = self:expression()
  while self:take "," do self:expression() end
  return first
end

local statements = {}

statements["if"] = function(self)
  self:expression()
  self:need "then"
  self:block()
  self:close()
  while self:take "elseif" do
    self:expression()
    self:need "then"
    self:block()
    self:close()
  end
  if self:take "else" then
    self:block()
    self:close()
  end
  self:need "end"
end

statements["while"] = function(self)
  self:expression()
  self:need "do"
  self:closed_block "end"
end

statements["do"] = function(self)
  self:closed_block "end"
end

statements["for"] = function(self)
  local names = { (self:need "name") }
  while self:take "," do names[#names + 1] = self:need "name" end
  if not self:take "=" then self:need "in" end
  self:expressions()
  self:need "do"
  self:open()
  for _, name in ipairs(names) do self:declare(name, "@") end
  self:closed_block "end"
  self:close()
end

statements["repeat"] = function(self)
  self:block()
  self:need "until"
  self:expression() -- sees the locals of the block
  self:close()
end

statements["function"] = function(self)
  local name, line = self:need "name"
  local alone, method = true, false
  while self:take "." or self:is ":" do
    alone = false
    method = self:take ":" and true
    self:need "name"
    if method then break end
  end
  if not self:find(name) then self.seen.global(name, line, alone) end
  self:function_body(method)
end

statements["local"] = function(self)
  if self:take "function" then
    self:declare((self:need "name"))
    self:function_body()
    return
  end
  local names = {}
  repeat
    names[#names + 1] = self:need "name"
    if self:take "<" then
      self:need "name"
      self:need ">"
    end
  until not self:take ","
  local first = self:take "=" and self:expressions()
  for i, name in ipairs(names) do self:declare(name, i == 1 and first and first.path or nil) end
end

statements["return"] = function(self)
  if not (self:is "end" or self:is "else" or self:is "elseif" or self:is "until" or self:is ";" or self:is "end of file") then
    self:expressions()
  end
  self:take ";"
end

statements["goto"] = function(self) self:need "name" end
statements["break"] = function() end
statements[";"] = function() end

statements["::"] = function(self)
  self:need "name"
  self:need "::"
end

function Reader:statement()
  local handler = statements[self.kinds[self.at]]
  if handler then
    self.at = self.at + 1
    return handler(self)
  end
  local targets = { self:suffixed() }
  while self:take "," do targets[#targets + 1] = self:suffixed() end
  local assigns = self:take "="
  for _, value in ipairs(targets) do
    if value.global then self.seen.global(value.global, value.line, assigns and true) end
  end
  if assigns then self:expressions() end
end

-- What it means -----------------------------------------------------------------------------------------------------

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
    if path == "perigee.contacts.upsert" then use("contacts write", line, path) end
    if path == "perigee.contacts.find" or path == "perigee.contacts.get" then use("contacts read", line, path) end
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
    elseif method == "task" then
      use("task", line, "contact:task", is_contact)
      if is_contact then found.effects[#found.effects + 1] = place(line, { kind = "task" }) end
    elseif is_contact and (method == "enrol" or method == "enroll") then
      found.effects[#found.effects + 1] = place(line, { kind = "enrol", sequence = arguments[1] and arguments[1].text })
    end
  end
  local r = reader(source, seen)
  r:block()
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
  local function warn(unused)
    found.warnings[#found.warnings + 1] = { line = found.needs_line or 1, text = ("needs.%s is not used"):format(unused) }
  end
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

-- Reads the main file and the modules it requires in turn. Adds to the declarations: effects, warnings, faults, modules.
function M.load(name, files, context, declarations)
  local found = { main = name, effects = {}, warnings = {}, faults = {}, wanted = {}, modules = {} }
  local sources, done, used = {}, {}, {}
  for i = 2, #files do sources[context.module_of(files[i].name)] = files[i] end
  local function read(file, source)
    -- A slip in here must keep no valid script from running: what was read until then stands.
    pcall(read_file, file, source, context.globals, found, used)
  end
  read(name, files[1].source)
  local at = 1
  while at <= #found.wanted do
    local module = context.module_of(found.wanted[at])
    if not done[module] and sources[module] then
      found.modules[#found.modules + 1] = sources[module].name
      read(context.path_of(module), sources[module].source)
    end
    done[module] = true
    if at == #found.wanted and found.wants_all then
      for name in pairs(sources) do
        if not done[name] then found.wanted[#found.wanted + 1] = name end
      end
    end
    at = at + 1
  end
  compare(declarations.needs, found, used)
  table.sort(found.faults, by_line)
  table.sort(found.warnings, by_line)
  table.sort(found.modules)
  for _, key in ipairs { "effects", "warnings", "faults", "modules" } do declarations[key] = filled(found[key]) end
  return declarations
end

return M
