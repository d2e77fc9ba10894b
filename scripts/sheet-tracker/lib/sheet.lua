-- SPDX-License-Identifier: MIT
-- What an event means for the columns of the sheet. Nobody has to remember to fill them in.
local M = {}

local early = { prospect = true, contacted = true, silent = true }

-- They wrote: where they can be reached, since when the ball is with us, and that we are talking.
function M.heard(contact, message)
  contact:set {
    communication_channel = message.channel, last_word = os.date("!%Y-%m-%d", message.at), waiting_for = "us",
    stage = early[contact.stage or "prospect"] and "talking" or contact.stage,
  }
end

return M
