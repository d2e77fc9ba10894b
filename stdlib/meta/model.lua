---@meta
-- SPDX-License-Identifier: MIT
-- Models of contacts for `perigee sim --replies FILE.lua`, for editors (LuaLS). The code is in stdlib/model.lua.

---A message that has reached a contact.
---@class perigee.model.Message
---@field contact table what is known of them: id, name, first_name, locale, timezone, country, company, stage, identities, labels, fields
---@field channel string
---@field template string
---@field subject? string
---@field text string
---@field n integer how many messages have reached them, this one counted
---@field at integer seconds since the epoch

---A task for a person.
---@class perigee.model.Task
---@field contact table as of a message
---@field kind string "call", "video", "review", ...
---@field note? string
---@field n integer how many tasks about them there have been, this one counted
---@field at integer seconds since the epoch

---What a contact does (of a task: the person who has it).
---@class perigee.model.Happening
---@field kind "reply"|"message"|"auto_reply"|"bounce"|"unsubscribe"|"complaint"|"handled"|"click"|"opt_in"|"task_done"|string
---@field after? string|number how long after the message; at once by default
---@field text? string what they write; of task_done: the outcome
---@field channel? string the message's own by default
---@field returns? string of an auto_reply: the date on which they are back
---@field data? table of a signal: what it brings

---A number in [0, 1), from the simulation's seed.
---@alias perigee.model.Chance fun(): number

---A model answers each message. It remembers nothing between two calls.
---```lua
---return function(message, chance)
---  if message.contact.fields.tier == "gold" and chance() < 0.5 then
---    return { kind = "reply", after = "2 hours", text = "Yes!" }
---  end
---end
---```
---@alias perigee.model.Function fun(message: perigee.model.Message, chance: perigee.model.Chance): perigee.model.Happening|perigee.model.Happening[]|nil

---A model of messages, of tasks and of how people begin.
---```lua
---return {
---  message = function(message, chance)
---    if message.n == 2 then return { kind = "unsubscribe", after = "1 day" } end
---  end,
---  task = function(task, chance)
---    if task.kind == "call" then return { kind = "task_done", after = "1 day", text = chance() < 0.6 and "reached" or "no answer" } end
---  end,
---}
---```
---@class perigee.model.Model
---@field message? perigee.model.Function
---@field start? fun(contact: table, chance: perigee.model.Chance): perigee.model.Happening|perigee.model.Happening[]|nil what they do of their own accord, where a sequence starts on events
---@field task? fun(task: perigee.model.Task, chance: perigee.model.Chance): perigee.model.Happening|perigee.model.Happening[]|nil
