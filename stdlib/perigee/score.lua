-- SPDX-License-Identifier: MIT
-- perigee.score: who speaks of the brand, how much, and how lately. What people do on the networks is counted by day in the
-- store; a score is those counts, each times its weight, halved with every `half_life_days`. Because counts are kept and not
-- points, other weights hold for the past as well.
--
-- The weights follow what each network's feed rewards, as community managers described it at the end of 2021 (Facebook: a
-- comment above a share above a reaction, and all reactions alike; X: a retweet above a reply; Instagram: comments, and
-- authors who answer them; LinkedIn: comments; TikTok: shares; YouTube: minutes watched). The order is theirs, the numbers
-- are ours. Networks change: `score.with { weights = ... }` sets others.

local perigee = require "perigee"
local check = require "perigee.check"

local DAY = 86400
local FORGOTTEN = 10          -- half-lives after which a count is worth nothing (a thousandth) and is taken out of the store
local DROPS_MOST = 50         -- of them at one reading
local LEFT_EARLY = 0.1        -- a video left before this part of it was not watched

local WEIGHTS = {
  checked_on = "2026-11-22",
  any       = { mention = 4, defence = 8, review = 6, share = 4, comment = 3, reply = 2, answer = 2, save = 2, click = 1, reaction = 1, follow = 1 },
  facebook  = { comment = 4, share = 3, reaction = 1 },
  x         = { retweet = 4, quote = 4, reply = 2, reaction = 1 },
  instagram = { comment = 4, answer = 3, share = 2, save = 2, reaction = 1 },
  linkedin  = { comment = 4, share = 2, reaction = 1 },
  tiktok    = { share = 4, comment = 2, reaction = 1 },
  youtube   = { watch = 0.5, left = -0.5, comment = 2, share = 2, reaction = 1 },
}

local TIERS = { { "ambassador", 40 }, { "advocate", 15 }, { "friend", 5 } }

-- Other words for the same thing. Reactions weigh the same, whatever the face.
local KINDS = { repost = "retweet", like = "reaction", love = "reaction", care = "reaction", haha = "reaction", wow = "reaction",
  sad = "reaction", angry = "reaction", celebrate = "reaction", support = "reaction", insightful = "reaction", funny = "reaction" }
local NO_TALK = { auto_reply = true, bounce = true, unsubscribe = true, complaint = true }
local NETWORKS = { twitter = "x", messenger = "facebook" }

local function finite(what, value)
  if check.number(what, value) ~= value or value == math.huge or value == -math.huge then check.raise(what .. ": a finite number is needed") end
  return value
end

local function positive(what, value)
  if finite(what, value) <= 0 then check.raise(what .. ": a number above 0") end
  return value
end

local function weights(what, value)
  local merged = {}
  for network, kinds in pairs(WEIGHTS) do merged[network] = kinds end
  if type(value) ~= "table" then check.raise(("%s: a table { network = { kind = number } } is needed, not %s"):format(what, check.describe(value))) end
  for network, kinds in pairs(value) do
    local name = ("%s.%s"):format(what, tostring(network))
    if type(kinds) ~= "table" then check.raise(("%s: a table { kind = number } is needed, not %s"):format(name, check.describe(kinds))) end
    local copy = {}
    for kind, weight in pairs(merged[network] or {}) do copy[kind] = weight end
    for kind, weight in pairs(kinds) do copy[kind] = finite(("%s.%s"):format(name, tostring(kind)), weight) end
    merged[network] = copy
  end
  return merged
end

local function tiers(what, value)
  if type(value) ~= "table" or #value == 0 then check.raise(what .. ": a list { { \"ambassador\", 40 }, ... } is needed") end
  local copy = {}
  for i, tier in ipairs(value) do
    if type(tier) ~= "table" then check.raise(("%s[%d]: { \"name\", points } is needed, not %s"):format(what, i, check.describe(tier))) end
    copy[i] = { check.line(("%s[%d]: name"):format(what, i), tier[1]), finite(("%s[%d]: points"):format(what, i), tier[2]) }
  end
  table.sort(copy, function(a, b) return a[2] > b[2] end)
  return copy
end

local setting_keys = { weights = weights, half_life_days = positive, tiers = tiers, talks_per_ask = positive, days_between_asks = positive }
local activity_keys = { network = check.line, kind = check.line, n = finite, at = finite, of = positive }

local function id_of(what, contact)
  if type(contact) == "string" then return check.line(what, contact) end
  if contact == nil then check.raise(what .. ": a contact is needed, not nothing") end
  return contact.id
end

-- An activity in our own words: network, kind, how many.
local function understood(what, activity)
  local a = check.options(what, activity, activity_keys, { "network", "kind" })
  local network, kind, n = a.network:lower(), a.kind:lower(), a.n or 1
  network, kind = NETWORKS[network] or network, KINDS[kind] or kind
  if kind == "share" and network == "x" then kind = "retweet" end
  if kind == "watch" and a.of and n / a.of < LEFT_EARLY then kind, n = "left", 1 end
  return network, kind, n, a.at or perigee.now()
end

local function day_words(day)
  return os.date("!%Y-%m-%d", day * DAY)
end

local function number_words(n)
  local text = ("%.1f"):format(n)
  return (text:gsub("%.0$", ""))
end

local function make(settings)
  ---@class perigee.Score
  local M = {}
  local weigh, half_life = settings.weights, settings.half_life_days

  local function weight_of(network, kind)
    local own = weigh[network]
    return type(own) == "table" and own[kind] or weigh.any[kind]
  end

  local function decay(day, now)
    local age = now // DAY - day
    return age <= 0 and 1 or 0.5 ^ (age / half_life)
  end

  ---The same module with a workspace's own numbers. Weights are merged with the built-in ones (`any` holds for every network that has
  ---none of its own for that kind); put it into lib/ and require it from there, so that all scripts count alike.
  ---```lua
  ----- lib/our-score.lua
  ---return require "perigee.score".with { weights = { x = { quote = 6 } }, half_life_days = 45, tiers = { { "gold", 80 }, { "silver", 20 } } }
  ---```
  ---@param changes { weights?: table<string, table<string, number>>, half_life_days?: number, tiers?: table[], talks_per_ask?: number, days_between_asks?: number }
  ---@return perigee.Score
  function M.with(changes)
    local copy = check.options("score.with", changes, setting_keys)
    for key, value in pairs(settings) do
      if copy[key] == nil then copy[key] = value end
    end
    return make(copy)
  end

  ---What one thing that somebody did is worth today. `n` is how many (minutes for `watch`, with `of` the length of the video: who left
  ---in the first tenth counts as having left), `at` when (now). nil and why, if nothing is known of that kind.
  ---```lua
  ---local points = score.of { network = "x", kind = "retweet", n = 3 }
  ---```
  ---@param activity { network: string, kind: string, n?: number, at?: number, of?: number }
  ---@return number? points, string? text, string? code
  function M.of(activity)
    local network, kind, n, at = understood("score.of", activity)
    local weight = weight_of(network, kind)
    if not weight then
      return nil, ("%s has no weight for '%s': give it one with score.with { weights = ... }"):format(network, kind), "invalid"
    end
    return weight * n * decay(at // DAY, perigee.now())
  end

  ---Counts something that a contact did. nil and why, if nothing is known of that kind (nothing is counted then).
  ---```lua
  ---score.add(contact, { network = "instagram", kind = "comment" })
  ---```
  ---Needs: store.
  ---@param contact perigee.Contact|string a contact or an id
  ---@param activity { network: string, kind: string, n?: number, at?: number, of?: number }
  ---@return number? count of that kind on that day, string? text, string? code
  function M.add(contact, activity)
    local id = id_of("score.add", contact)
    local network, kind, n, at = understood("score.add", activity)
    if not weight_of(network, kind) then
      return nil, ("%s has no weight for '%s': give it one with score.with { weights = ... }"):format(network, kind), "invalid"
    end
    return perigee.store.add(("score/%s/%d %s.%s"):format(id, at // DAY, network, kind), n)
  end

  ---The score of a contact today: `score`, `tier` (nil below all), `last` (the day of the last thing counted, as "2026-11-22", or nil)
  ---and `kinds`, by "network.kind": `{ n, points, last }`.
  ---```lua
  ---if score.read(contact).tier == "ambassador" then contact:label "ambassador" end
  ---```
  ---Needs: store.
  ---@param contact perigee.Contact|string
  ---@return { score: number, tier?: string, last?: string, kinds: table<string, { n: number, points: number, last: string }> }
  function M.read(contact)
    local prefix = ("score/%s/"):format(id_of("score.read", contact))
    local now = perigee.now()
    local total, last, kinds, dropped = 0, nil, {}, 0
    for _, row in ipairs(perigee.store.list(prefix)) do
      local day, network, kind = row.key:sub(#prefix + 1):match "^(%-?%d+) (.-)%.([^.]*)$"
      day = math.tointeger(day)
      if day and now // DAY - day > FORGOTTEN * half_life then
        if dropped < DROPS_MOST then perigee.store.delete(row.key) end
        dropped = dropped + 1
      elseif day then
        local name = network .. "." .. kind
        local one = kinds[name] or { n = 0, points = 0 }
        local points = (weight_of(network, kind) or 0) * row.value * decay(day, now)
        one.n, one.points, one.last = one.n + row.value, one.points + points, day_words(day)
        kinds[name], total, last = one, total + points, math.max(last or day, day)
      end
    end
    return { score = total, tier = M.tier(total), last = last and day_words(last), kinds = kinds }
  end

  ---The name of the tier of so many points, or nil. Built in: 40 ambassador, 15 advocate, 5 friend.
  ---```lua
  ---score.tier(41) --> "ambassador"
  ---```
  ---@param points number
  ---@return string?
  function M.tier(points)
    check.number("score.tier: points", points)
    for _, tier in ipairs(settings.tiers) do
      if points >= tier[2] then return tier[1] end
    end
    return nil
  end

  ---Contacts with their scores, the highest first (equal ones in the order given).
  ---```lua
  ---for place, one in ipairs(score.rank(perigee.contacts.find { label = "community" })) do
  ---  if place <= 10 then one.contact:label "top ten" end
  ---end
  ---```
  ---Needs: store.
  ---@param contacts perigee.Contact[]
  ---@return { contact: perigee.Contact, score: number, tier?: string, last?: string }[]
  function M.rank(contacts)
    if type(contacts) ~= "table" then check.raise("score.rank: a list of contacts is needed, not " .. check.describe(contacts)) end
    local list = {}
    for i, contact in ipairs(contacts) do
      local read = M.read(contact)
      list[i] = { contact = contact, score = read.score, tier = read.tier, last = read.last }
    end
    table.sort(list, function(a, b) return a.score > b.score end)
    return list
  end

  ---Why a contact has the score: lines for people, the heaviest first.
  ---```lua
  ---contact:note(table.concat(score.explain(contact), "\n"))
  ---```
  ---Needs: store.
  ---@param contact perigee.Contact|string
  ---@return string[] lines
  function M.explain(contact)
    local read = M.read(contact)
    local names = {}
    for name in pairs(read.kinds) do names[#names + 1] = name end
    table.sort(names, function(a, b) return read.kinds[a].points > read.kinds[b].points end)
    local lines = { ("%s points%s"):format(number_words(read.score), read.tier and ", " .. read.tier or "") }
    for _, name in ipairs(names) do
      local one, network, kind = read.kinds[name], name:match "^(.-)%.([^.]*)$"
      lines[#lines + 1] = ("%s: %s, last on %s; %s each when fresh, worth %s today"):format(name:gsub("%.", " "), number_words(one.n), one.last,
        number_words(weight_of(network, kind) or 0), number_words(one.points))
    end
    if #names == 0 then lines[2] = "nothing has been counted" end
    return lines
  end

  ---Is it a good moment to ask for something? Counts the asks among the last 50 messages with a contact, and the talks: what they wrote,
  ---and what we wrote that wanted nothing. `ask` is true if each earlier ask and the coming one have as many talks as `talks_per_ask` (1) says,
  ---the last ask is `days_between_asks` (7) old and has been followed by a word of theirs or ours. `why` says it in words.
  ---```lua
  ---local balance = score.balance(contact)
  ---if not balance.ask then return "not now: " .. balance.why end
  ---```
  ---@param contact perigee.Contact
  ---@return { asks: integer, talks: integer, ratio: number, ask: boolean, why: string } ratio: asks for each talk
  function M.balance(contact)
    id_of("score.balance", contact)
    local asks, talks, since, newest = 0, 0, 0, nil
    for _, message in ipairs(contact:messages { limit = 50 }) do
      local is_ask = message.direction == "out" and message.by ~= "person" and (message.purpose == "ask" or message.purpose == "news")
      if is_ask then
        asks, newest = asks + 1, newest or message.at
      elseif message.direction == "out" or not NO_TALK[message.kind] then
        talks = talks + 1
        if not newest then since = since + 1 end
      end
    end
    local balance = { asks = asks, talks = talks, ratio = talks > 0 and asks / talks or asks, ask = false }
    local days = newest and (perigee.now() - newest) / DAY
    if talks < (asks + 1) * settings.talks_per_ask then
      balance.why = ("asks: %d, talks: %d; talk first, and ask for nothing"):format(asks, talks)
    elseif days and days < settings.days_between_asks then
      balance.why = ("the last ask is %s days old; wait until it is %s"):format(number_words(days), number_words(settings.days_between_asks))
    elseif newest and since == 0 then
      balance.why = "nothing has been said since the last ask; talk first"
    else
      balance.ask, balance.why = true, ("asks: %d, talks: %d; a good moment"):format(asks, talks)
    end
    return balance
  end

  return M
end

return make { weights = WEIGHTS, half_life_days = 30, tiers = TIERS, talks_per_ask = 1, days_between_asks = 7 }
