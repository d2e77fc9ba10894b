#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A secret is set, used by sequences and repeated by every server that hears it; then it is searched for everywhere.

In the database, the journal, the logs, the send log, a backup, all that commands print, the memory of every process, and cores:
there is no trace of a value, nor of the passphrase or the key of the vault, but in the parts of net that own it. The memory
needs root; without it those points are skipped. Mail and web servers are the scripted ones of tests/net.
"""
import base64
import collections
import contextlib
import json
import os
import pty
import re
import resource
import secrets as chance
import shutil
import signal
import sqlite3
import string
import subprocess
import sys
import tarfile
import tempfile
import termios
import threading
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "net")]
from harness import PERIGEE, Tap, wait_for  # noqa: E402
from sealed import master_of, master_of_passphrase, sub_key  # noqa: E402
from servers import Imap, Smtp  # noqa: E402
from web import Web, answer  # noqa: E402

REGION_MOST = 1 << 30
BLANK = bytes(16384)
tap = Tap()


def value():
    return "".join(chance.choice(string.ascii_letters + string.digits) for _ in range(40))


# ---- searching ------------------------------------------------------------------------------------------------------

def needles_of(raw):
    """What betrays these bytes: either half of them, their base64 wherever it begins, their hexadecimal."""
    half = len(raw) // 2
    found = [raw[:half], raw[half:], raw.hex()[:half * 2].encode(), raw.hex().upper()[:half * 2].encode()]
    for shift in range(3):
        coded = base64.b64encode(b"x" * shift + raw)[4:]
        found += [coded[:len(coded) // 2], coded[:len(coded) // 2].replace(b"+", b"-").replace(b"/", b"_")]
    return list(dict.fromkeys(found))


class Search:
    def __init__(self):
        self.needles = {}

    def add(self, name, raw):
        self.needles[name] = needles_of(raw.encode() if isinstance(raw, str) else raw)

    def names_in(self, raw, among=None):
        return {name for name, needles in self.needles.items() if (among is None or name in among) and any(n in raw for n in needles)}

    def in_memory(self, pid):
        """The names of what stands in the memory of a process; None if we may not look. A needle over a region's end is no matter:
        regions that follow each other are read as one."""
        found, rest, end = set(), b"", None
        try:
            with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
                for line in maps:
                    low, high = (int(x, 16) for x in line.split()[0].split("-"))
                    is_file = line.split()[4] != "0" and "w" not in line.split()[1]  # a program's text: what stands there is on the disk
                    if is_file or high - low > REGION_MOST or "[v" in line:
                        continue
                    with contextlib.suppress(OSError, ValueError, OverflowError):
                        memory.seek(low)
                        raw = without_blanks(memory.read(high - low))
                        found |= self.names_in((rest if end == low else b"") + raw)
                        rest, end = raw[-256:], high
        except OSError:
            return None
        return found


def without_blanks(raw):
    """Most of a process's memory was never used: long runs of zeros become one."""
    pieces = (raw[at:at + len(BLANK)] for at in range(0, len(raw), len(BLANK)))
    return b"".join(b"\0" if piece == BLANK else piece for piece in pieces)


def may_look():
    return os.geteuid() == 0


# ---- processes ------------------------------------------------------------------------------------------------------

Process = collections.namedtuple("Process", "pid parent role")


def processes_below(root):
    """The process and all that descend from it."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                stat = Path(f"/proc/{entry}/stat").read_text()
                parents[int(entry)] = int(stat.rpartition(")")[2].split()[1])
    ours = {root}
    while True:
        more = {pid for pid, parent in parents.items() if parent in ours} - ours
        if not more:
            break
        ours |= more
    return [Process(pid, parents.get(pid), role_of(pid)) for pid in sorted(ours)]


def role_of(pid):
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        name = os.path.basename(words[0].decode(errors="replace"))
        return name if name in ("net", "worker", "web") else "host"
    return "gone"


def is_over(pid):
    """Gone, or a core has been written and only its parent is waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


# ---- the stage ------------------------------------------------------------------------------------------------------

CONFIG = """\
workspace {{
  timezone = "Europe/Paris",
  hours = "always",
  allow_addresses = {{ "{smtp}", "{refusing}", "{imap}", "{web}" }},
}}
account "sales" {{
  channel = "email", from = "Lea <lea@brand.example>",
  smtp = {{ url = "smtp://{smtp}", tls = "none", user = "lea", password = secret "sales" }},
  imap = {{ url = "imap://{imap}", tls = "none", user = "lea", password = secret "box" }},
}}
account "other" {{
  channel = "email", from = "Max <max@brand.example>",
  smtp = {{ url = "smtp://{refusing}", tls = "none", user = "max", password = secret "other" }},
}}
"""

PROBE = """\
local perigee = require "perigee"
return perigee.sequence {{
  name  = "probe",
  needs = {{ send = {{ "email" }}, store = true, task = true, net = {{ "{web}" }}, secret = {{ "api", "key" }} }},
  run = function(contact)
    local function ask(name, request)
      request.url = "http://{web}/" .. name
      local answer, text, code = perigee.http(request)
      perigee.log(name, {{ body = answer and answer.body, text = text, code = code }})
      perigee.store.set(name, answer and {{ answer.status, answer.headers, answer.body }} or {{ text, code }})
      return answer, text, code
    end
    local handle = perigee.secret "api"
    local answer = ask("good", {{ auth = handle }})
    contact:set {{ echoed = answer.body }}
    contact:note(answer.body)
    contact:task {{ kind = "other", note = answer.body }}
    ask("fails", {{ auth = handle }})
    ask("redirects", {{ auth = handle }})
    ask("keyed", {{ headers = {{ ["X-Key"] = perigee.secret "key" }} }})
    perigee.store.set("printed", tostring(handle))
    local _, _, elsewhere = ask("elsewhere", {{ headers = {{ ["X-Other"] = perigee.secret "key" }} }})
    perigee.store.set("refused", elsewhere)
    contact:send("email", "hello")
    return "asked"
  end,
}}
"""

THIEF = """\
local perigee = require "perigee"
return perigee.sequence {{
  name = "thief", needs = {{ net = {{ "{web}" }}, secret = {{ "sales" }} }},
  run = function() perigee.http {{ url = "http://{web}/stolen", auth = perigee.secret "sales" }} end,
}}
"""

REFUSED = """\
local perigee = require "perigee"
return perigee.sequence {
  name = "refused", needs = { send = { "email" } }, account = { email = "other" },
  run = function(contact) contact:send("email", "hello") end,
}
"""


def plain(user, password):
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


class Stage:
    """A workspace whose secrets are all used, and whose servers repeat all that they hear."""

    def __init__(self, passphrase):
        self.root = Path(tempfile.mkdtemp(prefix="perigee-secrets-"))
        self.work = self.root / "work"
        self.passphrase = value() if passphrase else None
        self.values = {name: value() for name in ("sales", "box", "other", "api", "key", "unused")}
        self.said = []  # all that commands print
        self.search = Search()
        for name, text in self.values.items():
            self.search.add(name, text)
        self.server = self.terminal = None
        self.make_servers()
        self.make_workspace()
        self.make_vault()

    def make_servers(self):
        echo = self.values
        self.smtp = Smtp(offer=("AUTH PLAIN",), AUTH=f"235 2.7.0 welcome {plain('lea', echo['sales'])}",
                         RCPT=f"250 2.1.5 known by {echo['sales']}", END=f"250 2.0.0 queued for {echo['sales']} as 1A2B")
        self.refusing = Smtp(offer=("AUTH PLAIN LOGIN",), AUTH=f"535 5.7.8 wrong: {plain('max', echo['other'])} and {echo['other']}")
        self.imap = Imap(capabilities="IMAP4rev1 AUTH=PLAIN SASL-IR",
                         wrong=lambda line: f"NO [AUTHENTICATIONFAILED] not {line}" if line.startswith("AUTHENTICATE") else None)
        self.web = Web({"/good": lambda r: self.repeat(r), "/fails": lambda r: self.repeat(r, 500), "/redirects": lambda r: self.repeat(r, 302),
                        "/keyed": lambda r: self.repeat(r)}, host="127.0.0.2")

    @staticmethod
    def repeat(request, status=200):
        head = request.headers.get("authorization", "") + request.headers.get("x-key", "")
        token = head.rpartition(" ")[2]
        coded = base64.b64encode(f"user:{token}".encode()).decode()
        body = f"you said: {request.raw.decode()}\n{coded}\n{token.encode().hex()}\n{json.dumps(head)}"
        more = [f"X-Said: {head}", f"Set-Cookie: t={coded}"]
        return answer(status, body, extra=more + ([f"Location: http://example.com/?t={token}"] if status == 302 else []))

    def make_workspace(self):
        self.do("init", str(self.work), at=self.root)
        shutil.rmtree(self.work / "sequences")
        shutil.rmtree(self.work / "tests", ignore_errors=True)
        (self.work / "sequences").mkdir()
        places = {"smtp": self.smtp.address, "refusing": self.refusing.address, "imap": self.imap.address, "web": self.web.address}
        (self.work / "perigee.lua").write_text(CONFIG.format(**places))
        (self.work / "sequences/probe.lua").write_text(PROBE.format(**places))
        (self.work / "sequences/thief.lua").write_text(THIEF.format(**places))
        (self.work / "sequences/refused.lua").write_text(REFUSED)
        (self.work / "templates/hello.md").write_text("---\nsubject: Hello {{ first_name }}\n---\nHow is {{ town }}?\n")
        for name in "ana", "ben":
            self.do("contacts", "add", f"id={name}", f"name={name.capitalize()} Example", f"email={name}@creators.example", "town=Oslo")

    @property
    def environment(self):
        env = {k: v for k, v in os.environ.items() if k not in ("CREDENTIALS_DIRECTORY", "PERIGEE_KEY_FILE")}
        return env if self.passphrase else {**env, "PERIGEE_KEY_FILE": str(self.root / "the.key")}

    def make_vault(self):
        hosts = {"api": ["--host", self.web.address, "--as", "bearer"], "key": ["--host", self.web.address, "--as", "header X-Key"]}
        if not self.passphrase:
            (self.root / "the.key").write_bytes(os.urandom(32))
            (self.root / "the.key").chmod(0o600)
        for name, text in self.values.items():
            words = ["secret", "set", name, *hosts.get(name, ["--host", "127.0.0.1", "--as", "login"])]
            if self.passphrase:
                first = [("New passphrase", self.passphrase), ("same again", self.passphrase)] if name == "sales" else [("Passphrase", self.passphrase)]
                self.type(words, first + [("Value of", text)])
            else:
                self.do(*words, stdin=text)
        raw = (self.work / "perigee.vault").read_bytes()
        if self.passphrase:
            self.search.add("the passphrase", self.passphrase)
            master = master_of_passphrase(raw, self.passphrase.encode())
        else:
            self.search.add("the key file", (self.root / "the.key").read_bytes())
            master = master_of((self.root / "the.key").read_bytes())
        self.search.add("the master key", master)
        self.search.add("the sealing key", sub_key(master, 1))

    # -- commands

    def do(self, *words, stdin="", at=None):
        done = subprocess.run([PERIGEE, *words], cwd=at or self.work, input=stdin.encode(), capture_output=True, env=self.environment, timeout=60)
        self.said += [done.stdout, done.stderr]
        if done.returncode:
            raise RuntimeError(f"perigee {' '.join(words)}: exit {done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}")
        return done.stdout.decode()

    def rows(self, *words):
        return [json.loads(line) for line in self.do(*words, "--json").splitlines()]

    def at_terminal(self, words):
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.work)
            os.execve(PERIGEE, [PERIGEE, *words], self.environment)
        return pid, terminal

    def type(self, words, answers):
        pid, terminal = self.at_terminal(words)
        shown = answer_questions(terminal, answers)
        with contextlib.suppress(OSError):
            while got := os.read(terminal, 4096):
                shown += got
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(terminal)
        self.said.append(shown)
        if status:
            raise RuntimeError(f"perigee {' '.join(words)}: exit {status}\n{shown.decode()}")

    # -- serve

    def serve(self):
        """Its words, and those of all its parts, come to self.said when it has ended."""
        self.shown = bytearray()
        if self.passphrase:
            self.server, terminal = self.at_terminal(["serve"])
            self.shown += answer_questions(terminal, [("Passphrase", self.passphrase)])
        else:
            self.log = open(self.root / "serve.log", "wb")
            self.server = subprocess.Popen([PERIGEE, "serve"], cwd=self.work, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                           env=self.environment).pid
            return

        def keep():
            with contextlib.suppress(OSError):
                while got := os.read(terminal, 4096):
                    self.shown.extend(got)
            os.close(terminal)

        self.terminal = threading.Thread(target=keep, daemon=True)
        self.terminal.start()

    def log_text(self):
        return bytes(self.shown) if self.passphrase else (self.root / "serve.log").read_bytes()

    def stop(self, number=signal.SIGTERM):
        if not self.server:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.server, number)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.server, 0)
        self.server = None
        if self.terminal:
            self.terminal.join(20)

    def close(self):
        self.stop(signal.SIGKILL)
        for server in self.smtp, self.refusing, self.imap, self.web:
            server.close()
        shutil.rmtree(self.root, ignore_errors=True)


def answer_questions(terminal, answers):
    shown = b""
    for question, text in answers:
        seen = b""
        while question.encode() not in seen:
            seen += os.read(terminal, 4096)
        shown += seen
        while termios.tcgetattr(terminal)[3] & termios.ECHO:
            time.sleep(0.01)
        os.write(terminal, text.encode() + b"\n")
    return shown


# ---- what is looked at ----------------------------------------------------------------------------------------------

def used(stage):
    """Everything has been used, and every server has repeated it."""
    stage.do("enrol", "probe", "ana", "--yes")
    stage.do("enrol", "refused", "ben", "--yes")
    stage.do("enrol", "thief", "ben", "--yes")
    done = wait_for(lambda: stage.smtp.messages and stage.refusing.commands and any(c.startswith("AUTHENTICATE") for c in stage.imap.commands)
                    and b"not let max" in stage.log_text() and b"run 3" in stage.log_text() and [r for r in stage.rows("runs") if r["outcome"] == "asked"],
                    30, 0.5)
    heard = [r.headers.get("authorization", "") + r.headers.get("x-key", "") for r in stage.web.requests]
    good = ["Bearer " + stage.values["api"]] * 3 + [stage.values["key"]]
    tap.ok(done, "a sequence has asked and sent, mailboxes were signed in to", stage.log_text().decode()[-3000:], stage.rows("runs"))
    tap.equal(heard, good, "the web server was told the token and the key, each in its place, and nothing else")
    tap.ok(any(plain("lea", stage.values["sales"]) in c for c in stage.smtp.commands) and
           any(plain("max", stage.values["other"]) in c for c in stage.refusing.commands) and
           any(plain("lea", stage.values["box"]) in c for c in stage.imap.commands), "the mail servers were told the passwords")


def stored(stage):
    """What the script was given back, and what it was refused."""
    with contextlib.closing(sqlite3.connect(f"file:{stage.work}/perigee.db?mode=ro", uri=True)) as db:
        kept = "\n".join(db.iterdump())
    tap.ok("[secret api]" in kept and "[secret key]" in kept and "you said" in kept, "answers came back with the secret cut out", *re.findall("INSERT INTO .(?:store|journal|requests).*", kept))
    log = (stage.work / "run/send.log").read_text()
    tap.ok("[secret other]" in kept and "[secret sales]" in log, "so did the words of mail servers", log, kept[-3000:])
    tap.ok("'refused','\"refused\"'" in kept, "a secret in a place that is not its own is refused", *re.findall(r"'(?:elsewhere|refused)'.*", kept))
    thief = [r for r in stage.rows("runs") if r["sequence"] == "thief"]
    tap.ok(thief and thief[0]["state"] == "failed" and "password of an account" in thief[0]["error"],
           "a script that asks for an account's password fails", thief)
    tap.equal(stage.search.names_in(kept.encode()), set(), "the rows of the database hold no trace")


def audited(stage):
    rows = stage.rows("secret", "audit")
    tap.ok(all(sorted(r) == ["account", "at", "host", "run", "script", "secret"] for r in rows), "secret audit says at, secret, host, script, run, account",
           rows)
    pairs = {(r["secret"], r["account"] or r["script"]) for r in rows}
    tap.ok(pairs >= {("sales", "sales"), ("box", "sales"), ("other", "other"), ("api", "probe"), ("key", "probe")} and "unused" not in dict(pairs),
           "each use of a secret stands there, and no other", rows)
    tap.equal([r["at"] for r in rows], sorted(r["at"] for r in rows), "the last comes last")
    only = stage.rows("secret", "audit", "api")
    tap.ok(len(only) >= 3 and {(r["secret"], r["host"].partition(":")[0]) for r in only} == {("api", "127.0.0.2")} and all(r["run"] for r in only),
           "of one secret alone with its name", only)
    tap.ok("AT" in stage.do("secret", "audit").splitlines()[0] and "not used yet" in stage.do("secret", "audit", "unused"), "people get a table")


def printed(stage):
    """All commands that could show something, beside serve."""
    for words in (("runs",), ("messages",), ("contacts", "show", "ana"), ("contacts", "list"), ("tasks",), ("why", "ana", "probe"), ("why", "ben"),
                  ("secret", "list"), ("jobs",), ("backup", str(stage.root / "copy.tar"))):
        stage.do(*words)
        if words[0] not in ("backup",):
            stage.do(*words, "--json")
    for run in stage.rows("runs"):
        stage.do("show", str(run["id"]))
        stage.do("show", str(run["id"]), "--json")


def remembered(stage):
    """The memory of every process that serves the workspace."""
    if not may_look():
        tap.skip("no process remembers what it need not", "root is needed to look into memory")
        return
    seen = {p: stage.search.in_memory(p.pid) for p in processes_below(stage.server)}
    tap.ok({"host", "net", "worker"} <= {p.role for p in seen} and None not in seen.values(), "the memory of all processes can be looked at", seen)
    tap.equal({p: found for p, found in seen.items() if p.role != "net" and found}, {}, "host, zygote and workers hold no trace in memory")
    net = {p: found for p, found in seen.items() if p.role == "net"}
    keys = {"the master key", "the sealing key"}
    keepers = [p for p, found in net.items() if found & keys]
    values = [sorted(found & set(stage.values)) for found in net.values() if found & set(stage.values)]
    tap.ok(len(keepers) == 1 and not net[keepers[0]] & set(stage.values), "one process of net has the key, and no value that it has handed on", net)
    tap.equal(sorted(values), [["api", "key"], ["box"], ["other"], ["sales"]], "each value is with the one child that uses it", net)
    tap.equal({p: found for p, found in net.items() if found - keys - set(stage.values)}, {}, "the passphrase, or the key file, is with nobody", net)


def planted(stage):
    """The search itself: what is planted in a process is found, in each form."""
    if not may_look():
        tap.skip("what is planted in memory is found", "root is needed to look into memory")
        return
    text = stage.values["unused"]
    for form in (text, base64.b64encode(b"a" + text.encode()).decode(), text.encode().hex(), "half of it " + text[:20]):
        process = subprocess.Popen([sys.executable, "-c", "import sys; held = sys.stdin.read(); print('held', flush=True); __import__('time').sleep(60)"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(form.encode())
        process.stdin.close()
        process.stdout.readline()
        found = stage.search.in_memory(process.pid)
        process.kill()
        process.wait()
        process.stdout.close()
        tap.equal(found, {"unused"}, f"what is planted in memory is found: {form[:6]}...")
    (stage.root / "planted").write_text(f"before {base64.b64encode(text.encode()).decode()} behind")
    tap.equal(stage.search.names_in((stage.root / "planted").read_bytes()), {"unused"}, "and in a file")
    (stage.root / "planted").unlink()


def handed_in(stage):
    """`perigee secret set`: the value goes past the command to net."""
    if not may_look():
        tap.skip("a value that is being set passes no command", "root is needed to look into memory")
        return
    if stage.passphrase:
        pid, terminal = stage.at_terminal(["secret", "set", "unused"])
        stage.said.append(answer_questions(terminal, [("Passphrase", stage.passphrase)]))
        time.sleep(0.5)
        seen = {p.role: stage.search.in_memory(p.pid) for p in processes_below(pid)}
        os.kill(pid, signal.SIGKILL)
        for p in processes_below(pid):
            os.kill(p.pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)
        tap.ok(seen["host"] == set() and "the passphrase" not in seen["net"], "a passphrase that was typed is in no memory any more", seen)
        return
    command = subprocess.Popen([PERIGEE, "secret", "set", "unused"], cwd=stage.work, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, env=stage.environment)
    command.stdin.write(stage.values["unused"].encode())
    command.stdin.flush()  # net has read it and waits for more

    def look():
        return {p.role: stage.search.in_memory(p.pid) for p in processes_below(command.pid)}

    seen = wait_for(lambda: (now := look()) and "unused" in now.get("net", ()) and now, 10) or look()
    stage.said.append(command.communicate()[0])
    tap.ok("unused" in seen.get("net", ()) and seen["host"] == set() and "the key file" not in seen["net"],
           "a value that is being set is in net alone, and the key file in nobody", seen)


def dumped(stage):
    """Every process is made to dump its core: none of net does, and what others leave holds no trace."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if not may_look() or pattern.startswith("|") or "/" in pattern:
        tap.skip("cores hold no trace", f"cores go to {pattern} here, or we are not root")
        return
    running = [p for p in processes_below(stage.server) if p.role != "gone" and not is_over(p.pid)]
    folders = {os.readlink(f"/proc/{p.pid}/cwd") for p in running}
    for p in sorted(running, key=lambda p: p.role != "net"):  # net's first, while they have somebody to tell
        with contextlib.suppress(ProcessLookupError):
            os.kill(p.pid, signal.SIGABRT)
        wait_for(lambda: is_over(p.pid), 10)
        cores = [c for f in folders for c in Path(f).glob("core*")]
        if p.role == "net":
            tap.equal([str(c) for c in cores], [], "a process of net that dies leaves no core, whatever the limit")
        for core in cores:
            found = stage.search.names_in(core.read_bytes())
            core.unlink()
            tap.equal(found, set(), f"the core of a process of the {p.role} holds no trace")
    stage.stop(signal.SIGKILL)


def written(stage):
    """All files, and all that was printed."""
    with tarfile.open(stage.root / "copy.tar") as archive:
        members = {m.name: archive.extractfile(m).read() for m in archive if m.isfile()}
    tap.ok(any(n.endswith("perigee.db") for n in members) and any(n.endswith("perigee.vault") for n in members), "the backup has database and vault",
           list(members))
    found = {name: names for name, raw in members.items() if (names := stage.search.names_in(raw))}
    tap.equal(found, {}, "the backup holds no trace")
    files = [p for p in stage.root.rglob("*") if p.is_file() and p.name != "the.key"]
    names = {p.name for p in files}
    tap.ok({"perigee.db", "perigee.vault", "send.log"} <= names, "database, vault and send log are among the files", names)
    found = {str(p): names for p in files if (names := stage.search.names_in(p.read_bytes()))}
    tap.equal(found, {}, f"none of {len(files)} files holds a trace")
    tap.equal(stage.search.names_in(b"\n".join(stage.said)), set(), f"nor does anything that was printed ({sum(map(len, stage.said))} bytes)")
    tap.ok(b"[secret other]" in stage.log_text(), "the log says where something was cut out", stage.log_text().decode()[-2000:])
    tap.equal(stage.search.names_in(stage.log_text()), set(), "the log of serve holds no trace")


def scenario(passphrase):
    tap.note("a vault with a passphrase, typed at a terminal" if passphrase else "a vault with a key file")
    stage = Stage(passphrase)
    try:
        planted(stage)
        stage.serve()
        used(stage)
        stored(stage)
        audited(stage)
        printed(stage)
        remembered(stage)
        handed_in(stage)
        dumped(stage)
        stage.stop()
        written(stage)
    finally:
        if os.environ.get("KEEP"):
            tap.note(stage.log_text().decode() if hasattr(stage, "shown") else "")
        stage.close()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))  # whoever may leave a core shall
    for passphrase in False, True:
        try:
            scenario(passphrase)
        except Exception as error:
            tap.ok(False, "the scenario runs to its end", traceback.format_exc(), error)
    print(f"1..{tap.points}", flush=True)
    sys.exit(1 if tap.failed else 0)


if __name__ == "__main__":
    main()
