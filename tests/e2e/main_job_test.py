#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The main job on real servers: 200 creators are written to; some answer, some are away, some bounce, some were
answered by hand, most are silent. What happened is counted in the mailboxes."""
import os

import harness
from harness import CREATORS, OURS
from people import Creators, plans_for
from workspace import Workspace, clean, final_recipients, first_mails, follow_ups, settle_down

GRACE = os.environ.get("GRACE", "5s")
PARTS = [("reply", 40), ("away", 10), ("bounce", 10), ("handled", 5), ("silent", 135)]


def cast():
    """{id: (address, role)}, the roles spread evenly over the list."""
    roles = [role for role, n in PARTS for _ in range(n)]
    order = sorted(range(len(roles)), key=lambda i: (i * 83) % len(roles))
    people = {}
    for number, i in enumerate(order):
        id = f"creator{number:03}"
        people[id] = (f"{'gone-' if roles[i] == 'bounce' else ''}{id}@{CREATORS}", roles[i])
    return people


def scenario(tap):
    people = cast()
    role = {address: r for address, r in people.values()}
    with harness.mail() as mail:
        mail.add_users([a for a in role if role[a] != "bounce"])
        work = Workspace(mail, tls=True)
        work.set_up({id: address for id, (address, _) in people.items()})
        said = work.do("enrol", "creator-intro", "--all", "--yes")
        tap.ok("200" in said, "enrol says that 200 will start", said)
        with Creators(mail, plans_for(mail, role)) as creators:
            status = work.serve_until_idle("--fast-forward", GRACE, seconds=420)
        tap.equal(status, 0, "serve --until-idle comes to its end", work.log())
        tap.ok(settle_down(mail), "and Postfix has nothing left")
        tap.equal(sorted(creators.plans), [], "every creator who meant to answer got a first mail", creators.error)
        count(tap, mail, work, role)


def count(tap, mail, work, role):
    boxes = {a: mail.messages(a) for a in role if role[a] != "bounce"}
    wrong = {a: [m["Subject"] for m in box] for a, box in boxes.items() if len(first_mails(box)) != 1}
    tap.equal(wrong, {}, "everyone whose address works got exactly one first mail")
    inbox = mail.messages(OURS)
    tap.equal(sorted(final_recipients(inbox)), sorted(a for a in role if role[a] == "bounce"),
              "and each dead address bounced exactly once")
    for kind in ("reply", "handled"):
        nudged = [a for a in boxes if role[a] == kind and follow_ups(boxes[a])]
        tap.equal(nudged, [], f"nobody of '{kind}' got a follow-up", work.log())
    for kind in ("silent", "away"):
        wrong = {a: len(follow_ups(boxes[a])) for a in boxes if role[a] == kind and len(follow_ups(boxes[a])) != 1}
        tap.equal(wrong, {}, f"everyone of '{kind}' got exactly one follow-up", work.log())
    faults = []
    for address, box in boxes.items():
        for second in follow_ups(box):
            first = first_mails(box)[0]
            if (clean(second["In-Reply-To"]) != clean(first["Message-ID"]) or clean(first["Message-ID"]) not in (second["References"] or "")
                    or second["Subject"] != "Re: " + first["Subject"]):
                faults.append(f"{address}: {second['Subject']!r} {second['In-Reply-To']} {second['References']}")
    tap.equal(faults, [], "follow-ups answer the first mail: In-Reply-To, References, one Re:")
    unthreaded = {a: t for a, box in boxes.items() if (t := sorted(mail.threads(a))) != [len(box)]}
    tap.equal(unthreaded, {}, "Dovecot's THREAD sees one thread in every mailbox")
    unnamed = [a for a, box in boxes.items() if not all(m.get_body(("plain",)) and m.get_body(("html",)) for m in box)]
    tap.equal(unnamed, [], "every mail has a text and an HTML part")
    ledger(tap, mail, work, role, boxes)


def ledger(tap, mail, work, role, boxes):
    """What Perigee says agrees with what is in the mailboxes."""
    messages = work.messages()
    waiting = [m for m in messages if m["state"] in ("queued", "handed", "unknown", "held")]
    tap.equal(waiting, [], "the ledger holds nothing back and doubts nothing")
    arrived = sorted(clean(m["Message-ID"]) for box in boxes.values() for m in box)
    sent = sorted(clean(m["message_id"]) for m in messages if m["run"] and m["state"] in ("accepted", "delivered", "read", "replied"))
    tap.equal(sent, arrived, "the ledger's Message-IDs are those in the mailboxes")
    runs = {r["contact"]: r for r in work.rows("runs")}
    outcome = lambda kind: {r["outcome"] for id, r in runs.items() if role_of_id(id, role) == kind}
    tap.equal(outcome("reply"), {"replied"}, "runs of those who answered ended replied")
    tap.equal(outcome("handled"), {"taken over"}, "runs of those answered by hand ended taken over")
    tap.equal(outcome("silent") | outcome("away"), {"silent"}, "runs of the silent and the away ended silent")
    tap.ok(outcome("bounce") <= {"bounced", "refused"}, "runs of the bounced ended so", outcome("bounce"))
    calls = work.rows("tasks")
    tap.equal(sorted(t["contact"] for t in calls), sorted(id for id in runs if role_of_id(id, role) == "reply"),
              "there is one call to make for each answer, and no other task")
    quoted = [t["note"] for t in calls if t["note"] != f"Answered: Yes, tell me more. ({t['contact']})"]
    tap.equal(quoted, [], "the notes hold what was answered, without quotations")


def role_of_id(id, role):
    return role.get(f"{id}@{CREATORS}") or role.get(f"gone-{id}@{CREATORS}")


if __name__ == "__main__":
    harness.run(scenario)
