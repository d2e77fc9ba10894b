---@meta
-- SPDX-License-Identifier: MIT
-- The constructors of perigee.lua, for editors (LuaLS). The code is in stdlib/workspace.lua.

---@class perigee.Secret

---@class perigee.Policy
---@field asks_per_week? integer|false asks to one contact in 7 days, by all sequences (3); 0 or false: no such rule
---@field max_channels? integer|false channels one contact is written to on in 90 days, calls apart (3)
---@field two_then_call? integer|false unanswered e-mails of one run in 30 days; then a task to call is opened (2)
---@field personal? boolean the first ask to a contact must not read, names aside, like one that another got (true)
---@field breaker? integer|false failures in a row after which an account's channel counts as down (5)
---@field stop_company? boolean a reply of one contact ends the runs of the others of that company (false)
---@field opt_in? string|string[] channels that need an opt-in, besides whatsapp, sms and newsletters

---What is older is dropped at night; what has no time here is kept for good.
---@class perigee.Keep
---@field journals? perigee.Duration journals of ended runs; the runs and their outcomes stay ("1 year")
---@field raw_mail? perigee.Duration whole received mails; their text stays ("1 year")
---@field messages? perigee.Duration what messages and events say; that they were sent or came stays
---@field attachments? perigee.Duration files in attachments/CONTACT-ID/, and which files went with messages
---@field logs? perigee.Duration perigee.log of ended runs
---@field secret_uses? perigee.Duration who used which secret
---@field contacts? perigee.Duration prospects who never answered, since the last contact: they are erased ("3 years")

---A group of contacts: all keys must hold. A list means any of its values.
---@class perigee.Segment
---@field label? string|string[]
---@field not_label? string|string[]
---@field stage? string|string[]
---@field not_stage? string|string[]
---@field channel? string|string[] they have an address on it
---@field not_channel? string|string[]
---@field country? string|string[]
---@field locale? string|string[]
---@field timezone? string|string[]
---@field company? string|string[]
---@field owner? string|string[]
---@field fields? table<string, perigee.Plain> { NAME = value or list of values }
---@field answered? boolean have they ever written to us?
---@field silent_for? perigee.Duration they have not written to us for so long, or never
---@field unwritten_for? perigee.Duration we have not written to them for so long, or never

---@class perigee.Workspace
---@field timezone string "Europe/Paris"
---@field hours? "always"|string[]|table<string, string|string[]> when messages may leave (mon-fri 09:00-18:00)
---@field holidays? string[] countries, regions, dates, dates of every year: "FR", "DE-BY", "2026-12-24", "12-24"
---@field stages? string[]
---@field topics? table<string, string|string[]> a sequence's topic → the channels it may go by: { contract = "email" }
---@field database? string ("perigee.db")
---@field public_url? string where the outside reaches `serve --public`, for unsubscribe links: "https://outreach.brand.example"
---@field policy? perigee.Policy
---@field undo? perigee.Duration how long a message may still be cancelled ("0s")
---@field keep? perigee.Keep what is kept how long
---@field segments? table<string, perigee.Segment> groups of contacts, by name
---@field redirect_all_to? string every mail goes here instead
---@field allow_addresses? string[] private addresses that may be spoken to: "127.0.0.1:2525"

---@class perigee.Server
---@field url string smtp://, smtps://, imap:// or imaps://
---@field user? string
---@field password? perigee.Secret
---@field auth? "plain"|"login"|"xoauth2"
---@field tls? "required"|"none" ("required")
---@field inbox? string imap: the inbox's folder ("INBOX")
---@field sent? string imap: the folder of sent mail ("Sent")

---@class perigee.Cap
---@field per_day? integer messages in 24 hours that roll (else what is usual on the channel)
---@field per_domain? integer|table<string, integer> messages in an hour to one mail domain: 20, or { default = 20, ["gmail.com"] = 10 }
---@field gap? perigee.Duration between two messages
---@field warmup? { from: integer, step: integer }

---How our mail is signed where our own relay does not sign it; two keys of two kinds make two signatures.
---@class perigee.Dkim
---@field domain string of the from address, or one above it
---@field selector string|string[] the key's record stands in the DNS as SELECTOR._domainkey.DOMAIN
---@field key perigee.Secret|perigee.Secret[] RSA or Ed25519 (perigee secret dkim NAME prints the record)

---@class perigee.Account
---@field channel string
---@field from? string "Name <address>"
---@field owner? string
---@field smtp? perigee.Server
---@field imap? perigee.Server
---@field cap? perigee.Cap
---@field inbound? "contacts"|"everyone" whose mail is kept ("contacts")
---@field dkim? perigee.Dkim e-mail: signs each message
---@field return_path? "plus" e-mail: bounces come back to local+TOKEN@domain and so cite their message

---The workspace's settings, once in the file.
---```lua
---workspace { timezone = "Europe/Paris", hours = { "mon-fri 09:00-18:00" } }
---```
---@param options perigee.Workspace
function workspace(options) end

---An account of ours on a channel.
---```lua
---account "partnerships" {
---  channel = "email", from = "Léa Martin <lea@brand.example>",
---  smtp = { url = "smtps://smtp.brand.example", user = "lea@brand.example", password = secret "partnerships" },
---}
---```
---@param name string
---@return fun(options: perigee.Account)
function account(name) end

---A secret of the vault by its name (perigee secret set NAME).
---```lua
---password = secret "partnerships"
---```
---@param name string
---@return perigee.Secret
function secret(name) end
