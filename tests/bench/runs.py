#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How fast runs are: 2,000 of five journaled effects with fsync on, beside a bare loop that writes the same rows; one run
alone; the first step after kill -9 with 500 runs in flight; a simulated month for a thousand contacts.

Prints one line for each; exits with 1 if a floor is missed that the design names.
"""
import contextlib
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / os.environ.get("BUILD", "build")
PERIGEE = os.environ.get("PERIGEE") or str(BUILD / "perigee")
RUNS = 2000

SEQUENCE = """\
local perigee = require "perigee"

return perigee.sequence {
  name  = "%s",
  needs = { store = true },
  run   = function()
    for _ = 1, %d do perigee.store.add("bench", 1) end
  end,
}
"""
missed = []


def perigee(folder, *words, **more):
    return subprocess.run([PERIGEE, "-C", folder, *map(str, words)], capture_output=True, text=True, check=True, **more).stdout


def serve(folder, *words):
    return subprocess.Popen([PERIGEE, "-C", folder, "serve", *words], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=open(folder / "serve.log", "ab"))


def workspace(contacts, effects=5, name="bench"):
    folder = Path(tempfile.mkdtemp(prefix="perigee-bench-", dir=os.environ.get("BENCH_DIR")))
    (folder / "sequences").mkdir()
    (folder / "perigee.lua").write_text('workspace { timezone = "Europe/Paris", hours = "always" }\n')
    (folder / "sequences" / f"{name}.lua").write_text(SEQUENCE % (name, effects))
    (folder / "contacts.csv").write_text("id,name,email\n" + "".join(f"c{n},Contact {n},c{n}@creators.example\n" for n in range(contacts)))
    perigee(folder, "contacts", "import", "contacts.csv", cwd=folder)
    return folder


@contextlib.contextmanager
def database(folder):
    db = sqlite3.connect(f"file:{folder}/perigee.db?mode=ro", uri=True, timeout=10)
    try:
        yield db
    finally:
        db.close()


class Commits(threading.Thread):
    """Counts the commits of another process to a database, by looking at its data_version often."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.folder, self.stop, self.count = folder, threading.Event(), 0

    def run(self):
        with database(self.folder) as db:
            last = None
            while not self.stop.wait(0.001):
                version = db.execute("PRAGMA data_version").fetchone()[0]
                self.count += version != last
                last = version


def say(name, value, unit, floor=None, wants_less=False):
    good = floor is None or (value <= floor if wants_less else value >= floor)
    wanted = "" if floor is None else f"   ({'at most' if wants_less else 'at least'} {floor:g}{'' if good else ': MISSED'})"
    print(f"{name:<48} {value:>10.3g} {unit}{wanted}" if value < 100 else f"{name:<48} {value:>10.0f} {unit}{wanted}", flush=True)
    if not good:
        missed.append(name)


def throughput():
    folder = workspace(RUNS)
    perigee(folder, "enrol", "bench", "--all", "--yes")
    shutil.copy(folder / "perigee.db", folder / "floor.db")
    commits = Commits(folder)
    commits.start()
    process = serve(folder, "--until-idle")
    process.wait(120)
    commits.stop.set()
    commits.join()
    with database(folder) as db:
        done, first, last = db.execute("SELECT count(*), (SELECT min(asked_at) FROM journal), max(ended_at) FROM runs WHERE state = 'done'").fetchone()
    if done != RUNS:
        sys.exit(f"bench: {done} of {RUNS} runs are done\n{(folder / 'serve.log').read_text()[-2000:]}")
    rate = RUNS / max(0.001, (last - first) / 1000)
    say("runs of 5 journaled effects", rate, "runs/s", 3000)
    group = max(1, round(RUNS / max(1, commits.count)))
    floor = float(subprocess.run([BUILD / "tests/bench/floor", folder / "floor.db", str(RUNS), str(group)],
                                 capture_output=True, text=True, check=True).stdout)
    say(f"a bare loop, {group} runs a commit", floor, "runs/s")
    say("ratio to the bare loop", floor / rate, "times slower")
    shutil.rmtree(folder)


def alone():
    folder = workspace(50)
    process = serve(folder)
    deadline = time.monotonic() + 10
    while not (folder / "run" / "perigee.sock").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    for n in range(50):
        perigee(folder, "enrol", "bench", f"c{n}", "--yes")
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    with database(folder) as db:
        times = [row[0] for row in db.execute("SELECT ended_at - started_at FROM runs WHERE state = 'done'")]
    say("one run alone, p50", statistics.median(times), "ms")
    shutil.rmtree(folder)


def recovery():
    folder = workspace(500, effects=200)
    perigee(folder, "enrol", "bench", "--all", "--yes")
    rows = "SELECT count(*) FROM journal"
    process = serve(folder)
    with database(folder) as db:
        while db.execute(rows).fetchone()[0] < 5000 and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        process.wait()
        time.sleep(0.5)  # its net and workers end by themselves
        before = db.execute(rows).fetchone()[0]
        begun = time.monotonic()
        process = serve(folder)
        while db.execute(rows).fetchone()[0] == before and time.monotonic() - begun < 20:
            time.sleep(0.001)
        took = (time.monotonic() - begun) * 1000
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    say("first step after kill -9 of 500 runs", took, "ms", 200, wants_less=True)
    shutil.rmtree(folder)


def simulation():
    folder = Path(tempfile.mkdtemp(prefix="perigee-bench-"))
    shutil.copytree(ROOT / "scripts" / "creator-intro", folder, dirs_exist_ok=True)
    header = "id,name,first_name,email,timezone,niche,latest_video\n"
    (folder / "contacts.csv").write_text(header + "".join(
        f"c{n},Contact {n},Contact,c{n}@creators.example,Europe/Paris,baking,Loaf {n}\n" for n in range(1000)))
    begun = time.monotonic()
    perigee(folder, "sim", "creator-intro", "--contacts", "contacts.csv", "--for", "30d", cwd=folder)
    say("sim of 1,000 contacts over 30 days", time.monotonic() - begun, "s", 3, wants_less=True)
    shutil.rmtree(folder)


if __name__ == "__main__":
    for bench in (throughput, alone, recovery, simulation):
        bench()
    sys.exit(1 if missed else 0)
