-- SPDX-License-Identifier: MIT
-- Frames for perigee.channels: which channel for what, checked, in words, and fitted to somebody who lacks a channel.

local check = require "perigee.check"
local words = require "perigee.channels_words"

local M = {}

local MOST = 3 -- more channels than that are too many for one person

local function language_names(what, value)
  return check.options(what, value, { en = check.line, fr = check.line, it = check.line }, { "en" })
end

local function frame_words(what, value)
  local copy = {}
  for topic, names in pairs(type(value) == "table" and value or check.raise(what .. ": a table { topic = { en = ..., fr = ..., it = ... } } is needed")) do
    copy[check.name(what, topic)] = language_names(what .. "." .. topic, names)
  end
  return copy
end

local function known_topics(own)
  local list = check.names(words.topics.en)
  for topic in pairs(own) do list[#list + 1] = topic end
  table.sort(list)
  return list
end

-- The lines of a frame, checked: { channel, topics... } each.
local function frame_lines(lines, own)
  local known, seen, copy = known_topics(own), {}, {}
  if #lines == 0 or #lines > MOST then check.raise(("channels.frame: one to %d channels, the main one first; this has %d"):format(MOST, #lines)) end
  for i, line in ipairs(lines) do
    local what = ("channels.frame[%d]"):format(i)
    line = check.texts(what, line)
    check.one_of(what, line[1], check.names(words.names.en))
    if seen[line[1]] then check.raise(("%s: '%s' stands there twice"):format(what, line[1])) end
    if #line == 1 and i > 1 then check.raise(("%s: what is '%s' for? Name a topic behind it"):format(what, line[1])) end
    for j = 2, #line do
      check.one_of(what .. ": topic", line[j], known)
      if seen[line[j]] then check.raise(("%s: '%s' stands there twice"):format(what, line[j])) end
      seen[line[j]] = true
    end
    seen[line[1]], copy[i] = true, line
  end
  return copy
end

local frame_of

-- The same frame for somebody whom not all its channels reach: what would go there goes by the first that does, at last by e-mail.
local function fitted(lines, own, contact)
  local open, by, moved = {}, {}, {}
  for _, line in ipairs(lines) do
    if contact:can(line[1]) then
      open[#open + 1] = table.move(line, 1, #line, 1, {})
      by[line[1]] = open[#open]
    else
      table.move(line, 2, #line, #moved + 1, moved)
    end
  end
  local home = by.email or open[1]
  if not home then
    home = { "email" }
    open[1] = home
  end
  table.move(moved, 1, #moved, #home + 1, home)
  return frame_of(open, own)
end

function frame_of(lines, own)
  local frame = {}

  local function topics(line, language)
    local parts = {}
    for j = 2, #line do parts[#parts + 1] = own[line[j]] and (own[line[j]][language] or own[line[j]].en) or words.topics[language][line[j]] end
    return words.enumerate(#parts > 0 and parts or { words.topics[language].other }, language)
  end

  function frame.channel(_, topic)
    check.one_of("frame:channel", topic, known_topics(own))
    for _, line in ipairs(lines) do
      for j = 2, #line do
        if line[j] == topic then return line[1] end
      end
    end
    return lines[1][1]
  end

  function frame.channels()
    local list = {}
    for i, line in ipairs(lines) do list[i] = line[1] end
    return list
  end

  function frame.lines(_, locale)
    local language, list = words.language(locale), {}
    for i, line in ipairs(lines) do
      list[i] = { channel = words.capital(words.channel(line[1], language)), topics = topics(line, language), joint = words.joins[language][1] }
    end
    return list
  end

  function frame.text(_, locale)
    local list = {}
    for i, line in ipairs(frame:lines(locale)) do list[i] = ("- %s %s %s"):format(line.channel, line.joint, line.topics) end
    return table.concat(list, "\n")
  end

  function frame.sentence(_, locale)
    local list = {}
    for i, line in ipairs(frame:lines(locale)) do
      local channel = i == 1 and line.channel or words.channel(lines[i][1], words.language(locale))
      list[i] = ("%s %s %s"):format(channel, line.joint, line.topics)
    end
    return table.concat(list, "; ") .. "."
  end

  function frame.fit(_, contact)
    return fitted(lines, own, contact)
  end

  return frame
end

---Makes a frame; perigee.channels has it as channels.frame, and says what it is.
---```lua
---local frame = frames.frame { { "whatsapp", "quick" }, { "email", "contract", "invoice" } }
---```
---@param lines { [integer]: string[], words?: table<string, { en: string, fr?: string, it?: string }> }
---@return perigee.Frame
function M.frame(lines)
  if type(lines) ~= "table" then check.raise(("channels.frame: a table is needed, not %s"):format(check.describe(lines))) end
  local list = {}
  for key, value in pairs(lines) do
    if math.type(key) then list[key] = value elseif key ~= "words" then check.raise(("channels.frame: unknown key '%s'; known: words"):format(tostring(key))) end
  end
  local own = lines.words and frame_words("channels.frame.words", lines.words) or {}
  return frame_of(frame_lines(list, own), own)
end

return M
