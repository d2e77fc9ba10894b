-- SPDX-License-Identifier: MIT
-- What hostile scripts call `host`, made of what a script really has. A refusal of any kind becomes an error, as they expect.
local perigee = require "perigee"

-- A script may replace what it finds in its environment; the adapter keeps its own.
local error, pcall, rawget, type = error, pcall, rawget, type
local find, gsub = string.find, string.gsub

local function accepted(value, text)
  if value == nil then error(text, 0) end
  return value
end

return function(contact)
  local host = {}

  -- A report must arrive even where the log refuses its text (bytes that are no UTF-8).
  function host.log(text)
    local good, why = pcall(perigee.log, text)
    if good then return end
    if type(text) == "string" and find(text, "BREACH", 1, true) then perigee.log((gsub(text, "[^ -~]", "?"))) end
    error(why, 0)
  end

  -- Scripts name no recipient. One that is the contact's own address is a message to that contact, whose subject and text the
  -- template takes from the variables; all else is given as options of the call, as a script might try to.
  function host.send(message)
    if type(message) == "table" and rawget(message, "to") == contact.email then
      return accepted(contact:try_send("email", "intro", { vars = message }))
    end
    return accepted(contact:try_send("email", "intro", message or false))
  end

  function host.template(name, values)
    return accepted(contact:try_send("email", name, values and { vars = values }))
  end

  function host.http(request)
    return accepted(perigee.http(request)).body or ""
  end

  function host.store_get(key) return perigee.store.get(key) end
  function host.store_set(key, value) return perigee.store.set(key, value) end
  function host.sleep(duration) return perigee.sleep(duration) end
  function host.secret(name) return perigee.secret(name) end
  function host.now() return perigee.now() end
  host.module = require
  return host
end
