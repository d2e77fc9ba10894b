-- SPDX-License-Identifier: MIT
-- Liquid's tags but for loops and partials: how each is parsed into a node and compiled into a closure.
--   parse(parser, piece) -> node    blank = true if it can put out nothing but white space
--   compile(c, node) -> closure
--   bodies(node) -> {nodes, ...}    whose white space goes if the node is blank
-- node.uses (list of expressions), node.conditions and node.bodies are what liquid.lua walks to see what is used.

local compile = require "liquid.compile"
local lexer = require "liquid.lexer"
local logic = require "liquid.logic"
local parser = require "liquid.parser"
local values = require "liquid.values"

local M = {}

local truthy = values.truthy

local function bodies(node)
  return node.bodies
end

local function blank(node)
  for _, body in ipairs(node.bodies) do
    if not parser.all_blank(body) then return false end
  end
  return true
end
M.bodies, M.blank = bodies, blank

-- if and unless: conditions[i] guards bodies[i]; a body without one is the else. Only the first else counts.
local function parse_if(p, piece)
  local node = { conditions = {}, bodies = {} }
  local ends = { ["else"] = true, ["elsif"] = true, ["end" .. piece.name] = true }
  local part, closed, opener = piece, false, piece
  repeat
    local index = #node.bodies + 1
    if part.name ~= "else" then
      local cursor = p:cursor(part)
      local condition = cursor:condition()
      cursor:finish()
      if not closed then node.conditions[index] = condition end
    end
    local body
    local was_else = part.name == "else"
    body, part = p:body(opener, ends)
    if not closed then node.bodies[index] = body end
    closed = closed or was_else
  until part.name == "end" .. piece.name
  node.blank = blank(node)
  return node
end

local function compile_if(c, node)
  local n, conditions, list = #node.bodies, {}, {}
  for i = 1, n do
    list[i] = compile.body(c, node.bodies[i])
    conditions[i] = node.conditions[i] and compile.value(c, node.conditions[i]) or function() return true end
  end
  local negate = node.kind == "unless"
  return function(ctx)
    for i = 1, n do
      local holds = truthy(conditions[i](ctx))
      if negate and i == 1 then holds = not holds end
      if holds then return list[i](ctx) end
    end
  end
end

M["if"] = { parse = parse_if, compile = compile_if, bodies = bodies }
M.unless = { parse = parse_if, compile = compile_if, bodies = bodies }

-- The values after when: separated by commas or `or`.
local function when_values(p, piece)
  local cursor, list = p:cursor(piece), {}
  repeat
    list[#list + 1] = cursor:value()
  until not (cursor:take(",") or cursor:take_word("or"))
  cursor:finish()
  return list
end

M.case = {
  bodies = bodies,
  parse = function(p, piece)
    local cursor = p:cursor(piece)
    local node = { subject = cursor:value(), bodies = {}, whens = {} }
    cursor:finish()
    local ends = { when = true, ["else"] = true, endcase = true }
    local _, part = p:body(piece, ends) -- what stands before the first when is not put out
    while part.name ~= "endcase" do
      node.whens[#node.whens + 1] = part.name == "when" and when_values(p, part) or false
      node.bodies[#node.bodies + 1], part = p:body(piece, ends)
    end
    node.conditions = { node.subject }
    for _, list in ipairs(node.whens) do
      for _, value in ipairs(list or {}) do node.conditions[#node.conditions + 1] = value end
    end
    node.blank = blank(node)
    return node
  end,
  -- As in the reference, a body runs once for each value that matches, and an else if none has matched before it.
  compile = function(c, node)
    local subject, whens, list = compile.value(c, node.subject), {}, {}
    for i, body in ipairs(node.bodies) do
      list[i] = compile.body(c, body)
      whens[i] = {}
      for k, value in ipairs(node.whens[i] or {}) do whens[i][k] = compile.value(c, value) end
    end
    return function(ctx)
      local value, matched = subject(ctx), false
      for i = 1, #list do
        local times = 0
        if not node.whens[i] then
          times = matched and 0 or 1
        else
          for _, wanted in ipairs(whens[i]) do
            if logic.equals(value, wanted(ctx)) then times, matched = times + 1, true end
          end
        end
        for _ = 1, times do
          local signal = list[i](ctx)
          if signal then return signal end
        end
      end
    end
  end,
}

M.assign = {
  parse = function(p, piece)
    local name, from = piece.text:match("^%s*([%w_%-\128-\255]+)%s*=()")
    if not name then p:fail(piece.at, "assign is written {%% assign name = value %%}") end
    local cursor = parser.cursor(p.source, piece.text:sub(from), piece.offset + from - 1)
    local node = { name = name, value = p:filtered(cursor), blank = true }
    cursor:finish()
    p:define(name)
    node.uses = { node.value }
    return node
  end,
  compile = function(c, node)
    local name, value = node.name, compile.expression(c, node.value, node.value.op == "filtered")
    return function(ctx)
      local result = value(ctx)
      if result == nil then result = values.NULL end
      ctx.scopes[1][name] = result
    end
  end,
}

M.capture = {
  parse = function(p, piece)
    local name = piece.text:match("^%s*([%w_%-\128-\255]+)%s*$") or piece.text:match("^%s*[\"']([^\"']+)[\"']%s*$")
    if not name then p:fail(piece.at, "capture is written {%% capture name %%}") end
    p:define(name)
    return { name = name, bodies = { (p:body(piece, { endcapture = true })) }, blank = true }
  end,
  compile = function(c, node)
    local name, body = node.name, compile.body(c, node.bodies[1])
    return function(ctx)
      local text, signal = compile.apart(ctx, body)
      ctx.scopes[1][name] = ctx.escape and values.safe(text) or text
      return signal
    end
  end,
}

-- increment puts out, then counts up; decrement counts down, then puts out.
local function counter(step, first)
  return {
    parse = function(p, piece)
      local name = piece.text:match("^%s*([%w_%-\128-\255]+)%s*$")
      if not name then p:fail(piece.at, "%s is written {%% %s name %%}", piece.name, piece.name) end
      p:define(name)
      return { name = name }
    end,
    compile = function(c, node)
      local name = node.name
      return function(ctx)
        local value = ctx.counters[name]
        for i = 1, value == nil and #ctx.env or 0 do
          value = value or ctx.env[i][name]
        end
        value = math.type(value) == "integer" and value or 0
        local n = ctx.n + 1
        ctx.n, ctx.out[n] = n, values.to_text(first and value + step or value)
        ctx.counters[name] = value + step
      end
    end,
  }
end
M.increment = counter(1, false)
M.decrement = counter(-1, true)

M.echo = {
  parse = function(p, piece)
    local cursor = p:cursor(piece)
    local node = { value = p:filtered(cursor) }
    cursor:finish()
    return node
  end,
  compile = function(c, node)
    return compile.output(c, node.value)
  end,
}

M.liquid = {
  parse = function(p, piece)
    local nodes = p:nested(lexer.lines(p.source, piece.text, piece.offset))
    return { bodies = { nodes }, blank = parser.all_blank(nodes) }
  end,
  compile = function(c, node)
    return compile.body(c, node.bodies[1])
  end,
}

M.ifchanged = {
  parse = function(p, piece)
    return { bodies = { (p:body(piece, { endifchanged = true })) } }
  end,
  compile = function(c, node)
    local body = compile.body(c, node.bodies[1])
    return function(ctx)
      local text, signal = compile.apart(ctx, body)
      if text ~= ctx.changed then
        ctx.changed = text
        local n = ctx.n + 1
        ctx.n, ctx.out[n] = n, text
      end
      return signal
    end
  end,
}

return M
