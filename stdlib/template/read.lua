-- SPDX-License-Identifier: MIT
-- Reads one template file: front matter, text, and the variants for channels.

local letters = require "liquid.letters"
local liquid = require "liquid"
local wording = require "template.wording"

local M = {}

local function fail(name, line, text, ...)
  error({ text = string.format(text, ...), where = name .. ":" .. line }, 0)
end

-- For each key of the front matter: whether its value may hold Liquid.
local keys = { subject = true, preheader = true, purpose = false, personal = false, attach = true, document = true, approved = true,
  title = true, filename = true, signature = false, footer = false }
local purposes = { ask = true, answer = true, service = true, news = true }
local truths = { yes = true, no = false, ["true"] = true, ["false"] = false }

-- In Markdown, a value's punctuation and spaces travel as private characters which the module markdown turns back
-- (runtime/worker/markdown.h), so that nothing in a value can be markup.
local guarded = {}
for byte = 0, 127 do
  local char = string.char(byte)
  if char:find("[%c%p ]") then guarded[char] = utf8.char(0x10F700 + byte) end
end
local function escape_markdown(value)
  -- A value that is an address of the web may become a link: its beginning stays as it is, for the renderer to see.
  local scheme = value:match("^https?://") and not value:find("[%s%c<>\"]") and value:match("^https?://") or ""
  return scheme .. value:sub(#scheme + 1):gsub("[%c%p ]", guarded)
end

local function same(_, _, value)
  return value
end

local function escape_html(value)
  return liquid.filters.escape.call(nil, nil, value)
end

-- Liquid's filters, the templates' own, and raw, which puts a value out unescaped.
local function with(changes)
  local filters = {}
  for name, filter in pairs(wording) do filters[name] = filter end
  for name, filter in pairs(liquid.filters) do filters[name] = filter end
  for name, filter in pairs(changes) do filters[name] = filter end
  return filters
end
local raw = { min = 0, max = 0, call = same, escapes = true }
local already = { min = 0, max = 0, call = same } -- values are escaped anyway, and their line ends kept
local html_filters = with { raw = raw }
local markdown_filters = with { raw = raw, escape = already, h = already, escape_once = already, newline_to_br = already }

---How each kind of file renders its values.
M.modes = {
  md = { escape = escape_markdown, markup = true, filters = markdown_filters },
  html = { escape = escape_html, markup = true, filters = html_filters },
  txt = { filters = html_filters },
}
local plain = M.modes.txt

local function parse(text, name, line, mode)
  return liquid.parse(text, { name = name, line = line, filters = mode.filters })
end

---A list of {text, line}, without their line ends.
local function lines_of(source)
  local list = {}
  for line in (source:gsub("\r\n?", "\n") .. "\n"):gmatch("([^\n]*)\n") do list[#list + 1] = line end
  if list[#list] == "" then list[#list] = nil end
  return list
end

local function read_key(file, key, value, line)
  if keys[key] == nil then
    local meant = liquid.suggestion(key, keys)
    fail(file.file, line, "there is no key named %s%s", key, meant and "; did you mean " .. meant .. "?" or
      "; known are subject, preheader, purpose, personal, attach, document, approved, title, filename, signature and footer")
  end
  if file.front[key] ~= nil then fail(file.file, line, "%s is given twice", key) end
  if value == "" then fail(file.file, line, "%s is empty", key) end
  if key == "purpose" and not purposes[value] then
    fail(file.file, line, "purpose must be ask, answer, service or news, not %s", value)
  end
  local flag = key == "personal" or key == "signature" or key == "footer"
  if flag and truths[value] == nil then fail(file.file, line, "%s must be yes or no, not %s", key, value) end
  file.front[key] = { text = value, line = line, template = keys[key] and parse(value, file.file, line, plain) or nil }
end

-- The number of the first line after the front matter.
local function read_front(file, lines)
  if not (lines[1] or ""):find("^%-%-%-%s*$") then return 1 end
  for i = 2, #lines do
    local line = lines[i]
    if line:find("^%-%-%-%s*$") then return i + 1 end
    local key, value = line:match("^%s*([%w_-]+)%s*:%s*(.-)%s*$")
    if key then
      read_key(file, letters.lower(key), value, i)
    elseif line:find("%S") and not line:find("^%s*#") then
      fail(file.file, i, "a line of the front matter is written key: value, and --- ends it")
    end
  end
  fail(file.file, 1, "the front matter is not closed by a line of ---")
end

local function is_blank(lines, from, to)
  for i = from, to do
    if lines[i]:find("%S") then return false end
  end
  return true
end

local WIDTH = 50

-- Markdown joins lines, which is right for lines that were broken because they were full, and wrong for "Best,\nLéa". So a line
-- after which the next word would have fitted keeps its end (two spaces are Markdown's way to say so).
local function keep_breaks(lines, from, to)
  for i = from, to - 1 do
    local line, after = lines[i], lines[i + 1]
    local word = after:match("^%s*({[{%%].-[%%}]})") or after:match("%S+")
    local fits = word and letters.length(line) + 1 + letters.length(word) <= WIDTH
    local marked = line:find("%%}%s*$") or line:find("\\$") -- a tag, or Markdown's other way
    if fits and not marked and line:find("%S") then lines[i] = (line:match("^.*%S") or "") .. "  " end
  end
end

-- Cuts the text into the part for all channels and those for some.
local function read_bodies(file, lines, from)
  local mode = M.modes[file.kind]
  local channels, first = nil, from
  local function add(to)
    while first <= to and not lines[first]:find("%S") do first = first + 1 end
    if file.kind == "md" then keep_breaks(lines, first, to) end
    local body = parse(table.concat(lines, "\n", first, to) .. (file.partial and "" or "\n"), file.file, first, mode)
    body.line = math.min(first, #lines)
    if not channels then
      if not is_blank(lines, first, to) then file.body = body end
      return
    end
    if is_blank(lines, first, to) then fail(file.file, first - 1, "the variant for %s has no text", channels[1]) end
    for _, channel in ipairs(channels) do
      if file.channels[channel] then fail(file.file, first, "there are two variants for %s", channel) end
      file.channels[channel] = body
      file.channel_names[#file.channel_names + 1] = channel
    end
  end
  for i = from, #lines do
    local names = lines[i]:match("^%-%-%-%s*channel%s*:%s*(.-)%s*$")
    if names then
      add(i - 1)
      channels, first = {}, i + 1
      for channel in names:gmatch("[^%s,]+") do channels[#channels + 1] = channel end
      if #channels == 0 then fail(file.file, i, "a variant is written --- channel: NAME") end
    end
  end
  add(#lines)
  if not file.body and #file.channel_names == 0 then fail(file.file, math.max(1, #lines), "the template has no text") end
end

---Reads a file {name, source}. Returns {file, base, locale, kind, front, body, channels, channel_names}: front maps
---keys to {text, line, template}, body and channels hold parsed templates. partial: it stands in others, and so does not end
---with a line end. Raises {text, where}.
function M.file(given, partial)
  local base, kind = given.name:match("^.-([^/]+)%.(%a+)$")
  if not M.modes[kind] then fail(given.name, 1, "a template's name ends in .md, .txt or .html") end
  local stem, locale = base:match("^(.+)%.(%a%a%a?[-_%w]*)$")
  if not utf8.len(given.source) then fail(given.name, 1, "the file is not UTF-8") end
  local source = given.source:gsub("^\u{FEFF}", "")
  local file = { file = given.name, base = stem or base, locale = locale and locale:lower():gsub("_", "-") or "", kind = kind,
    partial = partial, front = {}, channels = {}, channel_names = {} }
  local lines = lines_of(source)
  read_bodies(file, lines, read_front(file, lines))
  return file
end

function M.purpose(file)
  return file.front.purpose and file.front.purpose.text or "ask"
end

---The names of a list "a, b" of the front matter.
function M.names(text)
  local names = {}
  for name in (text or ""):gmatch("[^,]+") do
    name = name:match("^%s*(.-)%s*$")
    if name ~= "" then names[#names + 1] = name end
  end
  return names
end

---A yes or no of the front matter; yes if it is not there.
function M.flag(file, key)
  return not file.front[key] or truths[file.front[key].text]
end

return M
