#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Scripts that never end or take all memory fail alone: the runs of others finish, a version that does nothing else is paused
before all of its runs are burnt, and goes on when it is mended."""
import shutil
import sys
import tempfile
from pathlib import Path

import commands_test as cli
from commands_test import exits, ok, run, write

SCRIPT = """local perigee = require "perigee"
return perigee.sequence {
  name = "%s", needs = { store = true },
  run = function(contact)
    perigee.store.add("%s", 1)
    %s
    return "fine"
  end,
}
"""
LOOP = "while true do pcall(function() while true do end end) end"
TABLE = 'local t = {}\n    for i = 1, 1024 do t[i] = ("x"):rep(1024 * 1024) .. i end'


def states(folder, sequence):
    return sorted((r["state"], r["outcome"]) for r in run("runs", "--sequence", sequence, "--json", cwd=folder).rows())


def serve(folder):
    return exits("serve --until-idle ends", 0, "serve", "--until-idle", cwd=folder)


def scenario(folder):
    run("init", folder)
    write(folder, "perigee.lua", 'workspace { timezone = "Europe/Paris", hours = "always" }\n')
    write(folder, "people.csv", "id,name\n" + "".join(f"p{i},Person {i}\n" for i in range(50)))
    run("contacts", "import", "people.csv", cwd=folder)
    people = [f"p{i}" for i in range(50)]
    for name, body in ("good", ""), ("loop", LOOP), ("table", TABLE), ("later", 'perigee.sleep "1s"'):
        write(folder, f"sequences/{name}.lua", SCRIPT % (name, name, body))
    run("enrol", "loop", *people[:20], "--yes", cwd=folder)
    run("enrol", "good", "--all", "--yes", cwd=folder)
    run("enrol", "table", *people[:3], "--yes", cwd=folder)
    log = serve(folder)
    ok(states(folder, "good") == [("done", "fine")] * 50, "beside endless loops and huge tables all other runs finish", log)
    rows = run("runs", "--sequence", "table", "--json", cwd=folder).rows()
    ok([r["error"] for r in rows] == ["sequences/table.lua:7: more than 16 MiB of memory in one visit"] * 3,
       "a table that takes all memory fails with the limit and the line", rows)
    loops = states(folder, "loop")
    ok(5 <= loops.count(("failed", None)) <= 6 and len(loops) == 20 and loops[-1] == ("ready", None),
       "after five visits that end by a limit the version is paused, its other runs wait", loops, log)
    ok(log.err.count("loop is paused") == 1, "which is said once", log)
    exits("nobody is enrolled in it meanwhile", 0, "enrol", "loop", people[40], cwd=folder, says="paused")
    listed = run("runs", cwd=folder)
    ok("loop is paused" in listed.out + listed.err, "and the list of runs says so", listed)
    serve(folder)
    ok(states(folder, "loop") == loops, "a new start of serve burns no more of them")
    write(folder, "sequences/loop.lua", SCRIPT % ("loop", "loop", ""))
    exits("mended, it is upgraded", 0, "upgrade", cwd=folder)
    serve(folder)
    ended = states(folder, "loop")
    ok(ended.count(("done", "fine")) == 20 - loops.count(("failed", None)), "and the runs that waited finish", ended)
    failed = [r["id"] for r in run("runs", "--state", "failed", "--sequence", "loop", "--json", cwd=folder).rows()]
    run("retry", failed[0], cwd=folder)
    serve(folder)
    ok(states(folder, "loop").count(("done", "fine")) == len(ended) - len(failed) + 1, "as do the failed ones by retry")
    steps = run("show", failed[0], "--json", cwd=folder).rows()
    ok(sum(s.get("kind") == "store.add" for s in steps) == 1, "without repeating what was journaled", steps)


def floods(folder):
    """A script that says too much fails for it; what it may say at most can be replayed."""
    run("init", folder)
    write(folder, "perigee.lua", 'workspace { timezone = "Europe/Paris", hours = "always" }\n')
    run("contacts", "add", "ann", "name=Ann", cwd=folder)
    raised = 'needs = { store = true }, limits = { cpu_ms = 10000 }'
    bodies = {"effects": 'for i = 1, 10001 do perigee.store.add("n", 1) end',
              "bytes": 'for i = 1, 40 do perigee.log(("b"):rep(1000000)) end',
              "journal": 'for i = 1, 6 do perigee.log(("j"):rep(900000)) end perigee.sleep "1s"'}
    for name, body in bodies.items():
        write(folder, f"sequences/{name}.lua", (SCRIPT % (name, name, body)).replace("needs = { store = true }", raised))
        run("enrol", name, "ann", "--yes", cwd=folder)
    log = exits("serve ends when all waits are over", 0, "serve", "--until-idle", "--fast-forward", "1s", cwd=folder)
    for name, says in (("effects", "sequences/effects.lua:6: more than 10000 effects in one visit"),
                       ("bytes", "sequences/bytes.lua:6: more than 32 MiB of arguments and answers of effects in one visit"),
                       ("journal", "a worker is given at most 4 MiB at a time")):
        row = run("runs", "--sequence", name, "--json", cwd=folder).rows()[0]
        ok(row["state"] == "failed" and row["error"].startswith(says), f"too many {name} end the run with the limit", row, log)
    ok("its journal has 5000 entries; let the script use contact:restart" in log.err, "a long journal is warned of before", log)
    before = [run("runs", "--sequence", name, "--json", cwd=folder).rows() for name in bodies]
    serve(folder)
    ok(before == [run("runs", "--sequence", name, "--json", cwd=folder).rows() for name in bodies], "no verdict changes with a restart")


def main():
    work = Path(tempfile.mkdtemp(prefix="perigee-limits-"))
    try:
        scenario(work / "W")
        floods(work / "F")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
