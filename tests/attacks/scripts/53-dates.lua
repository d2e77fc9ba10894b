-- ATTACK robustness: os.date formats that end in the middle, unknown conversions, endless expansions | SAFE HOST: errors or texts, no crash
-- SPDX-License-Identifier: MIT
for _, f in ipairs { "%", "%E", "%O", "%Ez", "%Q", ("%c"):rep(2000), "*t", "!*t", "!", "%\0", "%n%t%%", ("x"):rep(500000) } do pcall(os.date, f, 0) end
for _, t in ipairs { { year = 1e300 }, { year = 2^31, month = 2^31, day = 2^31 }, { year = "x" }, {}, { year = 2026, month = 1, day = 1, hour = -1e18 } } do pcall(os.time, t) end
