-- SPDX-License-Identifier: MIT
-- What a parsed template uses: all variables of the data, and those among them that must not be missing.

local compile = require "liquid.compile"

local M = {}

-- The data's name for a path: contact.city and contact.fields.city are city.
local function name_of(path)
  if type(path.name) ~= "string" then return nil end
  if path.name ~= "contact" or type(path[1]) ~= "string" then return path.name end
  if path[1] == "fields" and type(path[2]) == "string" then return path[2] end
  return path[1]
end

local Walk = {}
Walk.__index = Walk

-- Notes a variable; needed: it must not be missing here.
function Walk:name(path, needed)
  local name = name_of(path)
  if not name or self.own[path.name] or name == "forloop" or name == "tablerowloop" then return end
  self.uses[name] = true
  if needed and not self.guards[name] then self.fields[name] = true end
end

function Walk:expression(node, needed)
  if not node then return end
  if node.op == "path" then
    self:name(node, needed)
    if type(node.name) == "table" then self:expression(node.name, needed) end
    for _, segment in ipairs(node) do
      if type(segment) == "table" and segment.op then self:expression(segment, needed) end
    end
  elseif node.op == "range" then
    self:expression(node.first, needed)
    self:expression(node.last, needed)
  elseif node.op == "filtered" then
    self:expression(node.base, needed and not compile.has_default(node))
    for _, filter in ipairs(node.filters) do
      for _, argument in ipairs(filter) do self:expression(argument, needed and filter.name ~= "default") end
      for _, pair in ipairs(filter.named) do self:expression(pair.value, false) end
    end
  elseif node.op ~= "literal" then
    self:expression(node.left, false)
    self:expression(node.right, false)
  end
end

-- The variables of conditions are no longer needed in the bodies that these guard.
function Walk:guarded(conditions, f)
  local inner = setmetatable({ own = {}, uses = {}, fields = {}, guards = {} }, Walk)
  for _, condition in pairs(conditions) do inner:expression(condition, false) end
  local kept = self.guards
  self.guards = setmetatable(inner.uses, { __index = kept })
  f()
  self.guards = kept
end

function Walk:node(node)
  if node.kind == "output" or node.kind == "echo" then self:expression(node.value, true) end
  for _, condition in pairs(node.conditions or {}) do self:expression(condition, false) end
  local optional = node.kind == "for" and node.otherwise or node.kind == "include" or node.kind == "render"
  for _, use in pairs(node.uses or {}) do self:expression(use, not optional) end
  local loops = node.kind == "for" or node.kind == "tablerow"
  local kept = self.own[node.name]
  if loops then self.own[node.name] = true end
  self:guarded(node.conditions or {}, function()
    for _, body in ipairs(node.bodies or {}) do self:nodes(body) end
  end)
  if loops then
    self.own[node.name] = kept
  elseif node.kind == "assign" or node.kind == "capture" or node.kind == "increment" or node.kind == "decrement" then
    self.own[node.name] = true
  end
end

function Walk:nodes(nodes)
  for _, node in ipairs(nodes) do
    if node.kind ~= "text" then self:node(node) end
  end
end

local function sorted(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

---The names that parsed templates use, sorted, and those used without a default outside of conditions on them.
function M.of(templates)
  local uses, fields = {}, {}
  for _, template in ipairs(templates) do
    setmetatable({ own = {}, uses = uses, fields = fields, guards = {} }, Walk):nodes(template.nodes)
  end
  return sorted(uses), sorted(fields)
end

return M
