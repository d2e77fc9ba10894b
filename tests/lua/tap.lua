-- SPDX-License-Identifier: MIT
-- TAP for tests in plain Lua: tap.is(got, wanted, name) and tap.ok(truth, name), then tap.done().

local M = { count = 0, failed = 0 }

function M.ok(truth, name, detail)
  M.count = M.count + 1
  if not truth then M.failed = M.failed + 1 end
  print(string.format("%s %d - %s", truth and "ok" or "not ok", M.count, name))
  if not truth and detail then print("# " .. detail:gsub("\n", "\n# ")) end
end

function M.is(got, wanted, name)
  M.ok(got == wanted, name, string.format("wanted %q\ngot    %q", tostring(wanted), tostring(got)))
end

function M.done()
  print("1.." .. M.count)
  os.exit(M.failed == 0)
end

return M
