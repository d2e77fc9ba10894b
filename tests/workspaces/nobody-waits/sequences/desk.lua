-- SPDX-License-Identifier: MIT
-- Every message of a customer: a task at once, a word within the hour, the lead after 4 business hours.
local perigee = require "perigee"
local hours   = require "hours"

return perigee.sequence {
  name       = "desk",
  needs      = { send = { "email", "whatsapp" }, task = true, store = true, contacts = "write" },
  starts_on  = { "message" },
  on_reply   = "continue",
  on_handled = "continue",
  run = function(contact)
    if contact.labels.lead then return "team" end
    local open = {}            -- messages that nobody has answered

    local function take(message)
      local task = contact:task { kind = "other", note = "Please answer: " .. message.text, due = "1 business day" }
      perigee.store.add("desk:came", 1)
      open[#open + 1] = { task = task, at = message.at, text = message.text, channel = message.channel,
        ack = message.at + 55 * 60, late = hours.after(message.at, 4 * 3600) }
    end

    local function answered(item)
      if perigee.now() <= item.late then perigee.store.add("desk:in_time", 1) else perigee.store.add("desk:late", 1) end
    end

    take(contact:wait_reply())
    while #open > 0 do
      local now, next = perigee.now(), nil
      local ours = contact:messages { direction = "out", limit = 1 }[1]   -- another run of desk may have been here
      for _, item in ipairs(open) do
        if item.ack and ours and ours.at >= item.at then item.ack = nil end
        if item.ack and item.ack <= now then
          local sent, why, code, rule = contact:try_send(item.channel, "received")
          if sent then
            for _, other in ipairs(open) do other.ack = nil end      -- one word for all that lies here
          elseif rule == "unseen_reply" then
            item.ack = now + 60
          else
            contact:note("No word that their message came: " .. why)
            item.ack = nil
          end
        end
        if item.late <= now and not item.told then
          item.told = true
          for _, lead in ipairs(perigee.contacts.find { label = "lead" }) do
            lead:signal("unanswered", { who = contact.name or contact.id, text = item.text })
          end
        end
      end
      for _, item in ipairs(open) do
        for _, time in ipairs { item.ack or false, not item.told and item.late or false } do
          if time and (not next or time < next) then next = time end
        end
      end
      local event
      if next then event = contact:wait({ "reply", "handled", "task_done" }, math.max(next - perigee.now(), 1))
      else event = contact:wait { "reply", "handled", "task_done" } end
      if event and event.event == "reply" then
        take(event)
      elseif event and event.event == "handled" then
        for _, item in ipairs(open) do answered(item) end
        open = {}
      elseif event then
        for i = #open, 1, -1 do
          if open[i].task == event.task then answered(open[i]); table.remove(open, i) end
        end
      end
    end
    return "answered"
  end,
}
