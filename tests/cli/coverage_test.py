#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""perigee test --coverage tells which lines of the scripts the tests ran, and changes nothing else."""
import os
import sys
import tempfile
from pathlib import Path

from program import Workspace, ok  # first: it finds tests/tap.py
import tap

LINES = """-- a comment
local M = {}

function M.sign(n)
  if n > 0 then
    return "plus"
  elseif n < 0 then
    return "minus"
  else
    return "none"
  end
end

function M.later(n)
  local co = coroutine.wrap(function()
    local twice = n * 2
    coroutine.yield(twice)
    return "never"
  end)
  return co()
end

M.long = {
  one = 1, two = 2,
}

local function unused(...)
  local all = { ... }
  return all
end

M.unused = unused
return M
"""
NEVER = """-- nobody requires it
return {
  a = 1,
}
"""
WIDE = "return function(x)\n" + "  local t = {}\n" + "".join(f"  t[{i}] = x + {i}\n" for i in range(300)) + "\n" * 400 + "  if x < 0 then\n    t = nil\n  end\n  return t\nend\n"
SEQUENCE = """local perigee = require "perigee"
local lines = require "lines"
return perigee.sequence {
  name = "count", needs = { task = true },
  run = function(contact)
    for i = 1, 5000 do lines.sign(i) end
    perigee.sleep "1 day"
    contact:task { kind = "call", note = lines.sign(1) .. lines.later(2) }
    if contact.fields.endless then while true do end end
    return "done"
  end,
}
"""
TEST = """local lines = require "lines"
local wide = require "wide"
test("it counts", function(t)
  t:enrol { sequence = "count", contact = { id = "a", name = "A" } }
  t:advance "2 days"
  t:expect_task { note = "plus4" }
  t:expect_outcome "done"
  t:expect(#wide(1), 299)
end)
"""
ENDLESS = """test("it ends", function(t)
  t:enrol { sequence = "count", contact = { id = "a", name = "A", endless = "yes" } }
  t:advance "2 days"
  t:expect_outcome "done"
end)
"""


def numbers(w):
    rows = w.run("test", "--coverage", "--json").rows()
    ok([sorted(r) for r in rows if "lines" in r] == [["covered", "file", "lines", "missed"]] * 6, "--json gives an object a script", rows)
    files = {r["file"]: r for r in rows if "lines" in r}
    ok(files["lib/lines.lua"]["missed"] == [7, 8, 10, 18, 28, 29], "lines that no test ran are missed: branches, what follows a yield, what nobody calls",
       files["lib/lines.lua"])
    ok(files["lib/lines.lua"]["lines"] == 19, "comments, blanks, else and end are no lines of code", files["lib/lines.lua"])
    ok(files["lib/never.lua"] == dict(file="lib/never.lua", lines=2, covered=0, missed=[2, 3]), "a module that nobody requires counts, too", files)
    ok(files["sequences/count.lua"]["missed"] == [], "what runs at load and what a replay runs again is covered", files["sequences/count.lua"])
    ok(files["lib/wide.lua"]["missed"] == [704] and files["lib/wide.lua"]["covered"] == 303, "of a long function, too", files["lib/wide.lua"])
    ok(files["sequences/welcome.lua"]["covered"] == 5 and files["sequences/welcome.lua"]["missed"][0] == 9,
       "a sequence that no test starts is covered only where it says what it is", files["sequences/welcome.lua"])


def table(w):
    got = w.run("test", "--coverage")
    ok(got.code == 0 and "# lib/lines.lua             19       13   68.4 %  7-10, 18, 28-29\n" in got.out, "people get a row a script, with ranges", got)
    ok([line for line in got.out.splitlines() if line[0] != "#"] == w.run("test").out.splitlines(), "and TAP beside it is the same", got)
    share = float(next(line for line in got.out.splitlines() if line.startswith("# all")).split()[4])
    ok(w.run("test", "--coverage-min", int(share)).code == 0, "--coverage-min holds where it is reached", share)
    less = w.run("test", "--coverage-min", int(share) + 1)
    ok(less.code == 1 and f"the tests ran {share} % of the scripts' lines" in less.err, "and fails where it is not", less)
    ok(w.run("test", "--coverage-min", 101).code == 2, "it is a share of 100")


def lcov(w):
    got = w.run("test", "--lcov", w.dir / "lcov.info")
    text = (w.dir / "lcov.info").read_text()
    record = text.split(f"SF:{os.path.realpath(w.dir)}/lib/lines.lua\n")[-1].split("end_of_record")[0].splitlines()
    ok(got.code == 0 and record[-2:] == ["LH:13", "LF:19"] and "DA:7,0" in record and "DA:6,1" in record and len(record) == 21,
       "--lcov writes what editors read", record)
    bad = w.run("test", "--lcov", "/nowhere/at/all")
    ok(bad.code == 1 and "/nowhere/at/all" in bad.err, "where it can't be written, that is said", bad)


def limits(w):
    w.write("tests/count_test.lua", ENDLESS)
    plain, covered = w.run("test", "tests/count_test.lua"), w.run("test", "--coverage", "tests/count_test.lua")
    ok(plain.code == covered.code == 1 and "processor time" in plain.out and "processor time" in covered.out,
       "a script that never ends is ended as ever", plain, covered)


def main():
    with tempfile.TemporaryDirectory() as work:
        w = Workspace(Path(work) / "w")
        w.dir.mkdir()
        w.run("init", w.dir)
        for name, text in {"lib/lines.lua": LINES, "lib/never.lua": NEVER, "lib/wide.lua": WIDE, "lib/deep/er.lua": "return 1\n",
                           "sequences/count.lua": SEQUENCE, "tests/count_test.lua": TEST}.items():
            w.write(name, text)
        (w.dir / "tests/welcome_test.lua").unlink()
        numbers(w)
        table(w)
        lcov(w)
        limits(w)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
