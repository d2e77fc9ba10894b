-- SPDX-License-Identifier: MIT
-- Reads Lua source that is known to compile, with scopes, and tells a listener (`seen`) what it meets: members of tables, globals,
-- paths such as perigee.store, calls of methods, required modules.

local tokens = require "scan.tokens"

local M = {}

-- A reader walks the tokens. Scopes map a local's name to the path it stands for: "perigee.store"; "@" for parameters and
-- variables of loops, which may be contacts; "?" for all others.
local Reader = {}
Reader.__index = Reader

local function new(source, seen)
  local found = tokens.of(source)
  return host.setmetatable({
    kinds = found.kinds, texts = found.texts, lines = found.lines, at = 1, scope = {}, seen = seen,
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

-- A table; returns its members that are plain texts, and what those begin with that are put together.
function Reader:table()
  local members, beginnings = {}, {}
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
      local value = self:expression()
      members[name], beginnings[name] = value.text, value.beginning
    else
      members[#members + 1] = self:expression().text
    end
    if not self:take "," then self:take ";" end
  end
  return members, beginnings
end

-- A table as an expression: {members=, beginnings=}.
function Reader:table_value()
  local members, beginnings = self:table()
  return { members = members, beginnings = beginnings }
end

-- The arguments of a call: a list of what is known of each.
function Reader:arguments()
  if self:is "string" then return { { text = self:take "string" } } end
  if self:is "{" then return { self:table_value() } end
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
      local requires, at_line = value.global == "require", self.lines[self.at]
      if requires then value.global = nil end
      self:read(value)
      local path, arguments = value.path, self:arguments()
      value = {}
      if path and not requires then self.seen.call(path, arguments, at_line) end
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
  if self:is "{" then return self:table_value() end
  if self:take "function" then
    self:function_body()
    return {}
  end
  local value = self:suffixed()
  self:read(value)
  return value
end

-- What is known of an expression: {text=} of a literal, {beginning=} of a literal with something behind it, {members=,
-- beginnings=} of a table, {path=}; {} of all others.
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

---Reads a whole source.
function M.read(source, seen)
  new(source, seen):block()
end

return M
