-- SPDX-License-Identifier: MIT
-- Documents: templates that go with a message as pages of their own, to be read and printed: a contract, a brief. Markdown becomes one
-- HTML file that needs nothing else; the file of an .html template is what it says.

local letters = require "liquid.letters"
local markdown = require "markdown"
local read = require "template.read"

local M = {}

-- Where paper is Letter; elsewhere it is A4.
local letter = { US = true, CA = true, MX = true, PH = true, CL = true, CO = true, VE = true }

local style = [[
@page{size:%s;margin:22mm 20mm}
*{box-sizing:border-box}
body{margin:0;background:#fff;color:#1a1a1a;font:11pt/1.5 Georgia,"Times New Roman",serif}
main{max-width:170mm;margin:0 auto;padding:16mm 8mm;overflow-wrap:break-word}
h1,h2,h3,h4{font-family:"Helvetica Neue",Arial,sans-serif;line-height:1.25;margin:1.6em 0 .5em;break-after:avoid}
h1{font-size:20pt;margin-top:0}h2{font-size:13.5pt}h3,h4{font-size:11.5pt}
p,ul,ol,blockquote,table{margin:0 0 .8em}li{margin:.2em 0}p,li{orphans:3;widows:3}
table{width:100%%;border-collapse:collapse;font-size:10.5pt}thead{display:table-header-group}tr{break-inside:avoid}
th,td{border:.5pt solid #9a9a9a;padding:2mm 2.5mm;text-align:left;vertical-align:top}th{background:#f1f1f1}
blockquote{margin-left:0;padding-left:5mm;border-left:1.5pt solid #bbb;color:#444}
hr{border:0;border-top:.75pt solid #555;margin:14mm 0 2mm;width:80mm}
a{color:inherit}code,pre{font:9.5pt/1.4 monospace;white-space:pre-wrap}img{max-width:100%%}
@media print{main{max-width:none;padding:0}}
]]

-- Nothing may be loaded from elsewhere: what the page shows today it shows in ten years.
local policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

local function wrapped(title, language, country, body)
  local escape = read.modes.html.escape
  return table.concat {
    "<!DOCTYPE html>\n<html lang=\"", escape(language), "\">\n<head>\n<meta charset=\"utf-8\">\n",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
    "<meta http-equiv=\"Content-Security-Policy\" content=\"", policy, "\">\n",
    "<title>", escape(title), "</title>\n<style>\n", style:format(letter[country] and "Letter" or "A4"), "</style>\n</head>\n<body>\n<main>\n",
    body, "</main>\n</body>\n</html>\n",
  }
end

---The page of a rendered text. kind: of the template's file; country: two letters, for the size of the paper.
---@return string
function M.page(kind, source, title, language, country)
  if kind == "md" then return wrapped(title, language, country, markdown.document(source)) end
  if kind == "html" then
    local lower = source:lower()
    if lower:find("<html", 1, true) or lower:find("<body", 1, true) then return source end
    return "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>" .. read.modes.html.escape(title) .. "</title></head><body>\n" ..
      source .. "</body></html>\n"
  end
  return wrapped(title, language, country, "<div style=\"white-space:pre-wrap\">" .. read.modes.html.escape(source) .. "</div>\n")
end

-- Is it of a word, in any script? Signs, marks of direction and private characters are not.
local function is_letter(code)
  if code < 0x80 then return utf8.char(code):find("%w") ~= nil end
  if code == 0xAA or code == 0xB5 or code == 0xBA then return true end
  return code >= 0xC0 and code ~= 0xD7 and code ~= 0xF7 and not (code >= 0x2000 and code <= 0x2BFF) and
    not (code >= 0x3000 and code <= 0x303F) and not (code >= 0xD800 and code <= 0xF8FF) and not (code >= 0xFE00 and code <= 0xFE0F) and
    code < 0x1F000
end

local MOST = 60 -- letters of a name of a file

-- "Zoé Blanc's contract" → "zoé-blancs-contract"
local function slug(text)
  local parts, n, gap = {}, 0, false
  for _, code in utf8.codes(letters.lower(text)) do
    if is_letter(code) then
      if gap and n > 0 then parts[#parts + 1], n = "-", n + 1 end
      parts[#parts + 1], gap, n = utf8.char(code), false, n + 1
      if n >= MOST then break end
    elseif code ~= 0x27 and code ~= 0x2019 then
      gap = true
    end
  end
  return table.concat(parts)
end

---The name of the file: what the template says (filename, then title, then its own name), and whose it is.
---@return string
function M.filename(said, title, name)
  if said then
    local plain = slug((said:gsub("%.[Hh][Tt][Mm][Ll]?$", "")))
    return (plain ~= "" and plain or "document") .. ".html"
  end
  local what, who = slug(title), slug(name or "")
  if what == "" then what = "document" end
  if who ~= "" and not what:find(who, 1, true) then what = what .. "-" .. who end
  return what .. ".html"
end

return M
