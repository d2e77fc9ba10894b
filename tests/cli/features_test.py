#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/features.md: every point has a row, and what a row names is there: recipes, modules, their functions, rules, commands."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import tap  # noqa: E402
from tap import ok  # noqa: E402
from program import PERIGEE, Result  # noqa: E402
import subprocess  # noqa: E402

SEEDS = ROOT.parent / "shared" / "seeds.md"
PARTS = {"dashboard", "drivers", "HTTP in"}
OUT_OF_SCOPE = ("background", "out of scope", "not built", "the product")
text = (ROOT / "docs/features.md").read_text()
rows = [[cell.strip() for cell in line.split("|")[1:5]] for line in text.splitlines() if re.match(r"\| \d", line)]


def missing(names, there):
    return sorted({name for name in names if not there(name)})


def named(kind):
    """Names after "recipe", "recipes", "module", ...: "recipes a, b and c"."""
    found = []
    for _, _, where, _ in rows:
        for words in re.findall(rf"{kind}s? ((?:[a-z][\w-]*)(?:(?:, | and )[a-z][\w-]*)*)", where):
            found += re.split(r", | and ", words)
    return found


ok([int(row[0]) for row in rows] == list(range(1, 144)), "the points are numbered 1 to 143, none left out", [row[0] for row in rows])
if SEEDS.exists():
    seeds = [int(n) for n in re.findall(r"^\| (\d+) \| F00", SEEDS.read_text(), re.M)]
    ok(seeds == [int(row[0]) for row in rows], "and they are those of the texts", seeds)
else:
    ok(True, "and they are those of the texts", skip="the texts are not here")
ok(not [row for row in rows if not row[2] and not row[3]], "each says where it lives or what it waits for", [row for row in rows if not row[2] and not row[3]])
recipes, modules = named("recipe"), named("module")
ok(len(recipes) > 40 and not missing(recipes, lambda n: (ROOT / "scripts" / n / "README.md").exists()), "the recipes are there",
   missing(recipes, lambda n: (ROOT / "scripts" / n / "README.md").exists()))
ok(len(modules) > 15 and not missing(modules, lambda n: (ROOT / "stdlib/perigee" / f"{n}.lua").exists()), "the modules are there",
   missing(modules, lambda n: (ROOT / "stdlib/perigee" / f"{n}.lua").exists()))
shipped = {path.parent.name for path in (ROOT / "scripts").glob("*/perigee.lua")} - {"starter"}
ok(not shipped - set(recipes), "and every recipe that ships is named", shipped - set(recipes))
sources = {path.stem: path.read_text() for path in (ROOT / "stdlib/perigee").glob("*.lua")}
functions = [m for row in rows for m in re.findall(r"`(\w+)\.(\w+)", row[2]) if m[0] in sources]
absent = [f"{module}.{name}" for module, name in functions if not re.search(rf"(function M\.{name}\(|^M\.{name} *=)", sources[module], re.M)]
ok(len(functions) > 10 and not absent, "the functions are there", absent)
rules = named("rule")
explained = {name: subprocess.run([PERIGEE, "explain", name], capture_output=True).returncode for name in rules}
ok(len(rules) > 10 and not any(explained.values()), "the rules are explained", explained)
usage = Result(subprocess.run([PERIGEE, "--help"], capture_output=True, text=True)).out
commands = [m for row in rows for m in re.findall(r"`perigee (\w+)", row[2])]
ok(len(commands) > 8 and not missing(commands, lambda n: re.search(rf"^\s+{n}\b", usage, re.M)), "the commands are there",
   missing(commands, lambda n: re.search(rf"^\s+{n}\b", usage, re.M)))
waits = [row for row in rows if row[3] and not any(part in row[3] for part in PARTS)]
ok(len(waits) <= 3, "what is waited for is one of the parts that are named, or said in full", waits)
sys.exit(tap.finish())
