#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Over random sequences, people, answers, outages and edits no rule of policy is ever broken, as the oracle sees it (tests/oracle), which
also finds the breaches that are put into those very traces. --cases N plays so many sequences (SEQUENCES); --first SEED begins elsewhere."""
import argparse
import random
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/oracle"), str(ROOT / "tests/cli")]
import breaches
import commands_test as cli
import forge
import oracle
import play
from commands_test import ok

SEQUENCES = 6000  # about two minutes
AT_ONCE = 20      # workspaces
EVENTS = ["sent", "refused", "deferred", "received", "task", "outage", "breaker", "edited", "moved", "finished"]
KINDS = ["reply", "auto_reply", "bounce", "unsubscribe", "complaint", "handled", "click"]
RULES = ["address", "consent", "initiate", "reply_window", "topic_channel", "personal", "two_then_call", "max_channels", "suppressed", "form", "asks_per_week",
         "away", "account_cap", "account_rate", "warmup", "domain_rate", "hours", "breaker"]


def injected(played, chance, found):
    """Each breach that this trace can hold is found in it."""
    world = forge.world(played.made)
    for breach in breaches.ALL:
        made = breach(chance, played.events, world)
        if not made:
            continue
        rules, events = made
        told = {b.rule for b in oracle.check(world, [e for e in events if e["event"] != "summary"])}
        found[breach.__name__, bool(told & rules)] += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=SEQUENCES)
    parser.add_argument("--first", type=int, default=1)
    wishes = parser.parse_args()
    counts, failing, found, again, seed = Counter(), [], Counter(), 0, wishes.first
    chance = random.Random(wishes.first)

    def see(_, played):
        if not played.breaches and chance.random() < 0.5:
            injected(played, chance, found)

    while counts["sequences"] < wishes.cases and len(failing) < 20:
        broken, some = play.play_many(range(seed, seed + AT_ONCE), see=see)
        counts += some
        failing += broken
        made = forge.case(seed)
        again += play.play(made).out != play.play(made).out
        seed += AT_ONCE
    rounds = (seed - wishes.first) // AT_ONCE
    ok(not failing, f"{counts['sequences']} random sequences of {counts['workspaces']} workspaces (seeds {wishes.first} to {seed - 1}) break no rule")
    for played in failing[:3]:
        small = play.cut_down(played)
        for which in (played, small):
            print("\n".join(f"#   seed {which.made['seed']}: {b}" for b in which.breaches[:5]))
        print("#   cut down:", small.made)
    for name in EVENTS + ["received " + k for k in KINDS]:
        ok(counts[name] > 0, f"{counts[name]} {name}")
    for rule in RULES:
        ok(counts["refused " + rule] + counts["deferred " + rule] > 0, f"{counts['refused ' + rule]} refused and {counts['deferred ' + rule]} put off by {rule}")
    ok(not again, f"{rounds} cases were played twice, with the same bytes", again)
    for breach in breaches.ALL:
        name = breach.__name__
        ok(found[name, True] and not found[name, False], f"{found[name, True]} times put in and found: {breach.__doc__}", f"not found: {found[name, False]}")
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
