#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/scripting.md says what is so: each step of its tutorial is carried out in one workspace, and prints what stands there; each
whole script, test, template and perigee.lua of its reference is right."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from program import PERIGEE, Workspace, ok  # first: it finds tests/tap.py
import tap

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "scripting.md").read_text()
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
PLACE = re.compile(r"^In `([^`\n]+)`(?:, in place of `([^\n]+)`)?:$", re.M)


def parts():
    """The tutorial, the reference, the library."""
    split = re.split(r"^# Part \w+: .*$", PAGE, flags=re.M)
    ok(len(split) == 4, "the page has three parts", len(split))
    return split[1:]


def agrees(shown, printed):
    """Is this what was printed? A line with nothing but … stands for any lines, within a line it stands for any text."""
    pattern = ""
    if not shown.strip():
        return not printed
    for line in shown.rstrip("\n").split("\n"):
        if line.strip() == "…":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += re.sub(r"(?:\\ )*…(?:\\ )*", "[^\n]*", re.escape(line.rstrip())) + r"[ ]*\n"
    return re.fullmatch(pattern, printed if printed.endswith("\n") or not printed else printed + "\n") is not None


def play(folder, text, title):
    """The lines of a console block: commands, each with what it prints."""
    for command, shown in re.findall(r"^\$ ([^\n]*)\n((?:(?!\$ )[^\n]*\n)*)", text, re.M):
        fails = "# fails" in command
        if command.startswith("cd "):
            folder = folder / command[3:]
            continue
        env = {**os.environ, "PATH": f"{Path(PERIGEE).resolve().parent}:{os.environ['PATH']}"}
        done = subprocess.run(["sh", "-c", command], cwd=folder, env=env, capture_output=True, text=True, timeout=60)
        errors = "".join(line for line in done.stderr.splitlines(True) if "makecontext" not in line)
        held = any(agrees(shown, printed) for printed in (done.stdout, errors + done.stdout, done.stdout + errors))
        ok(held and (done.returncode == 1) == fails and done.returncode < 2, f"{title}: {command}", f"exit {done.returncode}", done.stdout, errors,
           "the page shows:", shown)
    return folder


def put(folder, name, instead, text, title):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if instead:
        old = path.read_text()
        lines = [line for line in old.splitlines(True) if line.strip() == instead]
        if not ok(len(lines) == 1, f"{title}: {name} has one line `{instead}`", old):
            return
        text = old.replace(lines[0], text)
    path.write_text(text)


def tutorial(text, folder):
    title = "the beginning"
    steps = 0
    for match in re.finditer(r"^## ([^\n]*)$|" + FENCE.pattern, text, re.M | re.S):
        if match[1]:
            title = "step " + match[1]
            steps += 1
            continue
        language, body = match[2], match[3]
        place = PLACE.fullmatch(text[:match.start()].rstrip("\n").rsplit("\n", 1)[-1])
        if place:
            put(folder, place[1], place[2], body, title)
        elif ok(language == "console", f"{title}: each block is a file or commands", body) and language == "console":
            folder = play(folder, body, title)
    ok(steps >= 12, "the tutorial has its steps", steps)
    return folder


# ---- the reference ---------------------------------------------------------------------------------------------------

def kind_of(body):
    if body.startswith("---\n"):
        return "template"
    if re.search(r"^return perigee\.job", body, re.M):
        return "jobs"
    if re.search(r"^return perigee\.hook", body, re.M):
        return "hooks"
    if re.search(r"^return \w+\.sequence", body, re.M):
        return "sequences"
    if re.search(r"^(workspace|account)\b", body, re.M):
        return "perigee.lua"
    if re.search(r"^test\(", body, re.M):
        return "tests"
    return "model" if body.startswith("return {") else "fragment"


def file_of(kind, body, n):
    """The files of a workspace that make a block of the page a whole."""
    head = "" if "require \"perigee\"" in body or kind not in ("jobs", "hooks", "sequences") else "local perigee = require \"perigee\"\n"
    if kind == "fragment":
        return f"sequences/block-{n}.lua", 'local perigee = require "perigee"\nreturn perigee.sequence {\n  name = "block",\n  run = function(contact)\n' + body + "  end,\n}\n"
    if kind == "perigee.lua":
        return kind, body if re.search(r"^workspace", body, re.M) else 'workspace { timezone = "Europe/Paris" }\n' + body
    if kind == "template":
        return f"templates/block-{n}.md", body
    return (f"{kind}/block_{n}_test.lua" if kind == "tests" else f"{'lib' if kind == 'model' else kind}/block-{n}.lua"), head + body


# What a block of the page may lack, because it stands elsewhere.
LACKS = {"missing-template", "unknown-sequence", "undeclared-need", "missing-field", "unused-need", "no-address"}


def whole(body):
    return "..." not in re.sub(r"\.\.\. |\"[^\"\n]*\"|, ?\.\.\.", "", body)


def reference(text, folder):
    kinds = []
    for n, (language, body) in enumerate(FENCE.findall(text)):
        kind = kind_of(body) if language in ("lua", "") else None
        if language == "" and kind != "template" or not kind or not whole(body):
            continue
        kinds.append(kind)
        w = Workspace(folder / str(n))
        w.dir.mkdir()
        w.write("perigee.lua", 'workspace { timezone = "Europe/Paris" }\n')
        for name in re.findall(r'(?:send|try_send|reach)\([^\n]*?, "([\w-]+)"', body):
            w.write(f"templates/{name}.md", "---\nsubject: x\npersonal: no\n---\nx\n")
        name, source = file_of(kind, body, n)
        w.write(name, source)
        got = w.run("check", "--json")
        faults = [row for row in got.rows() if row["level"] == "error" and row.get("code") not in LACKS]
        ok(not faults and got.code < 2, f"block {n} of the reference ({kind}) is right: {body.strip().splitlines()[0][:60]}", *faults, got.err, source)
    ok(len(kinds) >= 6 and {"sequences", "jobs", "tests", "perigee.lua", "template"} <= set(kinds), "whole scripts are among its blocks", kinds)


def starter(folder):
    """What the README of a new workspace says to type, but for what looks at the network or goes on for ever."""
    w = Workspace(folder / "starter")
    w.dir.mkdir()
    w.run("init", w.dir)
    lines = re.findall(r"^perigee (.*)$", (w.dir / "README.md").read_text(), re.M)
    ok(len(lines) >= 8 and "check" in lines and "test" in lines, "the README of a new workspace has commands", lines)
    for line in lines:
        if line not in ("serve", "doctor"):
            got = w.run(*line.split())
            ok(got.code == 0, f"the README of a new workspace: perigee {line}", got)


def links(text):
    """Places within the page, and pages beside it, that it points to."""
    anchors = {re.sub(r"[^\w\- ]", "", h.strip("#").strip().lower()).replace(" ", "-") for h in re.findall(r"^#+ .*$", text, re.M)}
    lost = [l for l in re.findall(r"\]\(#([^)]+)\)", text) if l not in anchors]
    lost += [l for l in re.findall(r"\]\(([\w-]+\.md)", text) if not (ROOT / "docs" / l).exists()]
    ok(not lost, "its links lead somewhere", lost)


def library(text):
    """Each module that is described in docs/library.md is named with all of its functions, and what is named is there."""
    described = set(re.findall(r"^## perigee\.(\w+)", (ROOT / "docs" / "library.md").read_text(), re.M))
    rows = set(re.findall(r"`perigee\.(\w+)`", text))
    lost = {name for name in rows if not (ROOT / "stdlib" / "perigee" / f"{name}.lua").exists()}
    ok(described <= rows and not lost, "part three names each module of the library", "missing:", described - rows, "too many:", lost)
    has = {f"{name}.{function}" for name in described for function in functions(name)}
    told = set(re.findall(r"`(\w+[.:]\w+)(?=[( ])", text)) - {f"frame:{name}" for name in ("channel", "channels", "lines", "text", "sentence", "fit")}
    ok(len(has) > 70 and has == {name.replace("tree:", "faq.") for name in told}, "part three has the functions of each, and no others",
       "missing:", has - told, "too many:", told - has)


def functions(module):
    """What a module offers: its own functions, and the methods of what it makes."""
    source = (ROOT / "stdlib" / "perigee" / f"{module}.lua").read_text()
    return re.findall(r"^ *function (?:M\.|[A-Z]\w+:)(\w+)\(", source, re.M)


def main():
    first, second, third = parts()
    work = Path(tempfile.mkdtemp())
    try:
        (work / "tutorial").mkdir()
        folder = tutorial(first, work / "tutorial")
        for name in ("templates/welcome.md", "tests/welcome_test.lua"):
            ok((folder / name).read_text() == (ROOT / "scripts" / "starter" / name).read_text(), f"{name} comes to be the one that init makes")
        (work / "reference").mkdir()
        reference(second, work / "reference")
        starter(work)
        links(PAGE)
        library(third)
    finally:
        shutil.rmtree(work)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
