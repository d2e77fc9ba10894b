-- SPDX-License-Identifier: MIT
-- Reads Lua source that is known to compile, with scopes, and tells a listener (`seen`) what it meets: members of tables, globals,
-- paths such as perigee.store, calls of methods, required modules. Places are numbers of
-- words: seen.begin(words) is told them first, and words.lines[at], .columns[at] and .sizes[at] say where they stand.

local statements = require "scan.statements"
local tokens = require "scan.tokens"

local M = {}

-- A reader walks the words. Scopes map a local's name to the path it stands for: "perigee.store"; "[perigee.ab]" for a module of the
-- library and "[perigee.ab]()" for what a function of it gives; "contact", "job", "t" where it is certain; "@" for parameters and
-- variables of loops, which may be contacts ("@contact": one that is called so); "?" for all others.
local Reader = {}
Reader.__index = Reader

local function new(source, seen)
  local found = tokens.of(source)
  seen.begin(found)
  return host.setmetatable({ kinds = found.kinds, texts = found.texts, lines = found.lines, at = 1, scope = {}, seen = seen }, Reader)
end

function Reader:is(kind)
  return self.kinds[self.at] == kind
end

-- The text of the word and its number, if it is of this kind.
function Reader:take(kind)
  if self.kinds[self.at] ~= kind then return nil end
  self.at = self.at + 1
  return self.texts[self.at - 1], self.at - 1
end

function Reader:need(kind)
  local text, at = self:take(kind)
  if not text then error("scan: " .. kind .. " expected in line " .. self.lines[self.at], 0) end
  return text, at
end

function Reader:open()
  self.scope = { [0] = self.scope }
end

function Reader:close()
  self.scope = self.scope[0]
end

function Reader:declare(name, stands_for)
  if name == "_ENV" then self.seen.other_globals() end
  self.scope[name] = stands_for or name:match "contact$" and "?contact" or "?"
end

function Reader:declare_parameter(name, stands_for)
  self:declare(name, stands_for or name == "contact" and "@contact" or "@")
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

-- role: what its first parameter is, where that is known.
function Reader:function_body(method, role)
  self:open()
  if method then self:declare "self" end
  self:need "("
  while not self:take ")" do
    local name = self:take "name"
    if name then self:declare_parameter(name, role) else self:need "..." end
    role = nil
    self:take ","
  end
  self:closed_block "end"
  self:close()
end

-- What the function is given that stands as `run` in a constructor, or that is handed to `test`.
local runs = { ["perigee.sequence"] = "contact", ["perigee.job"] = "job", ["perigee.hook"] = "request" }

-- A table: members, its members that are plain texts; beginnings, what those begin with that are put together; values, what is known of
-- all that have a name; keys, their names in order; items, what is known of the others; is_open: more may be in it. callee: whom it is given to.
function Reader:table_value(callee)
  local value = { members = {}, beginnings = {}, values = {}, keys = {}, items = {}, at = self.at }
  self:need "{"
  while not self:take "}" do
    if self:take "[" then
      value.is_open = true
      self:expression()
      self:need "]"
      self:need "="
      self:expression()
    elseif self:is "name" and self.kinds[self.at + 1] == "=" then
      local name, at = self:take "name"
      self:need "="
      self.seen.member(name, at)
      self.role = name == "run" and runs[callee] or nil
      local one = self:expression()
      value.members[name], value.beginnings[name], value.values[name] = one.text, one.beginning, one
      value.keys[#value.keys + 1] = { name = name, at = at }
    else
      local one = self:expression()
      value.items[#value.items + 1] = one
      value.members[#value.members + 1] = one.text
    end
    if not self:take "," then self:take ";" end
  end
  self.seen.table(value)
  return value
end

-- A literal text. What has escapes in it is not worked out here.
function Reader:text()
  local text, at = self:need "string"
  return { at = at, text = not text:find("\\", 1, true) and text or nil }
end

-- The arguments of a call: a list of what is known of each.
function Reader:arguments(callee)
  if self:is "string" then return { self:text() } end
  if self:is "{" then return { self:table_value(callee) } end
  local list = {}
  local catches = callee == "pcall" or callee == "xpcall"
  if catches then self.seen.guarded(1) end
  self:need "("
  while not self:take ")" do
    self.callee = callee
    self.role = callee == "test" and #list == 1 and "t" or nil
    list[#list + 1] = self:expression()
    self:take ","
  end
  self.callee = nil
  if catches then self.seen.guarded(-1) end
  return list
end

-- What a call gives, where that is known.
local gives = {
  ["perigee.contacts.get"] = "contact", ["perigee.contacts.upsert"] = "contact",
  ["perigee.contacts.find"] = "contacts", ["perigee.contacts.segment"] = "contacts",
}

local function result_of(path, arguments)
  if not path then return nil end
  if path == "ipairs" then return arguments[1] and arguments[1].path == "contacts" and "ipairs(contacts)" or nil end
  local module = path:match "^%[perigee%.[%w_]+%]"
  return module and module .. "()" or gives[path]
end

function Reader:call(value)
  local requires, at = value.global == "require", self.at
  local callee = value.path
  if requires then value.global = nil end
  self:read(value)
  local arguments = self:arguments(callee)
  if not requires then
    if callee then self.seen.call(callee, arguments, at - 1) end
    return { path = result_of(callee, arguments) }
  end
  local module = arguments[1] and arguments[1].text
  self.seen.module(module, arguments[1] and arguments[1].at or at)
  local name = module and module:match "^perigee[./]([%w_]+)$"
  return { path = module == "perigee" and module or name and ("[perigee.%s]"):format(name) or nil }
end

-- A name, call or index. Returns {path=} ("perigee.store") while that is known.
function Reader:suffixed()
  local value = {}
  local name, at = self:take "name"
  if name then
    local stands_for = self:find(name)
    if stands_for then
      value.path = stands_for
    else
      value.path, value.global, value.at = name, name, at
    end
  else
    self:need "("
    self:expression()
    self:need ")"
  end
  while true do
    if value.path then self.seen.path(value.path, self.at - 1) end
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
      local method, method_at = self:need "name"
      self.seen.method(value.path or "?", method, self:arguments(), method_at)
      value = {}
    elseif self:is "(" or self:is "string" or self:is "{" then
      value = self:call(value)
    else
      return value
    end
  end
end

function Reader:read(value)
  if value.global == "require" then self.seen.module(nil) end -- handed on: it may ask for anything
  if value.global then self.seen.global(value.global, value.at) end
  value.global = nil
end

local unary = { ["not"] = true, ["-"] = true, ["#"] = true, ["~"] = true }
local binary = {}
for sign in ("+ - * / // % ^ & | ~ << >> .. < <= > >= == ~= and or"):gmatch "%S+" do binary[sign] = true end

function Reader:simple()
  local role, callee = self.role, self.callee
  self.role, self.callee = nil, nil
  if self:is "string" then return self:text() end
  if self:take "nil" then return { is_nil = true } end
  if self:take "number" or self:take "true" or self:take "false" or self:take "..." then return {} end
  if self:is "{" then return self:table_value(callee) end
  if self:take "function" then
    self:function_body(false, role)
    return {}
  end
  local value = self:suffixed()
  self:read(value)
  return value
end

-- What is known of an expression: {text=, at=} of a literal, {beginning=} of a literal with something behind it, a table as above,
-- {path=}; {} of all others.
function Reader:expression()
  while unary[self.kinds[self.at]] do self.at = self.at + 1 end
  local value = self:simple()
  local beginning = self:is ".." and value.text or nil
  while binary[self.kinds[self.at]] do
    self.at = self.at + 1
    while unary[self.kinds[self.at]] do self.at = self.at + 1 end
    self:simple()
    value = { beginning = beginning }
  end
  return value
end

function Reader:expressions()
  local first = self:expression()
  while self:take "," do self:expression() end
  return first
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
    if value.global then self.seen.global(value.global, value.at, assigns and true) end
  end
  if assigns then self:expressions() end
end

---Reads a whole source.
function M.read(source, seen)
  new(source, seen):block()
end

return M
