-- SPDX-License-Identifier: MIT
-- Reads the steps of a cadence: checks all of them, and finds what they need. Used by perigee.cadence.

local check = require "perigee.check"

local M = {}

local TASKS = { "call", "video", "review", "sign", "gift", "message", "other" }
local EVENTS = { "reply", "auto_reply", "bounce", "click", "opt_in", "handled", "message_delivered", "message_read", "task_done" }
local WORDS = { reply = true, channel = true, name = true, first_name = true }
local MOST_STEPS = 100

-- Durations, as the host reads them: only the form is looked at here, so that a slip is found before anything is sent. ------------------------

local UNITS = { "s", "sec", "second", "m", "min", "minute", "h", "hour", "d", "day", "w", "week", "month", "year" }
local DAYS = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" }

local function among(word, list)
  for _, one in ipairs(list) do
    if one == word or one .. "s" == word then return true end
  end
  return false
end

local function duration_fault(value)
  if type(value) == "number" then return (value ~= value or value < 0 or value == math.huge) and "a number of seconds from 0 is needed" or nil end
  if type(value) ~= "string" then return "a duration is needed, such as \"3 days\", not " .. check.describe(value) end
  local text = value:lower():match "^%s*(.-)%s*$"
  if text:find "^%d%d%d%d%-%d%d%-%d%d$" or text:find "^%d%d%d%d%-%d%d%-%d%d[t ]%d%d:%d%d" then return nil end
  local day = text:match "^next%s+(%a+)$" or text:match "^next%s+(%a+)%s+%d%d?:%d%d$" or text:match "^(%a+)%s+%d%d?:%d%d$"
  if day then return not among(day, DAYS) and ("\"%s\" is no day%s"):format(value, check.hint(day, DAYS)) or nil end
  local unit = text:match "^%d+%.?%d*%s*(%a+)$"
  if unit then return not among(unit, UNITS) and ("\"%s\" has an unknown unit%s"):format(value, check.hint(unit, { "days", "weeks", "hours", "minutes", "months" })) or nil end
  local first, second = text:match "^%d+%s+(%a+)%s+(%a+)$"
  if first == "business" and (second == "day" or second == "days") then return nil end
  if first then return ("\"%s\" is no duration%s"):format(value, check.hint(first .. " " .. second, { "business days", "business day" })) end
  return ("\"%s\" is no duration; write \"3 days\", \"3 business days\", \"next monday 09:00\" or a date"):format(value)
end

-- The checks of keys: nil, or what is wrong; and the value to use. --------------------------------------------------------------

local function text_fault(value)
  if type(value) ~= "string" or value == "" then return "a text is needed, not " .. (value == "" and "an empty one" or check.describe(value)) end
end

local function name_fault(value)
  return text_fault(value) or not value:find "^[%l%d_%-]+$" and ("'%s' is no name (small letters, digits, _ and -)"):format(value) or nil
end

-- A driver may add channels, so only what looks like a slip of a known one is a fault.
local CHANNELS = {
  "email", "whatsapp", "instagram", "messenger", "x", "linkedin", "twitch", "tiktok", "telegram", "signal", "slack", "discord", "sms", "imessage", "call",
}

local function channel_fault(value)
  local fault = name_fault(value)
  if fault then return fault end
  if not among(value, CHANNELS) and check.hint(value, CHANNELS) ~= "" then return ("there is no channel '%s'%s"):format(value, check.hint(value, CHANNELS)) end
end

local function of(list)
  return function(value)
    local fault = text_fault(value)
    if fault then return fault end
    for _, one in ipairs(list) do
      if one == value then return nil end
    end
    return ("'%s' is not known%s"):format(value, check.hint(value, list))
  end
end

local function list_of(fault_of)
  return function(value)
    if type(value) == "string" then value = { value } end
    if type(value) ~= "table" or #value == 0 then return "a text or a list of texts is needed, not " .. check.describe(value) end
    for _, one in ipairs(value) do
      local fault = fault_of(one)
      if fault then return fault end
    end
    return nil, value
  end
end

local function event_fault(value)
  return text_fault(value) or not value:find "^signal:[%w_%-]+$" and of(EVENTS)(value) or nil
end

local function kind_fault(kind)
  return function(value)
    if type(value) ~= kind then return ("a %s is needed, not %s"):format(kind, check.describe(value)) end
  end
end

local function note_fault(value)
  local fault = text_fault(value)
  if fault then return fault end
  for word in value:gmatch "{(%l[%l_]*)}" do
    if not WORDS[word] then return ("{%s} is not known%s"):format(word, check.hint(word, check.names(WORDS))) end
  end
end

-- What a step may do besides its verb, or alone: also the parts of on_reply, on_silence and on_bounce.
local acts = {
  set = kind_fault "table", stage = text_fault, label = list_of(text_fault), unlabel = list_of(text_fault), note = note_fault, snooze = duration_fault,
  signal = name_fault, enrol = name_fault, stop = name_fault, task = of(TASKS), due = duration_fault,
}

-- What goes with a message, as contact:send takes it.
local sending = {
  vars = kind_fault "table", from = text_fault, cc = list_of(text_fault), attach = list_of(text_fault), documents = list_of(text_fault), before = duration_fault,
  thread = of { "new" },
}

local function with(base, more)
  local all = {}
  for key, rule in pairs(base) do all[key] = rule end
  for key, rule in pairs(more) do all[key] = rule end
  return all
end

local always = { only_if = kind_fault "function" }
local message = with(with(sending, always), { template = name_fault, optional = kind_fault "boolean" })

-- The verbs, in the order in which they are looked for; the keys that go with each, and those it can't do without.
local verbs = {
  { "send", with(message, { send = channel_fault }), { "template" } },
  { "reach", with(message, { reach = list_of(channel_fault) }), { "template" } },
  { "wait", with(always, { wait = duration_fault }) },
  { "event", with(always, { event = list_of(event_fault), within = duration_fault, ["else"] = text_fault }), { "within" } },
  { "finish", with(with(acts, always), { finish = text_fault }) },
  { "task", with(with(acts, always), { within = duration_fault }) },
}
local other = with(acts, always)

local function all_keys()
  local names = {}
  for _, verb in ipairs(verbs) do names = with(names, verb[2]) end
  return check.names(with(names, other))
end

-- Reading -----------------------------------------------------------------------------------------------------------

-- Checks the keys of a table; gives a copy with what the checks made of the values.
local function keys_of(where, part, rules, required, faults)
  local copy, names = {}, check.names(rules)
  for key, value in pairs(part) do
    local rule = type(key) == "string" and rules[key]
    if rule then
      local fault, better = rule(value)
      if fault then faults[#faults + 1] = ("%s: %s: %s"):format(where, key, fault) end
      copy[key] = better or value
    else
      local word = tostring(key)
      local hint = check.hint(word, names)
      if hint == "" or hint:find "^; known" then
        local fits = check.hint(word, all_keys())
        hint = fits:find "did you mean" and fits or hint
      end
      faults[#faults + 1] = ("%s: unknown key '%s'%s"):format(where, word, hint)
    end
  end
  for _, key in ipairs(required or {}) do
    if copy[key] == nil then faults[#faults + 1] = ("%s: '%s' is missing"):format(where, key) end
  end
  return copy
end

local function verb_of(step)
  for _, verb in ipairs(verbs) do
    if step[verb[1]] ~= nil then return verb end
  end
end

-- { "email", "intro" } is { send = "email", template = "intro" }.
local function long_form(step)
  if type(step[1]) ~= "string" or type(step[2]) ~= "string" or step.send or step.template then return step end
  local copy = { send = step[1], template = step[2] }
  for key, value in pairs(step) do
    if key ~= 1 and key ~= 2 then copy[key] = value end
  end
  return copy
end

local function read_step(where, step, faults)
  if type(step) == "function" then return { call = step } end
  if type(step) ~= "table" then
    faults[#faults + 1] = ("%s: a table such as { send = \"email\", template = \"intro\" } is needed, not %s"):format(where, check.describe(step))
    return nil
  end
  if next(step) == nil then
    faults[#faults + 1] = where .. ": the step is empty"
    return nil
  end
  step = long_form(step)
  local verb = verb_of(step)
  local copy = keys_of(where, step, verb and verb[2] or other, verb and verb[3], faults)
  copy.verb = verb and verb[1]
  local options = {}
  for key in pairs(sending) do
    if verb and (verb[1] == "send" or verb[1] == "reach") then options[key] = copy[key] end
  end
  copy.options = next(options) ~= nil and options or nil
  if copy.due and not copy.task then faults[#faults + 1] = where .. ": 'due' goes with a task" end
  return copy
end

local ending_keys = with(acts, { outcome = text_fault })

local function read_endings(options, faults)
  local endings = {}
  for _, name in ipairs { "on_reply", "on_silence", "on_bounce" } do
    local ending = options[name]
    if type(ending) == "table" then
      endings[name] = keys_of(name, ending, ending_keys, nil, faults)
    elseif type(ending) == "function" then
      endings[name] = ending
    elseif ending ~= nil then
      faults[#faults + 1] = ("%s: a function(contact, reply) or a table such as { task = \"call\" } is needed, not %s"):format(name, check.describe(ending))
    end
  end
  return endings
end

-- What steps and endings do that `needs` must name.
local function needs_of(plan, endings)
  local send, seen, task = {}, {}, nil
  for _, step in ipairs(plan) do
    for _, channel in ipairs(step.send and { step.send } or step.reach or {}) do
      if not seen[channel] then send[#send + 1], seen[channel] = channel, true end
    end
    task = task or step.task and true
  end
  for _, ending in pairs(endings) do
    if type(ending) == "table" and ending.task then task = true end
  end
  return { send = send[1] and send or nil, task = task }
end

-- A cadence in which two messages follow each other without a wait writes twice at once.
local function look_at_order(plan, faults)
  local last
  for i, step in ipairs(plan) do
    local writes = step.verb == "send" or step.verb == "reach"
    if writes and last and not step.only_if and not plan[last].only_if and not plan[last].optional then
      faults[#faults + 1] = ("step %d: follows the message of step %d without a wait; put { wait = \"3 business days\" } between them"):format(i, last)
    end
    if writes then last = i elseif step.verb == "wait" or step.verb == "event" or step.call or step.within then last = nil end
  end
end

---Reads steps and endings: the plan, the endings, all that is wrong, and what it needs.
---```lua
---local plan, endings, faults, needs = steps_of.read(steps, { on_reply = { stage = "talking" } })
---```
---@param steps table[]
---@param options table
---@return table[] plan, table endings, string[] faults, table needs
function M.read(steps, options)
  local faults, plan = {}, {}
  if type(steps) ~= "table" or #steps == 0 then
    return plan, {}, { "steps: a list of steps { { send = \"email\", template = \"intro\" }, ... } is needed, not " .. check.describe(steps) }, {}
  end
  for key in pairs(steps) do
    if math.type(key) ~= "integer" or key < 1 or key > #steps then faults[#faults + 1] = ("steps: '%s' stands outside of the steps: write it in braces of its own"):format(tostring(key)) end
  end
  if #steps > MOST_STEPS then faults[#faults + 1] = ("steps: at most %d, these are %d"):format(MOST_STEPS, #steps) end
  for i, step in ipairs(steps) do plan[#plan + 1] = read_step("step " .. i, step, faults) end
  local endings = read_endings(options, faults)
  if not faults[1] then look_at_order(plan, faults) end
  return plan, endings, faults, faults[1] and {} or needs_of(plan, endings)
end

---What steps need, with what the definition names besides.
---```lua
---steps_of.joined({ send = { "email" } }, { store = true }) --> { send = { "email" }, store = true }
---```
---@param needs table
---@param more? table
---@return table
function M.joined(needs, more)
  if type(more) ~= "table" then return needs end
  local all = with(needs, more)
  if needs.send and type(more.send) == "table" then
    local send, seen = {}, {}
    for _, list in ipairs { needs.send, more.send } do
      for _, channel in ipairs(list) do
        if not seen[channel] then send[#send + 1], seen[channel] = channel, true end
      end
    end
    all.send = send
  end
  return all
end

return M
