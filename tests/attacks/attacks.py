# SPDX-License-Identifier: MIT
"""Runs folders of hostile scripts through the real program and prints one line of TAP for each.

    attacks.py FOLDER...

Each NN-name.lua becomes a sequence of one workspace (lib/attack_host.lua is what it calls `host`). One `perigee serve` with its
pool of workers, net and a vault runs them one after the other, and after each a witness that must find its world unchanged.
Line 1 says what must be true (`-- ATTACK what | SAFE HOST: what`), `-- THEN: file` names a script to run next. A script passes if it
reports no BREACH, ends as line 1 demands, and hurts nothing but itself. Mail goes to a sink on loopback. As root, the names that
scripts may use resolve, for the program under test alone, to servers of ours (world.py); else they do not resolve.
"""
import json
import os
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "net"))
import servers  # noqa: E402
import world as outside  # noqa: E402

PERIGEE = os.path.abspath(os.environ.get("PERIGEE") or ROOT / "build" / "perigee")
SECRET = b"s3cr3t-value"
ADDRESS = "a@example.com"
SLOWER = 20 if b"__asan_init" in Path(PERIGEE).read_bytes() else 1
KILL_SECONDS, MOST_SECONDS = 2.0, 60.0
FAR = str(time.gmtime().tm_year + 2)  # who sleeps so long is stopped: the clock of the workspace shall not go there
OVER = ("done", "failed", "parked", "stopped")

# What a script finds, besides which nothing may be looked for: the others are declared for it, with the value nil.
KNOWN = set("""_VERSION _ENV assert coroutine error getmetatable host ipairs load math next os pairs pcall rawequal rawget rawlen
rawset require select setmetatable string table tonumber tostring type utf8 xpcall""".split())
PROBED = set("_G io debug package collectgarbage dofile loadfile print warn loadstring setfenv getfenv jit ffi arg".split())
NEEDS = '{ send = { "email" }, store = true, net = { "api.example.com", "rebind.example.com" }, secret = { "api_key" } }'


class Attack:
    def __init__(self, path):
        self.path, self.folder, self.name = path, path.parent, re.sub(r"[^a-z0-9_-]", "-", path.stem.lower())
        self.source = path.read_text(errors="surrogateescape")
        first = self.source.split("\n", 1)[0]
        self.demand = first.partition("SAFE HOST:")[2].strip()
        then = re.search(r"^-- THEN: *(\S+)", self.source, re.M)
        self.then = then.group(1) if then else None

    def globals(self):
        """The names it reads and those it assigns, as the compiler sees them."""
        listed = subprocess.run(["luac5.4", "-l", "-p", self.path], capture_output=True, text=True, errors="replace").stdout
        found = re.findall(r'\b([GS])ETTABUP\b.*; _ENV "(\w+)"', listed)
        return {n for how, n in found if how == "G"}, {n for how, n in found if how == "S"}

    def sequence(self):
        """The attack as the body of run. What stands before it takes the place of its first line, so lines keep their numbers."""
        read, assigned = self.globals()
        assigned -= KNOWN
        absent = sorted((read | PROBED) - KNOWN - assigned)
        makes = "".join(f'rawset(_ENV, "{name}", false) ' for name in sorted(assigned))
        head = (f'local perigee, make = require "perigee", require "attack_host" local {", ".join(absent)} '
                + ("local _ENV = _ENV " + makes if assigned else "")
                + f'return perigee.sequence {{ name = "{self.name}", needs = {NEEDS}, '
                'run = function(contact) local host = make(contact) local function attack(...) ')
        body = self.source.split("\n", 1)[1] if self.source.startswith("--") else "\n" + self.source
        return head + "\n" + body + "\nend attack() end }\n"

    def allows(self, kind):
        """Whether line 1 can be read so. An end by a limit contains everything; where nothing else is named it is demanded."""
        if kind == "crashed":
            return "worker may die" in self.demand
        ways = re.split(r"[,;:]? or |; ", re.sub(r"\([^)]*\)", "", self.demand))
        must_end = self.demand and all(re.search(r"kill|memory limit|limit on|ended|CPU limit", way) for way in ways)
        return kind == "limit" or (not must_end and kind in ("done", "error", "waits"))


class Tap:
    def __init__(self):
        self.points = self.failed = 0

    def ok(self, held, sentence, *found):
        self.points += 1
        self.failed += not held
        print("ok" if held else "not ok", self.points, "-", sentence.replace("#", "\\#"), flush=True)
        if not held:
            for line in "\n".join(str(f) for f in found).splitlines()[:40]:
                print("#  ", line[:400], flush=True)
        return held


class Workspace:
    def __init__(self, folder, attacks, world):
        self.dir, self.world = folder / "W", world
        self.key, self.log_path = folder / "perigee.key", folder / "serve.log"
        self.key.write_bytes(secrets.token_bytes(32))
        self.key.chmod(0o600)
        self.environment = {**os.environ, "PERIGEE_KEY_FILE": str(self.key), "NO_COLOR": "1", **world.environment}
        self.server = None
        self.sink = servers.Smtp()
        self.write("perigee.lua", f"""workspace {{
  timezone = "Europe/Paris", hours = "always",
  policy = {{ asks_per_week = 100000, max_channels = 100, two_then_call = 100000 }},
  allow_addresses = {{ {", ".join(f'"{a}"' for a in [self.sink.address, *world.allowed])} }},
}}
account "sink" {{
  channel = "email", from = "Lea <lea@brand.example>", cap = {{ per_day = 1000000, gap = "0s" }},
  smtp = {{ url = "smtp://{self.sink.address}", tls = "none" }},
}}
""")
        self.write("templates/intro.md", "---\nsubject: {{ subject | default: \"none\" }}\npurpose: service\npersonal: no\n---\nHello {{ first_name }},\n\n{{ body | default: \"none\" }}\n")
        for module in (HERE / "lib").glob("*.lua"):
            self.write("lib/" + module.name, module.read_text())
        for attack in attacks:
            self.write(f"sequences/{attack.name}.lua", attack.sequence())
        self.write("sequences/control.lua", f"""local make = require "attack_host"
return require "perigee".sequence {{ name = "control", needs = {NEEDS}, run = function(contact)
  local host = make(contact)
  host.send {{ to = "{ADDRESS}", subject = "control", body = "control" }}
  local echoed = host.http {{ url = "https://api.example.com/echo", headers = {{ Authorization = host.secret "api_key" }} }}
  return echoed:find("s3cr3t", 1, true) and "echoed" or echoed:find("head", 1, true) and "fine" or echoed:sub(1, 200)
end }}
""")
        self.write("sequences/witness.lua", """local perigee, witness = require "perigee", require "witness"
return perigee.sequence { name = "witness", needs = { store = true }, run = function(contact)
  local seen = perigee.store.add("witness", 1)
  perigee.log(witness.behaviour() .. " " .. witness.environment())
  return "witness " .. seen .. " of " .. contact.email
end }
""")

    def write(self, name, text):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, errors="surrogateescape")

    def run(self, *words, stdin=b""):
        return subprocess.run([PERIGEE, "-C", str(self.dir), *words], input=stdin, capture_output=True, env=self.environment, timeout=120)

    def do(self, *words, **more):
        done = self.run(*words, **more)
        if done.returncode:
            raise RuntimeError(f"perigee {' '.join(words)}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode(errors="replace")

    def rows(self, *words):
        return [json.loads(line) for line in self.do(*words, "--json").split("\n") if line]

    def prepare(self):
        self.do("secret", "set", "api_key", "--host", "api.example.com", "--as", "bearer", stdin=SECRET)
        self.do("contacts", "add", "ann", "name=Ann", f"email={ADDRESS}", "fields.city=Paris")

    def start(self, *options):
        with open(self.log_path, "ab") as log:
            self.server = subprocess.Popen(self.world.command([PERIGEE, "-C", str(self.dir), "serve", "--key-file", str(self.key), *options]),
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)
        return self.server

    def log(self):
        return self.log_path.read_text(errors="replace")

    def deaths(self):
        """How many workers have died otherwise than by telling a limit."""
        return len(re.findall(r"worker \d+ of domain|ended by signal", self.log()))

    def listening(self):
        end = time.monotonic() + 60 * SLOWER
        while self.server.poll() is None and time.monotonic() < end:
            if "serving " in self.log():
                return True
            time.sleep(0.02)
        return False

    def stop(self):
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGTERM)
            try:
                self.server.wait(30 * SLOWER)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()

    def database_traces(self):
        """Rows that hold the secret's value. The scripts' own sources may: they guess it."""
        with sqlite3.connect(f"file:{self.dir}/perigee.db?mode=ro", uri=True) as db:
            tables = [name for name, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'versions'")]
            return [f"{table}: {row}" for table in tables for row in db.execute(f'SELECT * FROM "{table}"') if SECRET.decode() in str(row)]

    # -- one run

    def enrol(self, sequence):
        """The number of a new run, or what was said instead."""
        done = self.run("enrol", sequence, "ann", "--again", "--yes")
        if done.returncode == 0 and b": 1 started" in done.stdout:
            return max(r["id"] for r in self.rows("runs", "--sequence", sequence)), ""
        return None, (done.stdout + done.stderr).decode(errors="replace")

    def wait(self, sequence, run, seconds):
        end, row = time.monotonic() + seconds, {}
        while time.monotonic() < end and self.server.poll() is None:
            row = next(r for r in self.rows("runs", "--sequence", sequence) if r["id"] == run)
            if row["state"] in OVER or (row["due"] or "") > FAR:
                return row
            if row["state"] == "sending" and kind_of(self, row, None) == "waits":
                return row
            time.sleep(0.01)
        return row


class Verdict:
    """What became of one attack. text is shown; holes lists what must not be."""

    def __init__(self):
        self.kind, self.text, self.holes = "error", "", []


def kind_of(workspace, row, code):
    if row.get("state") == "done":
        return "done"
    if row.get("state") == "waiting":
        return "waits"
    if row.get("state") == "sending" and any(m["run"] == row["id"] for m in workspace.rows("messages", "--state", "held")):
        return "waits"  # for the template to be mended
    return {"limit": "limit", "memory": "limit", "crashed": "crashed"}.get(code, "error") if row.get("state") == "failed" else row.get("state")


def logged(shown):
    """What a run wrote to its log, from the steps of `show --json`."""
    return [step["args"].get("text", "") for step in shown[1:] if step.get("kind") == "log"]


def patience():
    """How much longer than on an idle machine things may take."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)) * SLOWER


def judge(workspace, attack):
    verdict = Verdict()
    began = time.monotonic()
    run, said = workspace.enrol(attack.name)
    if not run:  # it was refused before it was a version: nothing of it ran
        why = [line for line in workspace.log().splitlines() if f"sequences/{attack.name}.lua:" in line and " info: " not in line]
        verdict.kind, verdict.text = ("error", why[0]) if why else ("lost", " ".join(said.split())[:300])
        if not attack.allows(verdict.kind):
            verdict.holes.append(f"it never started: {said}")
        return verdict, time.monotonic() - began
    row = workspace.wait(attack.name, run, MOST_SECONDS * SLOWER)
    seconds = time.monotonic() - began
    shown = workspace.rows("show", str(run))
    verdict.kind = kind_of(workspace, row, shown[0].get("code") or shown[0].get("error_code"))
    verdict.text = row.get("error") or row.get("outcome") or row.get("state") or "?"
    if row.get("state") not in OVER:
        workspace.run("stop", str(run))
    verdict.holes += [text[:300] for text in logged(shown) if "BREACH" in text]
    if not attack.allows(verdict.kind):
        verdict.holes.append(f"it ended as {verdict.kind}, but: {attack.demand}")
    if verdict.kind == "limit" and not re.search(r"more than \d|at most \d|too much processor time|longer than \d", verdict.text):
        verdict.holes.append("the limit is not named")
    if verdict.kind == "limit" and seconds > KILL_SECONDS * patience() and "effects" not in verdict.text:
        verdict.holes.append(f"it took {seconds:.1f} s to end it")
    if one_line(verdict.text[:100]) != verdict.text[:100] or len(verdict.text) > 2000:
        verdict.holes.append("the end of the run is no single bounded line")
    if re.search(r"lib/attack_host\.lua:\d+: attempt to", verdict.text):
        verdict.holes.append("the adapter could not do what it was asked")
    return verdict, seconds


def one_line(text):
    plain = "".join(c if c.isprintable() else "?" for c in text)
    return plain if len(plain) < 150 else plain[:150] + "..."


class Witness:
    def __init__(self, workspace):
        self.workspace, self.times, self.world = workspace, 0, None

    def holes(self):
        """What is wrong after an attack: empty if the pool serves and the world of a script is what it was."""
        self.times += 1
        run, said = self.workspace.enrol("witness")
        if not run:
            return [f"the witness could not start: {said}"]
        row = self.workspace.wait("witness", run, MOST_SECONDS * SLOWER)
        if row["outcome"] != f"witness {self.times} of {ADDRESS}":
            return [f"the witness ended {row['state']}: {row['outcome'] or row['error']}"]
        seen = logged(self.workspace.rows("show", str(run)))
        if self.world is None:
            self.world = seen
        return [] if seen == self.world else [f"the witness finds another world: {seen}"]


def run_all(tap, workspace, attacks):
    witness = Witness(workspace)
    by_path = {a.path: a for a in attacks}
    followers = {a.folder / a.then for a in attacks if a.then}
    tap.ok(not witness.holes(), "a script finds its world before any attack")
    tap.ok(*workspace.world.control(workspace))
    for attack in attacks:
        if attack.path in followers:
            continue
        chain = [attack] + [by_path[p] for p in [attack.then and attack.folder / attack.then] if p in by_path]
        for one in chain:
            deaths = workspace.deaths()
            verdict, seconds = judge(workspace, one)
            if one is chain[-1]:
                verdict.holes += witness.holes()
            if workspace.server.poll() is not None:
                verdict.holes.append("serve has ended")
            if workspace.deaths() > deaths and "worker may die" not in one.demand:
                verdict.holes += ["a worker died", *workspace.log().splitlines()[-4:]]
            tap.ok(not verdict.holes, f"{one.path.stem}: {verdict.kind}: {one_line(verdict.text)} ({seconds:.2f} s)", *verdict.holes)
            if workspace.server.poll() is not None:
                return


def finish(tap, workspace):
    def ends():
        return sorted((r["id"], r["state"], r["outcome"], r["error"]) for r in workspace.rows("runs") if r["sequence"] != "witness")
    before = ends()
    workspace.stop()
    workspace.start("--until-idle")
    tap.ok(workspace.server.wait(120 * SLOWER) == 0, "serve starts again and finds nothing left to do", workspace.log()[-2000:])
    after = ends()
    tap.ok(before == after, "no verdict is decided again after a restart", *set(before) ^ set(after))

    mails = workspace.sink.messages
    wrong = []
    for sender, recipients, raw in mails:
        head = raw.split(b"\r\n\r\n")[0]
        names = {line.split(b":")[0].lower() for line in re.split(rb"\r\n(?![ \t])", head)}
        if recipients != [f"RCPT TO:<{ADDRESS}>"] or "lea@brand.example" not in sender:
            wrong.append((sender, recipients))
        if names & {b"bcc", b"cc", b"x-a", b"x-b", b"reply-to"} or re.search(rb"(?<!\r)\n|\r(?!\n)|\0", raw):
            wrong.append(head)
    tap.ok(not wrong, f"none of {len(mails)} messages at the sink has another recipient or a header of the script's", *wrong)
    tap.ok(not workspace.world.breaches(), "no request went where it may not, or was broken apart", *workspace.world.breaches())
    traces = [f"{p.name} ({p.stat().st_size} bytes)" for p in [workspace.log_path, *workspace.dir.rglob("*")]
              if p.is_file() and p.suffix != ".lua" and not p.name.startswith("perigee.db") and SECRET in p.read_bytes()]
    traces += workspace.database_traces()
    traces += [f"mail {i}" for i, (_, _, raw) in enumerate(mails) if SECRET in raw]
    tap.ok(not traces, "the secret's value stands in no file, log or mail", *traces)


def attacks_in(folders):
    found = {}
    for folder in folders:
        for path in sorted(Path(folder).resolve().glob("*.lua")):
            attack = Attack(path)
            while attack.name in found:  # of another folder
                attack.name += "-2"
            if "ATTACK" in attack.source.split("\n", 1)[0]:
                found[attack.name] = attack
    return list(found.values())


def main(folders):
    attacks = attacks_in(folders)
    if not attacks:
        print(f"1..0 # SKIP no hostile scripts in {', '.join(map(str, folders))}")
        return 0
    tap = Tap()
    work = Path(tempfile.mkdtemp(prefix="perigee-attacks-"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    workspace = world = None
    try:
        world = outside.World(work)
        workspace = Workspace(work, attacks, world)
        workspace.prepare()
        workspace.start("--fast-forward", "1s")
        if tap.ok(workspace.listening(), "serve runs with all hostile scripts in its workspace", workspace.log()[-3000:]):
            run_all(tap, workspace, attacks)
            finish(tap, workspace)
    finally:
        if workspace:
            workspace.stop()
        if world:
            world.close()
        if os.environ.get("KEEP"):
            print("# kept:", work)
        else:
            shutil.rmtree(work, ignore_errors=True)
    print(f"1..{tap.points}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print("usage: attacks.py FOLDER...", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1:]))
