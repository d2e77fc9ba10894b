#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A worker's word is only a claim: workers that speak the protocol and lie (tests/liar/lies.py) hurt their own runs and nobody else,
and the host says so (DESIGN.md section 3, what the host checks)."""
import json
import os
import secrets
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import commands_test as cli
from commands_test import PERIGEE, ok, run, write

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "liar"), str(TESTS / "net")]
import lies
from servers import Imap, Smtp
from wire import HEADER, frame, text, canonical

LIBEXEC = Path(os.environ["PERIGEE_LIBEXEC"] if "PERIGEE_LIBEXEC" in os.environ else Path(PERIGEE).parent / "libexec" / "perigee")
HONEST = 30
SCRIPT = """local perigee = require "perigee"
return perigee.sequence {
  name = "%s", needs = { %s },
  run = function(contact)
    %s
    return "fine"
  end,
}
"""
TEMPLATE = "---\nsubject: Hello {{ first_name }}\npersonal: no\n---\nDear {{ first_name }}, this is about {{ niche | default: \"bread\" }}.\n"
MAIL = "From: Somebody <somebody@else.example>\r\nTo: ours@sender.example\r\nSubject: Hello\r\nMessage-ID: <%s@else.example>\r\nX-Lie: %s\r\n\r\nHello.\r\n"


def liar_in(folder, lie=None):
    """A libexec whose worker is the liar and whose net is the real one. lie: one of WORKSPACES or TESTS, for one command."""
    folder.mkdir(parents=True)
    for program in LIBEXEC.iterdir():
        if program.name != "worker":
            (folder / program.name).symlink_to(program)
    (folder / "liar.json").write_text(json.dumps({"real": str(LIBEXEC / "worker"), "asked": str(folder / "asked"), "tests": str(TESTS / "liar"), "lie": lie}))
    # A copy, since Python resolves links; named as the host looks for it.
    source = (TESTS / "liar" / "worker.py").read_text()
    (folder / "worker").write_text(f"#!{sys.executable}\n" + source)
    (folder / "worker").chmod(0o755)
    return folder


class World:
    """A workspace with honest people, people about whom lies are told, and a victim whom most lies are after."""

    def __init__(self, work):
        self.dir, self.libexec, self.keys = work / "world", liar_in(work / "libexec"), work / "keys"
        self.smtp, self.imap = Smtp(), Imap()
        self.keys.mkdir()
        (self.keys / "perigee.key").write_bytes(secrets.token_bytes(32))
        (self.keys / "perigee.key").chmod(0o600)
        write(self.dir, "perigee.lua", f"""\
workspace {{ timezone = "Europe/Paris", hours = "always", allow_addresses = {{ "{self.smtp.address}", "{self.imap.address}" }} }}
account "post" {{ channel = "email", from = "Ours <ours@sender.example>", cap = {{ per_day = 10000, gap = "0s" }},
  smtp = {{ url = "smtp://{self.smtp.address}", tls = "none" }}, imap = {{ url = "imap://{self.imap.address}", tls = "none", user = "u", password = secret "p" }} }}
account "texts" {{ channel = "telegram", owner = "lea" }}
""")
        write(self.dir, "templates/intro.md", TEMPLATE)
        note = 'contact:note "one"\n    contact:note "two"'
        write(self.dir, "sequences/liar.lua", SCRIPT % ("liar", 'send = { "email" }', note))
        write(self.dir, "sequences/granted.lua", SCRIPT % ("granted", 'store = true, task = true, contacts = "write", net = { "api.example" }', note))
        write(self.dir, "sequences/mailing.lua", SCRIPT % ("mailing", 'send = { "email" }', 'contact:send("email", "intro")'))
        write(self.dir, "sequences/honest.lua", SCRIPT % (
            "honest", 'send = { "email" }, store = true', 'perigee.store.add("honest", 1)\n    contact:send("email", "intro")\n    contact:note "sent"'))
        people = [f"h{i}" for i in range(HONEST)] + ["victim", "anybody", "friend", *lies.VISITS, *lies.RENDERINGS]
        write(self.dir, "people.csv", "id,name,email\n" + "".join(
            f"{p},{p.capitalize()} Person,{'victim@victim' if p == 'victim' else p + '@people'}.example\n" for p in people) + "gone,Gone,gone@gone.example\n")

    def run(self, *words, **more):
        env = {"CREDENTIALS_DIRECTORY": str(self.keys), "PERIGEE_LIBEXEC": str(self.libexec), **more.pop("env", {})}
        return run(*words, cwd=self.dir, env=env, **more)

    def honestly(self, *words, **more):
        return self.run(*words, env={"PERIGEE_LIBEXEC": str(LIBEXEC)}, **more)

    def asked(self):
        return [json.loads(line) for line in (self.libexec / "asked").read_text().splitlines()]

    def sql(self, text):
        base = sqlite3.connect(self.dir / "perigee.db")
        try:
            return base.execute(text).fetchall()
        finally:
            base.close()


VICTIM = ["SELECT name, stage, consent, consent_source, rev FROM contacts WHERE id = 'victim'", "SELECT channel, norm FROM identities WHERE contact = 'victim'",
          "SELECT label FROM labels WHERE contact = 'victim'", "SELECT text FROM notes WHERE contact = 'victim'",
          "SELECT kind FROM tasks WHERE contact = 'victim'", "SELECT kind FROM events WHERE contact = 'victim'",
          "SELECT sequence, key FROM runs WHERE contact = 'victim'", "SELECT direction FROM messages WHERE contact = 'victim'",
          "SELECT reason FROM suppressions WHERE contact = 'victim'"]


# ---- runs and renderings --------------------------------------------------------------------------------------------

def set_up(world):
    world.honestly("secret", "set", "p", "--host", "127.0.0.1", stdin=b"x\n")
    imported = world.honestly("contacts", "import", "people.csv")
    world.honestly("contacts", "set", "victim", "labels=kept")
    erased = world.honestly("contacts", "erase", "gone", "--yes")
    ok(imported.code == 0 and erased.code == 0, "there are people", imported, erased)
    # Somebody about whom no lies are told comes first, as a version whose first visits all fail is paused.
    named = lambda sequence: ["anybody"] + [name for name, lie in lies.VISITS.items() if lie["sequence"] == sequence]
    for sequence, ids in ("liar", named("liar")), ("granted", named("granted")), ("mailing", list(lies.RENDERINGS)), ("honest", [f"h{i}" for i in range(HONEST)]):
        enrolled = world.honestly("enrol", sequence, *ids, "--yes")
        ok(enrolled.code == 0 and f"{len(ids)}" in enrolled.out, f"{len(ids)} runs of {sequence} begin", enrolled)


def judge_visits(world, log):
    runs = {r["contact"]: r for r in world.honestly("runs", "--json").rows()}
    held = {c: s for c, s in world.sql("SELECT contact, state FROM messages WHERE direction = 'out'")}
    for name, lie in lies.VISITS.items():
        found = runs.get(name, {})
        words = " ".join(str(found.get(k)) for k in ("error", "outcome", "code"))
        ok(found.get("state") == lie["state"] and (lie["words"] is None or lie["words"] in words), f"lie of a visit: {name.replace('-', ' ')}", found)
    for name, lie in lies.RENDERINGS.items():
        row = world.sql(f"SELECT state, coalesce(reason, '') || ' ' || coalesce(error, '') FROM messages WHERE contact = '{name}'")
        good = len(row) == 1 and row[0][0] == lie["state"] and (lie["words"] is None or lie["words"] in row[0][1])
        ok(good, f"lie of a rendering: {name.replace('-', ' ')}", row, runs.get(name))
    ok(held.get("template-of-a-path") == held.get("template-of-the-system") == "held", "a template that is a path is held", held.get("template-of-a-path"))


def begin(world):
    set_up(world)
    world.before = [world.sql(q) for q in VICTIM]
    for i, name in enumerate(lies.MAILS):
        world.imap.add("INBOX", (MAIL % (f"m{i}", name)).encode())
    began = time.monotonic()

    def serve():
        world.log = world.run("serve", "--until-idle")
        world.took = time.monotonic() - began
    world.served = threading.Thread(target=serve)
    world.served.start()


def judge(world):
    world.served.join()
    log = world.log
    ok(log.code == 0, f"serve meets {len(lies.VISITS) + len(lies.RENDERINGS) + len(lies.MAILS)} lies and ends well ({world.took:.1f} s)", log)
    judge_visits(world, log)
    runs = world.honestly("runs", "--sequence", "honest", "--json").rows()
    ok([(r["state"], r["outcome"]) for r in runs] == [("done", "fine")] * HONEST, "beside them all other runs finish", *[r for r in runs if r["state"] != "done"][:5])
    ok(world.sql("SELECT value FROM store") == [(str(HONEST),)], "each of their effects once", world.sql("SELECT * FROM store"))
    after = [world.sql(q) for q in VICTIM]
    changed = [(b, a) for b, a in zip(world.before, after) if b != a]
    ok(len(changed) == 2 and changed[1] == ([("email", "victim@victim.example")], [("email", "victim@victim.example"), ("whatsapp", "+33612345678")])
       and changed[0][0][0][:4] == changed[0][1][0][:4], "of the person whom they were after nothing has changed but what was granted", *changed)
    ok(world.sql("SELECT count(*) FROM contacts WHERE id IN ('double')") == [(0,)] and world.sql("SELECT consent FROM contacts WHERE name = 'New One'") == [(None,)],
       "a new contact is made without consent, and no double of an old one")
    sent(world)
    for words in lies.MALFORMED, lies.UNASKED, lies.SILENT, "spoke of a program", "malformed frame", "asked for store, which it has not declared":
        ok(words in log.err, f"the log says: {words}", log.err[-2000:])
    ok("stolen" not in "".join(str(r) for t in ("notes", "labels", "store", "events", "tasks") for r in world.sql(f"SELECT * FROM {t}")),
       "nothing that was claimed for others or out of turn is in the database")
    listed = world.honestly("runs")
    ok("\x1b" not in listed.out + world.honestly("show", str(next(r["id"] for r in world.honestly("runs", "--json").rows() if r["contact"] == "bad-place"))).out
       and all(len(r["error"] or "") < 5000 for r in world.honestly("runs", "--json").rows()), "their words are cut and cleaned before anybody reads them")


def sent(world):
    allowed = {f"h{i}@people.example" for i in range(HONEST)} | {name + "@people.example" for name, lie in lies.RENDERINGS.items() if lie["state"] == "accepted"}
    to = [r[r.index("<") + 1:r.index(">")] for _, rcpt, _ in world.smtp.messages for r in rcpt]
    ok(sorted(to) == sorted(allowed), "mail has left to whom it should, once, and to nobody else", set(to) ^ allowed)
    raw = [m for _, _, m in world.smtp.messages]
    ok(not any(b"evil" in m for m in raw), "with no header and no word of the liar's")
    claimed = [m for m in raw if b"purpose-" in m]
    ok(len(claimed) == 3 and all(b"List-Unsubscribe:" in m for m in claimed), "the purpose is the template's, whatever its rendering says", *claimed)


def judge_mails(world):
    rows = world.sql("SELECT state, address, contact FROM messages WHERE direction = 'in' ORDER BY id")
    ok(sorted(rows, key=str) == [("received", "friend@people.example", "friend")] + [("unreadable", None, None)] * 3,
       "a mail about which its reader says no sense is kept as unreadable; those of strangers are nobody's", rows)
    ok(world.sql("SELECT kind FROM events WHERE contact = 'friend'") == [("reply",)], "no mail is a signal")
    ok(world.sql("SELECT count(*) FROM suppressions WHERE reason <> 'erased'") == [(0,)], "a bounce that cites nothing of ours kills no address")
    ok(world.sql("SELECT count(*) FROM messages WHERE direction = 'out' AND run IS NULL") == [(0,)], "and nobody's conversation has been taken over")


# ---- domains --------------------------------------------------------------------------------------------------------

def domains(world):
    asked = world.asked()
    kinds = {d: {k for c in asked if c["domain"] == d for k in c["asked"]} for d in {c["domain"] for c in asked}}
    ok(set(kinds) == {"workspace", "mail"} and kinds["mail"] <= {lies.W_MAIL, lies.W_ABANDON} and lies.W_MAIL not in kinds["workspace"],
       "no worker reads mail and runs scripts", kinds)
    declaring = [c for c in asked if c["loads"] and not {lies.W_VISIT, lies.W_RENDER} & set(c["asked"])]
    ok(len(declaring) >= 5 and all(c["asked"] == [lies.W_LOAD] for c in declaring), "what a script declares is asked of a worker that runs nothing else", declaring)
    ok(all("perigee.lua" not in c["loads"] or len(c["loads"]) == 1 for c in asked), "so is perigee.lua")


# ---- declarations ---------------------------------------------------------------------------------------------------

def declarations(work):
    folder, libexec = work / "declared", liar_in(work / "declared-libexec")
    write(folder, "perigee.lua", 'workspace { timezone = "Europe/Paris", hours = "always" }\n')
    write(folder, "people.csv", "id,name\nana,Ana\n")
    write(folder, "sequences/honest.lua", SCRIPT % ("honest", "", ""))
    for name in lies.DECLARATIONS:
        write(folder, f"sequences/{name}.lua", SCRIPT % (name, "task = true", 'contact:note "x"'))
    run("contacts", "import", "people.csv", cwd=folder)
    log = run("serve", "--until-idle", cwd=folder, env={"PERIGEE_LIBEXEC": str(libexec)})
    lines = log.err.splitlines()
    base = sqlite3.connect(folder / "perigee.db")
    entered = dict(base.execute("SELECT s.name, v.declarations FROM scripts s JOIN versions v ON v.hash = s.version").fetchall())
    base.close()
    for name, lie in lies.DECLARATIONS.items():
        told = [l for l in lines if name in l and lie["words"] and lie["words"] in l]
        good = name not in entered and told if lie["words"] else name in entered
        ok(good, f"lie of a declaration: {name.replace('-', ' ')}", log, list(entered))
    ok(sorted(entered) == ["honest", "time-without-end", "twice"] and "contacts" not in entered["twice"], "none of them is taken, and what was said first stands", entered)
    ok(all(lie["words"] in log.err for lie in lies.DECLARATIONS.values() if lie["words"]), "the log says what is wrong", log)


# ---- moves ----------------------------------------------------------------------------------------------------------

MOVER = """local perigee = require "perigee"
return perigee.sequence {
  name = "mover", needs = { store = true },
  run = function(contact)
    contact:note "%s"
    perigee.store.set("key", 1)
    perigee.sleep "1 day"
    return "%s"
  end,
}
"""


def moves(work):
    """A run about whose move to a new version lies are told stays on its own, and its journal is what it was."""
    folder, libexec = work / "moved", liar_in(work / "moved-libexec")
    write(folder, "perigee.lua", 'workspace { timezone = "Europe/Paris", hours = "always" }\n')
    people = ["anybody", *lies.MOVES]
    write(folder, "people.csv", "id,name\n" + "".join(f"{p},P\n" for p in people))
    write(folder, "sequences/mover.lua", MOVER % ("old", "old"))
    run("contacts", "import", "people.csv", cwd=folder)
    run("enrol", "mover", *people, "--yes", cwd=folder)
    run("serve", "--until-idle", cwd=folder)
    write(folder, "sequences/mover.lua", MOVER % ("new", "new"))
    log = run("serve", "--until-idle", "--fast-forward", "1s", cwd=folder, env={"PERIGEE_LIBEXEC": str(libexec)})
    base = sqlite3.connect(folder / "perigee.db")
    rows = base.execute("SELECT contact, outcome, (SELECT group_concat(args) FROM journal WHERE run = runs.id) FROM runs").fetchall()
    base.close()
    found = {contact: (outcome, args) for contact, outcome, args in rows}
    ok(found["anybody"] == ("new", '{"text":"new"},{"key":"key","value":1},{"for":"1 day"}'), "a run moves to the new version", found["anybody"], log)
    for name in lies.MOVES:
        ok(found[name] == ("old", '{"text":"old"},{"key":"key","value":1},{"for":"1 day"}'), f"lie of a move: {name.replace('-', ' ')}", found[name])


# ---- the control socket, and net ------------------------------------------------------------------------------------

def control(work):
    folder = work / "controlled"
    run("init", folder)
    server = subprocess.Popen([PERIGEE, "serve"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    path = folder / "run" / "perigee.sock"
    while not path.exists() and server.poll() is None:
        time.sleep(0.01)
    ok(stat.S_IMODE(path.stat().st_mode) == 0o600, "the control socket is its owner's alone", oct(path.stat().st_mode))
    command = lambda value: frame(96, 0, text(value if isinstance(value, (str, bytes)) else canonical(value)))
    cases = [b"", b"\xff" * 100, HEADER.pack(0xffffffff, 96, 0, 0, 0), HEADER.pack(1 << 21, 96, 0, 0, 0), HEADER.pack(10, 96, 1, 0, 0), HEADER.pack(10, 96, 0, 9, 0),
             HEADER.pack(100, 96, 0, 0, 0) + b"half", command("{"), command("[]"), command("{}"), command({"argv": "runs"}), command({"argv": []}),
             command({"argv": [1, None]}), command({"argv": ["runs", "a\0b"]}), command({"argv": ["no-such"]}), command({"argv": ["serve"]}),
             command({"argv": ["runs"], "cwd": 5, "columns": -10 ** 15}), command({"argv": ["runs"] * 90000}), command('{"argv":' + "[" * 100000), frame(97, 0, text("x")),
             frame(99, 0, b"\0" * 4), frame(96, 0, text("{}"), b"tail"), command({"argv": ["runs"]}) * 3, frame(96, 0, b"\xff\xff\xff\xff")]
    for case in cases:
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(path))
        try:
            client.sendall(case)
            client.shutdown(socket.SHUT_WR)
            client.settimeout(5)
            while client.recv(65536):
                pass
        except OSError:
            pass
        client.close()
    listed = run("runs", "--json", cwd=folder)
    ok(server.poll() is None and listed.code == 0, f"{len(cases)} malformed commands on the control socket hurt nobody", listed)
    server.terminate()
    ok(server.wait(20) == 0, "and serve ends as asked", server.stderr.read().decode())


NET = """#!%s
import os, socket, struct, sys
from pathlib import Path
here = Path(sys.argv[0]).resolve().parent
tries = here / "tries"
n = len(tries.read_text()) if tries.exists() else 0
tries.write_text("x" * (n + 1))
frame = lambda kind, id, body: struct.pack("<IBBHQ", len(body), kind, 0, 0, id) + body
said = [b"\\xff" * 64, frame(68, 0, b"{}"), frame(70, 1, b"\\0" * 20), frame(65, 99, struct.pack("<I", 0xffffffff))]
if n >= len(said):
    os.execv(%r, [%r, *sys.argv[1:]])
host = socket.socket(fileno=3)
host.sendall(said[n])
while host.recv(4096):
    pass
"""


def net(work):
    """net's parent says nonsense at its first starts: it is started again, and the mail leaves."""
    folder, libexec, smtp = work / "net", work / "net-libexec", Smtp()
    libexec.mkdir()
    (libexec / "worker").symlink_to(LIBEXEC / "worker")
    real = str(LIBEXEC / "net")
    (libexec / "net").write_text(NET % (sys.executable, real, real))
    (libexec / "net").chmod(0o755)
    write(folder, "perigee.lua", f"""workspace {{ timezone = "Europe/Paris", hours = "always", allow_addresses = {{ "{smtp.address}" }} }}
account "post" {{ channel = "email", from = "Ours <ours@sender.example>", smtp = {{ url = "smtp://{smtp.address}", tls = "none" }} }}
""")
    write(folder, "templates/intro.md", TEMPLATE)
    write(folder, "people.csv", "id,name,email\nana,Ana B,ana@people.example\n")
    write(folder, "sequences/mailing.lua", SCRIPT % ("mailing", 'send = { "email" }', 'contact:send("email", "intro")'))
    run("contacts", "import", "people.csv", cwd=folder)
    run("enrol", "mailing", "ana", "--yes", cwd=folder)
    log = run("serve", "--until-idle", cwd=folder, env={"PERIGEE_LIBEXEC": str(libexec)})
    ok(log.err.count("is out of step") == 4 and len(smtp.messages) == 1, "a net that speaks nonsense is started again, and mail leaves once", log)
    smtp.close()


# ---- commands that ask once -----------------------------------------------------------------------------------------

def commands(world):
    mail = write(world.dir, "one.eml", MAIL % ("one", "no-object"))
    got = world.run("mail", mail)
    ok(got.code == 1 and "died twice" in got.err, "perigee mail: a reader that lies is an error", got)
    for name in "subject-missing", "result-list":
        got = world.run("render", "intro", "--contact", name)
        ok(got.code in (0, 1), f"perigee render lives through a rendering with {name.replace('-', ' ')}", got)
    people = [n for n in lies.VISITS if lies.VISITS[n]["sequence"] == "liar" and not n.startswith(("never", "flood"))]
    write(world.dir, "sim.csv", "id,name,email\n" + "".join(f"{p},P,{p}@people.example\n" for p in ["anybody", *people]))
    got = world.run("sim", "liar", "--contacts", "sim.csv", "--json")
    rows = got.rows() if got.code == 0 else [{}]
    ends = {r["contact"]: r["event"] for r in rows if r.get("event") in ("finished", "failed")}
    ok(got.code == 0 and ends.get("anybody") == "finished" and sum(e == "failed" for e in ends.values()) > 90, "perigee sim: the lies are failed runs, the rest goes on",
       got.err[-1000:], rows[-1])


def tests_of_strangers(work):
    """perigee test with a hostile file: no path is read for it."""
    folder = work / "tested"
    run("init", folder)
    secret = write(work, "secret.lua", "the_secret = = 1\n")
    write(folder, "tests/path_test.lua", f"""test("a path", function(t) t:enrol {{ sequence = "{secret}", contact = {{ name = "A", email = "a@b.example" }} }} end)
""")
    got = run("test", "tests/path_test.lua", cwd=folder)
    ok(got.code == 1 and "not a path" in got.out and "the_secret" not in got.out + got.err, "a test can't have a file read that is no script of the workspace", got)


def once(work):
    """Lies of which one is told for a whole command."""
    folder = work / "once"
    run("init", folder)
    for i, (name, (words, _)) in enumerate(lies.WORKSPACES.items()):
        got = run("runs", cwd=folder, env={"PERIGEE_LIBEXEC": str(liar_in(work / f"workspace-{i}", name))})
        ok(got.code == 1 and words in got.err, f"lie about perigee.lua: {name}", got)
    ok(not (work.parent / "elsewhere.db").exists(), "no database is made elsewhere")
    write(folder, "tests/one_test.lua", 'test("a", function(t) t:advance "1h" t:advance "1h" end)\n')
    ok(run("test", cwd=folder).code == 0, "the tests pass with an honest worker")
    for i, name in enumerate(lies.TESTS):
        got = run("test", "tests/one_test.lua", cwd=folder, env={"PERIGEE_LIBEXEC": str(liar_in(work / f"test-{i}", name))})
        ok(got.code == 1 and "not ok 1" in got.out and "died twice" in got.out + got.err, f"lie of a test: {name}", got)


def main():
    work = Path(tempfile.mkdtemp(prefix="perigee-liar-"))
    try:
        world = World(work)
        begin(world)
        declarations(work)
        moves(work)
        control(work)
        net(work)
        tests_of_strangers(work)
        once(work)
        judge(world)
        judge_mails(world)
        domains(world)
        commands(world)
        world.smtp.close()
        world.imap.close()
    finally:
        if not os.environ.get("KEEP"):
            shutil.rmtree(work, ignore_errors=True)
        else:
            print("#", work)
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
