# SPDX-License-Identifier: MIT
"""The program in a workspace of the test's own."""
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tap import ok  # noqa: E402

PERIGEE = os.environ.get("PERIGEE") or str(Path(__file__).resolve().parents[2] / "build" / "perigee")


class Result:
    def __init__(self, done):
        self.code, self.out = done.returncode, done.stdout
        # Under `make check` the sanitizer says once that coroutines are hard for it.
        self.err = "".join(line for line in done.stderr.splitlines(True) if "makecontext" not in line)

    def rows(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def __str__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"


class Workspace:
    """A folder, and what is said to perigee there."""

    def __init__(self, folder):
        self.dir = Path(folder)

    def write(self, name, text):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, *args, stdin=None):
        return Result(subprocess.run([PERIGEE, "-C", self.dir, *map(str, args)], input=stdin, capture_output=True, text=True, timeout=60))

    def sql(self, statement, *values):
        base = sqlite3.connect(self.dir / "perigee.db")
        with base:
            rows = base.execute(statement, values).fetchall()
        base.close()
        return rows

    def serve(self, *args):
        done = self.run(*args, "serve", "--until-idle")
        if done.code:
            ok(False, "serve --until-idle ends well", done)
        return done
