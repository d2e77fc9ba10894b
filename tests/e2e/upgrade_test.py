#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A sequence is edited while its runs sleep. What still matches moves by itself; what does not stays on its version and
is listed; what differs on replay of its own version is parked, with both effects, and sends nothing."""
import json
import sqlite3

import harness
from harness import CREATORS
from workspace import Workspace, follow_ups, settle_down

BEGINNING = """\
local perigee = require "perigee"

return perigee.sequence {
  name  = "upgraded",
  needs = { send = { "email" }, task = true },
  run   = function(contact)
"""
END = """\
    if reply then return "replied" end
    return "%s"
  end,
}
"""
FIRST = BEGINNING + """\
    contact:send("email", "intro")
    local reply = contact:wait_reply "3 days"
    contact:send("email", "nudge")
    reply = contact:wait_reply "4 days"
""" + END % "one"
# Another duration before, another end after: every recorded effect is still asked for in its place.
MATCHING = BEGINNING + """\
    contact:send("email", "intro")
    local reply = contact:wait_reply "5 days"
    contact:send("email", "nudge")
    reply = contact:wait_reply "1 day"
""" + END % "two"
# A step that was not there before: those who have passed it can't move.
CHANGED = BEGINNING + """\
    contact:task { kind = "review", note = "before the first mail" }
    contact:send("email", "intro")
    local reply = contact:wait_reply "5 days"
    contact:send("email", "nudge")
    reply = contact:wait_reply "1 day"
""" + END % "three"


def scenario(tap):
    people = {name: f"{name}@{CREATORS}" for name in ("ana", "ben", "chloe", "dora")}
    with harness.mail() as mail:
        mail.add_users(people.values())
        work = Workspace(mail)
        work.sequence("upgraded", FIRST)
        work.set_up(people)
        work.do("enrol", "upgraded", "ana", "ben", "--yes")
        tap.equal(work.serve_until_idle(seconds=60), 0, "the first mails leave, the runs sleep", work.log())
        settle_down(mail)
        runs = lambda: {r["contact"]: r for r in work.rows("runs")}
        old = runs()["ana"]["version"]

        work.do("contacts", "set", "ana", "stage=talking", "niche=rye")
        work.do("contacts", "set", "ben", "labels=vip")
        work.sequence("upgraded", MATCHING)
        listed = work.do("upgrade", "upgraded", "--dry-run")
        tap.equal(runs()["ana"]["version"], old, "upgrade --dry-run moves nobody", listed)
        work.do("upgrade", "upgraded")
        work.do("enrol", "upgraded", "chloe", "--yes")
        tap.equal(work.serve_until_idle(seconds=60), 0, "serve goes on with the edited file", work.log())
        tap.ok(runs()["chloe"]["version"] != old, "who is enrolled now starts on the new version", runs())
        new = runs()["chloe"]["version"]
        tap.equal([runs()["ana"]["version"], runs()["ben"]["version"]], [new, new],
                  "runs whose journals match move, though stage, fields and labels of their contacts were edited", runs())
        tap.equal([r["state"] for r in runs().values() if r["state"] == "parked"], [], "and nobody is parked")

        work.sequence("upgraded", CHANGED)
        work.do("enrol", "upgraded", "dora", "--yes")
        listed = work.run("upgrade", "upgraded", "--dry-run")
        tap.ok("task" in listed.stdout and "send" in listed.stdout,
               "upgrade --dry-run shows the first effect that differs: send before, task now", listed.stdout, listed.stderr)
        work.do("upgrade", "upgraded")
        tap.equal(runs()["ana"]["version"], new, "runs that can't move stay on their version")

        spoil(work, runs()["ben"]["id"])
        status = work.serve_until_idle("--fast-forward", "3s", seconds=120)
        tap.equal(status, 0, "time passes until nothing is due", work.log())
        settle_down(mail)
        after = runs()
        tap.equal(after["ben"]["state"], "parked", "a run whose replay differs from its journal is parked", after)
        shown = work.do("show", after["ben"]["id"])
        tap.ok("nudge" in shown or "other" in shown, "and shows what was recorded and what was asked", shown)
        tap.equal({n: len(follow_ups(mail.messages(a))) for n, a in people.items()}, dict(ana=1, ben=0, chloe=1, dora=1),
                  "the parked one sent nothing, the others went on", work.log())
        tap.equal([after["ana"]["outcome"], after["chloe"]["outcome"], after["dora"]["outcome"]], ["two", "two", "three"],
                  "each ended by the words of its version", after)


def spoil(work, run):
    """Makes a run's journal tell of another template than its script asks for: what a script that looked at something
    it must not see would do."""
    database = sqlite3.connect(work.dir / "perigee.db")
    with database:
        position, args = database.execute("SELECT position, args FROM journal WHERE run = ? AND kind = 'send' ORDER BY position",
                                          (run,)).fetchone()
        args = json.dumps({**json.loads(args), "template": "other"}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        database.execute("UPDATE journal SET args = ? WHERE run = ? AND position = ?", (args, run, position))
    database.close()


if __name__ == "__main__":
    harness.run(scenario)
