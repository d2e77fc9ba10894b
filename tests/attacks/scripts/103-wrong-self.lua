-- ATTACK hostile value: methods of the contact on a forged self | SAFE HOST: clean error
-- SPDX-License-Identifier: MIT
for _, name in ipairs { "send", "try_send", "wait_reply", "wait", "can", "task", "set", "label", "unlabel", "note", "signal", "enrol", "stop", "restart" } do
  for _, self in ipairs { {}, "c", 1, setmetatable({ id = "other" }, { __index = contact }), { id = "other", values = { id = "other" } }, host } do
    if pcall(contact[name], self, "email", "intro") then host.log("BREACH " .. name .. " took a forged self") end
  end
end
