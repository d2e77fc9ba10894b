#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sim keeps its contract: one object a line in order of virtual time, each with its members, the summary last, equal bytes for equal
inputs; and jobs keep their schedules."""
import shutil
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import commands_test as cli
from commands_test import exits, ok, run, write

EVENTS = Path(__file__).resolve().parents[1] / "workspaces" / "events"
PEOPLE = """id,name,email,timezone,labels
a,Ana A,a@example.com,America/New_York,press
b,Ben B,b@example.com,,
c,Cleo C,c@example.com,Asia/Tokyo,
d,Dan D,d@example.com,,
e,Eve E,e@example.com,,
f,Flo F,f@example.com,,
"""
REPLIES = """contact,after,channel,kind,text
a,2h,email,reply,Yes
b,1 day,email,bounce,550
c,3h,email,unsubscribe,
d,1h,email,complaint,
e,1h,email,handled,mine
f,30m,email,auto_reply,away
"""
MEMBERS = {
    "enrolled": {"sequence"}, "sent": {"channel", "account", "template", "subject", "text", "thread"},
    "deferred": {"channel", "rule", "reason", "until"}, "refused": {"channel", "rule", "code", "reason"},
    "received": {"channel", "kind", "text"}, "finished": {"outcome"},
}
JOB = """local perigee = require "perigee"
return perigee.job {
  name = "slow", schedule = "every 15 minutes", overlap = "%s",
  run = function(job) perigee.sleep "40 minutes" end,
}
"""


def contract(folder):
    args = ("sim", "asker", "--contacts", "people.csv", "--replies", "replies.csv", "--start", "2026-12-07T08:00", "--for", "15d", "--json")
    first = exits("sim plays a month and ends with 0", 0, *args, cwd=folder)
    rows, summary = first.rows()[:-1], first.rows()[-1]
    ok(not first.err, "nothing is said beside the timeline", first)
    ok(all(MEMBERS[r["event"]] <= set(r) and {"at", "contact", "run"} <= set(r) for r in rows), "every event has its members", rows)
    times = [datetime.fromisoformat(r["at"]) for r in rows]
    ok(times == sorted(times), "in order of virtual time")
    ok({r["contact"]: r["at"][-6:] for r in rows} == dict(a="-05:00", b="+01:00", c="+09:00", d="+01:00", e="+01:00", f="+01:00"),
       "with the contact's offset", rows)
    ok(rows[1]["at"] == "2026-12-07T08:00:00+01:00", "from --start on", rows[1])
    ok(summary == {"event": "summary", "contacts": 6, "sent": 6, "received": 6, "finished": 6, "failed": 0, "outcomes":
                   {"answered: Yes": 1, "bounced": 1, "unsubscribed": 2, "taken over": 1, "silent": 1}}, "the summary comes last", summary)
    ok(run(*args, cwd=folder).out == first.out, "equal inputs give equal bytes")
    ok(run(*args, "--seed", "2", cwd=folder).rows()[-1] == summary, "another seed changes no outcome here")
    short = run("sim", "asker", "--contacts", "people.csv", "--for", "1h", "--json", cwd=folder).rows()
    ok(short[-1]["finished"] == 0 and not any(r["event"] == "finished" for r in short), "--for ends it", short[-1])
    exits("a script that can't be loaded is a failure", 1, "sim", "nothing", "--contacts", "people.csv", cwd=folder, says="nothing")
    exits("contacts must be named", 2, "sim", "asker", cwd=folder, says="--contacts")
    exits("a time that is none is a usage error", 2, "sim", "asker", "--contacts", "people.csv", "--start", "tomorow", cwd=folder, says="tomorow")
    write(folder, "bad.csv", "contact,after,channel,kind,text\na,2h,email,rply,Yes\n")
    exits("a reply of no known kind has its line", 1, "sim", "asker", "--contacts", "people.csv", "--replies", "bad.csv", cwd=folder,
          says="bad.csv:2: ")
    people = run("sim", "asker", "--contacts", "people.csv", "--replies", "replies.csv", "--for", "15d", cwd=folder)
    ok("Dan D                   complains" in people.out and "unsubscribed             2" in people.out, "people get a timeline in words", people)


def jobs(folder):
    got = run("sim", "weekly", "--contacts", "people.csv", "--for", "9d", "--json", cwd=folder).rows()
    ok([r["sequence"] for r in got if r["event"] == "enrolled"] == ["weekly", "payer", "weekly", "payer"],
       "a job runs by its schedule and enrols who it finds by label", got)
    write(folder, "jobs/slow.lua", JOB % "wait")
    starts = lambda: [r["at"][11:16] for r in run("sim", "slow", "--contacts", "people.csv", "--for", "2h", "--start", "2026-12-07", "--json",
                                                  cwd=folder).rows() if r["event"] == "enrolled"]
    found = starts()
    ok(found == ["00:15", "00:55", "01:35"], "overlap wait: the next begins when the last has ended, and no other job runs", found)
    write(folder, "jobs/slow.lua", JOB % "skip")
    found = starts()
    ok(found == ["00:15", "01:00", "01:45"], "overlap skip: due times met meanwhile are passed over", found)
    rows = run("sim", "slow", "--contacts", "people.csv", "--for", "1h", "--start", "2026-12-07", "--json", cwd=folder).rows()
    ok([r["due"][11:16] for r in rows if r["event"] == "passed_over"] == ["00:30", "00:45"], "and each of them is told", rows)
    write(folder, "jobs/slow.lua", JOB % "wait")
    rows = run("sim", "slow", "--contacts", "people.csv", "--for", "2h", "--start", "2026-12-07", "--json", cwd=folder).rows()
    late = [(r["event"], r["at"][11:16], r["due"][11:16]) for r in rows if "due" in r]
    ok(late == [("enrolled", "00:55", "00:30"), ("passed_over", "01:35", "00:45"), ("enrolled", "01:35", "01:30")],
       "one that begins late says since when it was due, and what was missed meanwhile", rows)


def main():
    work = Path(tempfile.mkdtemp(prefix="perigee-sim-"))
    try:
        folder = work / "W"
        shutil.copytree(EVENTS, folder)
        write(folder, "people.csv", PEOPLE)
        write(folder, "replies.csv", REPLIES)
        contract(folder)
        jobs(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
