#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each shipped recipe is played over 200 people who answer by chance, every script of it, for 90 days and two seeds: no rule is broken as the
oracle sees it (tests/oracle), no run fails or is parked. recipes_test.py [NAME...] [--people N] [--seeds N]"""
import argparse
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/oracle"), str(ROOT / "tests/cli")]
import commands_test as cli
import recipe
from commands_test import ok

STARTER = "starter"
OWN_MODEL = "replies.lua"
# Half of them answer, and soon, so that much comes in while something is under way.
BUSY = "random:reply=0.5,handled=0.05,unsubscribe=0.05,complaint=0.01,bounce=0.05,auto_reply=0.15,click=0.2,task_done=0.9,after=1m-2d"
SIGNS = ["sent", "task", "set", "label", "note", "enrolled", "broadcast", "log"]


def look(name, people, seeds):
    """[(held, sentence, found...)]"""
    try:
        played = recipe.Recipe(name, people)
    except Exception as fault:  # a recipe that can't even be read is one that fails, and the others are still played
        return [(False, f"{name}: its files can be read", repr(fault), getattr(fault, "stderr", ""))]
    unseen = {p.stem for kind in ("sequences", "jobs") for p in (recipe.SCRIPTS / name).glob(f"{kind}/*.lua")} - set(played.world["scripts"])
    results = [(not unseen, f"{name}: each script declares itself by perigee.sequence or perigee.job, so that it can be watched", *sorted(unseen))] if unseen else []
    try:
        for script in played.world["scripts"]:
            results += look_at(played, script, seeds)
    except Exception as fault:
        results.append((False, f"{name}: {script} can be judged", traceback.format_exc(), fault))
    finally:
        played.close()
    return results


def look_at(played, script, seeds):
    name, first = f"{played.name}: {script}", None
    for seed in range(1, seeds + 1):
        result = played.play(script, seed)
        first = first or result
        wrong, counts = played.judge(*result)
        told = ", ".join(f"{counts[k]} {k}" for k in ("sent", "task", "received", "finished") if counts[k])
        yield not wrong, f"{name} breaks no rule and fails nobody over {len(played.people)} people, seed {seed} ({told or 'nothing happens'})", *wrong[:12]
        if seed == 1:
            yield any(counts[s] for s in SIGNS), f"{name} does something", dict(counts)
            if not wrong and played.notices(result[1]) is not None:
                yield played.notices(result[1]), f"{name}: breaches put into that trace are found"
    wrong, counts = played.judge(*played.play(script, seeds + 1, replies=BUSY))
    yield not wrong, f"{name} nor where many answer at once ({counts['sent']} sent, {counts['received']} received)", *wrong[:12]
    if (recipe.SCRIPTS / played.name / OWN_MODEL).exists():
        wrong, counts = played.judge(*played.play(script, 1, replies=OWN_MODEL))
        yield not wrong and counts["received"], f"{name} nor with the answers of its own model ({counts['sent']} sent, {counts['received']} received)", *wrong[:12]
    once, again = (played.play(script, 1, "plain") for _ in range(2))
    yield once == again, f"{name} played twice has the same bytes"
    yield [recipe.bare(l) for l in once[1].splitlines()] == recipe.as_shipped(first[1]), f"{name} does the same when it is watched"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("names", nargs="*")
    wishes = parser.parse_args()
    names = wishes.names or sorted(p.parent.name for p in recipe.SCRIPTS.glob("*/perigee.lua") if p.parent.name != STARTER)
    with ThreadPoolExecutor(2) as pool:
        for results in pool.map(lambda name: look(name, wishes.people, wishes.seeds), names):
            for held, *words in results:
                ok(held, *words)
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
