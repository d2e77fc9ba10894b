-- SPDX-License-Identifier: MIT
-- Upper and lower case of UTF-8 text for the scripts that names are written in: Latin, Greek, Cyrillic, Armenian.
-- (Lua's own know ASCII alone.) Also characters of a text by their place.

local M = {}

-- Ranges in which upper and lower letters stand side by side: first, last, and whether the upper ones are even.
local side_by_side = {
  { 0x100, 0x12F, 0 }, { 0x132, 0x137, 0 }, { 0x139, 0x148, 1 }, { 0x14A, 0x177, 0 }, { 0x179, 0x17E, 1 },
  { 0x1CD, 0x1DC, 1 }, { 0x1DE, 0x1EF, 0 }, { 0x1F8, 0x21F, 0 }, { 0x222, 0x233, 0 }, { 0x370, 0x373, 0 },
  { 0x3D8, 0x3EF, 0 }, { 0x460, 0x481, 0 }, { 0x48A, 0x4BF, 0 }, { 0x4C1, 0x4CE, 1 }, { 0x4D0, 0x52F, 0 },
  { 0x1E00, 0x1E95, 0 }, { 0x1EA0, 0x1EFF, 0 },
}

-- Ranges of lower letters and how far above their upper ones they stand.
local apart = {
  { 0xE0, 0xF6, 32 }, { 0xF8, 0xFE, 32 }, { 0x3AD, 0x3AF, 37 }, { 0x3B1, 0x3C1, 32 }, { 0x3C3, 0x3CB, 32 },
  { 0x430, 0x44F, 32 }, { 0x450, 0x45F, 80 }, { 0x561, 0x586, 48 },
}

local single = { [0xFF] = 0x178, [0x131] = 0x49, [0x3AC] = 0x386, [0x3CC] = 0x38C, [0x3CD] = 0x38E, [0x3CE] = 0x38F,
  [0x3C2] = 0x3A3 }
local back = { [0x178] = 0xFF, [0x386] = 0x3AC, [0x38C] = 0x3CC, [0x38E] = 0x3CD, [0x38F] = 0x3CE, [0x130] = 0x69 }

local function upper(code)
  if single[code] then return single[code] end
  for _, range in ipairs(side_by_side) do
    if code >= range[1] and code <= range[2] then return code % 2 == range[3] and code or code - 1 end
  end
  for _, range in ipairs(apart) do
    if code >= range[1] and code <= range[2] then return code - range[3] end
  end
  return code
end

local function lower(code)
  if back[code] then return back[code] end
  for _, range in ipairs(side_by_side) do
    if code >= range[1] and code <= range[2] then return code % 2 == range[3] and code + 1 or code end
  end
  for _, range in ipairs(apart) do
    if code >= range[1] - range[3] and code <= range[2] - range[3] then return code + range[3] end
  end
  return code
end

local function each(text, f)
  if not text:find("[\xC2-\xF4]") or not utf8.len(text) then return text end
  return (text:gsub("[\xC2-\xF4][\x80-\xBF]+", function(char) return utf8.char(f(utf8.codepoint(char))) end))
end

function M.upper(text)
  return each(text:upper():gsub("ß", "SS"), upper)
end

function M.lower(text)
  return each(text:lower(), lower)
end

---The first character in upper case, the rest in lower.
function M.capital(text)
  local first = M.sub(text, 1, 1)
  return M.upper(first) .. M.lower(text:sub(#first + 1))
end

function M.length(text)
  return utf8.len(text) or #text
end

---Characters from i to j (from 1), both within the text.
function M.sub(text, i, j)
  if not text:find("[\x80-\xFF]") or not utf8.len(text) then return text:sub(i, j) end
  local from, past = utf8.offset(text, i), utf8.offset(text, j + 1)
  return from and text:sub(from, (past or #text + 1) - 1) or ""
end

---A list of the characters.
function M.all(text)
  local list = {}
  for char in text:gmatch(utf8.len(text) and utf8.charpattern or ".") do list[#list + 1] = char end
  return list
end

return M
