#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each shipped recipe (a folder of scripts/) works as it is: recipes_test.py [NAME...]. `check` finds no fault, it speaks the three
languages, somebody in its tests answers at a bad moment, and what its README says to type does what the README says.

In a README's sh fences a line that begins with "perigee " or "$ " is a command, run in order in one fresh copy of the folder; it must exit 0.
What stands below it is its output: "…" in a line stands for any text, a line "…" for any lines. A recipe's own tests are played by
`perigee test` in a copy (the Makefile does so for all of scripts/; this test only when recipes are named)."""
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import commands_test as cli
from commands_test import PERIGEE, ok

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
NAMES = """creator-intro email-then-dm dm-to-email email-then-whatsapp ask-preference onboarding-frame content-rework thank-on-performance
silent-nudge unsigned-contract gift-and-follow affiliate-kit contract-brief ambassador-loop secret-drop find-ambassadors faq-autoreply
acknowledge report-scam urgent-change public-to-private weekly-digest newsletter-crosspost product-segments scale-100 sheet-tracker launch""".split()
STARTER = "starter"     # what `init` writes: a first step in one language, no recipe
LANGUAGES = ["en", "fr", "it"]
OWN_TEAM = re.compile(r"^Templates for the own team: (.*)", re.M)   # of a README: they need no other languages
AWKWARD = re.compile(r"at a bad moment", re.I)
TEST = re.compile(r'^test\((["\'])(.*?)\1.*?^end\)', re.M | re.S)
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
PLAYED_ELSEWHERE = "perigee test"


def recipes():
    return sorted(path.parent.name for path in SCRIPTS.glob("*/perigee.lua") if path.parent.name != STARTER)


# ---- the README ------------------------------------------------------------------------------------------------------

def commands(readme):
    """The commands of the sh fences: [(what to run, the output that is shown)]."""
    found, inside = [], False
    for line in readme.splitlines():
        if line.startswith("```"):
            inside = not inside and line.strip() == "```sh"
        elif inside and line.startswith(("perigee ", "$ ")):
            found.append([line.removeprefix("$ "), []])
        elif inside and found and found[-1][0].endswith("\\") and not found[-1][1]:
            found[-1][0] += "\n" + line
        elif inside and found and line.strip() and not line.startswith("#"):
            found[-1][1].append(line)
    return [(command, shown) for command, shown in found]


def agrees(shown, out):
    """Does the output agree with what is shown of it?"""
    wanted = ""
    for line in shown:
        if line.strip() == "…":
            wanted += r"(?:.*\n)*"
        else:
            wanted += ".*".join(re.escape(part) for part in line.rstrip().split("…")) + r"[ \t]*\n"
    lines = "".join(line + "\n" for line in out.splitlines() if line.strip())
    return re.fullmatch(wanted, lines) is not None


def typed(folder, command):
    """Runs a line as somebody types it in the folder."""
    path = tempfile.mkdtemp(prefix="perigee-path-")
    try:
        program = Path(path) / "perigee"
        program.write_text(f'#!/bin/sh\nexec "{os.path.abspath(PERIGEE)}" "$@"\n')
        program.chmod(0o755)
        return subprocess.run(["sh", "-c", command], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=120, env={**os.environ, "PATH": f"{path}:{os.environ['PATH']}"})
    finally:
        shutil.rmtree(path)


def read_me(name, copy, alone):
    """What the README says to type: [(held, sentence, found...)]."""
    readme = (copy / "README.md").read_text()
    lines = commands(readme)
    yield bool(lines) and readme.startswith(f"# {name}\n"), f"{name}: the README has its name and says what to type", readme[:200]
    for command, shown in lines:
        if command == PLAYED_ELSEWHERE and not shown and not alone:
            continue
        try:
            done = typed(copy, command)
        except subprocess.TimeoutExpired:
            yield False, f"{name}: {command}", "it did not end within two minutes"
            return
        out = done.stdout.decode()
        yield done.returncode == 0, f"{name}: {command}", f"exit {done.returncode}", out
        if shown:
            yield agrees(shown, out), f"{name}: it prints what the README shows below it", "shown:", *shown, "printed:", out


# ---- the folder ------------------------------------------------------------------------------------------------------

def parts(path):
    """A template's name and language: (intro, fr) of intro.fr.md, (intro, None) of intro.md."""
    stem, _, last = path.stem.rpartition(".")
    return (stem, last) if stem else (path.stem, None)


def languages(name, folder):
    own = OWN_TEAM.search((folder / "README.md").read_text())
    own = set(re.findall(r"`([\w-]+)`", own.group(1))) if own else set()
    found = {}
    for path in folder.glob("templates/*.*"):
        template, language = parts(path)
        found.setdefault(template, set()).add(language)
    lacking = [f"{t} lacks {l}" for t, has in sorted(found.items()) if t not in own for l in LANGUAGES[1:] if l not in has]
    lacking += [f"{t} has no plain one" for t, has in sorted(found.items()) if None not in has]
    lacking += [f"{t}, of which the README speaks, is not there" for t in sorted(own - set(found))]
    return not lacking, f"{name}: its templates speak English, French and Italian", *lacking


def bad_moment(name, folder):
    """Some test in whose name or lines "at a bad moment" stands, where something comes in and something is expected."""
    tests = [m.group(0) for path in folder.glob("tests/*_test.lua") for m in TEST.finditer(path.read_text())]
    held = [t for t in tests if AWKWARD.search(t) and re.search(r"t:(reply|event)\b", t) and "t:expect" in t]
    return bool(held), f"{name}: somebody in its tests answers at a bad moment", \
        'write `at a bad moment` into the name of that test, or into it as a comment: `-- at a bad moment: the nudge is under way`'


def people(name, folder):
    with open(folder / "contacts.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    spoken = {(row.get("locale") or "")[:2] for row in rows} & set(LANGUAGES)
    return len(rows) >= 8 and len(spoken) == 3, f"{name}: contacts.csv has eight people or more, in English, French and Italian", len(rows), sorted(spoken)


def made_up(name, folder):
    real = [f"{path.relative_to(folder)}: {address}" for path in sorted(folder.rglob("*")) if path.is_file()
            for address in ADDRESS.findall(path.read_text(errors="replace")) if not address.endswith((".example", "example.com", "example.org"))]
    return not real, f"{name}: all its addresses are made up", *real


def licensed(name, folder):
    without = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*.lua")) if "SPDX-License-Identifier" not in path.read_text().partition("\n")[0]]
    return not without, f"{name}: each script says its licence in its first line", *without


def look(name, alone):
    """All that is wanted of one recipe: [(held, sentence, found...)]."""
    with tempfile.TemporaryDirectory(prefix="perigee-recipe-") as place:
        copy = Path(place) / name
        shutil.copytree(SCRIPTS / name, copy, ignore=shutil.ignore_patterns("*.db*", "run", "vault"))
        missing = [f for f in ("README.md", "contacts.csv", "tests") if not (copy / f).exists()]
        if missing:
            return [(False, f"{name}: has a README, contacts and tests", *missing)]
        checked = cli.run("check", cwd=copy)
        results = [(checked.code == 0, f"{name}: check finds no fault", checked)]
        results += [what(name, copy) for what in (languages, bad_moment, people, made_up, licensed)]
        results += read_me(name, copy, alone)
        if alone and all(c != PLAYED_ELSEWHERE for c, _ in commands((copy / "README.md").read_text())):
            tested = cli.run("test", cwd=copy)
            results.append((tested.code == 0, f"{name}: its tests hold", tested))
        return results


# ---- init --from -----------------------------------------------------------------------------------------------------

def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def copied():
    with tempfile.TemporaryDirectory(prefix="perigee-init-") as place:
        listed = cli.run("init", "--list", "--json").rows()
        ok([r["name"] for r in listed] == recipes() and all(r["purpose"].endswith(".") and len(r["purpose"]) < 300 for r in listed),
           "init --list shows each recipe and in a sentence what it is for", *[r for r in listed if not r["purpose"].endswith(".") or len(r["purpose"]) > 299])
        people = cli.run("init", "--list").out
        ok(all(f"  {r['name']} " in people and r["purpose"] in people for r in listed), "for people too", people)
        name = NAMES[0]
        done = cli.exits("init --from copies one", 0, "init", "mine", "--from", name, cwd=place, says=f"a copy of the recipe {name}")
        ok(f"  cd mine\n  perigee check\n  perigee test\n  perigee sim sequences/{name}.lua --contacts contacts.csv --replies replies.csv\n" in done.out, "and says what to type next", done)
        got, ignore = files(Path(place) / "mine"), (SCRIPTS / STARTER / ".gitignore").read_bytes()
        wanted = {f: b for f, b in files(SCRIPTS / name).items() if ".db" not in f and not f.startswith("run/")}
        ok(got == {".gitignore": ignore, **wanted}, "byte for byte, and what git is to pass over", sorted(set(got) ^ set(wanted)))
        row = cli.run("init", "its", "--from", name, "--json", cwd=place).rows()
        ok(row[0]["recipe"] == name and "perigee.lua" in row[0]["files"], "with --json an object", row)
        cli.exits("never over what is there", 1, "init", "mine", "--from", name, cwd=place, says="not empty")
        cli.exits("an unknown recipe is wrong usage, with the one that was meant", 2, "init", "other", "--from", "creator-into", cwd=place, says="did you mean creator-intro?")
        ok(not (Path(place) / "other").exists(), "and makes no folder")
        cli.exits("one like no other points to the list", 2, "init", "other", "--from", "zzzzzzzz", cwd=place, says="perigee init --list")
        cli.exits("a file of a recipe is none", 2, "init", "other", "--from", f"{name}/tests", cwd=place, says="no recipe")
        cli.exits("init without a folder is wrong usage", 2, "init", cwd=place, says="name the folder")
        cli.exits("and --list with one", 2, "init", "other", "--list", cwd=place, says="alone")


def main():
    names = sys.argv[1:] or recipes()
    with ThreadPoolExecutor(2) as pool:
        for results in pool.map(lambda name: look(name, bool(sys.argv[1:])), names):
            for held, *words in results:
                ok(held, *words)
    if not sys.argv[1:]:
        copied()
        lacking = [n for n in NAMES if n not in recipes()]
        ok(not lacking, f"the {len(NAMES)} recipes that must ship are there", *lacking)
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
