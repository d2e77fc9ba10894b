#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `make install` puts where: the programs find each other, and a new workspace tells editors where the annotations are."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = os.environ.get("BUILD", "build")
points = failed = 0


def ok(held, sentence, *found):
    global points, failed
    points += 1
    failed += not held
    print("ok" if held else "not ok", points, "-", sentence)
    for line in "" if held else "\n".join(str(f) for f in found).splitlines()[:20]:
        print("#  ", line)


def run(*words, **more):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=120, **more)


with tempfile.TemporaryDirectory(prefix="perigee-install-") as place:
    prefix = Path(place) / "usr"
    # -o all: what was built is installed, whatever has been edited since.
    made = run("make", "-s", "-o", "all", f"BUILD={BUILD}", f"PREFIX={prefix}", "install", cwd=ROOT)
    ok(made.returncode == 0, "make install works", made.stdout, made.stderr)
    perigee, meta = prefix / "bin" / "perigee", prefix / "share" / "perigee" / "meta"
    want = {p.name for p in (ROOT / "stdlib" / "meta").glob("*.lua")}
    ok({p.name for p in meta.glob("*.lua")} == want, "the annotations are there", sorted(meta.glob("*.lua")))
    want = {p.name for p in (ROOT / "stdlib" / "perigee").glob("*.lua")}
    ok({p.name for p in (meta / "perigee").glob("*.lua")} == want, "and the library's modules, as require names them", sorted(meta.rglob("*.lua")))
    work = Path(place) / "work"
    made = run(perigee, "init", work)
    settings = json.loads((work / ".luarc.json").read_text()) if made.returncode == 0 else {}
    ok(settings.get("workspace.library") == [str(meta)] and settings.get("runtime.version") == "Lua 5.4",
       "a new workspace tells editors where they are", made.stderr, settings)
    checked = run(perigee, "-C", work, "check")
    ok(checked.returncode == 0, "the programs find each other", checked.stdout, checked.stderr)
    built = run(ROOT / BUILD / "perigee", "init", Path(place) / "other")
    ok(built.returncode == 0 and not (Path(place) / "other" / ".luarc.json").exists(), "a program that was not installed has none to tell of", built.stderr)
print(f"1..{points}")
sys.exit(failed > 0)
