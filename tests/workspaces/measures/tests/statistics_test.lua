-- SPDX-License-Identifier: MIT
-- The wanted values were looked up with SciPy 1.10.1 (norm.sf, norm.isf, fisher_exact, chisquare) and statsmodels 0.13.5
-- (proportion_confint "wilson", proportions_ztest, multipletests "holm"); sample sizes by the formula of Fleiss with their quantiles.
local statistics = require "perigee.statistics"

local function near(t, what, got, wanted)
  local held = got == wanted or math.abs(got - wanted) <= 1e-9 * math.max(math.abs(wanted), 1e-6)
  t:expect(held and wanted or ("%s: %.15g"):format(what, got), wanted)
end

test("the normal distribution has its tails and quantiles", function(t)
  for _, c in ipairs {
    { -3, 0.99865010196837 }, { -0.5, 0.691462461274013 }, { 0, 0.5 }, { 0.1, 0.460172162722971 }, { 1, 0.158655253931457 },
    { 1.4142, 0.0786515939942256 }, { 1.5, 0.0668072012688581 }, { 1.959964, 0.0249999990964424 }, { 3, 0.00134989803163009 },
    { 5, 2.86651571879193e-07 }, { 8, 6.22096057427174e-16 },
  } do near(t, "normal_tail " .. c[1], statistics.normal_tail(c[1]), c[2]) end
  for _, c in ipairs {
    { 0.25, 0.674489750196082 }, { 0.2, 0.841621233572914 }, { 0.1, 1.2815515655446 }, { 0.05, 1.64485362695147 },
    { 0.025, 1.95996398454005 }, { 0.005, 2.5758293035489 }, { 0.0005, 3.29052673149189 }, { 0.9, -1.2815515655446 }, { 1e-06, 4.7534243088229 },
  } do near(t, "normal_quantile " .. c[1], statistics.normal_quantile(c[1]), c[2]) end
  t:expect(math.abs(statistics.normal_quantile(0.5)) < 1e-12, true)
end)

test("Wilson's interval holds for few and for none", function(t)
  for _, c in ipairs {
    { 0, 10, 0.95, 0, 0.277532799862889 }, { 10, 10, 0.95, 0.722467200137111, 1 }, { 3, 40, 0.95, 0.0258360257745882, 0.198642335243105 },
    { 37, 410, 0.95, 0.0661807076332093, 0.12191417063857 }, { 61, 395, 0.9, 0.126883792045194, 0.18667870540209 },
    { 1, 1, 0.95, 0.206549314377237, 1 }, { 500, 100000, 0.99, 0.00445739055375259, 0.00560829056472322 }, { 0, 0, 0.95, 0, 1 },
  } do
    local low, high = statistics.wilson(c[1], c[2], c[3])
    near(t, "low", low, c[4])
    near(t, "high", high, c[5])
  end
end)

test("two shares are compared, large and small", function(t)
  for _, c in ipairs {
    { 37, 410, 61, 395, 0.00536506190273812 }, { 50, 1000, 50, 1000, 1 }, { 10, 100, 25, 100, 0.00524720373911564 },
    { 1, 1000, 20, 1000, 3.07176025165603e-05 }, { 300, 1000, 420, 1100, 7.97908576942941e-05 }, { 0, 0, 3, 9, 1 }, { 0, 9, 0, 9, 1 },
  } do near(t, "two_proportions", statistics.two_proportions(c[1], c[2], c[3], c[4]), c[5]) end
  for _, c in ipairs {
    { 1, 12, 6, 11, 0.0271907389958272 }, { 0, 10, 0, 12, 1 }, { 0, 5, 5, 5, 0.00793650793650794 }, { 3, 40, 9, 38, 0.062615884474171 },
    { 2, 1000, 11, 1000, 0.0220433599501161 }, { 8, 14, 1, 10, 0.0333398597633353 }, { 10, 10, 10, 10, 1 }, { 2, 25000, 9, 25000, 0.0654006841741801 },
  } do near(t, "fisher", statistics.fisher(c[1], c[2], c[3], c[4]), c[5]) end
end)

test("several comparisons are corrected, and counts compared with weights", function(t)
  for _, c in ipairs {
    { { 0.01, 0.04, 0.03 }, { 0.03, 0.06, 0.06 } }, { { 0.5 }, { 0.5 } }, { { 0.2, 0.9, 0.001, 0.04 }, { 0.4, 0.9, 0.004, 0.12 } }, { { 0.05, 0.05 }, { 0.1, 0.1 } },
  } do
    for i, p in ipairs(statistics.holm(c[1])) do near(t, "holm", p, c[2][i]) end
  end
  for _, c in ipairs {
    { { 530, 470 }, { 1, 1 }, 0.0577795711235971 }, { { 900, 110 }, { 9, 1 }, 0.345182340317271 }, { { 100, 100, 100 }, { 1, 1, 1 }, 1 },
    { { 120, 90, 95, 110 }, { 1, 1, 1, 1 }, 0.139723544998407 }, { { 5000, 5400 }, { 1, 1 }, 8.76994237559023e-05 },
    { { 10, 30, 60 }, { 1, 2, 3 }, 0.0820849986238987 }, { { 700, 690, 610, 500, 498 }, { 1, 1, 1, 1, 1 }, 3.47322963109591e-13 }, { { 7 }, { 1 }, 1 },
  } do near(t, "fit", statistics.fit(c[1], c[2]), c[3]) end
end)

test("the number that is needed is the textbook's", function(t)
  for _, c in ipairs {
    { 0.1, 0.15, 0.95, 0.8, 686 }, { 0.02, 0.03, 0.95, 0.8, 3826 }, { 0.5, 0.6, 0.9, 0.9, 423 }, { 0.05, 0.051, 0.95, 0.8, 752703 }, { 0.0, 0.1, 0.95, 0.8, 74 },
  } do t:expect(statistics.sample_size(c[1], c[2], c[3], c[4]), c[5]) end
end)

test("numbers that can't be are said where they stand", function(t)
  for _, c in ipairs {
    { function() statistics.wilson(5, 4) end, "5 of 4 is more than all" }, { function() statistics.wilson(-1, 4) end, "a whole number from 0" },
    { function() statistics.wilson(1.5, 4) end, "a whole number from 0" }, { function() statistics.wilson(1, 4, 95) end, "between 0 and 1" },
    { function() statistics.sample_size(0.1, 0.1) end, "equal rates" }, { function() statistics.fit({ 1, 2 }, { 1, 0 }) end, "above 0" },
  } do
    local held, text = pcall(c[1])
    t:expect(not held and text:find(c[2], 1, true) and text:find("statistics_test.lua", 1, true) and "said" or tostring(text), "said")
  end
end)
