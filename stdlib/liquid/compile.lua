-- SPDX-License-Identifier: MIT
-- Turns parsed Liquid into closures. Each takes the context of one rendering:
--   out, n     the pieces put out so far and their number
--   scopes     tables of variables, the template's own first, loops after it; top: how many
--   env        tables of data, looked through in turn; counters: of increment and decrement
--   escape     function(text) for values that are put out, or nil; missing: function(what, offset, source) or nil

local lexer = require "liquid.lexer"
local logic = require "liquid.logic"
local values = require "liquid.values"

local M = {}

local get, to_text, truthy = values.get, values.to_text, values.truthy
local is_safe, NULL = values.is_safe, values.NULL

local function find(ctx, name)
  local scopes = ctx.scopes
  for i = ctx.top, 1, -1 do
    local value = scopes[i][name]
    if value ~= nil then
      if value == NULL then return nil end
      return value
    end
  end
  local value = ctx.counters[name]
  if value ~= nil then return value end
  local env = ctx.env
  for i = 1, #env do
    value = env[i][name]
    if value ~= nil then return value end
  end
end
M.find = find

-- Text that was captured escaped is plain text to everything but an output of itself.
local function plain(value)
  if is_safe(value) then return value.text end
  return value
end

-- Runs f and gives an error that has no place yet the place of offset.
function M.guard(source, offset, f, ...)
  local ok, result = pcall(f, ...)
  if ok then return result end
  if type(result) == "table" and result.text and not result.where then
    lexer.fail(source, offset, "%s", result.text)
  end
  error(result, 0)
end

local expression

-- What an expression is called in an error: the path as written.
local function path_name(node)
  local parts = { type(node.name) == "string" and node.name or "[...]" }
  for _, segment in ipairs(node) do
    if type(segment) == "string" then
      parts[#parts + 1] = "." .. segment
    else
      parts[#parts + 1] = type(segment) == "number" and "[" .. segment .. "]" or "[...]"
    end
  end
  return table.concat(parts)
end
M.path_name = path_name

local function path(c, node)
  local name, n = node.name, #node
  if type(name) ~= "string" then
    local inner, rest = expression(c, name), path(c, { op = "path", name = "", table.unpack(node) })
    return function(ctx)
      local value = find(ctx, to_text(inner(ctx)))
      return rest(ctx, value)
    end
  end
  local first = name ~= "" and function(ctx) return find(ctx, name) end or function(_, value) return value end
  if n == 0 then return first end
  if n == 1 and type(node[1]) == "string" then
    local key = node[1]
    return function(ctx, value) return get(first(ctx, value), key) end
  end
  local keys = {}
  for i = 1, n do
    local segment = node[i]
    if type(segment) == "table" and segment.op then
      keys[i] = expression(c, segment)
    else
      keys[i] = function() return segment end
    end
  end
  return function(ctx, value)
    value = first(ctx, value)
    for i = 1, n do value = get(value, plain(keys[i](ctx))) end
    return value
  end
end

local function range(c, node)
  local first, last = expression(c, node.first), expression(c, node.last)
  return function(ctx)
    local from, to = first(ctx), last(ctx)
    from, to = math.floor(logic.to_number(from)), math.floor(logic.to_number(to))
    return values.range(from, to)
  end
end

local function compare(c, node)
  local left, right, operator = expression(c, node.left), expression(c, node.right), node.operator
  local equals, contains, ordered = logic.equals, logic.contains, logic.ordered
  if operator == "==" then return function(ctx) return equals(plain(left(ctx)), plain(right(ctx))) end end
  if operator == "!=" then return function(ctx) return not equals(plain(left(ctx)), plain(right(ctx))) end end
  if operator == "contains" then return function(ctx) return contains(plain(left(ctx)), plain(right(ctx))) end end
  local source, offset = c.source, node.offset
  return function(ctx) return M.guard(source, offset, ordered, operator, plain(left(ctx)), plain(right(ctx))) end
end

-- Whether a value that is nil, or an empty text out of the data, is a gap in somebody's mail.
local function gap(c, node)
  if node.op ~= "path" then return function() return false end end
  local own = type(node.name) ~= "string" or c.locals[node.name]
  return function(value) return value == nil or (value == "" and not own) end
end

-- One filter as function(ctx, value); strict: a missing argument is an error.
local function filter(c, node, strict)
  local definition, source, offset = c.filters[node.name], c.source, node.offset
  local f, defaults = definition.call, definition.defaults or {}
  local n, arguments, gaps, labels = math.max(#node, #defaults), {}, {}, {}
  for i = 1, n do
    local one = node[i] or { op = "literal", value = defaults[i] }
    arguments[i], gaps[i] = expression(c, one), gap(c, one)
    labels[i] = one.op == "path" and path_name(one)
  end
  local named = {}
  for i, pair in ipairs(node.named) do named[i] = { pair.name, expression(c, pair.value) } end
  strict = strict and node.name ~= "default"
  local function argument(ctx, i)
    local value = plain(arguments[i](ctx))
    if strict and ctx.missing and gaps[i](value) then ctx.missing(labels[i], node[i].offset, source) end
    return value
  end
  local function call(ctx, value)
    local options
    if #named > 0 then
      options = {}
      for _, pair in ipairs(named) do options[pair[1]] = plain(pair[2](ctx)) end
    end
    if n == 0 then return f(ctx, options, value) end
    if n == 1 then return f(ctx, options, value, argument(ctx, 1)) end
    return f(ctx, options, value, argument(ctx, 1), argument(ctx, 2), n > 2 and argument(ctx, 3) or nil)
  end
  return function(ctx, value)
    local ok, result = pcall(call, ctx, value)
    if ok then return result end
    if type(result) == "table" and result.where then error(result, 0) end
    lexer.fail(source, offset, "%s: %s", node.name, type(result) == "table" and result.text or tostring(result))
  end
end

---Whether a filtered expression says what to do when its base is missing.
function M.has_default(node)
  if node.op ~= "filtered" then return false end
  for _, one in ipairs(node.filters) do
    if one.name == "default" then return true end
  end
  return false
end

local function filtered(c, node, strict)
  local base, chain, n = expression(c, node.base), {}, #node.filters
  for i, one in ipairs(node.filters) do chain[i] = filter(c, one, strict) end
  local check = strict and not M.has_default(node) and node.base.op == "path"
  local is_gap, label, source, offset = gap(c, node.base), check and path_name(node.base), c.source, node.base.offset
  return function(ctx)
    local value = plain(base(ctx))
    if check and ctx.missing and is_gap(value) then ctx.missing(label, offset, source) end
    for i = 1, n do value = chain[i](ctx, value) end
    return value
  end
end

local makers = {
  literal = function(_, node)
    local value = node.value
    return function() return value end
  end,
  path = path,
  range = range,
  compare = compare,
  filtered = filtered,
  ["and"] = function(c, node)
    local left, right = expression(c, node.left), expression(c, node.right)
    return function(ctx) return truthy(left(ctx)) and truthy(right(ctx)) end
  end,
  ["or"] = function(c, node)
    local left, right = expression(c, node.left), expression(c, node.right)
    return function(ctx) return truthy(left(ctx)) or truthy(right(ctx)) end
  end,
}

---The closure of an expression. c: {source, locals, filters, tags}; strict: as for an output, gaps are errors.
function expression(c, node, strict)
  return makers[node.op](c, node, strict)
end
M.expression = expression

---A value for use inside a tag: captured text as plain text.
function M.value(c, node, strict)
  local f = expression(c, node, strict)
  return function(ctx) return plain(f(ctx)) end
end

---The closure that puts out an expression.
function M.output(c, node)
  local f, source, offset = expression(c, node, true), c.source, node.offset
  local last = node.op == "filtered" and node.filters[#node.filters].name
  local ready = last and c.filters[last].escapes -- what it makes is markup already
  local label = node.op == "path" and path_name(node)
    or node.op == "filtered" and node.base.op == "path" and path_name(node.base)
  local is_gap = label and gap(c, node.op == "path" and node or node.base)
  return function(ctx)
    local value = f(ctx)
    if label and ctx.missing and (value == nil or (not last and is_gap(value))) then
      ctx.missing(label, offset, source)
    end
    local text
    if type(value) == "string" then
      text = value
    elseif is_safe(value) then
      text = value.text
      local n = ctx.n + 1
      ctx.n, ctx.out[n] = n, text
      return
    else
      text = to_text(value)
    end
    if ctx.escape and not (ready and ctx.markup) then text = ctx.escape(text) end
    local n = ctx.n + 1
    ctx.n, ctx.out[n] = n, text
  end
end

---The closure that runs nodes in turn. It returns nil, or "break" or "continue" as soon as one of them does.
function M.body(c, nodes)
  local list, n = {}, #nodes
  for i, node in ipairs(nodes) do
    if node.kind == "text" then
      local text = node.text
      list[i] = function(ctx)
        local at = ctx.n + 1
        ctx.n, ctx.out[at] = at, text
      end
    elseif node.kind == "output" then
      list[i] = M.output(c, node.value)
    else
      list[i] = c.tags[node.kind].compile(c, node)
    end
  end
  if n == 0 then return function() end end
  if n == 1 then return list[1] end
  return function(ctx)
    for i = 1, n do
      local signal = list[i](ctx)
      if signal then return signal end
    end
  end
end

---Runs body with an output of its own and returns what it put out, and its signal.
function M.apart(ctx, body)
  local out, n = ctx.out, ctx.n
  ctx.out, ctx.n = {}, 0
  local signal = body(ctx)
  local text = table.concat(ctx.out, "", 1, ctx.n)
  ctx.out, ctx.n = out, n
  return text, signal
end

---Runs f with one more scope of variables.
function M.scoped(ctx, scope, f, ...)
  ctx.top = ctx.top + 1
  ctx.scopes[ctx.top] = scope
  local signal = f(ctx, ...)
  ctx.scopes[ctx.top] = nil
  ctx.top = ctx.top - 1
  return signal
end

return M
