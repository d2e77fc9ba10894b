-- SPDX-License-Identifier: MIT
-- lib/watched.lua of a recipe that is played for the oracle: perigee.sequence, but that what its run asks of the contact is logged as
-- tests/oracle/oracle.py reads it. The script itself is as it ships.

local perigee = require "perigee"

local M = {}
local asks = { send = true, try_send = true, reach = true, try_reach = true }

local function log_result(n, message, text, code, rule)
  perigee.log(message and ("@got %d sent"):format(n) or ("@got %d %s %s"):format(n, tostring(code), tostring(rule)))
  return message, text, code, rule
end

local function watch(contact)
  local asked = 0

  local function ask(how, channels, template, options)
    asked = asked + 1
    local said = ""
    if options and math.type(options.before) then said = said .. (" before=%d"):format(options.before) end
    if options and type(options.cc) == "string" then said = said .. " cc=" .. options.cc end
    perigee.log(("@ask %d %s %s %s%s"):format(asked, how, type(channels) == "table" and table.concat(channels, ",") or channels, template, said))
    return log_result(asked, contact[how](contact, channels, template, options))
  end

  local seen = {}
  function seen.wait_reply(_, within)
    perigee.log "@reply-wait"
    local reply, text, code = contact:wait_reply(within)
    perigee.log(reply and "@given" or code == "bounced" and "@bounced" or "@reply-wait-over")
    return reply, text, code
  end

  function seen.wait(_, events, within)
    for _, name in ipairs(type(events) == "table" and events or { events }) do
      if name == "reply" then perigee.log "@listens" end
    end
    local event = contact:wait(events, within)
    perigee.log(not event and "@wait-over" or event.event == "reply" and "@given" or "@event " .. event.event)
    return event
  end

  for how in pairs(asks) do
    seen[how] = function(_, ...) return ask(how, ...) end
  end

  return setmetatable(seen, {
    __index = function(_, key)
      local value = contact[key]
      if type(value) ~= "function" then return value end
      return function(_, ...) return value(contact, ...) end
    end,
  })
end

function M.sequence(options)
  local run = options.run
  options.run = function(contact) return run(watch(contact)) end
  return perigee.sequence(options)
end

return M
