-- SPDX-License-Identifier: MIT
-- Parses Liquid: expressions here, tags by the table of liquid.tags. What comes out is a list of nodes
-- {kind = "text" | "output" | TAG, offset, ...}; expressions are {op = "literal" | "path" | "range" | "filtered" |
-- "and" | "or" | "compare", offset, ...}.

local lexer = require "liquid.lexer"
local values = require "liquid.values"

local M = {}

local Cursor = {}
Cursor.__index = Cursor

---A reader of the tokens of one tag or output.
function M.cursor(source, text, offset)
  return setmetatable({ source = source, tokens = lexer.tokens(source, text, offset), at = 1, offset = offset }, Cursor)
end

function Cursor:fail(text, ...)
  lexer.fail(self.source, self.tokens[self.at].offset, text, ...)
end

function Cursor:peek(ahead)
  local token = self.tokens[self.at + (ahead or 0)]
  return token and token.kind, token and token.value
end

function Cursor:take(kind)
  local token = self.tokens[self.at]
  if token.kind ~= kind then return nil end
  if kind ~= "end" then self.at = self.at + 1 end
  return token
end

function Cursor:take_word(word)
  local token = self.tokens[self.at]
  if token.kind ~= "id" or token.value ~= word then return nil end
  self.at = self.at + 1
  return token
end

local shown = { id = "a name", ["end"] = "the end", string = "a text", number = "a number" }

function Cursor:expect(kind, what)
  local token = self:take(kind)
  if token then return token end
  local found = self.tokens[self.at]
  self:fail("%s is expected, not %s", what or shown[kind] or kind,
    found.kind == "id" and found.value or shown[found.kind] or found.kind)
end

---The expression that must be all that is left.
function Cursor:finish()
  if self:peek() ~= "end" then self:expect("end", "the end of the tag") end
end

local words = { ["true"] = true, ["false"] = false, empty = values.EMPTY, blank = values.BLANK }

local function segments(cursor, path)
  while true do
    if cursor:take(".") then
      path[#path + 1] = cursor:expect("id", "a name after the dot").value
    elseif cursor:take("[") then
      local inner = cursor:value()
      path[#path + 1] = inner.op == "literal" and inner.value or inner
      if path[#path] == nil then path[#path] = inner end
      cursor:expect("]")
    else
      return path
    end
  end
end

---A value: a literal, a variable's path, or a range.
function Cursor:value()
  local token = self.tokens[self.at]
  if token.kind == "string" or token.kind == "number" then
    self.at = self.at + 1
    return { op = "literal", value = token.value, offset = token.offset }
  elseif token.kind == "id" then
    self.at = self.at + 1
    local after = self:peek()
    if after ~= "." and after ~= "[" then
      if token.value == "nil" or token.value == "null" then return { op = "literal", offset = token.offset } end
      if words[token.value] ~= nil then return { op = "literal", value = words[token.value], offset = token.offset } end
    end
    return segments(self, { op = "path", name = token.value, offset = token.offset })
  elseif token.kind == "[" then
    self.at = self.at + 1
    local name = self:value()
    self:expect("]")
    return segments(self, { op = "path", name = name.op == "literal" and type(name.value) == "string" and name.value or name,
      offset = token.offset })
  elseif self:take("(") then
    local first = self:value()
    self:expect("..", "..")
    local last = self:value()
    self:expect(")")
    return { op = "range", first = first, last = last, offset = token.offset }
  end
  self:expect("a value")
end

-- The arguments after a filter's colon: values, and named ones in any order.
local function arguments(cursor, filter)
  repeat
    local kind, name = cursor:peek()
    if kind == "id" and cursor:peek(1) == ":" then
      cursor.at = cursor.at + 2
      filter.named[#filter.named + 1] = { name = name, value = cursor:value() }
    elseif kind == "end" or kind == "|" then
      break
    else
      filter[#filter + 1] = cursor:value()
    end
  until not cursor:take(",")
end

---A value and its filters. check(cursor, filter) may refuse a filter.
function Cursor:filtered(check)
  local offset = self.tokens[self.at].offset
  if self:peek() == "end" then return { op = "literal", value = "", offset = offset } end
  local base, filters = self:value(), {}
  while self:take("|") do
    local name = self:expect("id", "a filter's name")
    local filter = { name = name.value, offset = name.offset, named = {} }
    if self:take(":") then arguments(self, filter) end
    check(self, filter)
    filters[#filters + 1] = filter
  end
  if #filters == 0 then return base end
  return { op = "filtered", base = base, filters = filters, offset = offset }
end

local comparisons = { ["=="] = true, ["!="] = true, ["<>"] = true, ["<"] = true, [">"] = true, ["<="] = true,
  [">="] = true }

local function comparison(cursor)
  local left = cursor:value()
  local kind, word = cursor:peek()
  if not comparisons[kind] and not (kind == "id" and word == "contains") then return left end
  cursor.at = cursor.at + 1
  local operator = kind == "id" and word or kind == "<>" and "!=" or kind
  return { op = "compare", operator = operator, left = left, right = cursor:value(), offset = left.offset }
end

---A condition. As in the reference, `and` and `or` bind alike and from the right.
function Cursor:condition()
  local left = comparison(self)
  local op = self:take_word("and") and "and" or self:take_word("or") and "or"
  if not op then return left end
  return { op = op, left = left, right = self:condition(), offset = left.offset }
end

---`name: value` pairs up to the end, with or without commas between.
function Cursor:pairs()
  local list = {}
  while true do
    self:take(",")
    if self:peek() == "end" then return list end
    local name = self:expect("id")
    self:expect(":")
    list[#list + 1] = { name = name.value, value = self:value() }
  end
end

---------------------------------------------------------------------------------------------------------------------

local Parser = {}
Parser.__index = Parser

function Parser:fail(offset, text, ...)
  lexer.fail(self.source, offset, text, ...)
end

---A name that the template itself gives a value.
function Parser:define(name)
  self.locals[name] = true
end

function Parser:cursor(piece)
  return M.cursor(self.source, piece.text, piece.offset)
end

---An output expression, its filters known.
function Parser:filtered(cursor)
  return cursor:filtered(self.check_filter)
end

---The nodes up to one of the tags in `ends` (a set); returns them and the piece that ended them. opener: the block's
---own piece, nil for a whole template.
function Parser:body(opener, ends)
  local nodes = {}
  self.depth = self.depth + 1
  if self.depth > 100 then self:fail(opener.at, "blocks stand in each other more than 100 deep") end
  while true do
    local piece = self.pieces[self.next]
    if not piece then
      if opener then
        self:fail(opener.at, "%s is not closed by end%s", opener.name, opener.name)
      end
      break
    end
    self.next = self.next + 1
    if piece.kind == "text" then
      nodes[#nodes + 1] = { kind = "text", text = piece.text, blank = not piece.raw and not piece.text:find("%S"),
        offset = piece.offset }
    elseif piece.kind == "output" then
      local cursor = self:cursor(piece)
      nodes[#nodes + 1] = { kind = "output", value = self:filtered(cursor), offset = piece.offset }
      cursor:finish()
    elseif piece.kind == "tag" then
      if ends and ends[piece.name] then
        self.depth = self.depth - 1
        return nodes, piece
      end
      nodes[#nodes + 1] = self:tag(piece, opener)
    end
  end
  self.depth = self.depth - 1
  return nodes
end

function Parser:tag(piece, opener)
  local tag = self.tags[piece.name]
  if not tag then
    if piece.name:find("^end") or piece.name == "else" or piece.name == "elsif" or piece.name == "when" then
      if opener then
        self:fail(piece.at, "%s is not expected in %s, which is closed by end%s", piece.name, opener.name, opener.name)
      end
      self:fail(piece.at, "%s has no block to belong to", piece.name)
    end
    self:fail(piece.at, "there is no tag named %s", piece.name)
  end
  local node = tag.parse(self, piece)
  node.kind, node.offset = piece.name, piece.at
  if node.blank and tag.bodies then
    for _, body in ipairs(tag.bodies(node)) do M.drop_blank(body) end
  end
  return node
end

---The nodes of other pieces (a liquid tag's lines).
function Parser:nested(pieces)
  local kept, at = self.pieces, self.next
  self.pieces, self.next = pieces, 1
  local nodes = self:body()
  self.pieces, self.next = kept, at
  return nodes
end

---True if nothing in these nodes can put out more than white space.
function M.all_blank(nodes)
  for _, node in ipairs(nodes) do
    if not node.blank then return false end
  end
  return true
end

---Takes the white space out of a body that would put out nothing else.
function M.drop_blank(nodes)
  for i = #nodes, 1, -1 do
    if nodes[i].kind == "text" then table.remove(nodes, i) end
  end
end

---Parses source {text, name, line} with these tags; check_filter(cursor, filter) raises for an unknown filter.
---Returns the nodes and the set of names that the template defines.
function M.parse(source, tags, check_filter)
  local parser = setmetatable({ source = source, tags = tags, check_filter = check_filter, locals = {}, depth = 0,
    pieces = lexer.pieces(source), next = 1 }, Parser)
  return parser:body(), parser.locals
end

return M
