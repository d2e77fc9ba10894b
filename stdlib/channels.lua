-- SPDX-License-Identifier: MIT
-- What the channels take, as their vendors' pages said on the date given. A text is counted in each channel's own units.

local letters = require "liquid.letters"

local M = {}

---The day on which the table was last compared with its sources.
M.checked = "2026-11-20"

---@class channels.Channel
---@field unit "characters"|"bytes"|"UTF-16 units" what most counts
---@field most integer the longest text
---@field source string where that stands
---@field links? false links are not let through
M.channels = {
  discord = { unit = "characters", most = 2000, source = "discord.com/developers/docs/resources/message" },
  instagram = { unit = "bytes", most = 1000, source = "developers.facebook.com/docs/messenger-platform/instagram/features/send-message" },
  linkedin = { unit = "characters", most = 8000, source = "linkedin.com/help/linkedin/answer/a1340033" },
  messenger = { unit = "characters", most = 2000, source = "developers.facebook.com/docs/messenger-platform/reference/send-api" },
  slack = { unit = "characters", most = 40000, source = "docs.slack.dev/reference/methods/chat.postMessage" },
  sms = { unit = "characters", most = 1600, source = "twilio.com/docs/errors/21617" },
  telegram = { unit = "UTF-16 units", most = 4096, source = "core.telegram.org/bots/api#sendmessage" },
  tiktok = { unit = "characters", most = 6000, links = false, source = "business-api.tiktok.com/portal/docs" },
  twitch = { unit = "characters", most = 500, source = "dev.twitch.tv/docs/api/reference/#send-whisper" },
  whatsapp = { unit = "characters", most = 4096, source = "developers.facebook.com/docs/whatsapp/cloud-api/messages/text-messages" },
  x = { unit = "characters", most = 10000, source = "docs.x.com/x-api/direct-messages" },
}

local counts = {
  characters = letters.length,
  bytes = function(text) return #text end,
  ["UTF-16 units"] = function(text)
    local n = 0
    for _, code in utf8.codes(text) do n = n + (code > 0xFFFF and 2 or 1) end
    return n
  end,
}

---How long a text is on a channel: the count, the most it takes, the unit; nil for a channel without a limit.
---```lua
---local n, most, unit = channels.length("instagram", "café") --> 5, 1000, "bytes"
---```
---@param channel string
---@param text string
function M.length(channel, text)
  local row = M.channels[channel]
  if not row then return nil end
  return counts[row.unit](text), row.most, row.unit
end

-- GSM 03.38's alphabet, and what takes two places in it.
local basic, double = {}, {}
for _, code in utf8.codes "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà" do
  basic[code] = true
end
for _, code in utf8.codes "^{}\\[~]|€\f" do double[code] = true end

---Into how many messages an SMS is cut, and its alphabet: "GSM-7" (160, then 153 a part) or "UCS-2" (70, then 67).
---```lua
---channels.parts(("a"):rep(161)) --> 2, "GSM-7"
---```
---@param text string
---@return integer parts, "GSM-7"|"UCS-2" alphabet
function M.parts(text)
  local gsm, ucs, plain = 0, 0, true
  for _, code in utf8.codes(text) do
    gsm = gsm + (double[code] and 2 or 1)
    ucs = ucs + (code > 0xFFFF and 2 or 1)
    plain = plain and (basic[code] or double[code]) ~= nil
  end
  local units, one, more = plain and gsm or ucs, plain and 160 or 70, plain and 153 or 67
  return units <= one and 1 or (units + more - 1) // more, plain and "GSM-7" or "UCS-2"
end

return M
