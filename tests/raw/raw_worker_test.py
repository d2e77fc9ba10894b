#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A worker that has been taken over, in the worker's place of the real program: no raw system call gets anywhere.

Prints TAP: a line for each call with what became of it, as the user who runs the tests and, for root, as uid 65534.
Expects BUILD and PERIGEE in the environment (default: build); BUILD/tests/raw/worker is what is forced into the place.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402
from tap import ok  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
PERIGEE = os.environ.get("PERIGEE") or str(BUILD / "perigee")
NOBODY = 65534


def names():
    """The names of RAW_CALLS, this architecture's."""
    text = (ROOT / "tests/raw/calls.h").read_text()
    if os.uname().machine != "x86_64":
        text = text[:text.index("#define RAW_CALLS_HERE")]
    return re.findall(r'^\tX\("([^"]+)",', text, re.M)


def ask(work, libexec, name, user):
    (work / "perigee.lua").write_text(f"-- raw: {name}\n")
    as_user = {"user": user, "group": user, "extra_groups": []} if user is not None else {}
    done = subprocess.run([PERIGEE, "-C", str(work), "check"], capture_output=True, text=True, timeout=60, env={**os.environ, "PERIGEE_LIBEXEC": str(libexec)},
                          **as_user)
    return done.returncode, done.stdout + done.stderr


def outcome(code, said, name):
    if code == 1 and f"{name}: refused (" in said:
        return "refused"
    if code == 1 and "died twice" in said and f"{name}:" not in said:
        return "killed"
    return None


def all_calls(work, libexec, user):
    who = f"uid {os.geteuid() if user is None else user}"
    for name in names():
        code, said = ask(work, libexec, name, user)
        became = outcome(code, said, name)
        ok(became, f"as {who}: {name}: {became}", code, said)
    code, said = ask(work, libexec, "no name of the list", user)
    ok(code == 1 and "no such call" in said, f"as {who}: the worker in its place does answer", code, said)


with tempfile.TemporaryDirectory(prefix="perigee-raw-") as tmp:
    folder, libexec, work = Path(tmp), Path(tmp) / "libexec", Path(tmp) / "work"
    libexec.mkdir()
    work.mkdir()
    folder.chmod(0o755)
    shutil.copy(BUILD / "tests/raw/worker", libexec / "worker")
    shutil.copy(BUILD / "libexec/perigee/net", libexec / "net")
    all_calls(work, libexec, None)
    if os.geteuid() == 0:
        own = folder / "perigee"  # where that user can reach it
        shutil.copy(PERIGEE, own)
        PERIGEE = str(own)
        os.chown(work, NOBODY, NOBODY)
        all_calls(work, libexec, NOBODY)
sys.exit(tap.finish())
