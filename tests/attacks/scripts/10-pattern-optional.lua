-- ATTACK CPU: n optional letters in front of nothing that matches, two to the power of n ways | SAFE HOST: killed within the CPU limit (watchdog)
-- SPDX-License-Identifier: MIT
return ("a"):rep(40):find(("a?"):rep(40) .. ("a"):rep(40) .. "b")
