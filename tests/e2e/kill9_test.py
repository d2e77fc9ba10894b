#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The main job while host, net and workers are killed with SIGKILL at 50 random moments. Nobody lacks a mail and nobody
has two, apart from those that `perigee messages --state unknown` lists: at most one for each open connection and kill of
net. Then once more with the host and workers alone, after which nothing may be in doubt. SEED=N repeats a run's choices."""
import os
import random
import signal
import time

import harness
from harness import CREATORS, OURS
from people import Creators, plans_for
from proxy import Proxy
from workspace import Workspace, alive, clean, descendants, final_recipients, first_mails, follow_ups, role_of, settle_down

GRACE = os.environ.get("GRACE", "5s")
KILLS = int(os.environ.get("KILLS", "50"))
CONNECTIONS = 1  # net has one sender for an account, and it one connection
PARTS = [("reply", 40), ("away", 10), ("bounce", 10), ("handled", 5), ("silent", 135)]


def cast(rng, parts):
    roles = [role for role, n in parts for _ in range(n)]
    rng.shuffle(roles)
    return {f"creator{n:03}": (f"{'gone-' if role == 'bounce' else ''}creator{n:03}@{CREATORS}", role)
            for n, role in enumerate(roles)}


def kill_one(work, rng, roles):
    """Kills one of roles (net: its parent or a child), whichever the dice say and is there; the role, or None."""
    family = [work.server.pid] + descendants(work.server.pid)
    by_role = {}
    for pid in family:
        by_role.setdefault(role_of(pid), []).append(pid)
    role = rng.choice(roles)
    if role not in by_role:
        return None
    try:
        os.kill(rng.choice(sorted(by_role[role])), signal.SIGKILL)
    except ProcessLookupError:
        return None
    return role


def restart(work, family):
    """A killed host's roles finish what they hold; the next host waits for them by the lock, we only look on."""
    work.server.wait()
    work.mail.processes.remove(work.server)
    harness.wait_for(lambda: not any(alive(pid) and role_of(pid) for pid in family), 15)
    work.serve("--fast-forward", GRACE, "--until-idle")


def scenario(tap):
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    tap.note(f"SEED={seed}")
    rng = random.Random(seed)
    main_job(tap, rng, KILLS, ["host", "net", "net", "worker"], PARTS)
    main_job(tap, rng, KILLS // 3, ["host", "worker"], [(role, n // 2) for role, n in PARTS], longest=0.5)  # half the work is over sooner


def main_job(tap, rng, wanted, roles, parts, longest=1.2):
    tap.note(f"{wanted} kills of {', '.join(sorted(set(roles)))}")
    people = cast(rng, parts)
    role = {address: r for address, r in people.values()}
    with harness.mail() as mail, Proxy(mail.submission_port, delay=0.02) as slow:
        mail.add_users([a for a in role if role[a] != "bounce"])
        work = Workspace(mail, smtp_port=slow.port)
        work.set_up({id: address for id, (address, _) in people.items()})
        work.do("enrol", "creator-intro", "--all", "--yes")
        kills = {"host": 0, "net": 0, "worker": 0}
        with Creators(mail, plans_for(mail, role)) as creators:
            work.serve("--fast-forward", GRACE, "--until-idle")
            end = time.monotonic() + 300
            while sum(kills.values()) < wanted and time.monotonic() < end and work.server.poll() is None:
                time.sleep(rng.uniform(0.05, longest))
                family = descendants(work.server.pid)
                killed = kill_one(work, rng, roles)
                if killed:
                    kills[killed] += 1
                if killed == "host":
                    restart(work, family)
            tap.note(f"killed: {kills}")
            status = work.wait(300)
        tap.equal(sum(kills.values()), wanted, f"{wanted} processes were killed while there was work")
        tap.equal(status, 0, "serve --until-idle comes to its end", work.log())
        tap.ok(settle_down(mail), "and Postfix has nothing left")
        tap.equal(sorted(creators.plans), sorted(unsure_first(work, role, creators)),
                  "every creator who meant to answer got a first mail, or is listed", creators.error)
        count(tap, mail, work, role, kills)


def unknown_of(work):
    return work.rows("messages", "--state", "unknown")


def unsure_first(work, role, creators):
    listed = {m["contact"] for m in unknown_of(work)}
    return [a for a in creators.plans if a.split("@")[0].removeprefix("gone-") in listed]


def count(tap, mail, work, role, kills):
    unknown = unknown_of(work)
    tap.note(f"unknown: {len(unknown)}")
    tap.ok(len(unknown) <= kills["net"] * CONNECTIONS, "at most one message is in doubt for each kill of net, none for others",
           f"{len(unknown)} unknown, {kills}", *unknown)
    in_doubt = {m["contact"] for m in unknown}
    boxes = {a: mail.messages(a) for a in role if role[a] != "bounce"}
    id_of = lambda address: address.split("@")[0].removeprefix("gone-")
    missing = [a for a, box in boxes.items() if not first_mails(box) and id_of(a) not in in_doubt]
    tap.equal(missing, [], "nobody lacks the first mail whose message is not listed as unknown", work.log())
    double = {a: [m["Message-ID"] for m in box] for a, box in boxes.items()
              if len(first_mails(box)) > 1 or len(follow_ups(box)) > 1}
    tap.equal(double, {}, "nobody has a mail twice", work.log())
    bounced = final_recipients(mail.messages(OURS))
    tap.equal(sorted(set(bounced)), sorted(bounced), "no dead address was written to twice")
    for kind in ("reply", "handled"):
        nudged = [a for a in boxes if role[a] == kind and first_mails(boxes[a]) and follow_ups(boxes[a])]
        tap.equal(nudged, [], f"nobody of '{kind}' got a follow-up", work.log())
    for kind in ("silent", "away"):
        lacking = [a for a in boxes if role[a] == kind and not follow_ups(boxes[a]) and id_of(a) not in in_doubt]
        tap.equal(lacking, [], f"everyone of '{kind}' got the follow-up, or is listed", work.log())
    arrived = {clean(m["Message-ID"]) for box in boxes.values() for m in box}
    accepted = {clean(m["message_id"]) for m in work.messages()
                if m["run"] and m["state"] in ("accepted", "delivered", "read", "replied")}
    tap.equal(sorted(accepted - arrived), [], "what the ledger calls accepted is in a mailbox")
    doubtful = {clean(m["message_id"]) for m in unknown}
    tap.equal(sorted(arrived - accepted - doubtful), [], "and what is in a mailbox the ledger calls accepted, or unknown")
    waiting = [m for m in work.messages() if m["state"] in ("queued", "handed", "held")]
    tap.equal(waiting, [], "nothing is left in the queue")


if __name__ == "__main__":
    harness.run(scenario)
