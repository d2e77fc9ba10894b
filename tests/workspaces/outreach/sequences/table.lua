-- SPDX-License-Identifier: MIT
local cadence = require "perigee.cadence"

return cadence.sequence {
  name  = "table",
  steps = {
    { send = "email", template = "intro" },
    { wait = "3 business days" },
    { reach = { "whatsapp", "email" }, template = "nudge" },
    { wait = "4 business days" },
    { task = "call", note = "Silent so far: ask {name} how it goes", within = "2 days" },
    { label = "asked-twice" },
  },
  on_reply   = { stage = "talking", task = "call", note = "Answered on {channel}: {reply}" },
  on_silence = { set = { tried = true }, outcome = "no answer" },
}
