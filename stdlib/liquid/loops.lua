-- SPDX-License-Identifier: MIT
-- Liquid's loops: for, tablerow, cycle, break, continue.

local compile = require "liquid.compile"
local logic = require "liquid.logic"
local parser = require "liquid.parser"
local tags = require "liquid.tags"
local values = require "liquid.values"

local M = {}

-- `item in collection`, then reversed and options with or without commas.
local function parse_head(p, piece, allowed)
  local cursor = p:cursor(piece)
  local node = { name = cursor:expect("id").value, options = {} }
  if not cursor:take_word("in") then cursor:fail("in is expected: {%% %s item in list %%}", piece.name) end
  local from = cursor.tokens[cursor.at].offset
  node.collection = cursor:value()
  local to = cursor.tokens[cursor.at].offset
  node.label = node.name .. "-" .. p.source.text:sub(from, to - 1):gsub("%s+$", "")
  p:define(node.name)
  while true do
    cursor:take(",")
    if cursor:peek() == "end" then return node end
    if piece.name == "for" and cursor:take_word("reversed") then
      node.reversed = true
    else
      local option = cursor:expect("id").value
      if not allowed[option] then cursor:fail("%s has no option named %s", piece.name, option) end
      cursor:expect(":")
      if option == "offset" and cursor:take_word("continue") then
        node.go_on = true
      else
        node.options[option] = cursor:value()
      end
    end
  end
end

local function number(source, node, name, value)
  return compile.guard(source, node.offset, logic.to_integer, value, name)
end

-- function(ctx) -> items, index of the first, how many
local function slicer(c, node)
  local collection = compile.value(c, node.collection)
  local limit = node.options.limit and compile.value(c, node.options.limit)
  local offset = node.options.offset and compile.value(c, node.options.offset)
  local source = c.source
  local strict = node.collection.op == "path" and not node.otherwise
  local label = strict and compile.path_name(node.collection)
  return function(ctx)
    local value = collection(ctx)
    if value == nil and strict and ctx.missing then ctx.missing(label, node.collection.offset, source) end
    local items, n = compile.guard(source, node.offset, function() return { values.items(value) } end), nil
    items, n = items[1], items[2]
    local from = 0
    if node.go_on then
      from = ctx.offsets[node.label] or 0
    elseif offset then
      local start = offset(ctx)
      if start ~= nil then from = math.max(0, number(source, node, "offset", start)) end
    end
    local count = math.max(0, n - from)
    if limit then
      local most = limit(ctx)
      if most ~= nil then count = math.max(0, math.min(count, number(source, node, "limit", most))) end
    end
    ctx.offsets[node.label] = from + count
    return items, from, count, value
  end
end

-- The forloop object for item i (from 0) of n.
local function set_loop(loop, i, n)
  loop.index, loop.index0 = i + 1, i
  loop.rindex, loop.rindex0 = n - i, n - i - 1
  loop.first, loop.last = i == 0, i == n - 1
end
M.set_loop = set_loop

M["for"] = {
  bodies = tags.bodies,
  parse = function(p, piece)
    local node = parse_head(p, piece, { limit = true, offset = true })
    node.bodies = {}
    local part
    node.bodies[1], part = p:body(piece, { ["else"] = true, endfor = true })
    while part.name == "else" do
      node.otherwise = true
      local body
      body, part = p:body(piece, { ["else"] = true, endfor = true })
      node.bodies[2] = node.bodies[2] or body
    end
    node.blank = tags.blank(node)
    node.uses = { node.collection, node.options.limit, node.options.offset }
    return node
  end,
  compile = function(c, node)
    local slice, body = slicer(c, node), compile.body(c, node.bodies[1])
    local otherwise = node.bodies[2] and compile.body(c, node.bodies[2])
    local name, label = node.name, node.label
    local function run(ctx, items, from, count)
      local scope = ctx.scopes[ctx.top]
      local loop = { name = label, length = count, parentloop = ctx.loop }
      local outer = ctx.loop
      scope.forloop, ctx.loop = loop, loop
      for i = 0, count - 1 do
        local item = items[from + 1 + (node.reversed and count - 1 - i or i)]
        if item == nil then item = values.NULL end
        scope[name] = item
        set_loop(loop, i, count)
        if body(ctx) == "break" then break end
      end
      ctx.loop = outer
    end
    return function(ctx)
      local items, from, count = slice(ctx)
      if count == 0 then return otherwise and otherwise(ctx) end
      return compile.scoped(ctx, {}, run, items, from, count)
    end
  end,
}

M.tablerow = {
  parse = function(p, piece)
    local node = parse_head(p, piece, { limit = true, offset = true, cols = true, range = true })
    node.bodies = { (p:body(piece, { endtablerow = true })) }
    node.uses = { node.collection, node.options.limit, node.options.offset, node.options.cols }
    return node
  end,
  compile = function(c, node)
    local slice, body = slicer(c, node), compile.body(c, node.bodies[1])
    local columns = node.options.cols and compile.value(c, node.options.cols)
    local function put(ctx, text)
      local n = ctx.n + 1
      ctx.n, ctx.out[n] = n, text
    end
    local function run(ctx, items, from, count)
      local wide = columns and columns(ctx)
      wide = wide ~= nil and math.floor(logic.to_number(wide)) or count
      local scope, loop = ctx.scopes[ctx.top], { length = count }
      scope.tablerowloop = loop
      put(ctx, '<tr class="row1">\n')
      local column, row = 1, 1
      for i = 0, count - 1 do
        scope[node.name] = items[from + 1 + i]
        set_loop(loop, i, count)
        loop.col, loop.col0, loop.row = column, column - 1, row
        loop.col_first, loop.col_last = column == 1, column == wide
        put(ctx, '<td class="col' .. column .. '">')
        local signal = body(ctx)
        put(ctx, "</td>")
        if signal == "break" then break end
        if column == wide and i < count - 1 then
          row, column = row + 1, 0
          put(ctx, '</tr>\n<tr class="row' .. row .. '">')
        end
        column = column + 1
      end
      put(ctx, "</tr>\n")
    end
    return function(ctx)
      local items, from, count, value = slice(ctx)
      if value == nil then return end
      return compile.scoped(ctx, {}, run, items, from, count)
    end
  end,
}

M.cycle = {
  parse = function(p, piece)
    local cursor = p:cursor(piece)
    local node = { values = {} }
    local first = cursor:value()
    if cursor:take(":") then
      node.group = first
    else
      node.values[1] = first
      if not cursor:take(",") then cursor:finish() end
    end
    while cursor:peek() ~= "end" do
      node.values[#node.values + 1] = cursor:value()
      if not cursor:take(",") then cursor:finish() end
    end
    node.label = piece.text:gsub("%s+", " ")
    node.uses = { table.unpack(node.values) }
    return node
  end,
  compile = function(c, node)
    local group = node.group and compile.value(c, node.group)
    local list = {}
    for i, value in ipairs(node.values) do list[i] = compile.output(c, value) end
    return function(ctx)
      local key = group and "named " .. values.to_text(group(ctx)) or "values" .. node.label
      local at = ctx.cycles[key] or 0
      ctx.cycles[key] = at + 1 >= #list and 0 or at + 1
      if list[at + 1] then return list[at + 1](ctx) end
    end
  end,
}

local function signal(name)
  return {
    parse = function(p, piece)
      p:cursor(piece):finish()
      return { blank = true }
    end,
    compile = function()
      return function() return name end
    end,
  }
end
M["break"] = signal("break")
M.continue = signal("continue")

return M
