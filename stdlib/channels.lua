-- SPDX-License-Identifier: MIT
-- What each channel lets us do, as its vendor's pages say. The host reads this table too (runtime/host/channels.h), so a row that changes
-- here changes what leaves. A text is counted in each channel's own units.

local letters = require "liquid.letters"

local M = {}

---@class channels.Channel
---@field opens "anyone"|"by hand"|"always by hand"|"they"|"nobody" who writes first: by hand is a person, until they have written there
---@field window? integer hours after their last message within which free text may go
---@field replies? integer how many messages of ours may follow their last one
---@field approved? true a template that the vendor has approved may go outside the window
---@field opt_in? true only to those who have opted in
---@field unit? "characters"|"bytes"|"UTF-16 units" what most counts
---@field most? integer the longest text
---@field links? false links are not let through
---@field attachments? boolean|integer whether files may go with a message, or how many
---@field quiet? string the hours in which the law lets it be used, in the contact's zone
---@field per_day? integer the cap of an account that names none
---@field source string where this stands
---@field checked string the day on which it was last compared with its source

---@type table<string, channels.Channel>
M.channels = {
  -- Within the law; Gmail's cap of a mailbox for 24 hours that roll.
  email = { opens = "anyone", per_day = 2000,
    source = "support.google.com/a/answer/166852", checked = "2026-11-20" },
  -- Who has opted in, by an approved template; free text for a day after they wrote. A new business reaches 250 people in 24 hours.
  whatsapp = { opens = "anyone", opt_in = true, window = 24, approved = true, unit = "characters", most = 4096, attachments = 1, per_day = 250,
    source = "developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages", checked = "2026-11-20" },
  -- "Must be initiated by the person"; from the app a person may write to anybody.
  instagram = { opens = "by hand", window = 24, unit = "bytes", most = 1000, attachments = 1,
    source = "developers.facebook.com/docs/messenger-platform/instagram/features/send-message", checked = "2026-11-20" },
  -- A page can't begin; outside of the window approved utility templates go (the message tags ended in February 2026).
  messenger = { opens = "they", window = 24, approved = true, unit = "characters", most = 2000, attachments = 1,
    source = "developers.facebook.com/docs/messenger-platform/guidelines", checked = "2026-11-20" },
  -- Programs may answer, not begin; 1,000 messages in 24 hours for one account.
  x = { opens = "by hand", unit = "characters", most = 10000, attachments = 1, per_day = 1000,
    source = "developer.x.com/en/docs/x-api/direct-messages/manage", checked = "2026-11-20" },
  -- No "automated or scheduled event", and the member must be able to change the text.
  linkedin = { opens = "always by hand", unit = "characters", most = 8000,
    source = "learn.microsoft.com/en-us/linkedin/shared/integrations/communications/messages", checked = "2026-11-20" },
  -- Whispers: 40 people a day, 500 characters to somebody who never whispered back.
  twitch = { opens = "anyone", unit = "characters", most = 500, attachments = false, per_day = 40,
    source = "dev.twitch.tv/docs/api/reference/#send-whisper", checked = "2026-11-20" },
  -- Ten messages within two days of their last one; links are stopped. Not for accounts of the EEA, Switzerland and the UK.
  tiktok = { opens = "they", window = 48, replies = 10, unit = "characters", most = 6000, links = false, attachments = false, per_day = 100,
    source = "respond.io/help/tiktok/tiktok-overview", checked = "2026-11-20" },
  -- Comments alone.
  youtube = { opens = "nobody",
    source = "developers.google.com/youtube/v3/docs", checked = "2026-11-20" },
  -- The person must start the bot.
  telegram = { opens = "they", unit = "UTF-16 units", most = 4096, attachments = 1,
    source = "core.telegram.org/bots/faq", checked = "2026-11-20" },
  -- Strangers soon meet a captcha.
  signal = { opens = "by hand",
    source = "github.com/AsamK/signal-cli/issues/1778", checked = "2026-11-20" },
  -- Within workspaces that are shared.
  slack = { opens = "anyone", unit = "characters", most = 40000,
    source = "docs.slack.dev/reference/methods/chat.postMessage", checked = "2026-11-20" },
  -- "Should generally be initiated by a user action"; bots that open many conversations are stopped.
  discord = { opens = "by hand", unit = "characters", most = 2000, attachments = 10,
    source = "discord.com/developers/docs/resources/user#create-dm", checked = "2026-11-20" },
  -- Prior written consent, and from 8 to 21 o'clock where they are (TCPA).
  sms = { opens = "anyone", opt_in = true, quiet = "08:00-21:00", unit = "characters", most = 1600, attachments = false,
    source = "help.textgroove.com/support/solutions/articles/153000246390-quiet-hours-for-texting", checked = "2026-11-20" },
  -- No business may begin by a program.
  imessage = { opens = "always by hand",
    source = "register.apple.com/resources/messages/messaging-documentation", checked = "2026-11-20" },
  call = { opens = "always by hand",
    source = "a person calls", checked = "2026-11-20" },
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
  if not row or not row.most then return nil end
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
