---@meta perigee
-- SPDX-License-Identifier: MIT
-- What require "perigee" gives, for editors (LuaLS). The code is in stdlib/perigee.lua and stdlib/declare.lua.

---A duration: "90s", "30m", "2 hours", "3 days", "1 week", "2 months", "3 business days", "4 business hours", "next monday 09:00", "open hours",
---"end of business day", an ISO date or date-time, or a number of seconds.
---@alias perigee.Duration string|number

---Plain data: nil, booleans, numbers, texts, and lists or tables of them.
---@alias perigee.Plain nil|boolean|number|string|table

---All that a script may do. Absent means no.
---@class perigee.Needs
---@field send? string[] channels it may send on
---@field task? boolean tasks for people
---@field store? boolean the store
---@field contacts? "read"|"write" other contacts than the run's own
---@field broadcast? boolean one text to many
---@field net? string[] hosts that it may send requests to: "api.example.com" (https), "api.example.com:8443"
---@field secret? string[] names of secrets that its requests may carry
---@field hooks? boolean

---@class perigee.Limits
---@field cpu_ms? integer milliseconds of processor time of a visit (50)
---@field memory_mb? integer MiB of memory of a visit (16)

---@class perigee.SequenceOptions
---@field name string small letters, digits, _ and -
---@field run fun(contact: perigee.Contact): string? what is done for one contact; returns the outcome
---@field title? string
---@field needs? perigee.Needs
---@field topic? string
---@field account? table<string, string> channel → account
---@field on_reply? "stop"|"continue" what a reply met outside of wait_reply does ("stop")
---@field on_handled? "stop"|"continue" what a teammate's message to the contact does ("stop")
---@field starts_on? string[] "message", "signal:NAME"
---@field limits? perigee.Limits

---@class perigee.JobOptions
---@field name string
---@field schedule string five-field cron, "every weekday at 09:00", "every 15 minutes", or one date-time
---@field run fun(job: perigee.Job): string?
---@field title? string
---@field needs? perigee.Needs
---@field zone? string the schedule's time zone (the workspace's)
---@field missed? "once"|"skip"|"all" due times met while nothing ran ("once")
---@field overlap? "skip"|"wait" a due time while the last run goes on ("skip")
---@field jitter? string each run begins up to so much later ("10m"), by chance, but always the same for one due time
---@field limits? perigee.Limits

---@class perigee.Job
---@field due integer the due time, seconds since the epoch
---@field name string

---@class perigee.Definition

---@class perigee
---@field store perigee.Store
---@field contacts perigee.Contacts
local perigee = {}

---A script that is run once per enrolled contact. The file returns it.
---```lua
---return perigee.sequence {
---  name  = "hello",
---  needs = { send = { "email" } },
---  run   = function(contact)
---    contact:send("email", "hello")
---  end,
---}
---```
---@param options perigee.SequenceOptions
---@return perigee.Definition
function perigee.sequence(options) end

---A script that is run on a schedule. The file returns it.
---```lua
---return perigee.job {
---  name = "weekly", schedule = "every monday at 09:00", needs = { contacts = "read" },
---  run  = function(job)
---    for _, contact in ipairs(perigee.contacts.find { label = "press" }) do
---      contact:enrol("press-news", tostring(job.due))
---    end
---  end,
---}
---```
---@param options perigee.JobOptions
---@return perigee.Definition
function perigee.job(options) end

---@class perigee.HookOptions
---@field name string
---@field verify "none"|perigee.HmacVerify|perigee.TokenVerify how a request proves whom it comes from
---@field run fun(request: perigee.HookRequest): string? what a request means; returns the outcome
---@field title? string
---@field needs? perigee.Needs task, store, contacts
---@field limits? perigee.Limits

---A signature of the body, or of `signed`, in a header.
---@class perigee.HmacVerify
---@field hmac "sha256"|"sha1"|"sha512"
---@field header string where the signature stands
---@field secret perigee.Secret
---@field encoding? "hex"|"base64" ("hex")
---@field prefix? string what stands before the signature: "sha256="
---@field signed? string what is signed, if more than the body: "v0:{timestamp}:{body}"
---@field timestamp? string|{ header: string, within?: perigee.Duration } where {timestamp} comes, and how old it may be ("5 minutes")
---@field id? string the header that names the delivery: one that comes twice is run once

---A secret in a header or in the query.
---@class perigee.TokenVerify
---@field token perigee.Secret
---@field header? string
---@field query? string
---@field id? string the header that names the delivery: one that comes twice is run once

---@class perigee.HookRequest
---@field method string "POST"
---@field path string "/hooks/shop"
---@field query table<string, string>
---@field headers table<string, string> names in lower case
---@field body? string the text; nil if there is none, or it is no text
---@field json? perigee.Plain the body as a value, if it is JSON
---@field form? table<string, string> its fields, if it is a form
---@field binary? boolean the body was no text, and is not kept
---@field at integer seconds since the epoch

---A webhook of the workspace's own (hooks/NAME.lua): turns a request into signals. It neither sends nor waits.
---```lua
---return perigee.hook {
---  name   = "shop",
---  verify = { hmac = "sha256", header = "X-Shop-Hmac", encoding = "base64", secret = perigee.secret "shop", id = "X-Shop-Delivery" },
---  needs  = { contacts = "write" },
---  run    = function(request)
---    local contact = perigee.contacts.upsert { email = request.json.email, name = request.json.name }
---    contact:signal("paid", { order = request.json.id })
---  end,
---}
---```
---@param options perigee.HookOptions
---@return perigee.Definition
function perigee.hook(options) end

---Waits, durably.
---```lua
---perigee.sleep "3 business days"
---```
---@param duration perigee.Duration
function perigee.sleep(duration) end

---Seconds since the epoch, of the last effect.
---```lua
---perigee.store.set("seen", perigee.now())
---```
---@return integer
function perigee.now() end

---Calendar arithmetic in the contact's zone.
---```lua
---local due = perigee.date(perigee.now(), "+2 business days") -- or "-4 business hours", "+1 month", ...
---```
---@param time? number seconds since the epoch (now)
---@param shift? perigee.Duration
---@param zone? string another zone than the contact's: "workspace", or a name such as "Asia/Tokyo"
---@return integer seconds since the epoch
function perigee.date(time, shift, zone) end

---A moment as the contact's calendar and clock show it; in a job, a hook or a test, the workspace's.
---@class perigee.Calendar
---@field year integer
---@field month integer 1 to 12
---@field day integer
---@field hour integer 0 to 23
---@field minute integer
---@field weekday "monday"|"tuesday"|"wednesday"|"thursday"|"friday"|"saturday"|"sunday"
---@field date string "2026-11-23"
---@field time string "09:30"

---What day and what time it is where the contact lives; in a job, a hook or a test, where the workspace is. (os.date says it in UTC.)
---```lua
---if perigee.calendar().weekday == "friday" then perigee.sleep "monday 09:00" end
---```
---@param time? number seconds since the epoch (now)
---@param zone? string another zone: "workspace", or a name such as "Asia/Tokyo"
---@return perigee.Calendar
function perigee.calendar(time, zone) end

---A line in the run's log.
---```lua
---perigee.log("no budget named", { reply = reply.text })
---```
---@param text string
---@param fields? table<string, perigee.Plain>
function perigee.log(text, fields) end

---@class perigee.BroadcastOptions
---@field channel string discord, matrix, slack or telegram
---@field to string where it appears there: "#community"
---@field template string
---@field at perigee.Duration when it leaves, by the workspace's clock; a person confirms it before
---@field account? string the channel's own, if there are several
---@field vars? table<string, perigee.Plain> what the template sees
---@field locale? string of the template

---One text to many, such as a community's channel. Its text is rendered now, and what it is is fixed; a person confirms it before its
---time (perigee broadcast), or it lapses. Returns at once. Failure is `nil, text, code, rule`: invalid (the template), refused (form, account).
---Needs `broadcast = true`.
---```lua
---local id, text = perigee.broadcast {
---  channel = "discord", to = "#launches", template = "launch", vars = { product = "Night Bottle" }, at = "2026-12-01T10:00",
---}
---if not id then perigee.log(text) end
---```
---@param options perigee.BroadcastOptions
---@return integer? id
---@return string? text
---@return string? code
---@return string? rule
function perigee.broadcast(options) end

---A secret by its name. It can be shown, compared, and put in auth or headers of perigee.http; nothing else.
---@class perigee.Secret

---@class perigee.Request
---@field url string https://HOST[:PORT]/PATH?QUERY; its host stands in needs.net
---@field method? "GET"|"HEAD"|"POST"|"PUT"|"PATCH"|"DELETE" ("GET")
---@field headers? table<string, string|perigee.Secret> a secret only where it is bound to this header
---@field body? string one of body, json and form
---@field json? perigee.Plain sent as application/json
---@field form? table<string, string|number> sent as a browser sends a form
---@field timeout? perigee.Duration for all of it, at most 2 minutes (30 s)
---@field pick? string|string[] what is kept of a JSON answer: "data.items[0].id"
---@field idempotency_key? string instead of the one that perigee makes
---@field auth? perigee.Secret stands where it is bound to: bearer, basic, header, path, query, hmac

---@class perigee.Response
---@field status integer any status, 404 and 500 too
---@field headers table<string, string> names in lower case
---@field body? string the text, if it is UTF-8 and nothing was picked
---@field json? perigee.Plain the answer as a value, if it is JSON; with pick a table { path = value }
---@field binary? boolean the answer was no text, and is not kept

---Makes a request, durably: it is journaled before it leaves and answered from the journal after that. Failure of the world is
---`nil, text, code`: refused, unreachable, timeout, invalid, limit (more than 64 kB: pick), unknown (other than GET and HEAD: it may
---have been carried out). Needs `net`, and `secret` for secrets.
---```lua
---local response, text, code = perigee.http {
---  method = "POST", url = "https://api.example.com/v1/gifts", json = { contact = contact.id },
---  auth = perigee.secret "gifts", pick = "id",
---}
---if not response then return "no gift: " .. code end
---contact:note("gift " .. response.json.id)
---```
---@param request perigee.Request
---@return perigee.Response? response
---@return string? text
---@return string? code
function perigee.http(request) end

---A handle of a secret of the vault. Printing it shows its name; the value never comes to a script.
---```lua
---local key = perigee.secret "gifts"
---```
---@param name string stands in needs.secret
---@return perigee.Secret
function perigee.secret(name) end

---Values of the workspace's own, kept with the journal. Needs `store = true`.
---@class perigee.Store
local store = {}

---The value of a key, or nil.
---```lua
---local n = perigee.store.get "asked" or 0
---```
---@param key string
---@return perigee.Plain
function store.get(key) end

---Sets the value of a key.
---```lua
---perigee.store.set("last", { id = contact.id, at = perigee.now() })
---```
---@param key string
---@param value perigee.Plain
function store.set(key, value) end

---Adds to a number and returns the new value; a missing key counts as 0.
---```lua
---if perigee.store.add("asked", 1) > 100 then return "enough" end
---```
---@param key string
---@param n? number 1
---@return number
function store.add(key, n) end

---Takes a key away.
---```lua
---perigee.store.delete "last"
---```
---@param key string
function store.delete(key) end

---The keys that begin with a prefix, sorted.
---```lua
---for _, entry in ipairs(perigee.store.list "seen:") do perigee.log(entry.key) end
---```
---@param prefix? string
---@return { key: string, value: perigee.Plain }[]
function store.list(prefix) end

---Other contacts. Needs `contacts = "read"` or `"write"`.
---@class perigee.Contacts
local contacts = {}

---Contacts that match, sorted by id. Keys: label, stage, channel, limit, and fields by name.
---```lua
---local list = perigee.contacts.find { label = "press", stage = "talking", limit = 50 }
---```
---@param what table<string, perigee.Plain>
---@return perigee.Contact[]
function contacts.find(what) end

---The contacts of a segment that perigee.lua describes (`segments`), as they are now, sorted by id.
---```lua
---for _, contact in ipairs(perigee.contacts.segment "gold") do contact:enrol "spring" end
---```
---@param name string
---@return perigee.Contact[]
function contacts.segment(name) end

---The contact with an id, or nil.
---```lua
---local lea = perigee.contacts.get "c-17"
---```
---@param id string
---@return perigee.Contact?
function contacts.get(id) end

---Makes a contact, or changes the one that has the same identity. Needs `contacts = "write"`. Of somebody who is there no
---address is replaced or removed, and consent is never given: that is an error. An address that is another contact's is refused: nil, text,
---`"refused"`.
---```lua
---local contact = perigee.contacts.upsert { email = "ann@b.example", name = "Ann B" }
---```
---@param attributes table<string, perigee.Plain>
---@return perigee.Contact? contact, string? text, string? code
function contacts.upsert(attributes) end

return perigee
