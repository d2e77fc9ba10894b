-- SPDX-License-Identifier: MIT
-- Liquid's arithmetic. The reference calculates in decimal (10.1 - 2.2 is 7.9), so decimals are scaled to integers
-- where they fit and are floats only where they don't.

local logic = require "liquid.logic"

local M = {}

-- A number as integer and count of decimals, or nil if it has too many digits.
local function scaled(number)
  if math.type(number) == "integer" then return number, 0 end
  for digits = 15, 17 do
    local text = string.format("%." .. digits .. "g", number)
    if tonumber(text) == number then
      local sign, whole, fraction = text:match("^(%-?)(%d+)%.?(%d*)$")
      if not whole or #whole + #fraction > 17 then return nil end
      return math.tointeger(tonumber(sign .. whole .. fraction)), #fraction
    end
  end
end

-- integer / 10^decimals as the nearest float.
local function unscaled(integer, decimals)
  local digits = string.format("%0" .. decimals + 1 .. "d", math.abs(integer))
  local text = digits:sub(1, #digits - decimals) .. "." .. digits:sub(#digits - decimals + 1) .. "0"
  return (integer < 0 and -1 or 1) * tonumber(text)
end

local MOST = 2.0 ^ 62

-- Both numbers as integers of one scale, or nil.
local function aligned(a, b)
  local m, s = scaled(a)
  local n, t = scaled(b)
  if not m or not n then return nil end
  local decimals = math.max(s, t)
  local x, y = m * 10.0 ^ (decimals - s), n * 10.0 ^ (decimals - t)
  if math.abs(x) > MOST or math.abs(y) > MOST then return nil end
  return m * math.tointeger(10.0 ^ (decimals - s)), n * math.tointeger(10.0 ^ (decimals - t)), decimals
end

local function both_integers(a, b)
  return math.type(a) == "integer" and math.type(b) == "integer"
end

local function by_zero()
  error({ text = "division by zero" }, 0)
end

local function add(a, b)
  if both_integers(a, b) then return a + b end
  local x, y, decimals = aligned(a, b)
  if not x then return a + b + 0.0 end
  return unscaled(x + y, decimals)
end

function M.plus(a, b)
  return add(logic.to_number(a), logic.to_number(b))
end

function M.minus(a, b)
  return add(logic.to_number(a), -logic.to_number(b))
end

function M.times(a, b)
  a, b = logic.to_number(a), logic.to_number(b)
  if both_integers(a, b) then return a * b end
  local m, s = scaled(a)
  local n, t = scaled(b)
  if not m or not n or math.abs(m * 1.0 * n) > MOST or s + t > 17 then return a * b + 0.0 end
  return unscaled(m * n, s + t)
end

function M.divided_by(a, b)
  a, b = logic.to_number(a), logic.to_number(b)
  if b == 0 then by_zero() end
  if both_integers(a, b) then return a // b end
  return a / b
end

function M.modulo(a, b)
  a, b = logic.to_number(a), logic.to_number(b)
  if b == 0 then by_zero() end
  if both_integers(a, b) then return a % b end
  local x, y, decimals = aligned(a, b)
  if not x then return a % b + 0.0 end
  return unscaled(x % y, decimals)
end

---Half away from zero; places 0 or nil gives an integer.
function M.round(a, places)
  a = logic.to_number(a)
  places = places ~= nil and logic.to_number(places) or 0
  places = math.floor(places)
  if math.type(a) == "integer" and places >= 0 then return a end
  local size = 10.0 ^ places
  local integer, decimals = scaled(a)
  local rounded
  if integer and decimals <= places then return places > 0 and a + 0.0 or math.tointeger(a) or a end
  if integer and decimals - places < 18 and places >= 0 then
    local unit = math.tointeger(10.0 ^ (decimals - places))
    local whole = (math.abs(integer) + unit // 2) // unit
    rounded = (integer < 0 and -1 or 1) * whole
    if places == 0 then return rounded end
    return unscaled(rounded, places)
  end
  rounded = math.floor(math.abs(a) * size + 0.5) / size * (a < 0 and -1 or 1)
  return places > 0 and rounded or math.tointeger(rounded) or rounded
end

return M
