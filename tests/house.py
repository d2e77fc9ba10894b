#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The rules of the house that the eye forgets: which folder includes what, which program links what, how long files are.

Prints TAP. Expects BUILD in the environment (default: build) for the programs.
"""
import fnmatch
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / os.environ.get("BUILD", "build")
ROLES = ["host", "net", "web", "worker", "cli"]
LONGEST = 800

# Headers that stand only in one place: (pattern, folder, most files that may include it).
ONLY_IN = [
    (r"(lua5\.4/)?(lua|lauxlib|lualib)\.h", "worker", None),
    (r"gmime/.*", "worker", None),
    (r"curl/.*", "net", None),
    (r"sodium\.h", "net", None),
    (r"gio/.*", "net", None),
    (r"openssl/.*", "net", None),
    (r"sqlite3\.h", "host", 1),
    (r"seccomp\.h", "base", 1),
    (r"linux/landlock\.h", "base", 1),
]

# Which role may use which other role's headers; base is everybody's, and the commands live in the host's program.
MAY_USE = {"base": set(), "host": {"cli"}, "cli": {"host"}, "net": set(), "web": set(), "worker": set()}

# What a program must not be linked with, directly (its NEEDED entries).
MUST_NOT_LINK = {
    "perigee": ["curl", "sodium", "crypto", "lua", "gmime"],
    "libexec/perigee/net": ["sqlite", "gmime", "lua"],
    "libexec/perigee/worker": ["sqlite", "curl", "sodium", "crypto", "microhttpd"],
    "libexec/perigee/web": ["sqlite", "sodium", "lua", "gmime", "curl"],
}

points = 0
failed = 0


def check(name, faults):
    global points, failed
    points += 1
    faults = sorted(faults)
    print(("ok" if not faults else "not ok"), points, "-", name)
    for fault in faults:
        print("#  ", fault)
    failed += bool(faults)


def tracked(*patterns):
    """The files of the project: what git knows, else (a source archive) what stands in the folders."""
    names = []
    if shutil.which("git"):
        found = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", *patterns],
                               capture_output=True, text=True)
        names = found.stdout.split("\n")
    if not any(names):
        every = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*")]
        names = [n for n in every if any(fnmatch.fnmatch(n, q) for q in patterns)]
    return sorted(ROOT / n for n in names if n and (ROOT / n).is_file() and not n.startswith("build/"))


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield number, found.group(1) == '"', found.group(2)


def role_of(path):
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "runtime" and len(parts) > 2 else None


def short(path, line=None):
    return str(path.relative_to(ROOT)) + (f":{line}" if line else "")


def include_rules():
    sources = tracked("runtime/*.c", "runtime/*.h")
    for pattern, folder, most in ONLY_IN:
        users = [(p, n) for p in sources for n, _, h in includes(p) if re.fullmatch(pattern, h)]
        check(f"{pattern} is included only under runtime/{folder}",
              [short(p, n) for p, n in users if role_of(p) != folder])
        if most is not None:
            files = {p for p, _ in users}
            check(f"{pattern} is included by {most} file", [short(p) for p in files] if len(files) > most else [])
    faults = []
    for path in sources:
        role = role_of(path)
        for number, own, header in includes(path):
            other = header.split("/")[0]
            if own and "/" in header and other in ROLES and other != role and other not in MAY_USE[role]:
                faults.append(f"{short(path, number)}: {role}/ must not use {header}")
    check("no role includes another role's headers, and base includes none", faults)


def needed(program):
    out = subprocess.run(["objdump", "-p", program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"NEEDED\s+(\S+)", out)


def link_rules():
    for name, libraries in MUST_NOT_LINK.items():
        program = BUILD / name
        if not program.exists():
            if not name.endswith("/web"):
                check(f"{name} is built", [f"{program} is missing"])
            continue
        wrong = [n for n in needed(program) for lib in libraries if n.startswith(f"lib{lib}")]
        check(f"{name} is not linked with {', '.join(libraries)}", wrong)


def source_rules():
    sources = tracked("runtime/*.c", "runtime/*.h", "stdlib/*.lua", "tests/*.c", "tests/*.h", "tests/*.py", "tests/*.lua",
                      "tests/*.sh", "tools/*", ".ci/run", "Makefile")
    faults = []
    for path in sources:
        lines = path.read_text().splitlines()
        if "SPDX-License-Identifier: MIT" not in "\n".join(lines[:2]):
            faults.append(f"{short(path)}: no SPDX line at the top")
    check("every source file begins with its SPDX line", faults)
    code = [p for p in sources if p.suffix in (".c", ".h", ".lua")]
    check(f"no source file is longer than {LONGEST} lines",
          [f"{short(p)}: {n} lines" for p in code if (n := len(p.read_text().splitlines())) > LONGEST])
    check("the Makefile is shorter than 200 lines",
          [f"{n} lines" for n in [len((ROOT / "Makefile").read_text().splitlines())] if n >= 200])
    mains = [p for p in sources if p.name == "main.c" and role_of(p) in ("host", "net", "web", "worker")]
    check("each role's main file says READS, WRITES, TALKS TO, NEVER",
          [f"{short(p)}: no {word}" for p in mains for word in ("READS", "WRITES", "TALKS TO", "NEVER")
           if word not in p.read_text()[:4000]])


def documented(paths):
    """Names of functions that stand below a LuaLS comment: 'send' of `function contact:send(...)`."""
    names = set()
    for path in paths:
        lines = path.read_text().splitlines()
        for above, line in zip(lines, lines[1:]):
            found = re.match(r"(?:local )?function [\w.]*?[.:]?(\w+)\(", line)
            if found and above.startswith("---"):
                names.add(found.group(1))
    return names


def stdlib_rules():
    """What scripts call is in perigee.lua, contact.lua and testing.lua; its words are there or, for editors, in meta/."""
    tables = {ROOT / "stdlib" / "perigee.lua": "M", ROOT / "stdlib" / "contact.lua": "methods",
              ROOT / "stdlib" / "testing.lua": "methods"}
    words = documented(list(tables) + tracked("stdlib/meta/*.lua"))
    faults = []
    for path, table in tables.items():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = re.match(rf"function {table}(?:\.\w+)?[.:]([a-z]\w*)\(", line)
            if found and found.group(1) not in words:
                faults.append(f"{short(path, number)}: {found.group(1)} has no LuaLS comment")
    check("every function that scripts may call is documented for editors", faults)


def main():
    os.chdir(ROOT)
    include_rules()
    link_rules()
    source_rules()
    stdlib_rules()
    print(f"1..{points}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
