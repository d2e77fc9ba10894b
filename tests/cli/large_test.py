#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is too large for a worker, or for the database, is said with its name; nothing waits for an answer that can't come. And
what a script declares is looked at whole before any of it is written down."""
import shutil
import sys
import tempfile
from pathlib import Path

import commands_test as cli
from commands_test import exits, ok, run, write

LONG = """local perigee = require "perigee"
return perigee.sequence {
  name = "long",
  run = function(contact)
    for i = 1, 6 do contact:note(string.rep("x", 900000)) end
    perigee.sleep "1 day"
    return "slept"
  end,
}
"""
MODULES = """local perigee = require "perigee"
local a, b, c, d, e = require "big1", require "big2", require "big3", require "big4", require "big5"
return perigee.sequence { name = "modules", run = function(contact) return "had " .. #a end }
"""
JOB = """local perigee = require "perigee"
return perigee.job { name = "%s", schedule = "%s", run = function(job) end }
"""
TEST = """local help = require "help"
test("a module can be required", function(t) t:expect(help.answer, 42) end)
"""


def modules(folder, n):
    for i in range(1, n + 1):
        write(folder, f"lib/big{i}.lua", "return [[" + "x" * 250000 + "]]\n")


def sizes(folder):
    write(folder, "sequences/long.lua", LONG)
    played = run("sim", "long", "--contacts", "contacts.csv", "--json", cwd=folder)
    ends = [r for r in played.rows() if r["event"] == "failed"]
    ok(len(ends) == 3 and all(r["code"] == "limit" and "contact:restart" in r["error"] for r in ends),
       "a run whose journal is too long for a worker fails and says what helps", played.err, *ends)
    (folder / "sequences/long.lua").unlink()
    modules(folder, 5)
    write(folder, "sequences/modules.lua", MODULES)
    exits("modules that are too long for the database are a fault", 1, "check", cwd=folder, says="longer than 1 MiB")
    modules(folder, 18)
    exits("so are more than a worker takes", 1, "check", "sequences/welcome.lua", cwd=folder, says="4 MiB")
    shutil.rmtree(folder / "lib")
    (folder / "sequences/modules.lua").unlink()


def declarations(folder):
    write(folder, "jobs/bad.lua", JOB % ("bad", "every blue moon"))
    for _ in range(2):
        exits("a job whose schedule can't be read is refused, again and again", 1, "jobs", "run", "bad", cwd=folder, says="blue moon")
    ok(not run("jobs", "--json", cwd=folder).rows(), "and does not become known")
    write(folder, "jobs/bad.lua", JOB % ("bad", "every day at 09:00"))
    exits("mended, it runs", 0, "jobs", "run", "bad", cwd=folder)
    listed = run("jobs", "--json", cwd=folder).rows()
    ok(len(listed) == 1 and listed[0]["next"], "and has its next time", listed)
    (folder / "jobs/bad.lua").rename(folder / "bad.lua")
    run("upgrade", cwd=folder)
    ok(run("jobs", "--json", cwd=folder).rows()[0]["next"] is None, "a job whose file is gone runs no more")
    (folder / "bad.lua").rename(folder / "jobs/bad.lua")
    run("upgrade", cwd=folder)
    ok(run("jobs", "--json", cwd=folder).rows()[0]["next"], "and goes on when it is back")


def libraries(folder):
    write(folder, "lib/help.lua", "return { answer = 42 }\n")
    path = write(folder, "tests/help_test.lua", TEST)
    exits("a test may require the workspace's modules", 0, "test", path, cwd=folder, says="ok 1 - tests/help_test.lua")
    exits("as check believes", 0, "check", path, cwd=folder)


def main():
    work = Path(tempfile.mkdtemp(prefix="perigee-large-"))
    try:
        run("init", work / "W")
        sizes(work / "W")
        declarations(work / "W")
        libraries(work / "W")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
