#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`perigee doctor` tells what the jails hold and what others could read, alone and in a running serve.

Prints TAP. Expects PERIGEE in the environment (default: build/perigee).
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402
from tap import ok  # noqa: E402

PERIGEE = os.environ.get("PERIGEE") or str(Path(__file__).resolve().parents[2] / "build" / "perigee")
ROLES = {"host", "worker: filter", "worker: names", "net: keeper of the key", "net: parent", "net: children", "net: secret commands"}


def doctor(folder, *words, **env):
    done = subprocess.run([PERIGEE, "-C", str(folder), "doctor", *words], capture_output=True, text=True, timeout=60, env={**os.environ, **env})
    # Under `make check` the sanitizer says once that coroutines are hard for it.
    return done.returncode, done.stdout, "".join(line for line in done.stderr.splitlines(True) if "makecontext" not in line)


def rows(folder, **env):
    code, out, err = doctor(folder, "--json", **env)
    return code, {row["name"]: row for row in map(json.loads, out.splitlines())}, err


def alone(folder):
    code, found, err = rows(folder)
    ok(code == 0 and not err, "a new workspace has nothing that fails", code, found, err)
    ok(all(set(r) == {"group", "name", "state", "text"} and r["group"] == "safety" and r["state"] in ("ok", "warn", "fail") and r["text"]
           for r in found.values()), "each row says group, name, state and text", found)
    ok(ROLES <= set(found) and all(found[name]["state"] == "ok" for name in ROLES), "the jail of every role holds", found)
    ok("__concat" in found["worker: Lua"]["text"], "what the linked Lua is like is told", found.get("worker: Lua"))
    code, out, err = doctor(folder)
    ok(code == 0 and re.search(r"^STATE +WHAT +HOW IT IS", out) and "worker: filter" in out, "people get a table", out, err)


def faults(folder):
    key = folder.parent / "the.key"
    key.write_bytes(os.urandom(32))
    key.chmod(0o644)
    code, found, _ = rows(folder, PERIGEE_KEY_FILE=str(key))
    ok(code == 1 and found["key file"]["state"] == "fail" and "chmod 600" in found["key file"]["text"], "a key that others can read fails", found["key file"])
    key.chmod(0o600)
    code, found, _ = rows(folder, PERIGEE_KEY_FILE=str(key))
    ok(code == 0 and found["key file"]["state"] == "ok", "and is well when they can't", found["key file"])
    inside = folder / "perigee.key"
    inside.write_bytes(key.read_bytes())
    inside.chmod(0o600)
    code, found, _ = rows(folder, PERIGEE_KEY_FILE=str(inside))
    ok(code == 0 and found["key file"]["state"] == "warn", "a key inside the workspace is warned of", found["key file"])
    inside.unlink()
    folder.chmod(0o777)
    code, found, _ = rows(folder)
    ok(code == 1 and found["workspace folder"]["state"] == "fail", "a workspace that others can write to fails", found["workspace folder"])
    folder.chmod(0o755)
    (folder / "perigee.vault").write_bytes(b"no vault at all")
    code, found, _ = rows(folder)
    ok(code == 1 and found["vault"]["state"] == "fail", "a garbled vault fails", found.get("vault"))
    (folder / "perigee.vault").unlink()
    (folder / "perigee.lua").rename(folder / "aside.lua")
    (folder / "perigee.lua").write_text("workspace {")
    code, found, err = rows(folder)
    ok(code == 0 and "worker: filter" in found, "a broken perigee.lua does not keep it from looking", code, found, err)
    (folder / "aside.lua").rename(folder / "perigee.lua")
    code, found, err = rows(folder, PERIGEE_LIBEXEC="/nowhere")
    ok(code == 1, "roles that are not there are a failure", code, found, err)


def old_table(folder):
    """What vendors allowed long ago is no word to rely on."""
    with (folder / "perigee.lua").open("a") as file:
        file.write('account "page" { channel = "messenger" }\n')
    code, found, _ = rows(folder)
    ok(found["channel table"]["state"] in ("ok", "warn") and "compared with the vendors' pages" in found["channel table"]["text"], "the channel table's age is looked at", found)
    stdlib = folder.parent / "stdlib"
    shutil.copytree(Path(__file__).resolve().parents[2] / "stdlib", stdlib)
    table = stdlib / "channels.lua"
    old, n = re.subn(r'(tiktok = \{[^}]*checked = ")[-0-9]+', r"\g<1>2020-02-29", table.read_text())
    table.write_text(old)
    done = subprocess.run([PERIGEE, "--stdlib", str(stdlib), "-C", str(folder), "doctor", "mail", "--json"], capture_output=True, text=True, timeout=60)
    found = {row["name"]: row for row in map(json.loads, done.stdout.splitlines())}
    ok(n == 1 and done.returncode == 0 and found["channel table"]["state"] == "warn" and "tiktok" in found["channel table"]["text"] and
       "2020-02-29" in found["channel table"]["text"], "a row that nobody has compared for long is a warning, by its name", found, done.stderr)


def beside_serve(folder):
    serve = subprocess.Popen([PERIGEE, "-C", str(folder), "serve"], stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 20
        while not (folder / "run/perigee.sock").exists() and time.monotonic() < until:
            time.sleep(0.05)
        # The key that serve was started with counts, not that of the person who asks.
        code, found, err = rows(folder, PERIGEE_KEY_FILE="/nowhere/the.key")
        ok(code == 0 and found["control socket"]["state"] == "ok" and ROLES <= set(found) and "/nowhere" not in found["key file"]["text"],
           "a running serve is asked, and its jails hold", code, found, err)
        status = Path(f"/proc/{serve.pid}/status").read_text()
        ok(re.search(r"^NoNewPrivs:\s+1$", status, re.M) and re.search(r"^Seccomp:\s+2$", status, re.M), "the running host is locked in", status)
    finally:
        serve.send_signal(signal.SIGTERM)
        log = serve.communicate(timeout=60)[1]
    ok("fatal:" not in log and "error:" not in log, "and its log holds no failure", log)


with tempfile.TemporaryDirectory() as tmp:
    work = Path(tmp) / "work"
    subprocess.run([PERIGEE, "init", str(work)], check=True, capture_output=True)
    work.chmod(0o755)
    for part in (alone, faults, old_table, beside_serve):
        part(work)
sys.exit(tap.finish())
