-- SPDX-License-Identifier: MIT
-- What can be said of a template without anybody's data: texts that are too long already, links that lead nowhere.

local channels = require "channels"

local M = {}

local function line_of(body, offset)
  local _, lines = body.source.text:sub(1, offset - 1):gsub("\n", "")
  return body.source.line + lines
end

-- The text that stands in every rendering: outside of conditions and loops.
local function constant(body)
  local list = {}
  for _, node in ipairs(body.nodes) do
    if node.kind == "text" then list[#list + 1] = node.text end
  end
  return table.concat(list)
end

local function too_long(file, channel, body, found)
  local count, most, unit = channels.length(channel, constant(body))
  if count and count > most then
    found[#found + 1] = { file = file.file, line = body.line or 1, fault = true, code = "too-long-for-channel",
      text = ("the text has %d %s before anything is filled in; %s takes %d"):format(count, unit, channel, most) }
  end
  if channel == "sms" then
    local parts, alphabet = channels.parts(constant(body))
    if parts > 3 then
      found[#found + 1] = { file = file.file, line = body.line or 1, fault = false, code = "many-sms-parts",
        text = ("an SMS of %d parts (%s) costs as many messages"):format(parts, alphabet) }
    end
  end
end

local shapes = { -- of links: Markdown's, HTML's
  "%]%(%s*<?([^%s>)]*)", "[hH][rR][eE][fF]%s*=%s*[\"']([^\"']*)",
}
local absolute = { "^https?://[^/%s]", "^mailto:", "^tel:", "^sms:", "^cid:", "^#", "^{[{%%]" }

local function leads_somewhere(address)
  for _, pattern in ipairs(absolute) do
    if address:lower():find(pattern) then return true end
  end
  return false
end

local function links(file, body, found)
  local text = body.source.text
  for _, shape in ipairs(shapes) do
    local from = 1
    while true do
      local at, to, address = text:find(shape, from)
      if not at then break end
      if not leads_somewhere(address) then
        found[#found + 1] = { file = file.file, line = line_of(body, at), fault = true, code = "dead-link",
          text = address == "" and "a link without an address" or
            ("the link %s leads nowhere in a mail: write it whole, https://..."):format(address) }
      end
      from = to + 1
    end
  end
end

-- YAML's habit: here quotes are part of the value. What is quoted twice in a line, or in part, is meant so.
local function quotes(file, found)
  for key, value in pairs(file.front) do
    local plain = value.text:gsub("{{.-}}", ""):gsub("{%%.-%%}", "")
    local quote = plain:sub(1, 1)
    if #value.text > 1 and (quote == '"' or quote == "'") and value.text:sub(1, 1) == quote and value.text:sub(-1) == quote and
      not plain:sub(2, -2):find(quote, 1, true) then
      found[#found + 1] = { file = file.file, line = value.line, fault = false, code = "quoted-value",
        text = ("the quotes belong to the %s and would be sent: a value of the front matter needs none"):format(key) }
    end
  end
end

---The findings of a file of a template: {file, line, fault, text}, appended to found.
function M.of(file, found)
  quotes(file, found)
  if file.body then
    if file.kind ~= "txt" then links(file, file.body, found) end
  end
  for _, channel in ipairs(file.channel_names) do
    too_long(file, channel, file.channels[channel], found)
    if file.kind ~= "txt" then links(file, file.channels[channel], found) end
  end
  return found
end

return M
