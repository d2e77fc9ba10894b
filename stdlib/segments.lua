-- SPDX-License-Identifier: MIT
-- Segments: groups of contacts that are described in perigee.lua, as data. Who belongs to one is found each time it is asked for.

local check = require "check"

local M = {}

-- Keys whose value is a text or a list of texts, any of which will do.
local words = { "label", "not_label", "stage", "not_stage", "channel", "not_channel", "country", "locale", "timezone", "company", "owner" }
local spans = { "silent_for", "unwritten_for" }

-- fault(key, text) raises at the key's line; text, one_or_more, duration and record are the checks of stdlib/workspace.lua.
function M.reader(fault, rules)
  local function field(path, value)
    local kind = type(value)
    if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
      fault(path, ("%s: a text, a number, true or false is needed, not %s"):format(path, check.describe(value)))
    end
    return value
  end

  local function fields(path, value)
    if type(value) ~= "table" then fault(path, path .. ": a table { NAME = value } is needed, not " .. check.describe(value)) end
    local copy = {}
    for name, item in pairs(value) do
      if type(name) ~= "string" then fault(path, path .. ": the names of fields are needed: { NAME = value }") end
      copy[name] = rules.one_or_more(field)(path .. "." .. name, item)
    end
    return copy
  end

  local function answered(path, value)
    if type(value) ~= "boolean" then fault(path, path .. ": true or false is needed, not " .. check.describe(value)) end
    return value
  end

  local keys = { fields = fields, answered = answered }
  for _, key in ipairs(words) do keys[key] = rules.one_or_more(rules.text) end
  for _, key in ipairs(spans) do keys[key] = rules.duration end
  local names = check.names(keys)
  table.sort(names)
  local read = rules.record(keys)

  local function segment(path, value)
    if type(value) == "table" then
      for key in pairs(value) do
        if type(key) ~= "string" or not keys[key] then
          local near = type(key) == "string" and check.nearest(key, names)
          fault(key, ("%s: unknown key '%s'; %s"):format(path, tostring(key), near and "did you mean '" .. near .. "'?"
            or "known: " .. table.concat(names, ", ") .. "; what else you keep of people stands in fields = { NAME = value }"))
        end
      end
    end
    local copy = read(path, value)
    if next(copy) == nil then fault(nil, path .. ": it describes nobody in particular; say a label, a stage, ...") end
    return copy
  end

  return function(path, value)
    if type(value) ~= "table" then fault(path, path .. ": a table { NAME = { ... } } is needed, not " .. check.describe(value)) end
    local copy = {}
    for name, item in pairs(value) do
      if type(name) ~= "string" or #name > 64 or not name:find "^[a-z0-9_%-]+$" then
        fault(path, ("%s: '%s' is no name of a segment (small letters, digits, _ and -)"):format(path, tostring(name)))
      end
      copy[name] = segment(path .. "." .. name, item)
    end
    return copy
  end
end

-- Stages that the workspace does not have are slips.
function M.check_stages(segments, stages, fault)
  local names = check.names(segments)
  table.sort(names)
  for _, name in ipairs(names) do
    for _, key in ipairs { "stage", "not_stage" } do
      for _, stage in ipairs(segments[name][key] or {}) do
        local known = false
        for _, one in ipairs(stages) do known = known or one == stage end
        if not known then
          fault(name, ("workspace.segments.%s.%s: there is no stage '%s'%s"):format(name, key, stage, check.hint(stage, stages)))
        end
      end
    end
  end
end

return M
