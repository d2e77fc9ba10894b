#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""perigee why, in prepared situations: the first gate that is closed, when it opens, and a sentence that tells what to do. And pauses."""
import datetime
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402
from tap import ok  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
PERIGEE = os.environ.get("PERIGEE") or str(ROOT / "build" / "perigee")
PARIS = datetime.timezone(datetime.timedelta(hours=1))
START = datetime.datetime(2030, 1, 8, 12, 0, tzinfo=PARIS)  # a Tuesday; the host's clock is moved there
SHOW = os.environ.get("SHOW")

CONFIG = """
workspace { timezone = "Europe/Paris", topics = { contract = "email" }, undo = "UNDO" }
account "main" { channel = "email", from = "M <m@brand.example>", smtp = { url = "smtp://mail.example", tls = "required" },
  cap = { per_day = 500, gap = "0s", per_domain = { ["busy.example"] = 2 } } }
account "small" { channel = "email", from = "S <s@brand.example>", smtp = { url = "smtp://mail.example", tls = "required" }, cap = { per_day = 3, gap = "0s" } }
account "slow" { channel = "email", from = "L <l@brand.example>", smtp = { url = "smtp://mail.example", tls = "required" }, cap = { per_day = 99, gap = "30m" } }
account "young" { channel = "email", from = "Y <y@brand.example>", smtp = { url = "smtp://mail.example", tls = "required" },
  cap = { gap = "0s", warmup = { from = 2, step = 1 } } }
account "down" { channel = "email", from = "D <d@brand.example>", smtp = { url = "smtp://mail.example", tls = "required" }, cap = { gap = "0s" } }
account "read" { channel = "email", from = "R <r@brand.example>", smtp = { url = "smtp://mail.example", tls = "required" }, IMAP cap = { gap = "0s" } }
"""
NOTE = "---\nsubject: About {{ thing }}\n%s---\nHow is your %s {{ thing }}?\n"
# name: what it does
SEQUENCES = {
    "mail": 'contact:send("email", "note") contact:wait_reply "3 days" return "silent"',
    "gram": 'contact:send("instagram", "dm") return "sent"',
    "link": 'contact:send("linkedin", "note") return "sent"',
    "what": 'contact:send("whatsapp", "note") return "sent"',
    "tube": 'contact:send("youtube", "note") return "sent"',
    "gone": 'contact:send("email", "missing") return "sent"',
    "empty": 'contact:send("email", "empty") return "sent"',
    "late": 'contact:send("email", "note", { before = "2030-01-08 16:00" }) return "sent"',
    "waits": 'contact:wait_reply "2 days" contact:send("email", "note") return "sent"',
    "breaks": 'error("a slip in the script")',
    "ends": 'return "nothing to do"',
    "service": 'contact:send("email", "invoice") return "sent"',
}


def at(days=0, hours=0, minutes=0):
    return START + datetime.timedelta(days=days, hours=hours, minutes=minutes)


def ms(moment):
    return int(moment.timestamp() * 1000)


class World:
    def __init__(self, folder):
        self.dir = Path(folder)
        for name in ("templates", "sequences"):
            (self.dir / name).mkdir(parents=True)
        self.config(undo="0s")
        for name, text in {"note": NOTE % ("", ""), "dm": NOTE % ("", "lovely"), "empty": NOTE % ("", "{{ offer }}"), "invoice": NOTE % ("purpose: service\n", "bill for")}.items():
            (self.dir / f"templates/{name}.md").write_text(text)
        for name, text in SEQUENCES.items():
            channel = text.split('send("')[1].split('"')[0] if "send(" in text else "email"
            topic = 'topic = "contract", ' if name == "gram" else ""
            (self.dir / f"sequences/{name}.lua").write_text(f"""local perigee = require "perigee"
return perigee.sequence {{ name = "{name}", {topic}needs = {{ send = {{ "{channel}" }} }}, run = function(contact) {text} end }}
""")
        (self.dir / "templates/missing.md").write_text("---\nsubject: x\n---\n{{ thing }}\n")
        self.do("runs")
        self.sql("INSERT OR REPLACE INTO meta VALUES ('clock_offset', ?)", int((START.timestamp() - time.time()) * 1000))
        self.do("upgrade")

    def config(self, undo="0s", imap=""):
        (self.dir / "perigee.lua").write_text(CONFIG.replace("UNDO", undo).replace("IMAP", imap))

    def run(self, *words):
        return subprocess.run([PERIGEE, *map(str, words)], cwd=self.dir, capture_output=True, text=True, timeout=60)

    def do(self, *words):
        got = self.run(*words)
        if got.returncode:
            raise RuntimeError(f"{words}: {got.returncode}\n{got.stdout}{got.stderr}")
        return got.stdout

    def rows(self, *words):
        return [json.loads(line) for line in self.do(*words, "--json").splitlines()]

    def sql(self, text, *values):
        db = sqlite3.connect(self.dir / "perigee.db", timeout=30)
        try:
            with db:
                return db.execute(text, values).fetchall()
        finally:
            db.close()

    def one(self, text, *values):
        return self.sql(text, *values)[0][0]

    def sent(self, contact, when, channel="email", account="main", run=None, to=None, purpose="ask"):
        """A message that has gone."""
        address = to or (f"{contact}@mail.example" if channel == "email" else f"{contact}.{channel}")
        self.sql("INSERT INTO messages (contact, run, position, channel, account, direction, state, template, purpose, address, identity, at, handed_at, done_at, text)"
                 " VALUES (?, ?, 0, ?, ?, 'out', 'accepted', 'old', ?, ?, ?, ?, ?, ?, 'an earlier text')",
                 contact, run, channel, account, purpose, address, f"{channel}:{address}", ms(when), ms(when), ms(when))

    def run_of(self, contact):
        return self.one("SELECT max(id) FROM runs WHERE contact = ?", contact)

    def message_of(self, contact):
        return self.one("SELECT max(id) FROM messages WHERE contact = ? AND state = 'queued'", contact)

    def serve(self):
        """Lets runs go on to their messages, which wait, as everything is paused."""
        self.do("serve", "--until-idle")


# ---- the situations -------------------------------------------------------------------------------------------------

# Of each: contact; what is enrolled while all is paused; what happens then; what is asked; rule, answer, until of the first closed
# gate; a part of the sentence that sums up. {run} and {message} are those of the contact.
def situations(w):
    def suppressed(c):
        w.sql("INSERT INTO suppressions (channel, address_hash, reason, contact, at) VALUES ('*', ?, 'opted_out', ?, ?)", c, c, ms(at(-1)))

    def replied(c):
        w.sql("INSERT INTO messages (contact, channel, account, direction, state, at) VALUES (?, 'email', 'main', 'in', 'received', ?)", c, ms(at(0, 0, -5)))
        w.sql("INSERT INTO events (contact, kind, at, channel) VALUES (?, 'reply', ?, 'email')", c, ms(at(0, 0, -5)))

    def follows_up(c):
        w.sql("UPDATE runs SET first_message_at = ?, wait_ended_at = ? WHERE contact = ?", ms(at(-4)), ms(at(0, -1)), c)
        w.sql("INSERT OR REPLACE INTO mailboxes (account, role, read_until) VALUES ('read', 'inbox', ?)", ms(at(0, -2)))

    def two_mails(c):
        for days in (-9, -5):
            w.sent(c, at(days), run=w.run_of(c))

    def three_channels(c):
        for days, channel in ((-60, "instagram"), (-50, "linkedin"), (-40, "telegram")):
            w.sent(c, at(days), channel, account="")

    def three_asks(c):
        for days in (-6, -3, -1):
            w.sent(c, at(days, 3), to=f"{c}@mail.example")

    def cap_is_full(_):
        for hours in (-20, -10, -2):
            w.sent("other", at(0, hours), account="small")

    def cap_and_tokyo(c):
        w.do("contacts", "set", c, "timezone=Asia/Tokyo")

    def warming(_):
        for minutes in (-300, -240, -180):
            w.sent("other", at(0, 0, minutes), account="young")

    def busy_domain(_):
        for minutes in (-50, -40):
            w.sent("other", at(0, 0, minutes), to="x@busy.example")

    def retried(c):
        w.sql("UPDATE messages SET rule = 'retry', reason = '451 4.7.1 greylisted', attempts = 1, due = ? WHERE contact = ?", ms(at(0, 0, 20)), c)

    def cut(c):
        w.sql("UPDATE messages SET rule = 'breaker', reason = 'connection refused', attempts = 3, due = ? WHERE contact = ?", ms(at(0, 0, 4)), c)

    def put_off(c):
        w.sql("UPDATE messages SET rule = 'hours', reason = 'it is night', due = ? WHERE contact = ?", ms(at(0, 2)), c)

    def undo(c):
        w.sql("UPDATE messages SET due = ? WHERE contact = ?", ms(at(0, 0, 30)), c)

    def held(c):
        w.sql("UPDATE messages SET state = 'held', rule = 'template', reason = 'templates/note.md:4: tag {%% if is not closed', due = NULL WHERE contact = ?".replace("%%", "%"), c)

    def outside_hours(c):
        w.do("contacts", "set", c, "timezone=Asia/Tokyo")

    def parked(c):
        w.sql("UPDATE runs SET state = 'parked', ended_at = ?, due = NULL WHERE contact = ?", ms(at(0, -1)), c)

    def nothing(_):
        pass

    tomorrow9 = at(0, 13)  # 09:00 on Wednesday in Tokyo is 01:00 in Paris
    return [
        # contact, sequence, prepare, (rule, answer, until), sum has
        ("opted", "mail", suppressed, ("suppressed", "refuse", None),
         "message {message} will be refused: they opted out (2030-01-07 12:00) (rule suppressed); leave them in peace"),
        ("wrote", "mail", replied, ("unseen_reply", "withdraw", None), "message {message} will be withdrawn: they wrote on 2030-01-08 11:55"),
        ("noone", "mail", lambda c: w.do("contacts", "set", c, "email="), ("address", "refuse", None), "`perigee contacts set noone email=ADDRESS`"),
        ("fresh", "mail", follows_up, ("inbox_fresh", "defer", None), "the inbox of read has not been read since the wait ended (2030-01-08 11:00)"),
        ("nooptin", "what", nothing, ("consent", "refuse", None), "opt-in"),
        ("bylink", "link", nothing, ("initiate", "hand", None), "becomes a task for a person"),
        ("yours", "tube", nothing, ("initiate", "refuse", None), "youtube has no private messages: write on another channel"),
        ("whats", "what", lambda c: w.do("contacts", "set", c, "consent=opt-in"), ("account", "refuse", None), "there is no whatsapp account in perigee.lua"),
        ("topical", "gram", nothing, ("topic_channel", "refuse", None), "is over since 2030-01-08 12:00, refused (the topic contract goes by email"),
        ("twice", "mail", two_mails, ("two_then_call", "refuse", None), "call them"),
        ("many", "mail", three_channels, ("max_channels", "refuse", None), "write on one of those"),
        ("weekly", "mail", three_asks, ("asks_per_week", "defer", at(1, 3)), "can leave on 2030-01-09 15:00 at the earliest (asks_per_week)"),
        ("absent", "mail", lambda c: w.sql("UPDATE contacts SET away_until = ? WHERE id = ?", ms(at(3)), c), ("away", "defer", at(3)),
         "can leave on 2030-01-11 12:00 at the earliest (away)"),
        ("capped", "mail", cap_is_full, ("account_cap", "defer", at(0, 4)), "can leave on 2030-01-08 16:00 at the earliest (account_cap)"),
        # The cap has room again when it is night there: the moment at which both are open is neither's own.
        ("capjp", "mail", cap_and_tokyo, ("account_cap", "defer", at(0, 4)), "can leave on 2030-01-09 01:00 at the earliest (account_cap, hours)"),
        ("warm", "mail", warming, ("warmup", "defer", at(0, 19)), "can leave on 2030-01-09 09:00 at the earliest (warmup, hours)"),
        ("domain", "mail", busy_domain, ("domain_rate", "defer", at(0, 0, 10)), "can leave on 2030-01-08 12:10 at the earliest (domain_rate)"),
        ("night", "mail", outside_hours, ("hours", "defer", tomorrow9), "can leave on 2030-01-09 01:00 at the earliest (hours)"),
        ("broken", "mail", lambda c: w.sql("INSERT INTO breakers VALUES ('down', 5, ?, ?, 'connection refused')", ms(START), ms(at(0, 0, 15))),
         ("breaker", "defer", at(0, 0, 15)), "can leave on 2030-01-08 12:15 at the earliest (breaker)"),
        ("halted", "mail", lambda c: w.do("pause", "--contact", c), ("paused", "defer", None), "contact halted is paused until a person resumes it (perigee resume --contact halted)"),
        ("halted2", "mail", lambda c: w.do("pause", "--contact", c, "--until", "2030-01-10 10:00"), ("paused", "defer", at(2, -2)),
         "can leave on 2030-01-10 10:00 at the earliest (paused)"),
        ("greyed", "mail", retried, ("retry", "defer", at(0, 0, 20)), "can leave on 2030-01-08 12:20 at the earliest (retry)"),
        ("cut", "mail", cut, ("retry", "defer", at(0, 0, 4)), "can leave on 2030-01-08 12:04 at the earliest (retry)"),
        ("putoff", "mail", put_off, ("queued", "defer", at(0, 2)), "can leave on 2030-01-08 14:00 at the earliest (queued)"),
        ("undone", "mail", undo, ("undo", "defer", at(0, 0, 30)), "can leave on 2030-01-08 12:30 at the earliest (undo)"),
        ("holdup", "mail", held, ("template", "defer", None), "mend the template, then `perigee reload`"),
        ("lacking", "empty", lambda c: w.do("contacts", "set", c, "offer="), ("template", "refuse", None), "templates/empty.md"),
        ("hasty", "late", lambda c: w.do("pause", "--contact", c, "--until", "2030-01-08 17:00"), ("paused", "defer", at(0, 5)),
         "refused as too late: it must leave before 2030-01-08 16:00 and can't before 2030-01-08 17:00"),
        ("waiter", "waits", nothing, ("run", "defer", at(2)), "the run waits for an answer, at the longest until 2030-01-10 12:00; what it sends then can leave on 2030-01-10 12:00 at the earliest (run)"),
        ("slipped", "breaks", nothing, ("run", "refuse", None), "run {run} failed on 2030-01-08 12:00: sequences/breaks.lua:2: a slip in the script; mend it, then `perigee retry {run}`"),
        ("parked", "mail", parked, ("run", "refuse", None), "`perigee show {run}`"),
        ("over", "ends", nothing, ("run", "refuse", None), "over since 2030-01-08 12:00, nothing to do; another: `perigee enrol ends over --again`"),
        ("halfway", "mail", lambda c: w.do("stop", w.run_of(c)), ("run", "refuse", None), "was stopped on 2030-01-08 12:0"),
        ("pausedseq", "service", lambda c: w.sql("UPDATE scripts SET paused_reason = 'its first visits all ended by a limit' WHERE name = 'service'"),
         ("script", "defer", None), "service is paused: its first visits all ended by a limit"),
        ("failing", "mail", lambda c: w.sql("INSERT INTO account_states VALUES ('slow', 'failing', 'auth', '535 bad password', ?)", ms(at(0, -1))),
         ("connection", "defer", None), "slow fails since 2030-01-08 11:00: 535 bad password; `perigee doctor mail`"),
        ("clear", "mail", nothing, (None, "allow", None), "nothing is in the way: message {message} leaves once `perigee serve` runs"),
        ("stranger", None, nothing, (None, "allow", None), "nothing is in the way"),
    ]


ACCOUNTS = {"capped": "small", "capjp": "small", "warm": "young", "broken": "down", "fresh": "read", "failing": "slow"}


def answered(w, contact, sequence):
    rows = w.rows("why", contact, *([sequence] if sequence else []))
    end = next(i for i, r in enumerate(rows) if r["rule"] == "sum")
    # What a person must do themselves is a way, not a closed gate, if another is closed.
    closed = sorted((r for r in rows[:end] if r["answer"] != "allow"), key=lambda r: r["answer"] == "hand")
    return rows, (closed[0] if closed else {"rule": None, "answer": "allow", "until": None}), rows[end]


def look(w, contact, sequence, wanted, has):
    rule, answer, until = wanted
    rows, first, total = answered(w, contact, sequence)
    when = first["until"] and datetime.datetime.fromisoformat(first["until"])
    numbers = {"run": w.run_of(contact), "message": (w.sql("SELECT id FROM messages WHERE contact = ? AND state = 'queued'", contact) or [["none"]])[-1][0]}
    held = first["rule"] == rule and first["answer"] == answer and (when is None) == (until is None)
    near = until is None or abs((when - until).total_seconds()) < 120
    ok(held and near, f"{contact}: the first closed gate is {rule or 'none'}" + (f", until {until:%F %H:%M}" if until else ""), first, *rows)
    ok(has.format(**numbers) in total["reason"], f"{contact}: the sentence says: {has}", total)
    if SHOW:
        print("# ", total["reason"])


def prepared(folder):
    w = World(Path(folder) / "why")
    table = situations(w)
    people = [(c, "busy.example" if c == "domain" else "mail.example", ACCOUNTS.get(c, "main")) for c, *_ in table] + [("other", "mail.example", "main")]
    (w.dir / "people.csv").write_text("id,name,email,instagram,linkedin,whatsapp,youtube,thing,offer\n" + "".join(
        f"{c},{c.capitalize()},{c}@{domain},{c}.gram,{c}link,+336123456{i:02},{c}tube,{c} of number {i * 7},a discount of {i} percent\n" for i, (c, domain, _) in enumerate(people)))
    w.do("contacts", "import", "people.csv")
    w.do("pause")
    for contact, sequence, *_ in table:
        if sequence:
            w.do("enrol", sequence, contact, "--yes")
    w.serve()
    for contact, _, account in people:
        w.sql("UPDATE messages SET account = ? WHERE contact = ? AND account <> ''", account, contact)
        w.sql("UPDATE runs SET account = ? WHERE contact = ?", account, contact)
    w.do("resume")
    w.config(imap='imap = { url = "imap://mail.example", tls = "required", user = "r", password = secret "r" },')
    for contact, sequence, prepare, wanted, has in table:
        prepare(contact)
        look(w, contact, sequence, wanted, has)
    return w


# ---- what else is told ----------------------------------------------------------------------------------------------

def told(w):
    rows, _, _ = answered(w, "clear", "mail")
    rules = [r["rule"] for r in rows]
    order = ["suppressed", "unseen_reply", "address", "inbox_fresh", "consent", "initiate", "account", "reply_window", "topic_channel", "personal",
             "two_then_call", "max_channels", "asks_per_week", "away", "account_cap", "account_rate", "warmup", "domain_rate", "hours", "form", "breaker", "paused"]
    ok(rules[:len(order)] == order and rules[-1] == "sum", "every gate in order, the sum last", rules)
    ok(all({"rule", "answer", "reason", "until", "channel", "run", "message"} == set(r) for r in rows), "each with the same members", rows[0])
    text = w.do("why", "capjp", "mail")
    ok(text.startswith("email capjp@mail.example to capjp from small, run ") and "hours          defer" in text and text.rstrip().endswith("runs then."),
       "for people a table, and the sentence", text)
    slipped = w.do("why", "slipped")
    ok("failed on" in slipped and "perigee retry" in slipped, "without a sequence a run that failed is told as well", slipped)
    # The first of the asks is half a day old; a message of another purpose is not bound by it.
    w.do("enrol", "service", "weekly", "--yes")
    ok(any(r["rule"] == "asks_per_week" and r["answer"] == "defer" for r in w.rows("why", "weekly", "service")), "a new run is taken for an ask", "")
    behind = "".join(w.rows("why", c, "mail")[-1]["reason"] for c in ("capped", "capjp"))
    ok(behind.count("behind 1 other of small (`perigee plan`") == 1, "how many of its account are before it is said", behind)
    new = w.rows("why", "night", "waits")[-1]["reason"]
    ok(new.startswith("they are not enrolled (`perigee enrol waits night`); a message can leave on 2030-01-09 01:00"), "who is not enrolled is told how", new)
    new = w.rows("why", "opted", "waits")[-1]["reason"]
    ok(new.startswith("a message would be refused: they opted out"), "what is only asked about would be refused", new)
    other = w.run("why", "nobody")
    ok(other.returncode == 1 and "perigee contacts list" in other.stderr, "an unknown contact is told", other.stderr)
    other = w.run("why", "clear", "mial")
    ok(other.returncode == 1 and "did you mean mail?" in other.stderr, "and a sequence that is near to one", other.stderr)


def by_hand(w):
    w.do("contacts", "add", "id=hand1", "name=Hand One", "linkedin=handone", "thing=carving knives")
    w.do("contacts", "add", "id=hand2", "name=Hand Two", "linkedin=handtwo", "thing=carving knives")
    w.do("pause", "--account", "main")
    w.sql("INSERT OR REPLACE INTO pauses SELECT 'contact', id, NULL, 1 FROM contacts WHERE id NOT LIKE 'hand%'")
    w.do("enrol", "link", "hand1", "--yes")
    w.serve()
    _, first, total = answered(w, "hand1", "link")
    task = w.one("SELECT id FROM tasks WHERE contact = 'hand1'")
    ok(total["answer"] == "hand" and total["reason"] == f"it is task {task}: send it yourself, then `perigee tasks done {task}`", "a message by hand names its task", total, first)
    w.do("enrol", "link", "hand2", "--yes")
    w.serve()
    rows, first, total = answered(w, "hand2", "link")
    ok(first["rule"] == "run" and "run {} is over".format(w.run_of("hand2")) in total["reason"] and "reads like what hand1 got" in total["reason"],
       "why did nothing go? It was refused, by this rule, for this reason", total)
    ok(any(r["rule"] == "history" and r["answer"] == "allow" and "by rule personal" in r["reason"] for r in rows), "and which message that was", *rows)


# ---- pauses ---------------------------------------------------------------------------------------------------------

def pauses(folder):
    w = World(Path(folder) / "pauses")
    (w.dir / "jobs").mkdir()
    (w.dir / "jobs/weekly.lua").write_text('local perigee = require "perigee"\nreturn perigee.job { name = "weekly", schedule = "every weekday at 09:00", run = function() end }\n')
    w.do("upgrade")
    (w.dir / "people.csv").write_text("id,name,email,linkedin,thing\nana,Ana,ana@mail.example,analink,rye bread\nben,Ben,ben@mail.example,benlink,old maps\n")
    w.do("contacts", "import", "people.csv")

    def listed():
        return [(r["scope"], r["name"], r["until"] and r["until"][:16]) for r in w.rows("pause", "--list")]

    def state(contact):
        return w.sql("SELECT state, rule, due FROM messages WHERE contact = ?", contact)[-1]

    ok(w.do("pause", "--list") == "nothing is paused\n" and listed() == [], "nothing is paused at first")
    said = w.do("pause", "--sequence", "mail", "--until", "2030-01-09 10:00")
    ok(said == "sequence mail paused until 2030-01-09 10:00: nothing leaves, answers are still read\n", "a pause says until when", said)
    said = w.do("pause", "--contact", "ana@mail.example")
    ok("contact ana paused until `perigee resume --contact ana`" in said, "or how it ends", said)
    ok(w.rows("pause", "--account", "main", "--until", "3 days")[0] == {"scope": "account", "name": "main", "state": "paused", "until": w.rows("pause", "--list")[0]["until"]},
       "and as JSON")
    ok([p[:2] for p in listed()] == [("account", "main"), ("contact", "ana"), ("sequence", "mail")] and listed()[2][2] == "2030-01-09T10:00" and listed()[1][2] is None,
       "the list has all that hold", listed())
    w.do("enrol", "mail", "ana", "ben", "--yes")
    w.do("enrol", "link", "ben", "--yes")
    w.serve()
    ok(state("ana") == ("queued", "paused", None), "of pauses that overlap the one that ends last counts", state("ana"))
    mail = w.sql("SELECT state, rule, due FROM messages WHERE contact = 'ben' AND channel = 'email'")[0]
    ok(mail[:2] == ("queued", "paused") and abs(mail[2] - ms(at(3))) < 120000, "which is another for another contact", mail)
    ok(w.one("SELECT count(*) FROM tasks WHERE contact = 'ben'") == 1, "what a pause does not name goes on: a message by hand became a task")
    got = w.do("resume", "--contact", "ana")
    ok(got == "contact ana resumed\nstill paused: account main, sequence mail\n", "who resumes one is told what else is paused", got)
    w.serve()
    ok(state("ana")[:2] == ("queued", "paused") and abs(state("ana")[2] - ms(at(3))) < 120000, "and that one still holds, after a restart too", state("ana"))
    w.do("pause", "--account", "main", "--until", "1 day")
    w.serve()
    ok(abs(state("ana")[2] - ms(at(1))) < 120000, "a pause said again takes the new end, also for what waits already", state("ana"))
    w.do("pause")
    w.do("enrol", "link", "ana", "--yes")
    w.serve()
    ok(w.one("SELECT count(*) FROM tasks WHERE contact = 'ana'") == 0, "while everything is paused nothing becomes a person's task either")
    w.do("resume")
    w.serve()
    ok(w.one("SELECT count(*) FROM tasks WHERE contact = 'ana'") == 1, "and does when it is resumed")
    offset = w.one("SELECT value FROM meta WHERE key = 'clock_offset'")
    w.sql("UPDATE meta SET value = ? WHERE key = 'clock_offset'", int(offset) + 2 * 86400000)
    ok(listed() == [], "pauses end by themselves", listed())
    ok(w.do("resume", "--account", "main") == "account main was not paused\n", "and what has ended was not paused", w.sql("SELECT * FROM pauses"))
    ok(w.rows("resume")[0]["state"] == "was not paused", "as JSON, too")
    for sentence, code, says, words in (
            ("two scopes are a usage error", 2, "name one of", ("pause", "--account", "main", "--contact", "ana")),
            ("so is a time that is none", 2, "--until", ("pause", "--until", "soonish")),
            ("a list beside something", 2, "--list stands alone", ("pause", "--list", "--account", "main")),
            ("a time that is over fails", 1, "is over already", ("pause", "--until", "2020-01-01")),
            ("an unknown account suggests one", 1, "did you mean main?", ("pause", "--account", "mian")),
            ("or names them all", 1, "there are: main, small", ("resume", "--account", "zzzzzzz")),
            ("an unknown sequence suggests one", 1, "did you mean mail?", ("pause", "--sequence", "mial")),
            ("an unknown contact says where they are", 1, "perigee contacts list", ("pause", "--contact", "nobody")),
            ("a job can't be paused", 1, "weekly is a job", ("pause", "--sequence", "weekly"))):
        got = w.run(*words)
        ok(got.returncode == code and says in got.stderr and not got.stdout, sentence, got)
    ok(listed() == [], "and none of them pauses anything", listed())
    got = w.run("why", "ana", "weekly")
    ok(got.returncode == 1 and "weekly is a job" in got.stderr, "nor has it anything to ask why about", got)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="perigee-why-") as scratch:
        world = prepared(scratch)
        told(world)
        by_hand(world)
        pauses(scratch)
    sys.exit(tap.finish())
