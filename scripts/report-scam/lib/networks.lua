-- SPDX-License-Identifier: MIT
-- How a message is reported where it came from: the words of the task. Networks move their menus now and then; change them here.
local M = {}

local ways = {
  email     = "Mark it as phishing in the mailbox, and forward it as an attachment to the abuse address of the sender's provider.",
  instagram = "In the app: hold the message, Report, Fraud or scam; then on their profile: the three dots, Report, Report account.",
  messenger = "In the chat: their name, Something's wrong, Scam; then on their profile: the three dots, Report profile.",
  whatsapp  = "In the chat: their name, Report, and tick Block.",
  x         = "On the message: Report message, Spam or scam; then on the profile: the three dots, Report.",
  telegram  = "On their profile: the three dots, Report, Scam.",
  tiktok    = "Hold the message, Report, Frauds and scams.",
}

---What to do with a contact's message that came by a channel.
---```lua
---networks.how("instagram", contact)
---```
function M.how(channel, contact)
  local who = channel ~= "email" and contact[channel] or contact.email or contact.id
  return ("Report %s on %s. %s"):format(who, channel, ways[channel] or "Look for Report in the menu beside the message.")
end

return M
