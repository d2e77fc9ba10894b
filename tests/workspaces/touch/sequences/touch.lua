-- SPDX-License-Identifier: MIT
-- Ask at most once a month, one friendly touch between, thanks for every share. For ever.
local perigee = require "perigee"
local thanks  = require "perigee.thanks"
local words   = require "perigee.words"

local THANKS = { "thanks-1", "thanks-2", "thanks-3", "thanks-4", "thanks-5", "thanks-6" }
local STOP = { "stop", "unsubscribe", "leave me alone", "arretez", "arrete", "desinscrire", "basta", "smettila", "smettetela", "cancellami" }

return perigee.sequence {
  name       = "touch",
  title      = "Ambassadors, month after month",
  needs      = { send = { "email" }, task = true, store = true },
  on_reply   = "continue",
  on_handled = "continue",
  run = function(contact)
    local state = contact.state or { asks = 0, silent = 0 }
    local reacted = false

    -- listens until `time`; true when they said stop
    local function listen(time)
      while perigee.now() < time do
        local event = contact:wait({ "signal:shared", "reply", "click" }, time - perigee.now())
        if not event then return false end
        reacted = true
        if event.event == "signal:shared" then
          local title = event.data
          if type(title) == "table" then title = title.title end
          local said, why = thanks.say(contact, "email", THANKS, { vars = { title = title }, before = "20h" })
          if not said then
            contact:task { kind = "message", note = "Thank " .. contact.name .. " for sharing " .. tostring(title) .. ", in new words: " .. tostring(why), due = "1 day" }
          end
        elseif event.event == "reply" then
          if words.find(words.fold(event.text), STOP) then return true end
          contact:task { kind = "other", note = "Answered: " .. event.text, due = "1 day" }
        end
      end
      return false
    end

    -- sends within open hours, hearing first what they say meanwhile; "stop" when that was stop
    local function write(template)
      for _ = 1, 5 do
        if listen(perigee.date(nil, "open hours")) then return "stop" end
        local sent, why, code, rule = contact:try_send("email", template, { thread = "new" })
        if sent or rule ~= "unseen_reply" then return sent, why, rule end
        if listen(perigee.now() + 60) then return "stop" end      -- they wrote meanwhile: hear it first
      end
      return nil, "they kept writing", "unseen_reply"
    end

    -- 1. the ask
    local ask, why, rule = write "ask"
    if ask == "stop" then return "stopped by them" end
    local asked = ask and ask.at or perigee.now()
    if not ask then
      contact:note("Not asked this month: " .. why)
      if rule == "suppressed" or rule == "consent" or rule == "address" then return "not reachable" end
    end
    if listen(perigee.date(asked, "+15 days")) then return "stopped by them" end

    -- 2. two asks without any reaction: three months of quiet
    local silent = state.silent
    if reacted then silent = 0 elseif ask then silent = silent + 1 end
    local next_ask = perigee.date(asked, "+1 month")
    if silent >= 2 then
      if listen(perigee.date(asked, "+3 months")) then return "stopped by them" end
      silent = 0
      next_ask = perigee.date(nil, "+15 days")
    end

    -- 3. the friendly touch, then wait for the month to end
    if write(state.asks % 2 == 0 and "tip" or "greeting") == "stop" then return "stopped by them" end
    if listen(next_ask) then return "stopped by them" end
    if reacted then silent = 0 end
    contact:restart { asks = state.asks + 1, silent = silent }
  end,
}
