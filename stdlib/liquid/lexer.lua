-- SPDX-License-Identifier: MIT
-- Cuts a Liquid template into text, output and tags, and the inside of these into tokens. Offsets count bytes from 1.

local M = {}

---Raises the error {text, where = "NAME:LINE", name, line, column} for a place in source.
---source: {text, name, line}, where line is the number of the text's first line.
function M.fail(source, offset, text, ...)
  local before = source.text:sub(1, offset - 1)
  local _, lines = before:gsub("\n", "")
  local line = source.line + lines
  local column = (utf8.len(before:match("[^\n]*$")) or #before) + 1
  error({ text = string.format(text, ...):gsub("%c", " "), name = source.name, line = line, column = column,
    where = source.name .. ":" .. line }, 0)
end

-- The first and last byte of the tag that ends the block opened before `from`. Comments nest; a raw inside one hides
-- its content; all else in a block is not looked at.
local function find_end(text, from, name)
  local depth, raw = 1, false
  while true do
    local first, opened, word = text:find("{%%%-?%s*([%a_][%w_]*)", from)
    if not first then return nil end
    local close = text:find("%}", opened + 1, true)
    from = opened + 1
    if raw then
      raw = word ~= "endraw"
    elseif word == "end" .. name and close then
      depth = depth - 1
      if depth == 0 then return first, close + 1 end
    elseif name == "comment" and word == "comment" then
      depth = depth + 1
    elseif name == "comment" and word == "raw" then
      raw = true
    end
  end
end

local whole = { raw = true, comment = true, doc = true } -- blocks whose content is not Liquid

---The pieces of a template, in order: {kind = "text" | "output" | "tag", text, offset} and for a tag its name; text is
---what stands inside the braces, or after the tag's name. White space is already cut as the dashes ask.
function M.pieces(source)
  local text, pieces = source.text, {}
  local at, cut = 1, false -- cut: the text that follows loses its leading white space

  local function add_text(from, to, cut_end)
    local piece = text:sub(from, to)
    if cut then piece = piece:gsub("^%s+", "") end
    if cut_end then piece = piece:match("^.*%S") or "" end
    if piece ~= "" then pieces[#pieces + 1] = { kind = "text", text = piece, offset = from } end
  end

  -- Adds the block that began with the tag `name`; returns where the text after it begins.
  local function add_whole(name, opened, from, rest, cut_inside)
    if name ~= "comment" and rest:find("%S") then M.fail(source, opened, "%s takes no argument", name) end
    local first, last = find_end(text, from, name)
    if not first then M.fail(source, opened, "{%% %s %%} is not closed by {%% end%s %%}", name, name) end
    local inside = text:sub(from, first - 1)
    if name == "doc" and inside:find("{%%%-?%s*doc%s*%-?%%}") then M.fail(source, opened, "doc can't stand in a doc") end
    if name == "raw" then
      cut = cut_inside
      add_text(from, first - 1, text:sub(first, first + 2) == "{%-")
      if pieces[#pieces] and pieces[#pieces].offset == from then pieces[#pieces].raw = true end
    end
    pieces[#pieces + 1] = { kind = "note", offset = opened }
    cut = text:sub(last - 2, last) == "-%}"
    return last + 1
  end

  while true do
    local first = text:find("{[{%%]", at)
    if not first then break end
    local output = text:sub(first + 1, first + 1) == "{"
    local close = text:find(output and "}}" or "%}", first + 2, true)
    if not close then M.fail(source, first, output and "{{ is not closed by }}" or "{%% is not closed by %%}") end
    local from, to = first + 2, close - 1
    local cut_before, cut_after = text:sub(from, from) == "-", to > from and text:sub(to, to) == "-"
    add_text(at, first - 1, cut_before)
    if cut_before then from = from + 1 end
    if cut_after then to = to - 1 end
    at, cut = close + 2, cut_after
    if output then
      pieces[#pieces + 1] = { kind = "output", text = text:sub(from, to), offset = from }
    else
      local start, stop, name = text:find("^%s*([%a_][%w_]*)", from)
      local mark = text:match("^%s*()#", from)
      if mark and mark <= to then
        for line in text:sub(from, to):gmatch("[^\n]+") do
          if line:find("^%s*[^#%s]") then M.fail(source, first, "each line of a comment must begin with #") end
        end
        pieces[#pieces + 1] = { kind = "note", offset = first }
      elseif not name or stop > to then
        M.fail(source, start or from, "a tag's name is missing")
      elseif whole[name] then
        at = add_whole(name, first, at, text:sub(stop + 1, to), cut_after)
      else
        pieces[#pieces + 1] = { kind = "tag", name = name, text = text:sub(stop + 1, to), offset = stop + 1, at = first }
      end
    end
  end
  add_text(at, #text, false)
  return pieces
end

---The lines of a {% liquid %} tag as pieces.
function M.lines(source, text, offset)
  local pieces, at, skipping = {}, 1, 0
  for line, after in text:gmatch("([^\n]*)\n?()") do
    local from, stop, name = line:find("^%s*([%a_][%w_]*)")
    local where = offset + at - 1
    if skipping > 0 then
      if name == "comment" then skipping = skipping + 1 end
      if name == "endcomment" then skipping = skipping - 1 end
    elseif name == "comment" then
      skipping = 1
    elseif name then
      pieces[#pieces + 1] = { kind = "tag", name = name, text = line:sub(stop + 1), offset = where + stop,
        at = where + from - 1 }
    elseif line:find("%S") and not line:find("^%s*#") then
      M.fail(source, where, "a tag's name is missing")
    end
    at = after
  end
  if skipping > 0 then M.fail(source, offset, "comment is not closed by endcomment") end
  return pieces
end

local two = { ["=="] = true, ["!="] = true, ["<>"] = true, ["<="] = true, [">="] = true, [".."] = true }

---The tokens of an expression: {kind, value, offset}; kind is "id", "number", "string", "end" or the sign itself.
function M.tokens(source, text, offset)
  local list, at, size = {}, 1, #text
  local function add(kind, value, from)
    list[#list + 1] = { kind = kind, value = value, offset = offset + from - 1 }
  end
  while true do
    at = text:match("^%s*()", at)
    if at > size then break end
    local char, from = text:sub(at, at), at
    local id = text:match("^[%a_\128-\255][%w_\128-\255-]*%??", at)
    local number = not id and (text:match("^%-?%d+%.%d+", at) or text:match("^%-?%d+", at))
    if id then
      at = at + #id
      add("id", id, from)
    elseif number then
      at = at + #number
      local value = tonumber(number)
      add("number", not number:find(".", 1, true) and math.tointeger(value) or value, from)
    elseif char == '"' or char == "'" then
      local close = text:find(char, at + 1, true)
      if not close then M.fail(source, offset + at - 1, "a text is not closed by %s", char) end
      add("string", text:sub(at + 1, close - 1), from)
      at = close + 1
    elseif two[text:sub(at, at + 1)] then
      add(text:sub(at, at + 1), nil, from)
      at = at + 2
    elseif char:find("[%.|:,%[%]%(%)<>=]") then
      add(char, nil, from)
      at = at + 1
    else
      M.fail(source, offset + at - 1, "%s is not expected here", utf8.len(char) and char or "this character")
    end
  end
  list[#list + 1] = { kind = "end", offset = offset + size }
  return list
end

return M
