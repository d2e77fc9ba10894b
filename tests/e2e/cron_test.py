#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Cron lines mean what another parser reads in them: Debian's python3-croniter, over random lines.

Where the two differ by design, lines are not compared:
- changes of the clock (all is in UTC here; tests/c/time_test.c has those): croniter has rules of its own for them, where Vixie's cron
  says that a skipped time runs at the gap's end and a repeated one once;
- a star with a step for the date together with a weekday: crontab(5) of Vixie calls a field restricted if it does not begin with a
  star, so that both must hold; croniter takes either;
- a list that names every date or every weekday beside a restricted other field: croniter takes it for a star."""
import json
import os
import random
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD") or ROOT / "build").resolve()
PROGRAM = BUILD / "tests" / "c" / "time_test"
LINES, EACH = 3000, 3
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
DAYS = "sun mon tue wed thu fri sat".split()
FIELDS = [(0, 59, []), (0, 23, []), (1, 31, []), (1, 12, MONTHS), (0, 6, DAYS)]

CRONITER = """
import json, sys
from croniter import croniter
out = []
for line, after in json.load(sys.stdin):
    times, steps = croniter(line, after), []
    try:
        for _ in range(%d):
            steps.append(int(times.get_next(float)))
    except Exception as error: # none is near
        steps.append(type(error).__name__)
    out.append(steps)
print(json.dumps(out))
""" % EACH


def item(rand, least, most, names):
    number = lambda n: names[n - least] if names and rand.random() < 0.5 else str(n)
    kind = rand.random()
    if kind < 0.2:
        return f"*/{rand.randint(1, most)}"
    first, last = sorted(rand.randint(least, most) for _ in range(2))
    if kind < 0.6 or first == last:
        return number(first)
    step = f"/{rand.randint(1, max(1, last - first))}" if rand.random() < 0.4 else ""
    return f"{number(first)}-{number(last)}{step}"


def field(rand, least, most, names):
    if rand.random() < 0.35:
        return "*"
    return ",".join(item(rand, least, most, names) for _ in range(rand.choice((1, 1, 1, 2, 3))))


def covers(text, least, most, names):
    """Does a field name everything? Read generously: it is only to leave lines out."""
    value = lambda word: names.index(word) + least if word in names else int(word)
    found = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        low, high = (least, most) if span == "*" else (value(first), value(last or first))
        found |= set(range(low, high + 1, int(step or 1)))
    return len(found) == most - least + 1


def is_compared(words):
    if words[2] != "*" and words[4] != "*" and (covers(words[2], *FIELDS[2]) or covers(words[4], *FIELDS[4])):
        return False
    return not (words[2].startswith("*") and words[2] != "*" and words[4] != "*") and not (words[4].startswith("*/") and words[2] != "*")


def cases():
    rand = random.Random(20261122)
    while True:
        words = [field(rand, *f) for f in FIELDS]
        if is_compared(words):
            yield " ".join(words), rand.randint(1_700_000_000, 2_200_000_000)


def croniter(lines):
    done = subprocess.run(["/usr/bin/python3", "-c", CRONITER], input=json.dumps(lines), capture_output=True, text=True, timeout=600)
    return json.loads(done.stdout) if done.returncode == 0 else None


def ours(lines):
    """The next EACH times of each line, asked for in rounds."""
    steps, after = [[] for _ in lines], [a for _, a in lines]
    for _ in range(EACH):
        text = "".join(f"UTC\t{at}\t{line}\n" for (line, _), at in zip(lines, after))
        out = subprocess.run([PROGRAM, "--schedules"], input=text, capture_output=True, text=True, check=True).stdout.splitlines()
        for i, said in enumerate(out):
            if not steps[i] or isinstance(steps[i][-1], int):
                steps[i].append(int(said) if said.isdigit() else said)
            after[i] = int(said) if said.isdigit() else after[i]
    return steps


subprocess.run(["make", "-s", f"BUILD={BUILD}", PROGRAM], cwd=ROOT, check=True, stdout=sys.stderr)
generator = cases()
lines = [next(generator) for _ in range(LINES)]
theirs = croniter(lines)
print("1..1")
if theirs is None:
    print("ok 1 - cron lines mean what croniter reads in them # skip python3-croniter is not here")
    sys.exit(0)
wrong = [(line, mine, their) for line, mine, their in zip(lines, ours(lines), theirs)
         if mine != their and not (mine[-1] == "never" and isinstance(their[-1], str) and mine[:-1] == their[:-1])]
print("not ok" if wrong else "ok", 1, "-", f"{LINES} random cron lines have the next {EACH} times that croniter gives them")
for row in wrong[:20]:
    print("#  ", *row)
sys.exit(bool(wrong))
