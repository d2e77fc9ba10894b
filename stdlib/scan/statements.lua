-- SPDX-License-Identifier: MIT
-- The statements of Lua, as scan/reader.lua walks over them: each is called behind its first word.

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
  local over = self:expressions()
  self:need "do"
  self:open()
  for i, name in ipairs(names) do
    self:declare_parameter(name, i == 2 and over.path == "ipairs(contacts)" and "contact" or nil)
  end
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
  local name, at = self:need "name"
  local alone, method = true, false
  while self:take "." or self:is ":" do
    alone = false
    method = self:take ":" and true
    self:need "name"
    if method then break end
  end
  if not self:find(name) then self.seen.global(name, at, alone) end
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

return statements
