-- SPDX-License-Identifier: MIT
-- What perigee.lua would say with other values (`perigee sim --policy KEY=VALUE`): they are put in before it is checked, so that the
-- same checks hold, with the same words.

local check = require "check"

local M = {}

local changes = {} -- { text = "KEY=VALUE", key, value, path (of the checks; nil until it is used) }
local top = { "hours", "holidays", "undo" }

local function fail(change, text)
  error(("--policy %s: %s"):format(change.text, text), 0)
end

local function split(text, separator)
  local list = {}
  for part in text:gmatch("[^" .. separator .. "]+") do list[#list + 1] = part:match "^%s*(.-)%s*$" end
  return list
end

-- A value as it would stand in the file.
local function value_of(key, text)
  if text == "true" then return true end
  if text == "false" then return false end
  if text:find "^%-?%d+$" then return math.tointeger(tonumber(text)) or text end
  if tonumber(text) then return tonumber(text) end
  if key == "hours" and text ~= "always" then return split(text, ";") end
  if key == "holidays" or text:find(",", 1, true) then return split(text, ",") end
  return text
end

---Takes the changes, one KEY=VALUE a line; nil: none.
function M.read(source)
  changes = {}
  for line in (source or ""):gmatch "[^\n]+" do
    local key, value = line:match "^%s*(.-)%s*=%s*(.-)%s*$"
    if not key or key == "" then fail({ text = line }, "KEY=VALUE is needed, such as asks_per_week=1") end
    changes[#changes + 1] = { text = line, key = key, value = value_of(key, value) }
  end
end

local function copy_of(value)
  local copy = {}
  if type(value) ~= "table" then return value end
  for key, item in pairs(value) do copy[key] = item end
  return copy
end

---The options of workspace { } with the changes that are about it; keys: the names of policy.
function M.workspace(options, keys)
  if not changes[1] or type(options) ~= "table" then return options end
  options = copy_of(options)
  options.policy = copy_of(options.policy)
  for _, change in ipairs(changes) do
    local is_top, is_policy = false, false
    for _, name in ipairs(top) do is_top = is_top or name == change.key end
    for _, name in ipairs(keys) do is_policy = is_policy or name == change.key end
    if is_top then
      options[change.key], change.path = change.value, "workspace." .. change.key
    elseif is_policy then
      if options.policy == nil then options.policy = {} end
      if type(options.policy) ~= "table" then return options end
      options.policy[change.key], change.path = change.value, "workspace.policy." .. change.key
    end
  end
  return options
end

---The options of an account with the changes that are about it (NAME.KEY, of its cap); false takes a limit away.
function M.account(name, options, keys)
  if not changes[1] or type(options) ~= "table" then return options end
  options = copy_of(options)
  options.cap = copy_of(options.cap)
  for _, change in ipairs(changes) do
    local key = change.key:sub(1, #name + 1) == name .. "." and change.key:sub(#name + 2)
    if key then
      local known = false
      for _, one in ipairs(keys) do known = known or one == key end
      if not known then fail(change, ("unknown key '%s'%s"):format(key, check.hint(key, keys))) end
      if options.cap == nil then options.cap = {} end
      if type(options.cap) ~= "table" then return options end
      -- An account without a cap has no key of it; `false` stands for that.
      options.cap[key] = change.value or nil
      change.path = ("account '%s'.cap.%s"):format(name, key)
    end
  end
  return options
end

---Raises for a change that is about nothing in the file.
function M.finish(keys, accounts)
  for _, change in ipairs(changes) do
    if not change.path then
      local names = { table.unpack(top) }
      for _, key in ipairs(keys) do names[#names + 1] = key end
      local account = change.key:match "^(.+)%.[^.]*$"
      if account then fail(change, ("there is no account '%s' in perigee.lua%s"):format(account, accounts[1] and check.hint(account, accounts) or "")) end
      local hint = check.nearest(change.key, names) and check.hint(change.key, names) or "; known: " .. table.concat(names, ", ") .. ", ACCOUNT.per_day, ..."
      fail(change, ("unknown key '%s'%s"):format(change.key, hint))
    end
  end
end

---The change that a check speaks of by its path, as "--policy KEY=VALUE"; nil: none.
function M.place(path)
  for _, change in ipairs(changes) do
    if change.path and path == change.path then return "--policy " .. change.text end
  end
  return nil
end

return M
