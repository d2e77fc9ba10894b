-- SPDX-License-Identifier: MIT
-- Liquid, the template language (shopify.github.io/liquid), compiled to closures. No state of its own: a template can be
-- parsed once and rendered often, and the same data give the same text.

local compile = require "liquid.compile"
local filters = require "liquid.filters"
local lexer = require "liquid.lexer"
local loops = require "liquid.loops"
local parser = require "liquid.parser"
local partials = require "liquid.partials"
local tags = require "liquid.tags"
local values = require "liquid.values"

local M = {}

M.filters = filters
M.array, M.hash, M.put, M.layers = values.array, values.hash, values.put, values.layers

local all_tags = {}
for _, group in ipairs { tags, loops, partials } do
  for name, tag in pairs(group) do
    if type(tag) == "table" then all_tags[name] = tag end
  end
end

-- The known name that looks most like the one given, or nil.
local function suggestion(name, known)
  local best, least = nil, #name < 5 and 2 or 3
  local names = {}
  for other in pairs(known) do names[#names + 1] = other end
  table.sort(names)
  for _, other in ipairs(names) do
    local row = {}
    for j = 0, #other do row[j] = j end
    for i = 1, #name do
      local diagonal = row[0]
      row[0] = i
      for j = 1, #other do
        local change = diagonal + (name:byte(i) == other:byte(j) and 0 or 1)
        diagonal = row[j]
        row[j] = math.min(change, row[j] + 1, row[j - 1] + 1)
      end
    end
    if row[#other] < least then best, least = other, row[#other] end
  end
  return best
end
M.suggestion = suggestion

local function filter_checker(known)
  return function(cursor, filter)
    local definition = known[filter.name]
    if not definition then
      local meant = suggestion(filter.name, known)
      lexer.fail(cursor.source, filter.offset, "there is no filter named %s%s", filter.name,
        meant and "; did you mean " .. meant .. "?" or "")
    end
    if #filter < definition.min or #filter > definition.max then
      lexer.fail(cursor.source, filter.offset, "%s takes %s%d argument%s, not %d", filter.name,
        definition.min < definition.max and definition.min .. " to " or "", definition.max,
        definition.max == 1 and "" or "s", #filter)
    end
    for _, pair in ipairs(filter.named) do
      if not (definition.named and definition.named[pair.name]) then
        lexer.fail(cursor.source, filter.offset, "%s has no option named %s", filter.name, pair.name)
      end
    end
  end
end

---@class liquid.Template
---@field run function what puts it out
---@field nodes table what was parsed
---@field locals table<string, boolean> names that the template itself gives values

---Parses a template. Raises {text, where = "NAME:LINE", name, line, column} if it is not Liquid.
---```lua
---local t = liquid.parse("Hi {{ first_name | default: 'there' }}", { name = "intro.md" })
---print(liquid.render(t, { { first_name = "Zoé" } })) --> Hi Zoé
---```
---@param text string
---@param options? { name?: string, line?: integer, filters?: table } name and first line for errors; filters instead of liquid.filters
---@return liquid.Template
function M.parse(text, options)
  options = options or {}
  local source = { text = text, name = options.name or "template", line = options.line or 1 }
  local known = options.filters or filters
  local nodes, locals = parser.parse(source, all_tags, filter_checker(known))
  local c = { source = source, locals = locals, filters = known, tags = all_tags }
  return { run = compile.body(c, nodes), nodes = nodes, locals = locals, source = source }
end

---Renders a template with data, a list of tables that are looked through in turn (or Hash values: their map).
---Raises as parse does.
---@param template liquid.Template
---@param data table[]
---@param options? { escape?: function, markup?: boolean, missing?: function, partial?: function, now?: integer, offset?: integer, locale?: string, shared?: table[], links?: table }
---escape: makes a value fit for where it is put out; markup: what the filters that make HTML give needs no escaping;
---missing(name, offset, source): called for a gap, is to raise; partial(name): a template or nil; now, offset: the time;
---shared: the tables that partials put in by render see, which is none else; links: what the filter link signs with (wording.lua)
---@return string
function M.render(template, data, options)
  options = options or {}
  local ctx = { out = {}, n = 0, scopes = { {} }, top = 1, env = data, counters = {}, offsets = {}, cycles = {}, depth = 0,
    escape = options.escape, markup = options.markup, missing = options.missing, partial = options.partial,
    now = options.now, offset = options.offset, locale = options.locale,
    shared = options.shared, links = options.links }
  template.run(ctx)
  return table.concat(ctx.out, "", 1, ctx.n)
end

return M
