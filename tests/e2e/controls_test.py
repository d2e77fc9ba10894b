#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A person's controls: enrolling twice writes to nobody twice; stop, pause and cancel reach messages that are queued."""
import harness
from harness import CREATORS
from workspace import Workspace, first_mails, settle_down


def scenario(tap):
    people = {name: f"{name}@{CREATORS}" for name in ("ana", "ben", "chloe", "dora", "emil", "finn", "gita", "hugo")}
    with harness.mail() as mail:
        mail.add_users(people.values())
        work = Workspace(mail)
        work.set_up(people)
        boxes = lambda: {name: len(first_mails(mail.messages(address))) for name, address in people.items()}

        work.do("pause", "--account", "partnerships")
        dry = work.do("enrol", "creator-intro", "--all", "--dry-run")
        tap.equal(work.rows("runs"), [], "enrol --dry-run starts nothing", dry)
        work.do("enrol", "creator-intro", "--all", "--yes")
        twice = work.do("enrol", "creator-intro", "--all", "--yes")
        tap.equal(len(work.rows("runs")), 8, "enrolling twice makes each run once", twice)
        tap.ok("already ran" in twice or "already" in twice, "and says that they already ran", twice)

        work.serve()
        queued = lambda: [m for m in work.messages() if m["state"] == "queued"]
        tap.ok(harness.wait_for(lambda: len(queued()) == 8, 30, 0.3), "with the account paused all messages stay queued",
               work.messages(), work.log())
        tap.equal(boxes(), dict.fromkeys(people, 0), "and nobody gets one")

        runs = {r["contact"]: r["id"] for r in work.rows("runs")}
        ids = {m["contact"]: m["id"] for m in queued()}
        work.do("stop", runs["ana"])
        work.do("stop", "--contact", "ben")
        work.do("messages", "cancel", ids["chloe"])
        work.do("pause", "--contact", "dora")
        work.do("resume", "--account", "partnerships")
        tap.ok(harness.wait_for(lambda: sum(boxes().values()) >= 4, 30), "resumed, the others leave", boxes(), work.log())
        settle_down(mail)
        tap.equal(boxes(), dict(ana=0, ben=0, chloe=0, dora=0, emil=1, finn=1, gita=1, hugo=1),
                  "stop, stop --contact, cancel and pause --contact held back what was queued", work.messages())
        states = {m["contact"]: m["state"] for m in work.messages()}
        tap.equal([states["ana"], states["ben"]], ["withdrawn", "withdrawn"], "messages of stopped runs are withdrawn")
        tap.equal(states["chloe"], "cancelled", "the cancelled one says so")
        tap.equal(states["dora"], "queued", "the paused one waits")
        tap.ok(work.run("messages", "cancel", ids["emil"]).returncode == 1, "what has left can't be cancelled")

        work.do("pause", "--sequence", "creator-intro")
        work.do("resume", "--contact", "dora")
        work.do("enrol", "creator-intro", "--all", "--yes")
        settle_down(mail)
        tap.equal(boxes()["dora"], 0, "pausing a sequence holds its messages")
        work.do("resume", "--sequence", "creator-intro")
        tap.ok(harness.wait_for(lambda: boxes()["dora"] == 1, 30), "and resuming lets them go", work.messages(), work.log())
        work.stop()
        work.do("enrol", "creator-intro", "--all", "--yes")
        status = work.serve_until_idle(seconds=60)
        tap.equal(status, 0, "serve --until-idle ends when nothing is due", work.log())
        settle_down(mail)
        tap.equal(boxes(), dict(ana=0, ben=0, chloe=0, dora=1, emil=1, finn=1, gita=1, hugo=1), "and nobody got a mail twice")


if __name__ == "__main__":
    harness.run(scenario)
