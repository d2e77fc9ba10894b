-- SPDX-License-Identifier: MIT
-- The words and signs of Lua source that is known to compile.

local M = {}

local function long_bracket(source, at)
  local level = source:match("^%[(=*)%[", at)
  if not level then return nil end
  local _, stop = source:find("]" .. level .. "]", at + #level + 2, true)
  stop = stop or #source
  return source:sub(at + #level + 2, stop - #level - 2), stop + 1
end

local function quoted(source, at)
  local quote, from = source:sub(at, at), at + 1
  while true do
    local stop = source:find("[\\" .. quote .. "]", from)
    if not stop then return source:sub(at + 1), #source + 1 end
    if source:sub(stop, stop) == quote then return source:sub(at + 1, stop - 1), stop + 1 end
    from = stop + 2
  end
end

local keywords = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true until while]])
  :gmatch "%a+" do
  keywords[word] = true
end

local function lines_in(text)
  return select(2, text:gsub("\n", ""))
end

-- Lists side by side: kind (name, string, number, or the sign or keyword itself), text, line; and where in its line it begins (a byte,
-- from 1), and how many bytes of it stand there.
function M.of(source)
  local kinds, texts, lines, columns, sizes, n, at, line, line_start = {}, {}, {}, {}, {}, 0, 1, 1, 1
  local function add(kind, text, size)
    n = n + 1
    kinds[n], texts[n], lines[n], columns[n], sizes[n] = kind, text, line, at - line_start + 1, size
  end
  -- Goes on to a place behind text that may hold line ends.
  local function pass(stop)
    local text = source:sub(at, stop - 1)
    local ends = lines_in(text)
    if ends > 0 then
      line, line_start = line + ends, at + #text:match "^.*\n"
    end
    at = stop
  end
  pass(source:match "^\xef\xbb\xbf()" or 1)
  while true do
    pass((source:match("^%s*()", at)))
    if at > #source then break end
    local word = source:match("^[%a_][%w_]*", at)
    local number = not word and source:match("^%.?%d[%w%.]*", at)
    local start = source:sub(at, at)
    if word then
      add(keywords[word] and word or "name", word, #word)
      at = at + #word
    elseif number then
      -- The sign of an exponent belongs to it.
      number = source:match("^0[xX][%x%.]*[pP][+-]%d+", at) or source:match("^%.?%d[%d%.]*[eE][+-]%d+", at) or number
      add("number", number, #number)
      at = at + #number
    elseif source:find("^%-%-", at) then
      local text, stop = long_bracket(source, at + 2)
      if not text then stop = source:find("\n", at, true) or #source + 1 end
      pass(stop)
    elseif start == '"' or start == "'" then
      local text, stop = quoted(source, at)
      add("string", text, stop - at)
      pass(stop)
    else
      local text, stop = long_bracket(source, at)
      if text then
        add("string", text, #source:sub(at, stop - 1):match "^[^\n]*")
        pass(stop)
      else
        local sign = source:match("^%.%.%.", at) or source:match("^%.%.", at) or source:match("^[<>=~]=", at)
          or source:match("^<<", at) or source:match("^>>", at) or source:match("^//", at) or source:match("^::", at) or start
        add(sign, sign, #sign)
        at = at + #sign
      end
    end
  end
  add("end of file", "", 0)
  return { kinds = kinds, texts = texts, lines = lines, columns = columns, sizes = sizes }
end

return M
