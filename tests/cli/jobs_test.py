#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Jobs: what is made of due times that passed, of a run that is not over, of jitter; what perigee jobs says and suggests."""
import datetime
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402
from tap import ok  # noqa: E402
from program import Workspace  # noqa: E402

HOUR = 3600_000
# Every hour at the minute that was ten minutes ago: no due time comes while the test runs.
last = (int(time.time()) - 600) // 60 * 60_000
HOURLY = f"{last // 60_000 % 60} * * * *"


def job(name, schedule=HOURLY, body='return "fine"', **more):
    keys = "".join(f', {k} = "{v}"' for k, v in more.items())
    (folder / "jobs" / f"{name}.lua").write_text(
        f'local perigee = require "perigee"\nreturn perigee.job {{ name = "{name}", schedule = "{schedule}"{keys}, needs = {{ store = true }},\n'
        f"  run = function(job) {body} end }}\n")


workspace = Workspace(tempfile.mkdtemp())
folder, run, sql, serve = workspace.dir, workspace.run, workspace.sql, workspace.serve
(folder / "jobs").mkdir()
(folder / "contacts.csv").write_text("id,name\nana,Ana\n")
(folder / "perigee.lua").write_text('workspace { timezone = "UTC", hours = "always" }\n')


def missed(name):
    """As if nothing had run for five hours and a bit: six due times have passed."""
    sql("UPDATE scripts SET next_due = ? WHERE name = ?", last - 5 * HOUR, name)


def dues(name):
    return [json.loads(start)["due"] * 1000 for start, in sql("SELECT start FROM runs WHERE sequence = ? ORDER BY id", name)]


try:
    for how in ("once", "skip", "all"):
        job(how, missed=how)
    job("slow", body='perigee.sleep "3 days"')
    job("patient", body='perigee.sleep "3 days"', overlap="wait")
    job("early", schedule="every day at 00:00", jitter="20 hours")
    job("past", schedule="2020-01-01T09:00")
    job("there", schedule="every monday at 09:00", zone="America/New_York", title="Somewhere else")
    run("upgrade")

    # ---- missed ----
    for how in ("once", "skip", "all"):
        missed(how)
    serve()
    late = [last - n * HOUR for n in range(5, -1, -1)]
    ok(dues("once") == [last], "of times that passed, once makes the last up", dues("once"))
    ok(dues("skip") == [], "skip makes none up", dues("skip"))
    ok(dues("all") == late, "all makes all of them up, in order", dues("all"), late)
    spans = sql("SELECT started_at, ended_at FROM runs WHERE sequence = 'all' ORDER BY id")
    ok(all(a[1] <= b[0] for a, b in zip(spans, spans[1:])), "one after the other and not all at once", spans)
    ok(sql("SELECT next_due FROM scripts WHERE name = 'all'")[0][0] > time.time() * 1000, "and then its next time is ahead")
    ok(sql("SELECT count(*) FROM job_starts") == [(0,)], "nothing is left over")
    serve()
    ok(len(dues("all")) == 6, "what was made up is not made up again", dues("all"))

    # ---- overlap ----
    for name in ("slow", "patient"):
        sql("UPDATE scripts SET next_due = ? WHERE name = ?", last, name)
    serve()
    for name in ("slow", "patient"):
        sql("UPDATE scripts SET next_due = ? WHERE name = ?", int(time.time() * 1000) // 60000 * 60000, name)
    serve()
    ok(len(dues("slow")) == 1 and len(dues("patient")) == 1, "while a run is not over no other begins", dues("slow"), dues("patient"))
    ok([r[0] for r in sql("SELECT job FROM job_starts")] == ["patient"], "overlap = skip passes the time over, wait keeps it", sql("SELECT * FROM job_starts"))
    ok("after run" in run("jobs").out, "what waits is told as such", run("jobs"))
    run("stop", sql("SELECT id FROM runs WHERE sequence = 'patient'")[0][0])
    serve()
    ok(len(dues("patient")) == 2, "what waited begins when the run before it is over", dues("patient"))

    # ---- jitter ----
    first, again = run("jobs", "--json", "--next", "5").rows(), run("jobs", "--json", "--next", "5").rows()
    by = {j["name"]: j for j in first}
    times = [datetime.datetime.fromisoformat(t) for t in by["early"]["next_times"]]
    after = [(t - t.replace(hour=0, minute=0, second=0)).total_seconds() for t in times]
    ok(first == again and len(set(after)) > 3 and all(0 <= s <= 20 * 3600 for s in after) and len({t.date() for t in times}) == 5,
       "jitter moves each start by chance, within its bound, always by the same", by["early"])
    simulated = run("sim", "early", "--contacts", folder / "contacts.csv", "--start", "2026-11-23", "--for", "4d", "--json").rows()
    starts = [e["at"] for e in simulated if e["event"] == "enrolled"]
    ok(len(starts) == 3 and all("T00:00:00" not in s for s in starts) and len({s[:10] for s in starts}) == 3,
       "a simulation plays it so: once a day, each at its own time", simulated)

    # ---- what is said ----
    contract = {"name", "schedule", "zone", "next", "next_times", "rests", "last", "last_state", "last_outcome"}
    ok(all(contract <= set(j) for j in first) and by["all"]["last_outcome"] == "fine" and by["all"]["last_state"] == "done",
       "jobs --json tells the next times, the last run and its outcome", by["all"])
    ok(by["past"]["next"] is None and "no time is left" in by["past"]["rests"], "and why a job rests", by["past"])
    there = datetime.datetime.fromisoformat(by["there"]["next"]).astimezone(datetime.timezone.utc)
    ok(there.weekday() == 0 and there.hour in (13, 14) and by["there"]["title"] == "Somewhere else", "times are those of its zone", by["there"])
    (folder / "jobs" / "once.lua").unlink()
    serve()
    listed = run("jobs")
    ok("once rests: its file jobs/once.lua is gone" in listed.out and "in America/New_York" in listed.out, "people are told, too", listed)
    job("once", missed="once")

    # ---- now ----
    now = run("jobs", "run", "all")
    twice = run("jobs", "run", "all")
    serve()
    ok(now.code == 0 and twice.code == 1 and "is not over yet" in twice.err and len(dues("all")) == 7, "jobs run begins one now, and one alone", now, twice)
    ok("did you mean patient" in run("jobs", "run", "pateint").err and run("jobs", "run", "pateint").code == 1, "a slip in a name is told")
    ok("there are: all" in run("jobs", "run", "zzzzzz").err, "else what there is", run("jobs", "run", "zzzzzz"))
    for schedule, says in (("every mondey at 09:00", "did you mean monday?"), ("every day at 9", "no time of day"), ("* * * *", "has 4 fields")):
        job("wrong", schedule=schedule)
        checked = run("check")
        ok(checked.code == 1 and says in checked.err and "jobs/wrong.lua" in checked.err, f"check tells what is wrong with \"{schedule}\"", checked)
    job("wrong", jitter="often")
    ok("jitter" in run("check").err and run("check").code == 1, "and with a jitter", run("check"))
    job("wrong", zone="Europe/Pariss")
    ok("no time zone" in run("check").err, "and with a zone", run("check"))
finally:
    shutil.rmtree(folder)
sys.exit(tap.finish())
