#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""perigee plan tells what the coming days will send, changes nothing, and what it tells comes true."""
import collections
import datetime
import hashlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "net"))
from servers import Smtp  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402
from tap import ok  # noqa: E402

PERIGEE = os.environ.get("PERIGEE") or str(ROOT / "build" / "perigee")
# Always the same moment, a Tuesday at noon: the host's clock is moved there, as --fast-forward moves it.
ZONE, OFFSET = "Europe/Paris", datetime.timezone(datetime.timedelta(hours=1))
START = datetime.datetime(2030, 1, 8, 12, 0, tzinfo=OFFSET)
DAYS = 7
THINGS = ["bread", "rye", "cake", "buns", "pies", "tarts", "rolls", "dough", "yeast", "flour"]


class World:
    def __init__(self, folder, config, smtp=None):
        self.dir = Path(folder)
        for name in ("templates", "sequences", "jobs"):
            (self.dir / name).mkdir(parents=True)
        self.key = self.dir.parent / (self.dir.name + ".key")
        self.key.write_bytes(os.urandom(32))
        self.key.chmod(0o600)
        allowed = f'allow_addresses = {{ "{smtp.address}" }},' if smtp else ""
        self.write("perigee.lua", f'workspace {{ timezone = "{ZONE}", undo = "5m", {allowed} }}\n{config}')

    def write(self, name, text):
        (self.dir / name).write_text(text)

    def run(self, *words, timeout=120):
        return subprocess.run([PERIGEE, *map(str, words)], cwd=self.dir, capture_output=True, text=True, timeout=timeout,
                              env={**os.environ, "PERIGEE_KEY_FILE": str(self.key)})

    def do(self, *words):
        got = self.run(*words)
        if got.returncode:
            raise RuntimeError(f"{words}: {got.returncode}\n{got.stdout}{got.stderr}")
        return got.stdout

    def begin_at(self, moment):
        self.do("runs")  # makes the database
        self.sql("INSERT OR REPLACE INTO meta VALUES ('clock_offset', ?)", str(int((moment.timestamp() - time.time()) * 1000)))

    def now(self):
        return time.time() + int((self.sql("SELECT value FROM meta WHERE key = 'clock_offset'") or [["0"]])[0][0]) / 1000

    def plan(self, *words):
        return [json.loads(line) for line in self.do("plan", "--json", *words).splitlines()]

    def sql(self, text, *values):
        db = sqlite3.connect(self.dir / "perigee.db", timeout=30)
        try:
            with db:
                return db.execute(text, values).fetchall()
        finally:
            db.close()

    def files(self, but=()):
        """Every file and folder, with its bytes and its time."""
        found = {}
        for path in sorted(self.dir.rglob("*")):
            try:
                if path.name not in but:
                    found[str(path.relative_to(self.dir))] = (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
            except FileNotFoundError:  # serve has replaced it this moment: then the next look differs
                found[str(path.relative_to(self.dir))] = None
        return found


def same_files(before, after):
    return [name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]


ACCOUNT = """
account "{name}" {{ channel = "email", from = "{name} <{name}@brand.example>", smtp = {{ url = "smtp://{smtp}", tls = "none" }}, {more} }}
"""
TEMPLATES = {"first": "Do you bake {{ thing }} too?", "second": "Once more: what of {{ thing }}?", "dm": "Hello, about {{ thing }}?"}
SEQUENCES = {
    "intro": """contact:send("email", "first")
    if contact:wait_reply "50 hours" then return "replied" end
    contact:send("email", "second")
    contact:task { kind = "review", note = "no answer" }
    contact:wait_reply "1 day"
    return "silent" """,
    "social": """contact:send("instagram", "dm")
    return "sent" """,
    "broken": """perigee.sleep "1 day"
    error("this script is wrong")""",
    "asks": """perigee.sleep "1 day"
    perigee.http { method = "GET", url = "https://api.example/" }
    contact:send("email", "first")
    return "asked" """,
}
NEEDS = """{ send = { "email", "instagram" }, task = true, net = { "api.example" } }"""


def scripts(world):
    for name, text in TEMPLATES.items():
        world.write(f"templates/{name}.md", f"---\nsubject: {{{{ thing }}}} and {name}\n---\n{text}\n")
    for name, text in SEQUENCES.items():
        world.write(f"sequences/{name}.lua", f'local perigee = require "perigee"\nreturn perigee.sequence {{ name = "{name}", needs = {NEEDS}, '
                                             f'run = function(contact)\n    {text}\n  end }}\n')


def people(world, names, **more):
    world.write("people.csv", "id,first_name,email,instagram,thing,owner\n" + "".join(
        f"{n},{n.capitalize()},{n}@mail{i % 3}.example,{n}.gram,{THINGS[i % 10]} {hashlib.md5(n.encode()).hexdigest()},{more.get('owner', '')}\n" for i, n in enumerate(names)))
    world.do("contacts", "import", "people.csv")


# ---- it comes true --------------------------------------------------------------------------------------------------

def make_real(folder, smtp):
    world = World(folder, ACCOUNT.format(name="capped", smtp=smtp.address, more='cap = { per_day = 4, gap = "7m" }') +
                  ACCOUNT.format(name="young", smtp=smtp.address, more='owner = "mia", cap = { gap = "3m", warmup = { from = 2, step = 1 } }'), smtp)
    world.begin_at(START)
    scripts(world)
    people(world, [f"c{i:02}" for i in range(8)])
    people(world, [f"y{i:02}" for i in range(6)], owner="mia")
    people(world, ["left", "late", "wild", "asker", "job1", "job2"])
    tomorrow = (START + datetime.timedelta(days=1)).strftime("%Y-%m-%d 10:30")
    world.write("jobs/more.lua", f"""local perigee = require "perigee"
return perigee.job {{ name = "more", schedule = "{tomorrow}", needs = {{ contacts = "write" }}, run = function(job)
  for _, id in ipairs {{ "job1", "job2" }} do perigee.contacts.get(id):enrol("social") end
end }}
""")
    world.do("upgrade")
    return world


def enrol(world):
    ids = [r[0] for r in world.sql("SELECT id FROM contacts WHERE id LIKE 'c%' OR id LIKE 'y%' ORDER BY id")]
    world.do("enrol", "intro", *ids, "left", "late", "--yes")
    world.do("enrol", "broken", "wild", "--yes")
    world.do("enrol", "asks", "asker", "--yes")
    world.do("pause", "--contact", "late", "--until", "6 days")
    world.do("pause", "--contact", "c03")
    # They opted out after they were enrolled, by a word that stopped no run.
    world.sql("INSERT INTO suppressions (channel, address_hash, reason, contact, at) VALUES ('*', 'x', 'opted_out', 'left', 1)")


def counted(world):
    """What was really handed over: {(account, channel, day, by hand)}: how many."""
    found = collections.Counter()
    for account, channel, at, by_hand in world.sql(
            "SELECT account, channel, handed_at, EXISTS (SELECT 1 FROM tasks WHERE message = m.id) FROM messages m WHERE handed_at IS NOT NULL"):
        found[(account or None, channel, datetime.datetime.fromtimestamp(at / 1000, OFFSET).strftime("%F"), bool(by_hand))] += 1
    return found


def planned(rows):
    found = collections.Counter()
    for row in rows:
        for member, by_hand in (("messages", False), ("by_hand", True)):
            if row["event"] == "day" and row[member]:
                found[(row["account"], row["channel"], row["day"], by_hand)] += row[member]
    return found


def pass_time(world, smtp, until, seconds=60):
    """serve, with its clock jumping, until its time is past `until`."""
    with open(world.dir.parent / "serve.log", "wb") as log:
        serve = subprocess.Popen([PERIGEE, "serve", "--fast-forward", "0s"], cwd=world.dir, stdout=log, stderr=log,
                                 env={**os.environ, "PERIGEE_KEY_FILE": str(world.key)})
    end = time.monotonic() + seconds
    while time.monotonic() < end and world.now() < until and serve.poll() is None:
        time.sleep(0.1)
    serve.send_signal(signal.SIGTERM)
    serve.wait(20)
    return world.now() >= until


def truth(folder):
    smtp = Smtp()
    world = make_real(Path(folder) / "real", smtp)
    enrol(world)
    before = world.files()
    rows = world.plan("--days", DAYS)
    changed = same_files(before, world.files())
    ok(not changed, "a plan changes no file, makes none, and leaves no time behind", changed)
    summary = rows[-1]
    days = sorted({r["day"] for r in rows[:-1]})
    ok(len(days) == DAYS and days[0] == "2030-01-08", "there is a row for every day, from today on", days)
    ok(all(sum(r["account"] == a for r in rows[:-1]) == DAYS for a in ("capped", "young")), "and for every account", rows[0])
    later = world.plan("--days", DAYS)
    ok(later[:-1] == rows[:-1], "the same state gives the same plan", *rows[-1:], *later[-1:])
    ok(any(r["failed"][0]["sequence"] == "broken" and "this script is wrong" in r["failed"][0]["error"] for r in [summary] if r["failed"]),
       "a run that would fail is named, with its error", summary)
    ok(summary["refused"] == {"suppressed": 1}, "so is what would be refused, by rule", summary)
    ok(summary["waits_for_web"] == 1, "and a run that asks the web: its answer is not invented", summary)
    ok(any(w["rule"] == "paused" and w["messages"] == 1 and w["until"] is None for w in summary["waiting"]), "what is paused for good waits past the end",
       summary)
    ok(any(l["account"] == "capped" and l["rule"] == "account_cap" and l["days"] >= 2 for l in summary["limits"]), "the account that is full is named", summary)
    until = datetime.datetime.fromisoformat(summary["until"]).timestamp()
    world.sql("DELETE FROM runs WHERE sequence = 'asks'")  # its request would wait for a server that there is not
    done = pass_time(world, smtp, until)
    real = collections.Counter({k: n for k, n in counted(world).items() if k[2] in days})
    plan = planned(rows)
    ok(done and real == plan and sum(plan.values()) > 20, "day for day and account for account, serve sends what was planned",
       *sorted(((k, plan[k], real[k]) for k in plan.keys() | real.keys() if plan[k] != real[k]), key=str), (world.dir.parent / "serve.log").read_text()[-1500:])
    ok(sum(n for k, n in plan.items() if k[3]) == 2, "with what the job of tomorrow makes people write by hand", plan)
    tasks = world.sql("SELECT count(*) FROM tasks WHERE message IS NULL AND created_at < ?", until * 1000)[0][0]
    ok(tasks == summary["tasks"] and tasks > 0, "and the other tasks", tasks, summary)
    smtp.close()


# ---- beside serve, in flight ----------------------------------------------------------------------------------------

def beside_serve(folder):
    smtp = Smtp()
    world = make_real(Path(folder) / "beside", smtp)
    world.do("pause")
    enrol(world)
    serve = subprocess.Popen([PERIGEE, "serve"], cwd=world.dir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             env={**os.environ, "PERIGEE_KEY_FILE": str(world.key)})
    try:
        end = time.monotonic() + 20
        while time.monotonic() < end and (world.run("runs", "--state", "ready").stdout.count("\n") > 1 or not (world.dir / "run/perigee.sock").exists()):
            time.sleep(0.1)
        shared = ("perigee.db-shm",)  # where readers of the database note that they read
        before, end = None, time.monotonic() + 20
        while time.monotonic() < end and before != (before := world.files(shared)):
            time.sleep(0.7)  # until serve itself writes nothing any more
        got = world.run("plan")
        changed = same_files(before, world.files(shared))
        ok(got.returncode == 0 and not changed, "beside serve a plan takes no lock and changes no file", changed, got.stdout, got.stderr)
        why = json.loads(world.do("why", "c00", "--json").splitlines()[-1])
        ok("everything is paused" in why["reason"] and "serve" not in why["reason"], "and so does why, asked of the serve that runs", why)
        ok("everything is paused" in got.stdout and "0 messages" in got.stdout, "and sees that all is paused", got.stdout)
    finally:
        serve.send_signal(signal.SIGKILL)
        serve.wait()
    world.run("resume")
    # As a killed serve leaves it: a log beside the database, a message with the server, a wait held for a mailbox.
    world.sql("UPDATE messages SET state = 'handed', handed_at = ?, due = NULL, rule = NULL WHERE contact = 'c00'", int(world.now() * 1000) - 3000)
    world.sql("INSERT OR REPLACE INTO account_states VALUES ('young', 'failing', 'auth', '535 bad password', 1)")
    rows = world.plan()
    ok(rows[-1]["failing"] == [{"account": "young", "text": "535 bad password"}] and "young fails at this moment: 535 bad password" in world.do("plan"),
       "an account that fails is named", rows[-1])
    ok(rows[-1]["in_flight"] == 1, "what is with the server at this moment counts as sent", rows[-1])
    ok(sum(r["messages"] for r in rows if r.get("account") == "capped" and r["day"] == rows[0]["day"]) <= 3, "also for the account's cap", rows[:3])
    smtp.close()


# ---- what people are told -------------------------------------------------------------------------------------------

def told(folder):
    world = World(Path(folder) / "told", ACCOUNT.format(name="partnerships", smtp="127.0.0.1:2525", more='cap = { per_day = 80 }'), None)
    config = (world.dir / "perigee.lua").read_text()
    world.write("perigee.lua", config.replace("workspace {", 'workspace { allow_addresses = { "127.0.0.1:2525" },'))
    scripts(world)
    empty = world.run("plan")
    ok(empty.returncode == 1 and "no database yet" in empty.stderr and "perigee enrol" in empty.stderr and not (world.dir / "perigee.db").exists() and
       not (world.dir / "run").exists(), "without a database it says what to begin with, and makes none", empty.stderr, os.listdir(world.dir))
    people(world, [f"p{i:04}" for i in range(1000)])
    world.do("enrol", "intro", "--all", "--yes")
    start = time.monotonic()
    text = world.do("plan")
    took = time.monotonic() - start
    ok(took < 30, "a week of a thousand runs is planned in seconds", took)
    ok(re.search(r"partnerships is at its cap of 80 a day on \d of 7 days: \d+ messages wait past the end", text), "it says what limits", text)
    ok(re.search(r"^\w\w\w [ \d]\d \w\w\w +80\*$", text, re.M) and re.search(r"^total +\d+ *$", text, re.M), "a full day has a mark, and there is a total", text)
    ok("It assumes that nobody answers" in text, "and it says what it assumes", text)
    ok(len(world.plan("--days", 2)) == 3 and world.plan("--days", 2)[-1]["event"] == "summary", "--days chooses how many", world.plan("--days", 2))
    for days in ("0", "367", "-1", "x"):
        got = world.run("plan", "--days", days)
        ok(got.returncode == 2 and not got.stdout, f"--days {days} is a usage error", got.stderr)
    ok(world.run("plan", "all").returncode == 2, "so is a word too many")


def other_databases(folder):
    world = World(Path(folder) / "db", "")
    path = world.dir / "perigee.db"
    with sqlite3.connect(path) as db:
        db.executescript((ROOT / "runtime/host/migrations/001-start.sql").read_text() + "PRAGMA user_version = 1; PRAGMA journal_mode = WAL;")
    db.close()
    before = world.files()
    got = world.run("plan")
    ok(got.returncode == 0 and not same_files(before, world.files()), "an older database is read as it is, and stays as old", got.stderr,
       same_files(before, world.files()))
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()
    got = world.run("plan")
    ok(got.returncode == 1 and "newer Perigee" in got.stderr and str(path) in got.stderr, "a newer one is refused with a sentence", got.stderr)
    path.write_bytes(b"this is no database, whatever its name says " * 50)
    got = world.run("plan")
    ok(got.returncode == 1 and "perigee.db" in got.stderr and "not a database" in got.stderr, "so is what is none", got.stderr)
    got = subprocess.run([PERIGEE, "plan"], cwd=folder, capture_output=True, text=True)
    ok(got.returncode == 1 and "perigee init" in got.stderr, "and a folder that is no workspace", got.stderr)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="perigee-plan-") as scratch:
        told(scratch)
        other_databases(scratch)
        truth(scratch)
        beside_serve(scratch)
    sys.exit(tap.finish())
