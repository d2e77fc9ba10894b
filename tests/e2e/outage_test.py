#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""serve is stopped for longer than the waits while 40 answers land in the mailbox, then started: all timers are due
before the mail is in, and still nobody who answered is nudged. In real time, with waits of seconds."""
import time

import harness
from harness import CREATORS, OURS
from people import plans_for
from workspace import Workspace, first_mails, follow_ups, settle_down

WAIT = 25
SEQUENCE = """\
local perigee = require "perigee"

return perigee.sequence {
  name  = "short-waits",
  needs = { send = { "email" } },
  run   = function(contact)
    contact:send("email", "intro")
    if contact:wait_reply "%ds" then return "replied" end
    contact:send("email", "nudge")
    if contact:wait_reply "1s" then return "replied" end
    return "silent"
  end,
}
""" % WAIT


def scenario(tap):
    role = {f"creator{n:03}@{CREATORS}": "reply" if n % 3 else "silent" for n in range(60)}
    with harness.mail() as mail:
        mail.add_users(role)
        work = Workspace(mail)
        work.sequence("short-waits", SEQUENCE)
        work.set_up({a.split("@")[0]: a for a in role})
        work.do("enrol", "short-waits", "--all", "--yes")
        begun = time.monotonic()
        work.serve()
        tap.ok(harness.wait_for(lambda: all(mail.files(a) for a in role), 60), "everyone has the first mail", work.log())
        work.stop()
        lasted = time.monotonic() - begun
        if not tap.ok(lasted < WAIT - 2, "and serve was stopped before the waits were over", f"after {lasted:.0f} s"):
            return
        for address, answer in plans_for(mail, role).items():
            answer(mail.messages(address)[0])
        tap.ok(settle_down(mail) and len(mail.files(OURS)) == 40, "40 answers are in the mailbox", len(mail.files(OURS)))
        tap.equal([a for a in role if len(mail.files(a)) > 1], [], "nobody was nudged meanwhile")
        time.sleep(max(0, WAIT + 5 - (time.monotonic() - begun)))
        status = work.serve_until_idle(seconds=60)
        if status is None:
            tap.note("serve --until-idle did not end by itself")
        settle_down(mail)
        again = work.serve_until_idle(seconds=60)  # the last waits, of a second, may have outlived the first
        tap.equal((status, again), (0, 0), "serve --until-idle comes to its end", work.log())
        settle_down(mail)
        nudged = sorted(a for a in role if follow_ups(mail.messages(a)))
        tap.equal([a for a in nudged if role[a] == "reply"], [], "nobody who answered was nudged", work.log())
        tap.equal([a for a in nudged if role[a] == "silent"], sorted(a for a in role if role[a] == "silent"),
                  "everyone who did not answer was", work.log())
        tap.equal([a for a in role if len(first_mails(mail.messages(a))) != 1], [], "and nobody had the first mail twice")
        outcomes = {r["contact"]: r["outcome"] for r in work.rows("runs")}
        wrong = {a: outcomes.get(a.split("@")[0]) for a in role if role[a] == "reply" and outcomes.get(a.split("@")[0]) != "replied"}
        tap.equal(wrong, {}, "the runs of those who answered ended replied")


if __name__ == "__main__":
    harness.run(scenario)
