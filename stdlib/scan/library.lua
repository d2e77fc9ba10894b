-- SPDX-License-Identifier: MIT
-- What a module of the library (stdlib/perigee/NAME.lua) has, and what its functions need: read off their line `---Needs: store, task.`

local M = {}

local words = { send = "library send", net = "net", task = "task", store = "store", contacts = "contacts read", ["contacts = \"write\""] = "contacts write" }

-- needs: function's name → list of what it uses. Methods of objects that the module makes are named as its functions are.
local function needs_of(text)
  local needs, current = {}, nil
  for line in text:gmatch "[^\n]+" do
    local said = line:match "^%s*%-%-%-%s*Needs:%s*(.-)%.?%s*$"
    local name = line:match "^%s*function%s+[%w_]+[.:]([%w_]+)" or line:match "^%s*[%w_]+%.([%w_]+)%s*=%s*function"
    if said then
      current = {}
      for word in said:gmatch "[^,]+" do
        current[#current + 1] = words[word:match "^%s*(.-)%s*$"]
      end
    elseif name then
      if current then
        local list = needs[name] or {}
        for _, use in ipairs(current) do list[#list + 1] = use end
        needs[name] = list
      end
      current = nil
    elseif not line:match "^%s*%-%-" then
      current = nil
    end
  end
  return needs
end

---A module by its name ("perigee.ab"): needs, and members, the set of what it has; nil if there is no such module. context is the loader's.
function M.of(name, context)
  local text = context.library_text(name)
  if not text then return nil end
  local members = {}
  local is_there, module = pcall(context.environment.require, name)
  if not is_there or type(module) ~= "table" then return { needs = needs_of(text) } end
  for member in pairs(module) do members[member] = true end
  return { needs = needs_of(text), members = members }
end

return M
