#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The processes of a running net: each is locked in, and each knows what is its own to know.

Prints TAP. Expects BUILD in the environment (default: build). Memory is read through /proc, which takes root.
"""
import hashlib
import os
import pty
import re
import select
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from host import N_RELOAD, Net

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402
from tap import ok  # noqa: E402

HERE = Path(__file__).resolve().parent
NET = str(HERE.parent.parent / os.environ.get("BUILD", "build") / "libexec/perigee/net")
MINE, OTHER, SCRIPTS = (f"{who}-secret-value" for who in ("my-own", "another", "a-script's"))


def memory_of(pid):
    """What the process can write of its own memory; None if we may not look."""
    found = b""
    try:
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                low, high = (int(x, 16) for x in line.split()[0].split("-"))
                if line.split()[1].startswith("rw") and high - low < 1 << 30:
                    try:
                        memory.seek(low)
                        found += memory.read(high - low)
                    except OSError:
                        continue
    except PermissionError:
        return None
    return found


def status(pid):
    return dict(re.findall(r"^(\w+):\s+(.*)$", Path(f"/proc/{pid}/status").read_text(), re.M))


def children_of(pid):
    return {int(p.name) for p in Path("/proc").glob("[0-9]*") if (p / "status").exists() and status(p.name).get("PPid") == str(pid)}


def at_terminal(words, answers, host=None):
    """Runs net at a terminal, typing an answer at each question; its pid and what it has printed. host: its descriptor 3."""
    pid, terminal = pty.fork()
    if pid == 0:
        if host is not None:
            os.dup2(host.fileno(), 3)
            os.set_inheritable(3, True)
        os.execv(NET, [NET, *words])
    printed, until = b"", time.monotonic() + 60
    while time.monotonic() < until and (answers or host is None):
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            printed += os.read(terminal, 4096)
        except OSError:
            break
        if answers and printed.rstrip().endswith(answers[0][0]):
            os.write(terminal, answers.pop(0)[1] + b"\n")
    return pid, printed


def passphrase():
    with tempfile.TemporaryDirectory(prefix="perigee-jail-") as folder:
        (Path(folder) / "run").mkdir(mode=0o700)
        pid, printed = at_terminal(["secret", "set", "mine", "--workspace", folder],
                                   [(b"New passphrase of the vault:", b"correct horse"), (b"The same again:", b"correct horse"), (b"Value of the secret:", b"x")])
        ok(os.waitpid(pid, 0)[1] == 0, "a passphrase can be set at the terminal, locked in", printed)
        mine, theirs = socket.socketpair()
        pid, printed = at_terminal([folder], [(b"Passphrase of the vault:", b"correct horse")], theirs)
        theirs.close()
        mine.settimeout(60)
        ok(b'"vault":"open"' in mine.recv(4096), "and the keeper, locked in, asks for it at the terminal", printed)
        mine.close()
        ok(os.waitpid(pid, 0)[1] == 0, "and ends with its host")


passphrase()
with tempfile.TemporaryDirectory(prefix="perigee-jail-") as folder:
    work = Path(folder)
    (work / "run").mkdir(mode=0o700)
    key = work / "the.key"
    key.write_bytes(os.urandom(40))
    key.chmod(0o600)
    master = hashlib.blake2b(key.read_bytes(), digest_size=32).digest()
    for name, value, words in (("mine", MINE, []), ("other", OTHER, []), ("scripts", SCRIPTS, ["--host", "api.example", "--as", "bearer"])):
        subprocess.run([NET, "secret", "set", name, *words, "--workspace", folder, "--key-file", str(key)], input=value.encode(), check=True)
    config = {"from_address": "lea@brand.example", "smtp": {"url": "smtp://127.0.0.1:1", "user": "lea", "password": "mine"}}
    with Net(NET, folder, "--key-file", str(key)) as net:
        ok(net.ready()["vault"] == "open", "the vault is opened by the keeper")
        keepers = children_of(net.process.pid)
        sender = net.fork("lea", "sender", config)
        requester = net.requester(["scripts", "missing"])
        ok(len(keepers) == 1, "the parent has one child before it forks any: the keeper", keepers)
        keeper = keepers.pop() if keepers else 0
        processes = {"parent": net.process.pid, "keeper": keeper, "sender": sender.pid, "requester": requester.pid}
        until = time.monotonic() + 10
        while any(status(pid)["Seccomp"] != "2" for pid in processes.values()) and time.monotonic() < until:
            time.sleep(0.02)
        for who, pid in processes.items():
            told = status(pid)
            ok(told["Seccomp"] == "2" and told["NoNewPrivs"] == "1", f"the {who} is locked in", told)
        memory = {who: memory_of(pid) for who, pid in processes.items()}
        blind = "memory can be read as root only" if None in memory.values() else None
        has = {who: [name for name, bytes_ in (("master", master), ("mine", MINE.encode()), ("other", OTHER.encode()), ("scripts", SCRIPTS.encode()))
                     if bytes_ in (memory[who] or b"")] for who in memory}
        ok(has["sender"] == ["mine"], "the sender knows its own secret and no other", has, skip=blind)
        ok(has["requester"] == ["scripts"], "the requester knows the secrets of scripts and no other", has, skip=blind)
        ok(has["parent"] == [], "the parent knows neither a secret nor the master key", has, skip=blind)
        ok(not {"mine", "other", "scripts"} & set(has["keeper"]), "the keeper has wiped what it gave", has, skip=blind)
        net.peer.send(N_RELOAD, 0)
        again = net.fork("lea", "sender", config)
        until = time.monotonic() + 10
        while status(again.pid)["Seccomp"] != "2" and time.monotonic() < until:
            time.sleep(0.02)
        ok(MINE.encode() in (memory_of(again.pid) or b""), "after a reload children get their secrets as before", skip=blind)
        os.kill(keeper, 9)
        ok(net.process.wait(20) == 1, "when the keeper has ended the parent ends, to be started again")
sys.exit(tap.finish())
