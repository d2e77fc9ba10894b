-- SPDX-License-Identifier: MIT
-- Sequences as a table, for those who would rather fill in steps than write Lua: send, wait for an answer, send again, call. A file may be nothing
-- but `return cadence.sequence { ... }`; inside a script of your own cadence.run(contact, steps) plays the same steps. Mistakes are found when
-- the file is loaded (`perigee check`), all of them, each with the number of its step.

local perigee = require "perigee"
local check = require "perigee.check"
local steps_of = require "perigee.cadence_steps"

local M = {}

-- Words that a note may hold: {reply} and the like.
local function filled(text, contact, reply)
  local name = contact.name or contact.id
  local known = { reply = reply and reply.text, channel = reply and reply.channel, name = name, first_name = contact.first_name or name:match "^%S+" }
  return (text:gsub("{(%l[%l_]*)}", function(word) return known[word] or "" end))
end

-- The parts of a step, and of what is done at an end, that change the contact or open a task.
local function act(contact, part, reply)
  if part.set then contact:set(part.set) end
  if part.stage then contact:set { stage = part.stage } end
  for _, label in ipairs(part.label or {}) do contact:label(label) end
  for _, label in ipairs(part.unlabel or {}) do contact:unlabel(label) end
  if part.snooze then contact:snooze(part.snooze) end
  if part.signal then contact:signal(part.signal) end
  if part.stop then contact:stop(part.stop) end
  if part.enrol then contact:enrol(part.enrol) end
  local note = part.note and filled(part.note, contact, reply)
  if part.task then
    contact:task { kind = part.task, note = note ~= "" and note or nil, due = part.due }
  elseif note and note ~= "" then
    contact:note(note)
  end
end

-- What is done at an end: a function, or a table of the same parts as a step.
local function conclude(contact, ending, reply, outcome)
  if type(ending) == "function" then return ending(contact, reply) or outcome end
  if not ending then return outcome end
  act(contact, ending, reply)
  return ending.outcome or outcome
end

-- Waits for an answer, and for other events where the step names some. Gives an outcome when the cadence ends there.
local function await(contact, events, within, options)
  local event, _, code
  if events then
    local list = table.move(events, 1, #events, 2, { "reply" })
    event, _, code = contact:wait(list, within)
  else
    event, _, code = contact:wait_reply(within)
  end
  if code == "bounced" then return conclude(contact, options.on_bounce, nil, "bounced") end
  if event and (event.event or "reply") == "reply" then return conclude(contact, options.on_reply, event, "replied") end
  return nil, event
end

local play = {}

function play.send(contact, step)
  local how = step.optional and contact.try_send or contact.send
  how(contact, step.send, step.template, step.options)
end

function play.reach(contact, step)
  local how = step.optional and contact.try_reach or contact.reach
  how(contact, step.reach, step.template, step.options)
end

function play.wait(contact, step, options)
  return (await(contact, nil, step.wait, options))
end

function play.event(contact, step, options)
  local outcome, event = await(contact, step.event, step.within, options)
  if outcome or event then return outcome end
  return step["else"]
end

function play.task(contact, step, options)
  act(contact, step)
  if not step.within then return nil end
  return (await(contact, { "task_done" }, step.within, options))
end

function play.finish(contact, step)
  act(contact, step)
  return step.finish
end

local function play_all(contact, steps, options)
  for _, step in ipairs(steps) do
    if not step.only_if or step.only_if(contact) then
      local outcome
      if step.call then
        outcome = step.call(contact)
      else
        outcome = (play[step.verb] or act)(contact, step, options)
      end
      if type(outcome) == "string" then return outcome end
    end
  end
  return conclude(contact, options.on_silence, nil, "silent")
end

---Plays steps for a contact, and gives the outcome: `"replied"`, `"silent"` (the steps came to their end), `"bounced"`, or the word of a step
---`finish`. A message that is refused ends the run, as contact:send does, unless its step is `optional`. An answer that comes while a message
---waits to leave ends the run as `replied`, without `on_reply`.
---```lua
---return cadence.run(contact, {
---  { send = "email", template = "intro" },
---  { wait = "3 business days" },
---  { send = "email", template = "nudge" },
---  { wait = "4 business days" },
---}, { on_reply = { stage = "talking", task = "call", note = "Answered: {reply}" } })
---```
---@param contact perigee.Contact
---@param steps table[]
---@param options? { on_reply?: table|function, on_silence?: table|function, on_bounce?: table|function }
---@return string outcome
function M.run(contact, steps, options)
  options = options or {}
  local plan, endings, faults = steps_of.read(steps, options)
  if faults[1] then check.raise("cadence.run: " .. table.concat(faults, "; ")) end
  return play_all(contact, plan, endings)
end

---What is wrong with steps, as sentences that begin with the step's number; an empty list if nothing is.
---```lua
---cadence.faults { { send = "email", tempalte = "intro" } } --> { "step 1: unknown key 'tempalte'; did you mean 'template'?", ... }
---```
---@param steps table[]
---@param options? { on_reply?: table|function, on_silence?: table|function, on_bounce?: table|function }
---@return string[]
function M.faults(steps, options)
  local _, _, faults = steps_of.read(steps, options or {})
  return faults
end

local own_keys = { steps = true, on_reply = true, on_silence = true, on_bounce = true }

---A whole sequence of steps, which the file returns. What it needs is read off the steps; `needs` adds what its functions do besides. The other keys
---are those of perigee.sequence, and on_reply, on_silence and on_bounce say what is done at those ends.
---```lua
---return cadence.sequence {
---  name = "creator-intro",
---  steps = {
---    { send = "email", template = "intro" },
---    { wait = "3 business days" },
---    { reach = { "instagram", "email" }, template = "nudge" },
---    { wait = "1 week" },
---  },
---  on_reply = { stage = "talking", task = "call", note = "Answered: {reply}" },
---  on_silence = { label = "silent" },
---}
---```
---@param definition table
---@return perigee.Sequence
function M.sequence(definition)
  if type(definition) ~= "table" then check.raise(("cadence.sequence: a table is needed, not %s"):format(check.describe(definition))) end
  local plan, endings, faults, needs = steps_of.read(definition.steps, definition)
  if faults[1] then check.raise("cadence.sequence: " .. table.concat(faults, "; ")) end
  local options = {}
  for key, value in pairs(definition) do
    if not own_keys[key] then options[key] = value end
  end
  options.needs = steps_of.joined(needs, definition.needs)
  options.run = options.run or function(contact) return play_all(contact, plan, endings) end
  if definition.run then check.raise "cadence.sequence: 'run' is made of the steps; a step may be a function(contact)" end
  return perigee.sequence(options)
end

return M
