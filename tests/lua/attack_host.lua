-- SPDX-License-Identifier: MIT
-- What the hostile scripts of $PERIGEE_ATTACKS (tests/c/worker_attacks_test.c) call `host`, made of what a script really has.
local perigee = require "perigee"

-- What they expect of a refusal is an error.
local function accepted(message, text)
  if not message then error(text, 0) end
  return message
end

return function(contact)
  return {
    log = function(text) perigee.log(text) end,
    send = function(message) return accepted(contact:try_send("email", "intro", { vars = message })) end,
    http = function(request) return perigee.http(request) end,
    store_get = function(key) return perigee.store.get(key) end,
    store_set = function(key, value) return perigee.store.set(key, value) end,
    sleep = function(duration) return perigee.sleep(duration) end,
    template = function(name, values) return accepted(contact:try_send("email", name, { vars = values })) end,
    module = require,
    secret = function(name) return perigee.secret(name) end,
    now = perigee.now,
  }
end
