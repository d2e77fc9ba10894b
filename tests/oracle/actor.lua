-- SPDX-License-Identifier: MIT
-- What random sequences are made of: each call logs what it asks for and what it got, so that the oracle can hold the host to it. A
-- programme is a text of steps, "send email intro|sleep 2 days|..."; generated scripts call the same methods.

local perigee = require "perigee"

local M = {}
local actor = {}
actor.__index = actor

function M.new(contact)
  local state = contact.state or {}
  return setmetatable({ contact = contact, asked = state.asked or 0, rounds = state.rounds or 0 }, actor)
end

-- how: send, try_send, reach or try_reach; channels: "email" or "email,sms" for those that reach. True if it was sent.
function actor:ask(how, channels, template, options)
  self.asked = self.asked + 1
  local said = ""
  for _, key in ipairs { "before", "cc" } do
    if options and options[key] then said = said .. (" %s=%s"):format(key, tostring(options[key])) end
  end
  perigee.log(("@ask %d %s %s %s%s"):format(self.asked, how, channels, template, said))
  local list = channels
  if how:find "reach" then
    list = {}
    for name in channels:gmatch "[^,]+" do list[#list + 1] = name end
  end
  local message, text, code, rule = self.contact[how](self.contact, list, template, options)
  perigee.log(message and ("@got %d sent"):format(self.asked) or ("@got %d %s %s"):format(self.asked, code, tostring(rule)))
  return message ~= nil
end

-- Tries until something goes, `times` times.
function actor:push(channels, template, times, pause)
  for _ = 1, times do
    for name in channels:gmatch "[^,]+" do
      if self:ask("try_send", name, template) then return true end
    end
    if pause ~= "0s" then perigee.sleep(pause) end
  end
  return false
end

function actor:reply(within)
  perigee.log "@reply-wait"
  local reply, _, code = self.contact:wait_reply(within)
  perigee.log(reply and "@given" or code == "bounced" and "@bounced" or "@reply-wait-over")
  return reply ~= nil
end

function actor:event(names, within)
  local list = {}
  for name in names:gmatch "[^,]+" do
    list[#list + 1] = name
    if name == "reply" then perigee.log "@listens" end
  end
  local event = self.contact:wait(list, within)
  perigee.log(not event and "@wait-over" or event.event == "reply" and "@given" or "@event " .. event.event)
  return event ~= nil
end

function actor:can(channel)
  return self.contact:can(channel) ~= nil
end

-- Begins again; at most three times, where the script does not do it for good.
function actor:again(step)
  if self.rounds < 3 then self.contact:restart { asked = self.asked, rounds = self.rounds + 1, step = step } end
end

local function options_of(words, from)
  local options = {}
  for i = from, #words do
    local key, value = words[i]:match "^(%w+)=(.*)$"
    options[key] = key == "before" and tonumber(value) or value
  end
  return next(options) and options or nil
end

local verbs = {
  send = function(self, w) self:ask("send", w[2], w[3], options_of(w, 4)) end,
  try = function(self, w) self:ask("try_send", w[2], w[3], options_of(w, 4)) end,
  reach = function(self, w) self:ask("reach", w[2], w[3]) end,
  tryreach = function(self, w) self:ask("try_reach", w[2], w[3]) end,
  push = function(self, w) self:push(w[2], w[3], tonumber(w[4]), w[5]) end,
  sleep = function(_, w) perigee.sleep(w[2]) end,
  reply = function(self, w) return self:reply(w[2]) and w[3] == "stop" and "answered" or nil end,
  thank = function(self, w) if self:reply(w[2]) then self:ask("try_send", w[3], w[4]) end end,
  event = function(self, w) self:event(w[2], w[3]) end,
  task = function(self, w) self.contact:task { kind = w[2], note = "please" } end,
  set = function(self, w) self.contact:set { [w[2]] = w[3] } end,
  label = function(self, w) self.contact:label(w[2]) end,
  unlabel = function(self, w) self.contact:unlabel(w[2]) end,
  note = function(self) self.contact:note "noted" end,
  signal = function(self, w) self.contact:signal(w[2]) end,
  enrol = function(self, w) self.contact:enrol(w[2], w[3]) end,
  stop = function(self, w) self.contact:stop(w[2]) end,
  can = function(self, w) self:can(w[2]) end,
  again = function(self, w) self:again(tonumber(w[2])) end,
}

-- The programme of a contact stands in its field.
function M.play(contact, name)
  local self, step = M.new(contact), 0
  for line in (contact.fields["programme_" .. name] or "send email ask1"):gmatch "[^|]+" do
    step = step + 1
    if step > (contact.state and contact.state.step or 0) then
      local words = {}
      for word in line:gmatch "%S+" do words[#words + 1] = word end
      local outcome = verbs[words[1]](self, words)
      if outcome then return outcome end
    end
  end
  return "through"
end

return M
