-- SPDX-License-Identifier: MIT
-- perigee.statistics: what perigee.ab reckons with, for two shares and more. Pure functions of numbers; each agrees with SciPy or
-- statsmodels to nine digits (tests/workspaces/measures/tests/statistics_test.lua says how that was looked up).

local check = require "perigee.check"

local M = {}

local exp, sqrt, log, abs, pi = math.exp, math.sqrt, math.log, math.abs, math.pi

local function share(what, value)
  if check.number(what, value) <= 0 or value >= 1 then check.raise(what .. ": a number between 0 and 1 is needed, such as 0.95") end
  return value
end

-- A whole number from 0.
local function whole(what, value)
  local number = math.tointeger(check.number(what, value))
  if not number or number < 0 then check.raise(what .. ": a whole number from 0 is needed") end
  return number
end

-- won of shown.
local function counts(what, won, shown)
  won, shown = whole(what .. ": won", won), whole(what .. ": shown", shown)
  if won > shown then check.raise(("%s: %d of %d is more than all"):format(what, won, shown)) end
  return won, shown
end

-- ln of the gamma function for x > 0: Lanczos's series (g = 7, nine terms).
local lanczos = { 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7 }

local function ln_gamma(x)
  if x < 0.5 then return log(pi / math.sin(pi * x)) - ln_gamma(1 - x) end
  x = x - 1
  local sum, t = 0.99999999999980993, x + 7.5
  for i, c in ipairs(lanczos) do sum = sum + c / (x + i) end
  return 0.5 * log(2 * pi) + (x + 0.5) * log(t) - t + log(sum)
end

-- Q(a, x), the upper incomplete gamma function over gamma(a): a series below a + 1, Lentz's continued fraction above.
local function upper_gamma(a, x)
  if x <= 0 then return 1 end
  local scale = exp(a * log(x) - x - ln_gamma(a))
  if x < a + 1 then
    local term, sum, n = 1 / a, 1 / a, a
    while term > sum * 1e-17 do
      n = n + 1
      term = term * x / n
      sum = sum + term
    end
    return 1 - sum * scale
  end
  local b, c, d = x + 1 - a, 1e300, 1 / (x + 1 - a)
  local h = d
  for i = 1, 1000 do
    local an = i * (a - i)
    b = b + 2
    d, c = 1 / (an * d + b), b + an / c
    h = h * d * c
    if abs(d * c - 1) < 1e-16 then break end
  end
  return h * scale
end

---The chance that a standard normal value is greater than z.
---```lua
---local p = 2 * statistics.normal_tail(math.abs(z))
---```
---@param z number
---@return number
function M.normal_tail(z)
  check.number("statistics.normal_tail", z)
  local tail = 0.5 * upper_gamma(0.5, z * z / 2)
  return z < 0 and 1 - tail or tail
end

---The z that a standard normal value exceeds with this chance: 1.96 for 0.025. Newton's steps on normal_tail, from the approximation
---26.2.23 of Abramowitz and Stegun.
---```lua
---local z = statistics.normal_quantile((1 - 0.95) / 2)
---```
---@param tail number
---@return number
function M.normal_quantile(tail)
  share("statistics.normal_quantile", tail)
  if tail > 0.5 then return -M.normal_quantile(1 - tail) end
  local t = sqrt(-2 * log(tail))
  local z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
  for _ = 1, 4 do z = z + (M.normal_tail(z) - tail) / exp(-z * z / 2) * sqrt(2 * pi) end
  return z
end

---Wilson's interval for a share: where the true one lies with this confidence, after `won` of `shown`. Unlike the textbook's it is
---right for few and for none (E. B. Wilson, 1927).
---```lua
---local low, high = statistics.wilson(3, 40)
---```
---@param won integer
---@param shown integer
---@param confidence? number 0.95
---@return number low, number high
function M.wilson(won, shown, confidence)
  won, shown = counts("statistics.wilson", won, shown)
  local z = M.normal_quantile((1 - share("statistics.wilson: confidence", confidence or 0.95)) / 2)
  if shown == 0 then return 0.0, 1.0 end
  local rate, zz = won / shown, z * z
  local middle = (rate + zz / (2 * shown)) / (1 + zz / shown)
  local half = z * sqrt(rate * (1 - rate) / shown + zz / (4 * shown * shown)) / (1 + zz / shown)
  return won == 0 and 0.0 or middle - half, won == shown and 1.0 or middle + half
end

---The chance of a difference this large if both shares were the same: the two-proportion z test with the pooled share, two-sided.
---```lua
---local p = statistics.two_proportions(37, 410, 61, 395)
---```
---@param won_a integer
---@param shown_a integer
---@param won_b integer
---@param shown_b integer
---@return number p
function M.two_proportions(won_a, shown_a, won_b, shown_b)
  won_a, shown_a = counts("statistics.two_proportions", won_a, shown_a)
  won_b, shown_b = counts("statistics.two_proportions", won_b, shown_b)
  local pooled = (won_a + won_b) / math.max(1, shown_a + shown_b)
  if shown_a == 0 or shown_b == 0 or pooled == 0 or pooled == 1 then return 1.0 end
  local z = (won_a / shown_a - won_b / shown_b) / sqrt(pooled * (1 - pooled) * (1 / shown_a + 1 / shown_b))
  return 2 * M.normal_tail(abs(z))
end

---The same by Fisher's exact test, which holds for counts of any size: the sum of all tables that are no likelier than this one.
---```lua
---local p = statistics.fisher(1, 12, 6, 11)
---```
---@param won_a integer
---@param shown_a integer
---@param won_b integer
---@param shown_b integer
---@return number p
function M.fisher(won_a, shown_a, won_b, shown_b)
  won_a, shown_a = counts("statistics.fisher", won_a, shown_a)
  won_b, shown_b = counts("statistics.fisher", won_b, shown_b)
  local won = won_a + won_b
  local function choose(n, k) return ln_gamma(n + 1) - ln_gamma(k + 1) - ln_gamma(n - k + 1) end
  local all = choose(shown_a + shown_b, won)
  local function chance(k) return exp(choose(shown_a, k) + choose(shown_b, won - k) - all) end
  local limit, p = chance(won_a) * (1 + 1e-7), 0.0
  for k = math.max(0, won - shown_b), math.min(shown_a, won) do
    local c = chance(k)
    if c <= limit then p = p + c end
  end
  return math.min(1.0, p)
end

---Holm's correction, for several comparisons at once: each p as it must be read then, in the order given (S. Holm, 1979).
---```lua
---local adjusted = statistics.holm { 0.01, 0.04, 0.03 }   -- 0.03, 0.06, 0.06
---```
---@param ps number[]
---@return number[]
function M.holm(ps)
  local order, adjusted, least = {}, {}, 0.0
  for i, p in ipairs(ps) do order[i] = { i, check.number(("statistics.holm[%d]"):format(i), p) } end
  table.sort(order, function(a, b) return a[2] < b[2] end)
  for rank, entry in ipairs(order) do
    least = math.max(least, math.min(1.0, (#ps - rank + 1) * entry[2]))
    adjusted[entry[1]] = least
  end
  return adjusted
end

---The chance of counts this far from the weights they should follow: the chi-square test of fit.
---```lua
---if statistics.fit({ 530, 470 }, { 1, 1 }) < 0.001 then perigee.log "the halves are no halves" end
---```
---@param observed integer[]
---@param weights number[]
---@return number p
function M.fit(observed, weights)
  local all, weight, sum = 0, 0, 0.0
  for i, n in ipairs(observed) do
    all = all + whole(("statistics.fit: observed[%d]"):format(i), n)
    if check.number(("statistics.fit: weights[%d]"):format(i), weights[i]) <= 0 then check.raise "statistics.fit: weights are numbers above 0" end
    weight = weight + weights[i]
  end
  if #observed < 2 or all == 0 then return 1.0 end
  for i, n in ipairs(observed) do
    local expected = all * weights[i] / weight
    sum = sum + (n - expected) ^ 2 / expected
  end
  return upper_gamma((#observed - 1) / 2, sum / 2)
end

---How many each of two variants must be shown to tell these two rates apart (two-sided), with this confidence and power.
---```lua
---local each = statistics.sample_size(0.10, 0.15)   -- 686
---```
---@param rate_a number
---@param rate_b number
---@param confidence? number 0.95
---@param power? number how often a true difference is found: 0.8
---@return integer
function M.sample_size(rate_a, rate_b, confidence, power)
  check.number("statistics.sample_size", rate_a)
  check.number("statistics.sample_size", rate_b)
  if rate_a == rate_b then check.raise "statistics.sample_size: equal rates are never told apart" end
  local z = M.normal_quantile((1 - share("statistics.sample_size: confidence", confidence or 0.95)) / 2)
  local found = M.normal_quantile(1 - share("statistics.sample_size: power", power or 0.8))
  local middle = (rate_a + rate_b) / 2
  local spread = z * sqrt(2 * middle * (1 - middle)) + found * sqrt(rate_a * (1 - rate_a) + rate_b * (1 - rate_b))
  return math.ceil(spread ^ 2 / (rate_a - rate_b) ^ 2)
end

return M
