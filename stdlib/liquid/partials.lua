-- SPDX-License-Identifier: MIT
-- Liquid's partials: include (in the variables of the template) and render (apart from them).

local compile = require "liquid.compile"
local lexer = require "liquid.lexer"
local loops = require "liquid.loops"
local values = require "liquid.values"

local M = {}

local DEPTH = 50

-- 'name' with value as alias, key: value ...
local function parse(p, piece)
  local cursor = p:cursor(piece)
  local node = {}
  if piece.name == "render" then
    local token = cursor:expect("string", "a partial's name in quotes")
    node.partial = { op = "literal", value = token.value, offset = token.offset }
  else
    node.partial = cursor:value()
  end
  if cursor:take_word("for") then
    node.each, node.bound = true, cursor:value()
  elseif cursor:take_word("with") then
    node.bound = cursor:value()
  end
  if cursor:take_word("as") then node.alias = cursor:expect("id").value end
  node.arguments = cursor:pairs()
  node.uses = { node.partial, node.bound }
  for _, pair in ipairs(node.arguments) do node.uses[#node.uses + 1] = pair.value end
  return node
end

-- function(ctx) -> the partial's template, its name
local function finder(c, node)
  local name, source = compile.value(c, node.partial), c.source
  return function(ctx)
    local wanted = name(ctx)
    if type(wanted) ~= "string" then lexer.fail(source, node.offset, "a partial's name must be a text") end
    if ctx.depth > DEPTH then lexer.fail(source, node.offset, "partials stand in each other more than %d deep", DEPTH) end
    local template = ctx.partial and ctx.partial(wanted)
    if not template then lexer.fail(source, node.offset, "there is no partial named %s", wanted) end
    return template, wanted
  end
end

local function arguments(c, node)
  local list = {}
  for i, pair in ipairs(node.arguments) do list[i] = { pair.name, compile.value(c, pair.value) } end
  return function(ctx)
    local scope = {}
    for _, pair in ipairs(list) do scope[pair[1]] = pair[2](ctx) end
    return scope
  end
end

M.include = {
  parse = parse,
  compile = function(c, node)
    local find, read = finder(c, node), arguments(c, node)
    local bound = node.bound and compile.value(c, node.bound)
    local function run(ctx, template, name, value)
      local scope, signal = ctx.scopes[ctx.top], nil
      ctx.depth = ctx.depth + 1
      if values.is_array(value) then
        for i = 1, values.length(value) do
          scope[name] = value[i]
          signal = template.run(ctx)
          if signal then break end
        end
      else
        scope[name] = value
        signal = template.run(ctx)
      end
      ctx.depth = ctx.depth - 1
      return signal
    end
    return function(ctx)
      local template, name = find(ctx)
      name = node.alias or name:match("[^/]*$")
      local value
      if bound then value = bound(ctx) else value = compile.find(ctx, name) end
      return compile.scoped(ctx, read(ctx), run, template, name, value)
    end
  end,
}

-- Runs a partial with nothing but scope, and what is shared by all.
local function run_apart(ctx, template, scope)
  local inner = { scopes = { scope }, top = 1, env = ctx.shared or {}, shared = ctx.shared, counters = {}, offsets = {}, cycles = {}, out = ctx.out,
    n = ctx.n, depth = ctx.depth + 1, escape = ctx.escape, markup = ctx.markup, missing = ctx.missing,
    partial = ctx.partial, now = ctx.now, offset = ctx.offset, locale = ctx.locale, links = ctx.links }
  template.run(inner)
  ctx.n = inner.n
end

M.render = {
  parse = parse,
  compile = function(c, node)
    local find, read = finder(c, node), arguments(c, node)
    local bound = node.bound and compile.value(c, node.bound)
    return function(ctx)
      local template, name = find(ctx)
      name = node.alias or name:match("[^/]*$")
      local value
      if bound then value = bound(ctx) end
      if not (node.each and type(value) == "table") then
        local scope = read(ctx)
        if value ~= nil then scope[name] = value end
        run_apart(ctx, template, scope)
        return
      end
      local items, n = values.items(value)
      local loop = { name = name, length = n }
      for i = 1, n do
        local scope = read(ctx)
        scope[name], scope.forloop = items[i], loop
        loops.set_loop(loop, i - 1, n)
        run_apart(ctx, template, scope)
      end
    end
  end,
}

return M
