#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plays random cases in `perigee sim` and asks the oracle: play.py [--cases N] [--first SEED] [--people N] [--keep] [SEED...]. Prints what
was played and every breach with its seed; a failing case is cut down to what still fails. N counts sequences (programmes of people)."""
import argparse
import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import forge
import oracle

PERIGEE = os.environ.get("PERIGEE") or str(HERE.parents[1] / "build" / "perigee")


class Played:
    """What became of a case: its events, its breaches, and the bytes they were read from."""

    def __init__(self, made, out, err, code):
        self.made, self.out, self.err, self.code = made, out, err, code
        self.events = [json.loads(line) for line in out.splitlines()]
        if code or not self.events:
            self.breaches = [oracle.Breach("sim", "-", "-", "-", f"exit {code}: {err[-1500:]}")]
        else:
            self.breaches = oracle.check(forge.world(made), self.events)
            if self.events[-1]["event"] != "summary":
                self.breaches.append(oracle.Breach("sim", "-", "-", "-", "no summary"))


def play(made, folder=None):
    """Runs one case in a folder of its own (kept if it is named)."""
    place = Path(folder or tempfile.mkdtemp(prefix="perigee-case-"))
    try:
        forge.write(made, place)
        arguments = ["sim", "starter", "--contacts", "people.csv", "--start", forge.START, "--for", f"{made['days']}d", "--seed", str(made["seed"] % 1000), "--json"]
        arguments += ["--replies", made["chance"] and f"random:{made['chance']}" or "replies.csv"]
        for channel, at, span in made["outages"]:
            arguments += ["--outage", f"{channel} +{at}s {span}s"]
        for i, (at, *_) in enumerate(made["edits"]):
            arguments += ["--edit", f"+{at}s edit{i}.lua"]
        done = subprocess.run([PERIGEE, *arguments], cwd=place, capture_output=True, timeout=300, stdin=subprocess.DEVNULL)
        return Played(made, done.stdout.decode(), done.stderr.decode(), done.returncode)
    finally:
        if not folder:
            shutil.rmtree(place, ignore_errors=True)


# ---- cutting down ---------------------------------------------------------------------------------------------------

def smaller(made):
    """Cases with something less, the largest cuts first."""
    def without(path, keys):
        cut = copy.deepcopy(made)
        at = cut
        for key in path:
            at = at[key]
        for key in sorted(keys, reverse=True) if isinstance(at, list) else keys:
            del at[key]
        return cut

    def halves(path, keys):
        keys = list(keys)
        size = (len(keys) + 1) // 2
        while size:
            for i in range(0, len(keys), size):
                if len(keys) > size or size == 1:
                    yield without(path, keys[i:i + size])
            size = 0 if size == 1 else (size + 1) // 2

    people = [p["id"] for p in made["contacts"]]
    size = (len(people) + 1) // 2
    while size and len(people) > 1:
        for i in range(0, len(people), size):
            gone = set(people[i:i + size])
            cut = copy.deepcopy(made)
            cut["contacts"] = [p for p in cut["contacts"] if p["id"] not in gone]
            cut["programmes"] = {k: v for k, v in cut["programmes"].items() if k not in gone}
            cut["replies"] = [r for r in cut["replies"] if r[0] not in gone]
            if cut["contacts"]:
                yield cut
        size = 0 if size == 1 else (size + 1) // 2
    yield from halves(["outages"], range(len(made["outages"])))
    yield from halves(["edits"], range(len(made["edits"])))
    yield from halves(["replies"], range(len(made["replies"])))
    for person, programmes in made["programmes"].items():
        for name, steps in programmes.items():
            yield from halves(["programmes", person, name], range(len(steps)))
    for i, person in enumerate(made["contacts"]):
        yield from halves(["contacts", i, "enrol"], range(len(person["enrol"])))
    for name, script in made["scripts"].items():
        yield from halves(["scripts", name, "statements"], range(len(script["statements"])))
    used = " ".join(e for p in made["contacts"] for e in p["enrol"])
    yield from halves(["scripts"], [n for n in made["scripts"] if n not in used + " ".join(e[1] for e in made["edits"])])
    yield from halves(["settings"], [k for k in made["settings"] if k not in ("timezone", "policy")])
    yield from halves(["settings", "policy"], made["settings"]["policy"])
    yield from halves(["accounts"], range(len(made["accounts"])))
    for i, account in enumerate(made["accounts"]):
        yield from halves(["accounts", i, "cap"], account["cap"])
    for i, person in enumerate(made["contacts"]):
        yield from halves(["contacts", i], [k for k in person if k not in ("id", "labels", "enrol", "handle", "name")])


def cut_down(played, tries=400):
    """The smallest case found that still breaks one of the same rules."""
    rules = {b.rule for b in played.breaches}
    best, n = played, 0
    going = True
    while going and n < tries:
        going = False
        for made in smaller(best.made):
            n += 1
            try:
                got = play(made)
            except subprocess.TimeoutExpired:
                continue
            if {b.rule for b in got.breaches} & rules:
                best, going = got, True
                break
            if n >= tries:
                break
    return best


# ---- many -----------------------------------------------------------------------------------------------------------

def sequences_in(made):
    return sum(len(p) for p in made["programmes"].values()) + len(made["scripts"])


def play_seed(seed, people, scripts=3):
    return play(forge.case(seed, people, scripts))


def regressions():
    """Cases that once broke a rule, cut down: {name: case}."""
    return {path.stem: json.loads(path.read_text()) for path in sorted((HERE / "cases").glob("*.json"))}


def play_many(seeds, people=24, workers=2, see=None):
    """Plays seeds, some at a time; gives (played, counts)."""
    counts, failing = Counter(), []
    with ThreadPoolExecutor(workers) as pool:
        for seed, played in zip(seeds, pool.map(lambda s: play_seed(s, people), seeds)):
            counts["workspaces"] += 1
            counts["sequences"] += sequences_in(played.made)
            for event in played.events:
                counts[event["event"]] += 1
                if event["event"] in ("refused", "deferred"):
                    counts[f"{event['event']} {event.get('rule') or event.get('code')}"] += 1
                if event["event"] == "received":
                    counts["received " + event["kind"].partition(":")[0]] += 1
            if played.breaches:
                failing.append(played)
            if see:
                see(seed, played)
    return failing, counts


def tell(played, file=sys.stdout):
    print(f"seed {played.made['seed']}:", file=file)
    for breach in played.breaches[:20]:
        print(f"  {breach}", file=file)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=0, help="go on until so many sequences were played")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--people", type=int, default=24)
    parser.add_argument("--cut", action="store_true", help="cut failing cases down")
    parser.add_argument("--keep", help="folder in which the (last) case is left")
    parser.add_argument("seeds", nargs="*", type=int)
    wishes = parser.parse_args()
    if wishes.keep:
        for seed in wishes.seeds:
            tell(play(forge.case(seed, wishes.people), wishes.keep))
        return 0
    total, failing, first = Counter(), [], wishes.first
    while True:
        seeds = wishes.seeds or range(first, first + 20)
        broken, counts = play_many(seeds, wishes.people)
        total += counts
        failing += broken
        for played in broken:
            tell(played)
            if wishes.cut:
                small = cut_down(played)
                tell(small)
                print(json.dumps(small.made, indent=1))
        first += 20
        if wishes.seeds or total["sequences"] >= wishes.cases:
            break
    for name, n in sorted(total.items()):
        print(f"{n:8} {name}")
    print(f"{len(failing)} of {total['workspaces']} workspaces broke a rule: {[p.made['seed'] for p in failing]}")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main())
