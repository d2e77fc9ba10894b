---@meta
-- SPDX-License-Identifier: MIT
-- The tests of a workspace (tests/*.lua), for editors (LuaLS). The code is in stdlib/testing.lua.

---Declares a test. Each is run in a world of its own: empty, on a clock that only t:advance moves.
---```lua
---test("the silent get a nudge", function(t)
---  t:enrol { sequence = "creator-intro", contact = { name = "Ann B", email = "ann@b.example" } }
---  t:expect_sent { channel = "email", template = "intro" }
---  t:advance "3 business days"
---  t:expect_sent { template = "nudge" }
---end)
---```
---@param name string
---@param body fun(t: perigee.Test)
function test(name, body) end

---@class perigee.Test
local t = {}

---Enrols a contact, given by id or made of attributes. Returns the run's id.
---```lua
---t:enrol { sequence = "creator-intro", contact = { name = "Ann B", email = "ann@b.example" } }
---```
---@param options { sequence: string, contact: string|table, key?: string }
---@return integer run
function t:enrol(options) end

---The same as enrol.
---```lua
---t:enroll { sequence = "creator-intro", contact = "c1" }
---```
---@param options { sequence: string, contact: string|table, key?: string }
---@return integer run
function t:enroll(options) end

---Lets time pass.
---```lua
---t:advance "3 business days"
---```
---@param duration perigee.Duration
function t:advance(duration) end

---What the contact writes. With attributes as its contact somebody writes who need not be enrolled: what starts on a message begins.
---```lua
---t:reply { channel = "email", text = "Yes, gladly" }
---t:reply { text = "Where is my order?", contact = { id = "ann", name = "Ann B", email = "ann@b.example" } }
---```
---@param options { text: string, channel?: string, contact?: string|table }
function t:reply(options) end

---Another event. As with t:reply, its contact is an id or a table of attributes. Of kind "message" they write of their own accord; a
---signal brings data. With `hook` a request comes to a hook: what its run returned comes back, and if it failed the test does.
---```lua
---t:event { kind = "bounce", channel = "email" }
---t:event { kind = "signal:delivered", data = { parcel = 7 } }
---t:event { kind = "broadcast_confirm" } -- by a colleague; also "broadcast_cancel"
---t:event { hook = "shop", json = { id = 7, email = "ann@b.example" }, headers = { ["X-Shop-Delivery"] = "1" } }
---```
---@param event { kind: string, channel?: string, text?: string, contact?: string|table, data?: table, id?: integer }|{ hook: string, json?: any, body?: string, headers?: table<string, string>, method?: string, path?: string, query?: string|table<string, string> }
---@return string? outcome of the hook
function t:event(event) end

---What a request of a script will be answered. Each answer serves once, in the order given; the last one that fits, again and again.
---A request that no answer was prepared for is "unreachable".
---```lua
---t:http { url = "https://api.example.com/people/*", json = { stage = "talking" } }
---t:http { method = "POST", url = "https://api.example.com/gifts", error = "timeout" }
---```
---@param answer { url: string, method?: string, status?: integer, headers?: table<string, string>, body?: string, json?: any, error?: string, text?: string }
function t:http(answer) end

---The test's time.
---```lua
---t:expect(t:now():sub(1, 10), "2026-11-23")
---```
---@return string ISO 8601
function t:now() end

---A message like this was sent since the last look; returns the first.
---```lua
---local message = t:expect_sent { channel = "email", template = "intro" }
---```
---@param wanted? table
---@return table message
function t:expect_sent(wanted) end

---Nothing was sent since the last look.
---```lua
---t:expect_nothing_sent()
---```
function t:expect_nothing_sent() end

---A script made a request like this that no expectation was met by yet; returns the oldest. A url may end in `*`; of `json`, `form` and
---`headers` the members that are given count; `secret` is the name of one that went with it; `status` or `code` is what it was answered.
---```lua
---local order = t:expect_request { method = "POST", url = "https://gifts.example.com/*", json = { to = "Ann B" }, secret = "gifts" }
---t:expect(order.json.item, "a book")
---```
---@param wanted? { method?: string, url?: string, json?: any, body?: string, form?: table, headers?: table<string, string>, secret?: string, idempotency_key?: string, contact?: string, status?: integer, code?: string }
---@return table request
function t:expect_request(wanted) end

---No script made such a request, but for those that t:expect_request gave: after it, "exactly once".
---```lua
---t:expect_no_request { method = "POST" }
---```
---@param unwanted? { method?: string, url?: string, json?: any, body?: string, form?: table, headers?: table<string, string>, secret?: string, idempotency_key?: string, contact?: string, status?: integer, code?: string }
function t:expect_no_request(unwanted) end

---There is a task like this; returns the first.
---```lua
---t:expect_task { kind = "call" }
---```
---@param wanted? table
---@return table task
function t:expect_task(wanted) end

---No task, done or open, was made that matches; without members: none at all.
---```lua
---t:expect_no_task { kind = "call", contact = "ana" }
---```
---@param unwanted? table
function t:expect_no_task(unwanted) end

---What is known of a contact now: attributes, `labels` as a set, `fields` by name.
---```lua
---t:expect(t:contact("ann").stage, "talking")
---t:expect(t:contact("ann").labels.press, true)
---```
---@param id string
---@return { id: string, name?: string, stage?: string, owner?: string, labels: table<string, boolean>, fields: table<string, any> } contact
function t:contact(id) end

---There is a broadcast like this; returns the first, those that wait for a person first.
---```lua
---t:expect_broadcast { channel = "discord", template = "launch", state = "sent" }
---```
---@param wanted? table
---@return table broadcast
function t:expect_broadcast(wanted) end

---The run that began last (by t:enrol, or by an event that a script starts on) has ended with this outcome; nil: it has not ended.
---```lua
---t:expect_outcome "replied"
---```
---@param outcome string?
function t:expect_outcome(outcome) end

---A value is what is wanted; tables are compared by what they hold.
---```lua
---t:expect(message.subject, "Hi Ann")
---```
---@param value any
---@param wanted any
function t:expect(value, wanted) end
