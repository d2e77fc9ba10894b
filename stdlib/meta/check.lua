---@meta perigee.check
-- SPDX-License-Identifier: MIT
-- What require "perigee.check" gives, for editors (LuaLS): the checks with which the library looks at what it is given, for modules of your
-- own. Each raises at the line of the script that called the module, with a text that says what to do. The code is in stdlib/check.lua.

---@class perigee.check
local check = {}

---Raises: what is wrong, and what to do.
---```lua
---if days < 1 then check.raise "offer: days: a number from 1" end
---```
---@param text string
function check.raise(text) end

---A text that is not empty; gives it back. what: how the sentence names it ("offer: name").
---```lua
---local name = check.text("offer: name", options.name)
---```
---@param what string
---@param value any
---@return string
function check.text(what, value) end

---A text of one line, at most 200 bytes: a key, a label.
---```lua
---check.line("offer: key", key)
---```
---@param what string
---@param value any
---@return string
function check.line(what, value) end

---A name: small letters, digits, - and _, at most 64.
---```lua
---check.name("offer: channel", channel)
---```
---@param what string
---@param value any
---@return string
function check.name(what, value) end

---A number.
---```lua
---check.number("offer: places", places)
---```
---@param what string
---@param value any
---@return number
function check.number(what, value) end

---A duration, as it was written.
---```lua
---check.duration("offer: expires", options.expires)
---```
---@param what string
---@param value any
---@return perigee.Duration
function check.duration(what, value) end

---One of a few values; the sentence says which one was probably meant.
---```lua
---check.one_of("offer: kind", kind, { "gift", "discount" })
---```
---@param what string
---@param value any
---@param list any[]
---@return any
function check.one_of(what, value, list) end

---A list of texts. With `single` one text alone is a list of one.
---```lua
---local channels = check.texts("offer: channels", channels, true)
---```
---@param what string
---@param value any
---@param single? boolean
---@return string[]
function check.texts(what, value, single) end

---A table of options: unknown keys are errors with a hint. spec: key → a check, or the name of a Lua type. Gives a copy.
---```lua
---local settings = check.options("offer", settings, { name = check.text, places = check.number, vars = "table" }, { "name" })
---```
---@param what string
---@param options any
---@param spec table<string, string|fun(what: string, value: any): any>
---@param required? string[] keys that must be there
---@return table
function check.options(what, options, spec, required) end

---What a value is, in words: "a text", "nothing".
---```lua
---check.raise("offer: a name is needed, not " .. check.describe(name))
---```
---@param value any
---@return string
function check.describe(value) end

---"; did you mean 'x'?", or "; known: ..." if the list is short, or nothing.
---```lua
---check.raise(("there is no offer '%s'%s"):format(name, check.hint(name, known)))
---```
---@param word any
---@param list string[]
---@return string
function check.hint(word, list) end

---The word of a list that was probably meant, or nil.
---```lua
---local near = check.nearest(word, { "email", "sms" })
---```
---@param word string
---@param list string[]
---@return string?
function check.nearest(word, list) end

---The keys of a table, as a list.
---```lua
---check.hint(name, check.names(offers))
---```
---@param set table<string, any>
---@return string[]
function check.names(set) end

return check
