#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Workers that hang in C are killed within two seconds, and 1,000 other runs in flight do not notice."""
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import commands_test as cli
from commands_test import PERIGEE, ok, run, write

SLOWER = 20 if b"__asan_init" in Path(PERIGEE).read_bytes() else 1
OTHERS, STEPS = 1000 if SLOWER == 1 else 200, 4
OTHER = f"""local perigee = require "perigee"
return perigee.sequence {{ name = "other", needs = {{ store = true }}, run = function(contact)
  for i = 1, {STEPS} do
    perigee.store.add("other-" .. contact.id, 1)
    perigee.sleep(0.5)
  end
  return contact.id .. " " .. perigee.store.get("other-" .. contact.id)
end }}
"""
HUNG = """local perigee = require "perigee"
return perigee.sequence { name = "%s", needs = { store = true }, run = function(contact)
  perigee.store.add("%s", 1)
  %s
  return "got through"
end }
"""
# Each is one call of a library function, in which no hook runs.
BODIES = {
    "hung-pattern": 'string.find(("a"):rep(2000), ".-.-.-.-.-.-.-.-.-.-b")',
    "hung-optional": 'string.find(("a"):rep(40), ("a?"):rep(40) .. ("a"):rep(40) .. "b")',
    "hung-move": "table.move({}, 1, 1000000000, 2)",
    "hung-concat": 'table.concat(setmetatable({}, { __index = setmetatable({}, { __index = function() return "" end }) }), "", 1, 1000000000)',
    "hung-insert": "table.insert(setmetatable({}, { __len = function() return 1000000000 end }), 1, 1)",
    "hung-call": "local t = {} setmetatable(t, { __call = t }) t()",
    "hung-pcall": 'while true do pcall(string.find, ("a"):rep(2000), ".-.-.-.-.-.-.-.-.-.-b") end',
    "hung-coroutine": 'coroutine.wrap(function() pcall(string.match, (" "):rep(300000) .. "x", "^%s*(.-)%s*$" .. ("%s*"):rep(20) .. "$") end)()',
}


def seconds(folder, run_id):
    """From the answer to the effect before it hung, as journaled, to its end."""
    with sqlite3.connect(f"file:{folder}/perigee.db?mode=ro", uri=True) as db:
        answered, ended = db.execute("SELECT j.answered_at, r.ended_at FROM journal j JOIN runs r ON r.id = j.run WHERE r.id = ? AND j.position = 0",
                                     (run_id,)).fetchone()
    return (ended - answered) / 1000


def count(folder, sequence):
    states = {}
    for row in run("runs", "--sequence", sequence, "--json", cwd=folder).rows():
        states[row["state"]] = states.get(row["state"], 0) + 1
    return states


def wait_until(server, what, limit):
    end = time.monotonic() + limit * SLOWER
    while server.poll() is None and not what() and time.monotonic() < end:
        time.sleep(0.05)


def scenario(folder):
    run("init", folder)
    write(folder, "perigee.lua", 'workspace { timezone = "Europe/Paris", hours = "always" }\n')
    write(folder, "people.csv", "id,name\n" + "".join(f"p{i},Person {i}\n" for i in range(OTHERS)))
    run("contacts", "import", "people.csv", cwd=folder)
    write(folder, "sequences/other.lua", OTHER)
    for name, body in BODIES.items():
        write(folder, f"sequences/{name}.lua", HUNG % (name, name, body))
    log = open(folder / "serve.log", "wb")
    server = subprocess.Popen([PERIGEE, "serve"], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_until(server, lambda: b"serving" in (folder / "serve.log").read_bytes(), 20)
        run("enrol", "other", "--all", "--yes", cwd=folder)
        wait_until(server, lambda: count(folder, "other").get("waiting", 0) > 100, 20)
        for i, name in enumerate(BODIES):
            run("enrol", name, f"p{i}", "--yes", cwd=folder)
        flying = count(folder, "other")
        ok(flying.get("done", 0) < OTHERS / 2, f"{OTHERS} runs are in flight while workers hang", flying)
        wait_until(server, lambda: all(count(folder, name).get("failed") for name in BODIES), 60)
        wait_until(server, lambda: count(folder, "other").get("done", 0) == OTHERS, 60)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    judge(folder, (folder / "serve.log").read_text())


def judge(folder, log):
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)) * SLOWER
    for name in BODIES:
        row = run("runs", "--sequence", name, "--json", cwd=folder).rows()[0]
        took = seconds(folder, row["id"])
        named = row["error"] or ""
        ok(row["state"] == "failed" and f"sequences/{name}.lua:4: " in named and "processor time" in named and took < 2 * busy,
           f"{name} is killed within 2 s, and its end names the limit and the line ({took:.2f} s)", row, log)
    rows = run("runs", "--sequence", "other", "--json", cwd=folder).rows()
    wrong = [r for r in rows if r["state"] != "done" or r["outcome"] != f"{r['contact']} {STEPS}"]
    ok(len(rows) == OTHERS and not wrong, f"all {OTHERS} others end as they should, each step carried out once", *wrong[:5], log)
    again = run("serve", "--until-idle", cwd=folder)
    after = [r for n in BODIES for r in run("runs", "--sequence", n, "--json", cwd=folder).rows()]
    ok(again.code == 0 and all(r["state"] == "failed" for r in after) and len(after) == len(BODIES),
       "after a restart the failed ones are failed, and nothing runs again", again, *after)


# In the place of libexec/perigee/worker: children that load anything and then turn in a circle, as one whose own machine code a
# script has taken over would. What each used of the processor is written down when it is killed.
SPINNING = f"""#!{sys.executable}
import os, select, socket, sys
sys.path.insert(0, {str(Path(__file__).resolve().parents[1] / "liar")!r})
from wire import *

def serve(stream):
    while select.select([stream.sock], [], []) and (stream.read() or stream.open):
        for kind, id, raw, fd in stream.frames():
            if kind == W_LOAD:
                stream.write(frame(W_LOADED, id, text('{{"accounts":[],"channels":{{"email":{{"checked":"2026-11-20","source":"a page"}}}},"workspace":{{"timezone":"Europe/Paris"}}}}')))
            while kind == W_VISIT:
                pass

host, pids = Stream(socket.socket(fileno=3)), {{}}
while select.select([host.sock], [], []) and (host.read() or host.open):
    for kind, id, raw, fd in host.frames():
        if kind == F_FORK:
            pids[id] = os.fork()
            if pids[id] == 0:
                serve(Stream(socket.socket(fileno=fd)))
                os._exit(0)
            os.close(fd)
            host.write(frame(F_FORKED, id, u32(pids[id])))
        elif id in pids:
            os.kill(pids[id], 9)
            pid, status, used = os.wait4(pids.pop(id), 0)
            with open(sys.argv[0] + ".used", "a") as file:
                file.write(f"{{used.ru_utime + used.ru_stime}}\\n")
            host.write(frame(F_ENDED, id, u32(status)))
"""


def watchdog(folder):
    """A worker that no limit inside of it ends any more is killed from outside."""
    run("init", folder)
    write(folder, "perigee.lua", 'workspace { timezone = "Europe/Paris", hours = "always" }\n')
    run("contacts", "add", "p0", "name=P", cwd=folder)
    write(folder, "sequences/circle.lua", HUNG % ("circle", "circle", ""))
    run("serve", "--until-idle", cwd=folder)
    real = Path(os.environ.get("PERIGEE_LIBEXEC") or Path(PERIGEE).parent / "libexec" / "perigee")
    libexec = folder.parent / "libexec"
    libexec.mkdir()
    for program in real.iterdir():
        if program.name != "worker":
            (libexec / program.name).symlink_to(program)
    write(libexec, "worker", SPINNING).chmod(0o755)
    run("enrol", "circle", "p0", "--yes", cwd=folder)
    got = run("serve", "--until-idle", cwd=folder, env={"PERIGEE_LIBEXEC": str(libexec)})
    row = run("runs", "--sequence", "circle", "--json", cwd=folder).rows()[0]
    ok(row["state"] == "failed" and "stuck past its processor time" in row["error"], "a worker that turns in a circle of its own code is killed by the host", row, got)
    used = [float(line) for line in (libexec / "worker.used").read_text().split()] if (libexec / "worker.used").exists() else []
    busy = [u for u in used if u > 1]
    ok(len(busy) == 2 and max(used) < 2 * SLOWER, f"it is tried twice, and each time has less than 2 s of the processor ({used})", row, got)


def main():
    work = Path(tempfile.mkdtemp(prefix="perigee-hung-"))
    try:
        scenario(work / "W")
        if SLOWER == 1:  # twenty times its time would be more than a minute of a processor
            watchdog(work / "V")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
