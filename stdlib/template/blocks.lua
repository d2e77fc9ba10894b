-- SPDX-License-Identifier: MIT
-- Partials of templates: files of templates/ whose names begin with _ (_offer.md, _offer.fr.md). {% render "offer" %} and
-- {% include "offer" %} put one in. _signature and _footer end every e-mail by themselves, unless the template puts them in
-- or its front matter says signature: no, footer: no.

local read = require "template.read"

local M = {}

-- Kinds of files a partial may come from, by the kind of the template: text can't stand in HTML, nor HTML in text.
local fitting = { md = { "md", "txt" }, txt = { "txt", "md" }, html = { "html" } }
M.closing = { "signature", "footer" }

---Reads the partials among files {name, source}. Returns name → kind → locale → file, and the other files.
function M.split(files)
  local partials, rest = {}, {}
  for _, given in ipairs(files) do
    local name = given.name:match("^_([^./]+)%.") or given.name:match("/_([^./]+)%.[^/]*$")
    if name then
      local file = read.file(given, true)
      local kinds = partials[name] or {}
      partials[name] = kinds
      kinds[file.kind] = kinds[file.kind] or {}
      kinds[file.kind][file.locale] = file
    else
      rest[#rest + 1] = given
    end
  end
  return partials, rest
end

-- The parsed text of a partial for a template of this kind, on this channel; nil if there is none.
local function find(partials, name, kind, locale, channel)
  for _, one in ipairs(fitting[kind]) do
    local by_locale = (partials[name] or {})[one]
    if by_locale then
      local file = by_locale[locale] or by_locale[locale:match("^%a+") or ""] or by_locale[""]
      if file then return file.channels[channel] or file.body end
    end
  end
end

---The function that gives liquid.render its partials; name may be written with its _.
function M.finder(partials, kind, locale, channel)
  return function(name)
    return find(partials, name:gsub("^_", ""), kind, locale, channel)
  end
end

local function walk(nodes, found)
  for _, node in ipairs(nodes) do
    if node.partial and node.partial.op == "literal" then
      found[#found + 1] = { name = tostring(node.partial.value):gsub("^_", ""), offset = node.partial.offset }
    end
    for _, body in ipairs(node.bodies or {}) do walk(body, found) end
  end
  return found
end

---All parsed templates that these put in by name, themselves included. Raises for a partial that is not there.
function M.reached(partials, parsed, kind)
  local list, seen = {}, {}
  local function reach(template)
    if seen[template] then return end
    seen[template] = true
    list[#list + 1] = template
    for _, used in ipairs(walk(template.nodes, {})) do
      local there = false
      for _, one in ipairs(fitting[kind]) do
        for _, file in pairs((partials[used.name] or {})[one] or {}) do
          there = true
          if file.body then reach(file.body) end
          for _, channel in ipairs(file.channel_names) do reach(file.channels[channel]) end
        end
      end
      if not there then
        local source = template.source
        local _, lines = source.text:sub(1, used.offset - 1):gsub("\n", "")
        error({ text = ("there is no partial %s: write templates/_%s.%s"):format(used.name, used.name, kind),
          where = source.name .. ":" .. source.line + lines }, 0)
      end
    end
  end
  for _, template in ipairs(parsed) do reach(template) end
  return list
end

---The closing partials that an e-mail of this file gets by itself, as parsed templates.
function M.closing_of(partials, file, body, locale, channel)
  local list = {}
  if channel ~= "email" then return list end
  local own = {}
  for _, used in ipairs(walk(body.nodes, {})) do own[used.name] = true end
  for _, name in ipairs(M.closing) do
    local wanted = read.flag(file, name) and not own[name]
    list[#list + 1] = wanted and find(partials, name, file.kind, locale, channel) or nil
  end
  return list
end

return M
