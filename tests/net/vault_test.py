#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The vault under `net secret ...`: a fault at every system call, two commands at once, hostile files, the terminal.

Prints TAP. Expects BUILD in the environment (default: build). `vault_test.py WORD` runs only the tests whose name has it.
"""
import base64
import collections
import concurrent.futures
import errno
import hashlib
import os
import pty
import pwd
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from host import N_RELOAD, OK, Net, send, sent  # noqa: E402
from sealed import WrongKey, master_of, master_of_passphrase, read_vault  # noqa: E402
from servers import Smtp  # noqa: E402

BUILD = HERE.parent.parent / os.environ.get("BUILD", "build")
NET = str(BUILD / "libexec/perigee/net")
PERIGEE = os.environ.get("PERIGEE") or str(BUILD / "perigee")
tests = []


class Skip(Exception):
    pass


def test(function):
    tests.append(function)
    return function


def equal(got, wanted):
    assert got == wanted, f"got {got!r}, wanted {wanted!r}"


class Place:
    """A folder with key files `old` and `new`, and in `work` a vault under the old key with secrets a, b and c."""

    SECRETS = {"a": b"value-of-a", "b": b"value-of-b", "c": b"\xff\xfe binary"}

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="perigee-vault-")
        self.root = Path(self.folder.name)
        self.work = self.root / "work"
        self.work.mkdir()
        self.keys = {}
        for name in "old", "new":
            self.keys[name] = os.urandom(40)
            (self.root / name).write_bytes(self.keys[name])
            (self.root / name).chmod(0o600)
        self.vault = self.work / "perigee.vault"

    def filled(self):
        for name, value in self.SECRETS.items():
            self.run("set", name, "--host", f"{name}.example", value=value)
        return self

    def command(self, *words, key="old", work=None):
        return [NET, "secret", *words, "--workspace", str(work or self.work), *(["--key-file", str(self.root / key)] if key else [])]

    def run(self, *words, value=b"", key="old", status=0, work=None, env=None):
        done = subprocess.run(self.command(*words, key=key, work=work), input=value, capture_output=True, timeout=60,
                              env={**os.environ, **(env or {})})
        assert done.returncode == status, (words, done.returncode, done.stderr)
        return (done.stdout + done.stderr).decode()

    def opens_with(self, vault=None):
        """The names of the keys that open it, and what is in it: {name: value}."""
        raw = (vault or self.vault).read_bytes()
        found = {}
        for name, key in self.keys.items():
            try:
                found[name] = {n: row[3] for n, row in read_vault(raw, master_of(key)).items()}
            except WrongKey:
                pass
        return found

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.folder.cleanup()


# ---- a fault at every system call ----

def strace(command, inject, value, about):
    """Runs it with a fault; the calls that concern the files of `about` alone are counted and struck."""
    report = tempfile.NamedTemporaryFile(prefix="perigee-strace-")
    words = ["strace", "-f", "-qq", "-o", report.name, *(w for p in about for w in ("-P", str(p))), *inject, *command]
    quiet = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}  # the leak checker would trace, too
    done = subprocess.run(words, input=value, capture_output=True, timeout=60, env=quiet)
    return done, Path(report.name).read_text(errors="replace")


def can_trace():
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    if subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode:
        raise Skip("processes can't be traced here")


def files_of(work):
    return [work, work / "perigee.vault", work / "perigee.vault.new", work / "run/vault.lock", work / "run"]


def faults_of(place, words, value):
    """The system calls on the vault's files that the command makes, and how often each: {name: count}."""
    work = place.root / "count"
    shutil.copytree(place.work, work)
    done, report = strace(place.command(*words, work=work), [], value, files_of(work))
    assert done.returncode == 0, done.stderr
    calls = collections.Counter(re.findall(r"^\d+ +(\w+)\(", report, re.M))
    assert {"rename", "fsync", "write", "unlink", "fchmod"} <= set(calls) and calls["fsync"] == 2, calls
    shutil.rmtree(work)
    return calls


def strike(place, words, value, call, number, how, number_of_work):
    """One fault in a copy of the workspace; (the command's end, the state of the vault, what the next command left)."""
    work = place.root / f"work-{number_of_work}"
    shutil.copytree(place.work, work)
    fault = "signal=KILL" if how == "KILL" else f"error={how}"
    done, report = strace(place.command(*words, work=work), ["-e", f"inject={call}:{fault}:when={number}"], value, files_of(work))
    where = f"{' '.join(words)}: {call} {number} {how}"
    struck = "killed by SIGKILL" in report if how == "KILL" else "(INJECTED)" in report
    assert struck, f"{where}: the fault did not come\n{report}"
    state = place.opens_with(work / "perigee.vault")
    assert len(state) == 1, f"{where}: the vault opens with {list(state)}"
    key, content = next(iter(state.items()))
    place.run("set", "next", "--host", "n.example", value=b"after", key=key, work=work)
    after = place.opens_with(work / "perigee.vault")
    equal(after, {key: {**content, "next": b"after"}})
    left = sorted(p.name for p in work.iterdir())
    equal(left, ["perigee.vault", "run"])
    shutil.rmtree(work)
    return where, done, key, content


def strike_everywhere(place, words, value, hows, before, after):
    """before, after: (key, content). Each fault ends in the one or in the other, and the command's word is true."""
    calls = faults_of(place, words, value)
    plan = [(call, n, how) for how in hows for call, count in calls.items() for n in range(1, count + 1)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(lambda item: strike(place, words, value, *item[1], item[0]), enumerate(plan)))
    seen = collections.Counter()
    for (call, n, how), (where, done, key, content) in zip(plan, ends):
        state = (key, content)
        assert state in (before, after), f"{where}: half of it: {state}"
        said = done.stderr.decode()
        if how != "KILL":
            assert done.returncode in (0, 1), f"{where}: exit {done.returncode}"
            if done.returncode == 0:
                equal((where, state), (where, after))
            elif "was written" in said:
                equal((where, state), (where, after))
                assert "keep the old key" in said
            else:
                equal((where, state), (where, before))
        seen[state == after] += 1
    assert seen[True] and seen[False], f"both ends are met: {seen}"
    return len(plan)


@test
def another_master_key_survives_a_fault_at_every_system_call():
    can_trace()
    with Place().filled() as p:
        n = strike_everywhere(p, ["rotate", "--master", "--new-key-file", str(p.root / "new")], b"", ["KILL", "EIO", "ENOSPC"],
                              ("old", p.SECRETS), ("new", p.SECRETS))
        print(f"# {n} faults")


@test
def another_value_survives_a_fault_at_every_system_call():
    can_trace()
    with Place().filled() as p:
        n = strike_everywhere(p, ["rotate", "b"], b"another", ["KILL", "EIO"], ("old", p.SECRETS), ("old", {**p.SECRETS, "b": b"another"}))
        print(f"# {n} faults")


@test
def the_first_secret_survives_a_kill_at_every_system_call():
    """There is no vault yet: afterwards there is none, or a whole one."""
    can_trace()
    with Place() as p:
        (p.work / "run").mkdir()
        calls = faults_of(p, ["set", "a"], b"v")
        for call, count in calls.items():
            for n in range(1, count + 1):
                work = p.root / f"{call}-{n}"
                shutil.copytree(p.work, work)
                strace(p.command("set", "a", work=work), ["-e", f"inject={call}:signal=KILL:when={n}"], b"v", files_of(work))
                if (work / "perigee.vault").exists():
                    equal(p.opens_with(work / "perigee.vault"), {"old": {"a": b"v"}})
                p.run("set", "b", value=b"w", work=work)
                assert p.opens_with(work / "perigee.vault")["old"]["b"] == b"w"


@test
def what_a_crash_left_is_no_hindrance():
    with Place().filled() as p:
        for left in b"", b"torn", p.vault.read_bytes()[:-1]:
            Path(f"{p.vault}.new").write_bytes(left)
            p.run("rotate", "a", value=b"again")
            assert not Path(f"{p.vault}.new").exists()
        p.run("rotate", "--master", "--new-key-file", str(p.root / "new"))
        equal(p.opens_with(), {"new": {**p.SECRETS, "a": b"again"}})


@test
def a_full_disk_changes_nothing():
    with Place().filled() as p:
        before = p.vault.read_bytes()

        def small():
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        done = subprocess.run(p.command("rotate", "a"), input=b"x", capture_output=True, preexec_fn=small)
        equal(done.returncode, 1)
        assert b"nothing has changed" in done.stderr, done.stderr
        equal(p.vault.read_bytes(), before)
        assert not Path(f"{p.vault}.new").exists()


# ---- two at once ----

@test
def two_commands_at_once_wait_for_each_other():
    with Place().filled() as p:
        first = subprocess.Popen(p.command("set", "first"), stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for_lock(p.work)
        second = subprocess.Popen(p.command("set", "second"), stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        second.stdin.write(b"2")
        second.stdin.close()
        assert b"waiting" in second.stderr.readline()
        assert second.poll() is None
        first.communicate(b"1")
        equal((first.returncode, second.wait(20)), (0, 0))
        second.stderr.close()
        equal(p.opens_with(), {"old": {**p.SECRETS, "first": b"1", "second": b"2"}})


@test
def many_commands_at_once_lose_nothing():
    with Place().filled() as p:
        running = [subprocess.Popen(p.command("set", f"s{n}"), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) for n in range(8)]
        for n, process in enumerate(running):
            process.stdin.write(b"%d" % n)
            process.stdin.close()
        equal([process.wait(60) for process in running], [0] * 8)
        equal(p.opens_with(), {"old": {**p.SECRETS, **{f"s{n}": b"%d" % n for n in range(8)}}})


@test
def a_value_typed_while_the_master_key_changes_is_not_sealed_under_the_old_one():
    with Place().filled() as p:
        late = subprocess.Popen(p.command("set", "late"), stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for_lock(p.work)
        rotation = subprocess.Popen(p.command("rotate", "--master", "--new-key-file", str(p.root / "new")), stderr=subprocess.PIPE)
        assert b"waiting" in rotation.stderr.readline()
        late.communicate(b"value")
        equal((late.returncode, rotation.wait(20)), (0, 0))
        rotation.stderr.close()
        equal(p.opens_with(), {"new": {**p.SECRETS, "late": b"value"}})
        assert "wrong key" in p.run("set", "x", value=b"v", status=1)


def wait_for_lock(work):
    for _ in range(200):
        if (work / "run/vault.lock").exists() and subprocess.run(["flock", "-n", work / "run/vault.lock", "true"]).returncode:
            return
        time.sleep(0.05)
    raise AssertionError("nobody took the lock")


# ---- beside a running net ----

class Running:
    """A net on the place's workspace, and an account that signs in with the secret a."""

    def __init__(self, place):
        self.server = Smtp(offer=("AUTH PLAIN",), AUTH="235 2.7.0 ok")
        self.net = Net(NET, str(place.work), "--key-file", str(place.root / "old"))
        self.said = self.net.ready()
        self.numbers = 0

    def signs_in(self):
        """The password that an account's new child signs in with, or why it does not."""
        config = {"name": "lea", "from_address": "lea@brand.example",
                  "smtp": {"url": f"smtp://{self.server.address}", "tls": "none", "user": "lea", "password": "a"}}
        before = len(self.server.commands)
        child = self.net.fork("lea", "sender", config, [self.server.address])
        self.numbers += 1
        send(child, self.numbers, f"m{self.numbers}@brand.example")
        _, kind, _, _, text = sent(child)
        child.close()
        if kind != OK:
            return text
        signed = [c for c in self.server.commands[before:] if c.startswith("AUTH PLAIN ")]
        return base64.b64decode(signed[0].split()[2]).split(b"\0")[2]

    def reload(self):
        self.net.peer.send(N_RELOAD, 0)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.net.close()
        self.server.close()


@test
def accounts_go_on_while_the_master_key_changes_under_them():
    with Place() as p:
        p.run("set", "a", "--host", "127.0.0.1", value=b"first")
        with Running(p) as net:
            equal((net.said["vault"], net.signs_in()), ("open", b"first"))
            p.run("rotate", "--master", "--new-key-file", str(p.root / "new"))
            net.reload()
            equal(net.signs_in(), b"first")
            p.run("rotate", "a", value=b"second", key="new")  # under a key that this net has not
            net.reload()
            equal(net.signs_in(), b"first")
            (p.root / "new").replace(p.root / "old")
            net.reload()
            equal(net.signs_in(), b"second")
            p.run("rm", "a")
            net.reload()
            assert "perigee secret set a" in net.signs_in()


@test
def a_vault_that_is_spoilt_under_them_stops_no_account():
    with Place() as p:
        p.run("set", "a", "--host", "127.0.0.1", value=b"first")
        good = p.vault.read_bytes()
        with Running(p) as net:
            for bad in b"", b"perigeeV", good[:-1], good[:200] + b"x" + good[201:]:
                p.vault.write_bytes(bad)
                net.reload()
                equal(net.signs_in(), b"first")
            p.vault.write_bytes(good)
            net.reload()
            equal(net.signs_in(), b"first")


# ---- words ----

@test
def what_set_replaces_and_what_it_binds_to_is_said():
    with Place() as p:
        assert "bound to no host" in p.run("set", "m", value=b"v")
        said = p.run("set", "m", "--host", "SMTP.Example", "--as", "login", value=b"v")
        assert "was bound to no host, and is to smtp.example as login" in said, said
        equal(p.run("set", "m", "--host", "smtp.example", "--as", "login", value=b"w"), "")
        assert "--host" in p.run("set", "k", "--as", "header X-Key", value=b"v")
        equal(p.run("rotate", "m", value=b"x"), "")
        equal([(row[0], row[1], row[3]) for _, row in sorted(read_vault(p.vault.read_bytes(), master_of(p.keys["old"])).items())],
              [([], "header X-Key", b"v"), (["smtp.example"], "login", b"x")])


@test
def a_host_is_the_name_of_one_host():
    with Place() as p:
        for bad in ("https://x.example", "x.example:99999", "x.example:", "a:b:1", "*.example", "x.example/path", "x..example", "x.example.",
                    ".x", "", "a b", "a\nb", "user@x.example", "x.example,y.example", "x" * 300, "\x1b[31m"):
            assert "one host" in p.run("set", "k", "--host", bad, value=b"v", status=2), bad
        for good in ("X.example", "x.example:8443", "127.0.0.1", "[2001:DB8::1]", "2001:db8::1", "Müller.example", "_dmarc.x.example"):
            p.run("set", "k", "--host", good, value=b"v")
        p.run("set", "k", "--host", "Müller.Example", "--host", "[2001:DB8::1]", value=b"v")
        equal(read_vault(p.vault.read_bytes(), master_of(p.keys["old"]))["k"][0], ["xn--mller-kva.example", "2001:db8::1"])


@test
def a_value_as_a_word_is_refused_and_not_repeated():
    with Place() as p:
        said = p.run("set", "k", "hunter2-hunter2", status=2)
        assert "standard input" in said and "hunter2" not in said, said
        assert not p.vault.exists()


@test
def half_a_value_is_none():
    with Place() as p:
        folder = os.open(p.root, os.O_RDONLY)  # it can't be read as a file
        done = subprocess.run(p.command("set", "k"), stdin=folder, capture_output=True)
        os.close(folder)
        equal(done.returncode, 1)
        assert b"can't be read" in done.stderr, done.stderr
        assert not p.vault.exists()
        for value, said in ((b"", "empty"), (b"\n", "empty"), (b"a\0b", "NUL"), (b"x" * 65537, "longer")):
            assert said in p.run("set", "k", value=value, status=1)
        p.run("set", "k", value=b"x" * 65536)
        p.run("set", "lines", value=b"one\ntwo\r\n")
        equal(p.opens_with()["old"], {"k": b"x" * 65536, "lines": b"one\ntwo"})


@test
def the_wrong_kind_of_key_is_said_in_words():
    with Place().filled() as p:
        assert "key that the vault has already" in p.run("rotate", "--master", "--new-key-file", str(p.root / "old"), status=1)
        assert "plain file" in p.run("rm", "a", key="work", status=1)
        os.mkfifo(p.root / "pipe")
        assert "plain file" in p.run("rm", "a", key="pipe", status=1)
        (p.root / "short").write_bytes(b"x" * 31)
        assert "between 32" in p.run("rm", "a", key="short", status=1)
        (p.root / "open").write_bytes(p.keys["old"])
        (p.root / "open").chmod(0o644)
        assert "chmod 600" in p.run("rotate", "a", value=b"v", key="open")
        p.vault.chmod(0o666)
        assert "written by others" in p.run("list")
        p.vault.unlink()
        status, shown = at_terminal(p.command("set", "a", key=""), [(b"New passphrase", b"moon and stars"), (b"same again", b"moon and stars"),
                                                                   (b"Value of", b"v")])
        equal(status, 0)
        equal(oct(p.vault.stat().st_mode & 0o777), "0o600")
        said = p.run("rm", "a", status=1)
        assert "opens with a passphrase" in said and "is not its key" in said and "--new-key-file" in said, said
        said = p.run("rotate", "--master", "--new-key-file", str(p.root / "new"), key="", status=1)
        assert "terminal" in said, said
        status, shown = at_terminal(p.command("rotate", "--master", "--new-key-file", str(p.root / "new"), key=""),
                                    [(b"Passphrase", b"moon and stars")])
        equal(status, 0)
        equal(p.opens_with(), {"new": {"a": b"v"}})
        status, shown = at_terminal(p.command("rotate", "--master", key="new"), [(b"New passphrase", b"sun and rain"), (b"same again", b"sun and rain")])
        equal(status, 0)
        raw = p.vault.read_bytes()
        equal(read_vault(raw, master_of_passphrase(raw, b"sun and rain"))["a"][3], b"v")


@test
def a_strangers_vault_is_not_worked_on_for_long():
    """Its argon2id would take hours; without its key nobody can make the keyed hash right, but a passphrase comes before that."""
    with Place() as p:
        status, _ = at_terminal(p.command("set", "a", key=""), [(b"New passphrase", b"moon and stars"), (b"same again", b"moon and stars"),
                                                               (b"Value of", b"v")])
        equal(status, 0)
        raw = bytearray(p.vault.read_bytes())
        for ops, mem in ((64, 1 << 30), (1 << 40, 8192), (4, 1 << 45)):
            struct.pack_into("<QQ", raw, 16, ops, mem)
            raw[-32:] = hashlib.blake2b(bytes(raw[:-32]), digest_size=32).digest()
            p.vault.write_bytes(raw)
            begin = time.monotonic()
            status, shown = at_terminal(p.command("rm", "a", key=""), [(b"Passphrase", b"moon and stars")])
            equal(status, 1)
            assert b"unreasonable argon2id" in shown, shown
            assert time.monotonic() - begin < 10


# ---- the terminal ----

def at_terminal(command, answers):
    """Runs a command whose terminal is ours, typing each answer after its question; (exit status, what was shown)."""
    terminal = Terminal(command)
    for question, answer in answers:
        terminal.wait(question)
        terminal.type(answer + b"\n")
    return terminal.end()


class Terminal:
    def __init__(self, command, env=None):
        self.pid, self.fd = pty.fork()
        self.shown = self.all = b""
        if self.pid == 0:
            os.execve(command[0], command, {**os.environ, **(env or {})})

    def wait(self, question, timeout=30):
        until = time.monotonic() + timeout
        while question not in self.shown:
            assert select.select([self.fd], [], [], max(0, until - time.monotonic()))[0], f"no {question!r} in {self.shown!r}"
            self._read()
        self.shown = self.shown.split(question, 1)[1]
        while self.echoes() and time.monotonic() < until:
            time.sleep(0.01)

    def _read(self):
        got = os.read(self.fd, 4096)
        self.shown += got
        self.all += got

    def type(self, text):
        os.write(self.fd, text)

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def end(self):
        echo = None
        try:
            while True:
                self._read()
                echo = self.echoes()
        except OSError as error:
            assert error.errno == errno.EIO, error
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        assert echo in (True, None), "the terminal was left without echo"
        return os.waitstatus_to_exitcode(status), self.all


@test
def whatever_ends_a_question_the_terminal_echoes_again():
    with Place() as p:
        for number, how in ((signal.SIGINT, "typed"), (signal.SIGQUIT, "typed"), (signal.SIGTERM, "sent"), (signal.SIGHUP, "sent")):
            t = Terminal(p.command("set", "a", key=""))
            t.wait(b"New passphrase")
            assert not t.echoes(), "the passphrase would be shown"
            if how == "typed":
                t.type(b"half of it" + (b"\x03" if number == signal.SIGINT else b"\x1c"))
            else:
                os.kill(t.pid, number)
            status, shown = t.end()
            equal(status, -number)
            assert b"half" not in shown, shown
        t = Terminal(p.command("set", "a", key=""))
        t.wait(b"New passphrase")
        t.type(b"\x04")
        equal(t.end()[0], 1)
        assert not p.vault.exists()


@test
def the_question_comes_again_after_a_stop():
    with Place() as p:
        t = Terminal(p.command("set", "a", key=""))
        t.wait(b"New passphrase")
        t.type(b"\x1a")
        t.wait(b"New passphrase")  # our session has no shell that could stop it: it goes on at once
        assert not t.echoes()
        t.type(b"moon and stars\n")
        t.wait(b"same again")
        t.type(b"moon and stars\n")
        t.wait(b"Value")
        t.type(b"the-value\n")
        status, shown = t.end()
        equal(status, 0)
        assert b"moon and" not in shown and b"the-value" not in shown


@test
def a_command_that_is_interrupted_leaves_the_terminal_to_net():
    with Place() as p:
        (p.work / "perigee.lua").write_text('workspace { timezone = "Europe/Paris" }\n')
        t = Terminal([PERIGEE, "-C", str(p.work), "secret", "set", "a"], env={"PERIGEE_KEY_FILE": "", "CREDENTIALS_DIRECTORY": ""})
        t.wait(b"New passphrase")
        t.type(b"\x03")
        status, _ = t.end()
        assert status != 0
        assert not p.vault.exists()


@test
def serve_asks_for_the_passphrase_and_gives_the_terminal_back():
    with Place() as p:
        subprocess.run([PERIGEE, "init", str(p.work / "w")], check=True, capture_output=True)
        work = str(p.work / "w")
        none = {"PERIGEE_KEY_FILE": "", "CREDENTIALS_DIRECTORY": ""}
        status, shown = at_terminal([NET, "secret", "set", "a", "--workspace", work],
                                    [(b"New passphrase", b"moon and stars"), (b"same again", b"moon and stars"), (b"Value of", b"v")])
        equal((status, shown.count(b"moon")), (0, 0))
        t = Terminal([PERIGEE, "-C", work, "serve", "--until-idle"], env=none)
        t.wait(b"Passphrase of the vault")
        t.type(b"moon and stars\n")
        status, shown = t.end()
        equal(status, 0)
        assert b"locked" not in shown, shown
        for number in "^C", signal.SIGTERM, signal.SIGKILL:
            # A shell keeps the terminal: nobody is told of a hang-up when serve ends.
            t = Terminal(["/bin/sh", "-c", f"trap : INT; {PERIGEE} -C {work} serve; sleep 20"], env=none)
            t.wait(b"Passphrase of the vault")
            assert not t.echoes()
            if number == "^C":
                t.type(b"\x03")
            else:
                os.kill(int(Path(f"/proc/{t.pid}/task/{t.pid}/children").read_text().split()[0]), number)
            until = time.monotonic() + 5
            while not t.echoes() and time.monotonic() < until:
                time.sleep(0.05)
            assert t.echoes(), f"{number} leaves the terminal without echo"
            os.kill(t.pid, signal.SIGKILL)
            os.waitpid(t.pid, 0)
            os.close(t.fd)


# ---- the process ----

@test
def a_command_with_a_value_in_hand_leaves_no_core_and_locks_its_memory():
    with Place().filled() as p:
        def cores():
            resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

        here = p.root / "cores"
        here.mkdir()
        control = subprocess.Popen(["sleep", "60"], cwd=here, preexec_fn=cores)
        control.send_signal(signal.SIGABRT)
        dumps = os.WCOREDUMP(os.waitpid(control.pid, 0)[1])
        control.returncode = -signal.SIGABRT
        for left in here.iterdir():
            left.unlink()
        process = subprocess.Popen(p.command("set", "x"), stdin=subprocess.PIPE, cwd=here, preexec_fn=cores)
        wait_for_lock(p.work)
        time.sleep(0.2)  # the key has been read, the value is awaited
        status = Path(f"/proc/{process.pid}/status").read_text()
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        process.send_signal(signal.SIGABRT)
        ended = os.waitpid(process.pid, 0)[1]
        process.returncode = -signal.SIGABRT
        process.stdin.close()
        sanitized = b"__asan_init" in Path(NET).read_bytes()  # there locking is nothing
        assert sanitized or int(re.search(r"VmLck:\s*(\d+)", status).group(1)) > 0, "no memory is locked"
        assert re.search(r"Max core file size\s+0\s+0", limits)
        equal((os.WTERMSIG(ended), os.WCOREDUMP(ended), list(here.iterdir())), (signal.SIGABRT, False, []))
        if not dumps:
            print("# no process leaves a core here: this says little")


@test
def memory_that_cannot_be_locked_is_said_and_nothing_fails():
    if os.geteuid() != 0:
        raise Skip("another user is needed, because root may lock what it likes")
    if b"__asan_init" in Path(NET).read_bytes():
        raise Skip("under sanitizers locking memory is nothing")
    with tempfile.TemporaryDirectory(prefix="perigee-vault-") as folder:
        nobody = pwd.getpwnam("nobody")
        program = shutil.copy(NET, folder)  # the build may stand where others can't go
        key = Path(folder, "key")
        key.write_bytes(os.urandom(32))
        work = Path(folder, "work")
        work.mkdir()
        key.chmod(0o600)
        for path in (folder, key, work):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)

        def as_nobody():
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))

        place = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "preexec_fn": as_nobody, "capture_output": True}
        done = subprocess.run([program, "secret", "set", "a", "--host", "h.example", "--workspace", str(work), "--key-file", str(key)], input=b"v", **place)
        equal((done.returncode, done.stderr), (0, b""))
        equal(read_vault((work / "perigee.vault").read_bytes(), master_of(key.read_bytes()))["a"][3], b"v")
        mine, theirs = socket.socketpair()
        mine.shutdown(socket.SHUT_WR)  # a host that goes at once
        words = f"exec 3<&{theirs.fileno()}; exec {program} {work} --key-file {key}"
        done = subprocess.run(["sh", "-c", words], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, timeout=30, **place)
        assert b"memory can't be locked" in done.stderr, done.stderr
        mine.close()
        theirs.close()


def main():
    wanted = [t for t in tests if len(sys.argv) < 2 or any(w in t.__name__ for w in sys.argv[1:])]
    print(f"1..{len(wanted)}")
    failed = 0
    for number, one in enumerate(wanted, 1):
        name = one.__name__.replace("_", " ")
        try:
            one()
            print(f"ok {number} - {name}", flush=True)
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
