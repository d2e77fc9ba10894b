-- SPDX-License-Identifier: MIT
-- Templates: files of Liquid in Markdown, text or HTML, turned into what one contact gets.
--
-- The data of a rendering are {contact = {...}, account, sequence, vars = {...}}: a name is looked for in vars, the
-- contact's attributes, its fields, its identities, and then the data themselves.

local blocks = require "template.blocks"
local document = require "template.document"
local faults = require "template.faults"
local json = require "liquid.json"
local liquid = require "liquid"
local markdown = require "markdown"
local read = require "template.read"
local uses = require "template.uses"

local M = {}

local function declare(file)
  local front = file.front
  local function text(key) return front[key] and front[key].text end
  return { file = file.file, locale = file.locale, subject = text("subject"), purpose = read.purpose(file),
    personal = read.flag(file, "personal"), preheader = text("preheader"), attach = read.names(text("attach")),
    documents = read.names(text("document")), title = text("title"), filename = text("filename"), approved = text("approved"),
    channels = file.channel_names }
end

---@class template.Template

---Reads the files of one template, the main one first and its translations after it. Raises {text, where = "FILE:LINE"}.
---```lua
---local t, declarations = template.compile {
---  { name = "intro.md", source = "---\nsubject: Hi {{ first_name }}\n---\nHello {{ city | default: 'there' }}!\n" },
---}
---```
---@param files { name: string, source: string }[]
---@return template.Template, table declarations as base/proto.h has them
function M.compile(files)
  local t = { files = {}, by_locale = {} }
  local declarations = { variants = {}, findings = {} }
  local parsed = {}
  t.partials, files = blocks.split(files)
  local function use(file, body)
    for _, template in ipairs(blocks.reached(t.partials, { body }, file.kind)) do parsed[#parsed + 1] = template end
    for _, template in ipairs(blocks.closing_of(t.partials, file, body, file.locale, "email")) do parsed[#parsed + 1] = template end
  end
  for i, given in ipairs(files) do
    local file = read.file(given)
    if t.by_locale[file.locale] then
      error({ text = "this is the same template and language as " .. t.by_locale[file.locale].file, where = file.file .. ":1" }, 0)
    end
    t.files[i], t.by_locale[file.locale] = file, file
    declarations.variants[i] = declare(file)
    faults.of(file, declarations.findings)
    for _, key in ipairs { "subject", "preheader", "attach", "document", "approved", "title", "filename" } do
      if file.front[key] then parsed[#parsed + 1] = file.front[key].template end
    end
    if file.body then use(file, file.body) end
    for _, channel in ipairs(file.channel_names) do use(file, file.channels[channel]) end
  end
  if not t.files[1] then error({ text = "a template needs a file", where = "" }, 0) end
  declarations.name = t.files[1].base
  declarations.uses, declarations.fields = uses.of(parsed)
  return t, declarations
end

-- The file for a locale: that locale, its language, the plain one.
local function choose(t, locale)
  locale = (locale or ""):lower():gsub("_", "-")
  return t.by_locale[locale] or t.by_locale[locale:match("^%a+") or ""] or t.by_locale[""] or t.files[1]
end

local empty = {}

-- The tables in which a name is looked for.
local function layers(data)
  local contact = data.contact or empty
  local first = empty
  if (contact.first_name or "") == "" and type(contact.name) == "string" then
    first = { first_name = contact.name:match("%S+") }
  elseif not data.contact and (data.first_name or "") == "" and type(data.name) == "string" then
    first = { first_name = data.name:match("%S+") }
  end
  local fields, identities = contact.fields or empty, contact.identities or empty
  local view = liquid.layers { first, contact, fields, identities }
  return { data.vars or empty, first, contact, fields, identities, { contact = data.contact and view }, data }
end

-- What the host makes for each message, where it can.
local made = {
  unsubscribe_url = "it is there in e-mails that ask or bring news, where perigee.lua has a public_url",
  confirm_url = "it is there in e-mails without a copy (cc), where perigee.lua has a public_url",
}

-- Who has no value to give: what a broadcast says is for nobody in particular.
local function missing_in(data)
  local who = data.contact and "this contact has none; give it one" or "a broadcast has no contact, and its vars have none; give them one"
  return function(name, offset, source)
    local _, lines = source.text:sub(1, offset - 1):gsub("\n", "")
    error({ text = made[name] and string.format("%s is missing: %s; write {%% if %s %%}...{%% endif %%}", name, made[name], name)
      or string.format('%s is missing: %s, or write {{ %s | default: "..." }}', name, who, name), where = source.name .. ":" .. source.line + lines }, 0)
  end
end

-- A line of the front matter with the data in it.
local function header(file, key, env, options)
  local entry = file.front[key]
  if not entry then return nil end
  local text = liquid.render(entry.template, env, { missing = options.missing, now = options.now, locale = options.language })
  text = text:match("^%s*(.-)%s*$")
  local where = file.file .. ":" .. entry.line
  if text:find("%c") then error({ text = key .. " would hold a line end or control character", where = where }, 0) end
  if text == "" then error({ text = key .. " would be empty", where = where }, 0) end
  return text
end

-- The thread's subject with one Re:, whatever it had.
local function reply_subject(text)
  while true do
    local rest = text:match("^%s*[Rr][Ee]%s*:%s*(.*)$") or text:match("^%s*[Rr][Ee]%[%d+%]%s*:%s*(.*)$")
    if not rest then return "Re: " .. text:match("^%s*(.-)%s*$") end
    text = rest
  end
end

local function subject(file, env, options)
  if options.thread_subject then
    if options.thread_subject:find("%c") then
      error({ text = "the thread's subject holds a control character", where = file.file .. ":1" }, 0)
    end
    return reply_subject(options.thread_subject)
  end
  local text = header(file, "subject", env, options)
  if not text and options.channel == "email" then
    error({ text = "subject is missing: an e-mail that begins a thread needs one", where = file.file .. ":1" }, 0)
  end
  return text
end

-- An HTML part as a whole page, which opens with the preheader, unseen.
local function page(html, preheader)
  local hidden = ""
  if preheader then
    hidden = '<div style="display:none;max-height:0;overflow:hidden">' .. read.modes.html.escape(preheader) .. "</div>\n"
  end
  local before, after = html:match("^(.-<[Bb][Oo][Dd][Yy][^>]*>)(.*)$")
  if before then return before .. hidden .. after end
  if html:find("<[Hh][Tt][Mm][Ll]") then return html end
  return '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>\n' .. hidden .. html .. "</body></html>\n"
end

-- What ends an e-mail stands below it in a paragraph of its own.
local function close(kind, source, ending)
  if kind ~= "html" then return source:gsub("%s*$", "") .. "\n\n" .. ending .. "\n" end
  local before, after = source:match("^(.*)(</[Bb][Oo][Dd][Yy]>.*)$")
  return (before or source) .. ending .. "\n" .. (after or "")
end

local function unescaped(url)
  local plain = url:gsub("&(#?%w+);", { amp = "&", quot = '"', lt = "<", gt = ">", ["#39"] = "'" })
  return (plain:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- Images of the message itself, <img src="cid:NAME">: gives each the Content-ID that the host will give the file, and adds their
-- names to list.
local function inline_images(html, boundary, list)
  local numbers = {}
  return (html:gsub("(<[Ii][Mm][Gg]%s[^>]->)", function(tag)
    return (tag:gsub("(%s[Ss][Rr][Cc]%s*=%s*)([\"'])[Cc][Ii][Dd]:([^\"']+)([\"'])", function(before, quote, url, behind)
      if quote ~= behind then return nil end
      local name = unescaped(url)
      if not numbers[name] then
        list[#list + 1] = name
        numbers[name] = #list
      end
      return before .. quote .. "cid:" .. numbers[name] .. "." .. boundary .. "@inline" .. quote
    end))
  end))
end

-- The text and, if it is wanted, the HTML of a rendered body.
local function parts(kind, body, wants_html)
  if kind == "md" then return markdown.text(body), wants_html and markdown.html(body) or nil end
  if kind == "html" then return markdown.plain(body), wants_html and body or nil end
  return body
end

local function render(t, data, options)
  local file, env = choose(t, options.locale), layers(data)
  options.language = file.locale ~= "" and file.locale or options.locale -- of the words around a value, as far as it is known
  options.missing = missing_in(data)
  local body = file.channels[options.channel]
  local variant = body and options.channel or nil
  body = body or file.body
  if not body then
    error({ text = "there is no text for " .. tostring(options.channel) .. ", nor one for all channels", where = file.file .. ":1" }, 0)
  end
  local email = options.channel == "email"
  local result = { purpose = read.purpose(file), personal = read.flag(file, "personal"), locale = file.locale, variant = variant,
    subject = subject(file, env, options), preheader = header(file, "preheader", env, options),
    approved = header(file, "approved", env, options), attach = read.names(header(file, "attach", env, options)),
    documents = read.names(header(file, "document", env, options)) }
  local links = options.links
  if links then links.made = {} end
  local mode, locale = read.modes[file.kind], (options.locale or file.locale):lower():gsub("_", "-")
  local how = { escape = mode.escape, markup = mode.markup, missing = options.missing, now = options.now, locale = options.language,
    partial = blocks.finder(t.partials, file.kind, locale, options.channel), shared = env, links = links }
  local source = liquid.render(body, env, how)
  for _, ending in ipairs(blocks.closing_of(t.partials, file, body, locale, options.channel)) do
    source = close(file.kind, source, liquid.render(ending, env, how))
  end
  local text, html = parts(file.kind, source, email and options.html ~= false)
  text = text:match("^%s*\n(.*)$") or text
  text = text:match("^.*%S") or ""
  if text == "" then error({ text = "the text would be empty", where = file.file .. ":" .. body.line }, 0) end
  result.text = email and text .. "\n" or text
  result.inline = {}
  html = html and options.boundary and inline_images(html, options.boundary, result.inline) or html
  result.html = html and page(html, result.preheader)
  result.links = links and links.made
  return result
end

-- A page of its own, with the same data as the message that it goes with: {title, filename, html, locale}.
local function render_document(t, data, options)
  local file, env = choose(t, options.locale), layers(data)
  options.language = file.locale ~= "" and file.locale or options.locale
  options.missing = missing_in(data)
  if not file.body then error({ text = "a document needs a text that is of no channel", where = file.file .. ":1" }, 0) end
  local mode, locale = read.modes[file.kind], (options.locale or file.locale):lower():gsub("_", "-")
  local source = liquid.render(file.body, env, { escape = mode.escape, markup = mode.markup, missing = options.missing, now = options.now,
    locale = options.language, partial = blocks.finder(t.partials, file.kind, locale, "document"), shared = env })
  if not source:find("%S") then error({ text = "the document would be empty", where = file.file .. ":" .. file.body.line }, 0) end
  local plain = file.base:gsub("[-_]+", " "):gsub("^%l", string.upper)
  local title = header(file, "title", env, options) or plain
  local contact = data.contact or empty
  return { title = title, filename = document.filename(header(file, "filename", env, options), title, contact.name), locale = file.locale,
    html = document.page(file.kind, source, title, options.language or "en", tostring(contact.country or ""):upper()) }
end

-- Runs f; an error with a place becomes nil, text, where.
local function attempt(f, ...)
  local ok, result = pcall(f, ...)
  if ok then return result end
  if type(result) == "table" and result.text then return nil, result.text, result.where or "" end
  return nil, tostring(result), ""
end

---What one contact gets on one channel: {subject, preheader, text, html (e-mail), purpose, personal, attach, documents, approved,
---inline (names of images), links ({url, within}, as options.links has tokens for them), locale, variant}. With options.document
---it is rendered as a document: {title, filename, html, locale}. Nil, what is missing or wrong, and "FILE:LINE" if it can't be said to them.
---```lua
---local message, text, where = template.render(t, { contact = { name = "Zoé B" } }, { channel = "email", locale = "fr" })
---```
---@param t template.Template
---@param data table
---@param options { channel: string, locale?: string, thread_subject?: string, html?: boolean, now?: integer, document?: boolean, links?: { base: string, tokens: string[] } }
function M.render(t, data, options)
  options = options or {}
  return attempt(options.document and render_document or render, t, data, options)
end

---Plain Liquid: the main file, then partials by name (with or without .liquid). Raises {text, where}.
---@param files { name: string, source: string }[]
function M.compile_plain(files)
  local t = { partials = {}, parsed = {} }
  for i = 2, #files do
    local name = files[i].name
    t.partials[name] = files[i]
    t.partials[name:gsub("%.liquid$", "")] = t.partials[name:gsub("%.liquid$", "")] or files[i]
  end
  t.main = liquid.parse(files[1].source, { name = files[1].name })
  return t, {}
end

local function render_plain(t, data)
  if type(data) == "string" then data = json.read(data) end
  local function partial(name)
    local file = t.partials[name]
    if file and not t.parsed[name] then t.parsed[name] = liquid.parse(file.source, { name = file.name }) end
    return t.parsed[name]
  end
  local hash = type(data) == "table" and data.map or data
  return liquid.render(t.main, { hash or empty }, { partial = partial })
end

---Renders plain Liquid. data: a table, or JSON text, whose members keep their order and whose nulls and empty lists stay
---what they are. Returns the text, or nil, text, where.
---@param t table of compile_plain
---@param data table|string
function M.render_plain(t, data)
  return attempt(render_plain, t, data)
end

return M
