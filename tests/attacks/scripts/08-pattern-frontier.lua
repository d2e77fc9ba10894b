-- ATTACK CPU: gmatch with a frontier and lazy repeats over a long text, one C call that never returns | SAFE HOST: killed within the CPU limit (watchdog), message names the limit
-- SPDX-License-Identifier: MIT
local text = ("ab"):rep(5000)
for w in text:gmatch "%f[a].-.-.-.-.-%f[%z]c" do host.log("BREACH it matched") end
