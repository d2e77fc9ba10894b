-- SPDX-License-Identifier: MIT
-- How such calls end, by chance: perigee sim content-rework --contacts contacts.csv --replies replies.lua
return {
  task = function(task, chance)
    if task.kind ~= "call" then return end
    local luck = chance()
    local outcome = luck < 0.3 and "no answer" or luck < 0.9 and "agreed: a new opening, by Friday" or "wants to stop the cooperation"
    return { kind = "task_done", after = ("%d hours"):format(1 + chance() * 30 // 1), text = outcome }
  end,
  message = function(_, chance)
    local luck = chance()
    if luck < 0.3 then return { kind = "reply", after = ("%d hours"):format(1 + chance() * 100 // 1), text = "Yes, that is what we said." } end
    if luck < 0.35 then return { kind = "unsubscribe", after = "1 day" } end
  end,
}
