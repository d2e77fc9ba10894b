#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command line keeps its contract (DESIGN: exit codes, names, JSON members, places of faults), alone and beside serve."""
import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402
from tap import ok  # noqa: E402


def __getattr__(name):
    """Tests that take their helpers from here find the counts here, too."""
    return getattr(tap, name)

PERIGEE = os.environ.get("PERIGEE") or str(Path(__file__).resolve().parents[2] / "build" / "perigee")


class Result:
    def __init__(self, done):
        self.code, self.out = done.returncode, done.stdout.decode()
        # Under `make check` the sanitizer says once that coroutines are hard for it.
        self.err = "".join(l for l in done.stderr.decode().splitlines(True) if "makecontext" not in l)

    def rows(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def __str__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"


def run(*args, cwd=None, stdin=b"", env=None):
    return Result(subprocess.run([PERIGEE, *map(str, args)], cwd=cwd, input=stdin, capture_output=True, timeout=60,
                                 env={**os.environ, **(env or {})}))


def exits(sentence, code, *args, says=None, **more):
    """The command exits with this code and says this; a usage error prints nothing on stdout and points to --help."""
    got = run(*args, **more)
    held = got.code == code and (says is None or says in got.err + got.out)
    ok(held and (code != 2 or (not got.out and "--help" in got.err)), sentence, got)
    return got


def write(folder, name, text):
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


# ---- usage ----------------------------------------------------------------------------------------------------------

def usage():
    listed = exits("perigee --help lists the commands", 0, "--help", says="Write")
    for group in ("Try", "People", "Run", "Look", "Keep"):
        ok(f"\n{group}\n" in listed.out, f"with the group {group}", listed)
    commands = [line.split()[0] for line in listed.out.splitlines() if line.startswith("  ") and line[2] != "-"]
    helps = {c: run(c, "--help") for c in commands}
    ok(all(h.code == 0 and f"usage: perigee {c}" in h.out and "example: " in h.out for c, h in helps.items()),
       "every command has --help with its usage and an example", *[c for c, h in helps.items() if "example: " not in h.out])
    ok(run("help", "runs").out == helps["runs"].out, "perigee help NAME is perigee NAME --help")
    ok(run().code == 2, "no command at all is a usage error")
    exits("an unknown command is a usage error with a suggestion", 2, "chekc", says="did you mean `perigee check`?")
    exits("so is an unknown option", 2, "version", "--jsno", says="did you mean --json?")
    exits("and an option before the command", 2, "--frob", "runs", says="--frob")
    version = exits("version --json is one object", 0, "version", "--json").rows()
    ok(len(version) == 1 and version[0]["version"], "with the version", version)
    ok(run("--version").out.startswith("perigee "), "--version says it, too")
    exits("where no workspace is, a command says what to do", 1, "runs", cwd="/", says="perigee init DIR")
    exits("-C to a folder that is not there is said", 1, "-C", "/nowhere/at/all", "runs", says="/nowhere/at/all")


# ---- check ----------------------------------------------------------------------------------------------------------

SEQUENCE = """local perigee = require "perigee"
return perigee.sequence {
  name  = "%s",
  needs = { %s },
  run   = function(contact)
    %s
  end,
}
"""


def one_fault(folder, sentence, name, text, file, line, words):
    """A workspace with this one file more has exactly one fault, there."""
    path = write(folder, name, text)
    human, rows = run("check", cwd=folder), run("check", "--json", cwd=folder)
    faults = [r for r in rows.rows() if r["level"] == "error"]
    held = (human.code == 1 and rows.code == 1 and len(faults) == 1 and {"code", "file", "level", "line", "text"} <= set(faults[0]) <= {"code", "column", "file", "level", "line", "text"}
            and faults[0]["file"] == file and (line is None or faults[0]["line"] == line) and words in faults[0]["text"]
            and (f"{file}:{line}: " if line else f"{file}: ") in human.err)
    ok(held, sentence, human, rows)
    path.unlink()


def check(work):
    folder = work / "checked"
    exits("init makes a workspace", 0, "init", folder)
    exits("and refuses a folder that is not empty", 1, "init", folder, says="not empty")
    ok("no faults" in run("check", cwd=folder).out, "check says that there are no faults")
    one_fault(folder, "a syntax error has its line", "sequences/a.lua", "local perigee = require 'perigee'\nlocal = 2\n",
              "sequences/a.lua", 2, "")
    one_fault(folder, "so has an unknown global", "sequences/a.lua", SEQUENCE % ("a", "", 'frobnicate("x")'),
              "sequences/a.lua", 6, "frobnicate")
    one_fault(folder, "and a need that is not declared", "sequences/a.lua", SEQUENCE % ("a", "", 'contact:send("email", "welcome")'),
              "sequences/a.lua", 6, "needs")
    one_fault(folder, "and a template that is missing", "sequences/a.lua",
              SEQUENCE % ("a", 'send = { "email" }', 'contact:send("email", "nothing-there")'), "sequences/a.lua", 6, "nothing-there")
    one_fault(folder, "an unknown key of a sequence is a fault", "sequences/a.lua",
              (SEQUENCE % ("a", "", "")).replace("name  =", "nmae = 1, name ="), "sequences/a.lua", 3, "nmae")
    one_fault(folder, "a name that is taken is a fault", "sequences/b.lua", SEQUENCE % ("welcome", "", ""), "sequences/welcome.lua", None,
              "sequences/b.lua")
    one_fault(folder, "a field that no contact has is a fault of the template", "templates/x.md",
              "---\nsubject: Hello\n---\nHi {{ name }},\nyour {{ shoe_size }} shoes\n", "templates/x.md", 5, "shoe_size")
    one_fault(folder, "a template with a syntax error has its line", "templates/x.md",
              "---\nsubject: Hello\n---\nHi {{ name }},\n{% if name %}\n", "templates/x.md", 5, "endif")
    one_fault(folder, "a faulty perigee.lua has its line", "perigee.lua", 'workspace {\n  timezone = "Europe/Paris",\n  timezzone = 3,\n}\n',
              "perigee.lua", 3, "timezzone")
    write(folder, "perigee.lua", 'workspace { timezone = "Europe/Paris" }\n')
    write(folder, "templates/plain.md", "---\nsubject: Hello\n---\nHi {{ first_name }}!\n")
    one_fault(folder, "a first message about nobody is a fault", "sequences/a.lua",
              SEQUENCE % ("a", 'send = { "email" }', 'contact:send("email", "plain")'), "templates/plain.md", 1, "personal: no")
    write(folder, "templates/plain.md", "---\nsubject: Hello\npersonal: no\n---\nHi {{ first_name }}!\n")
    write(folder, "sequences/a.lua", SEQUENCE % ("a", 'send = { "email" }', 'contact:send("email", "plain")'))
    exits("personal: no lifts it", 0, "check", cwd=folder)
    write(folder, "sequences/a.lua", SEQUENCE % ("a", "task = true", ""))
    warned = run("check", "--json", "sequences/a.lua", cwd=folder)
    ok(warned.code == 0 and [r["level"] for r in warned.rows()] == ["warning"], "a need that is not used is a warning", warned)
    write(folder, "templates/y.md", "---\nsubject: Hello\n---\nHi {{ name }}, {{ offer }}\n")
    write(folder, "sequences/a.lua", SEQUENCE % ("a", 'send = { "email" }',
          'contact:send("email", "welcome")\n    contact:send("email", "y", { vars = { offer = "ten" } })'))
    exits("a name that a script gives in vars is no missing field", 0, "check", cwd=folder)
    exits("one file can be checked by its name", 0, "check", "a", cwd=folder, says="1 script")
    exits("a file that is not there is said", 1, "check", "sequences/zzz.lua", cwd=folder, says="zzz")


def everyone(work):
    folder = work / "everyone"
    run("init", folder)
    write(folder, "people.csv", "id,first_name,email,instagram,offer\nana,Ana,ana@x.example,ana.ig,ten\nben,Ben,ben@x.example,,\n")
    exits("two people are imported", 0, "contacts", "import", "people.csv", cwd=folder)
    write(folder, "templates/_signature.md", "Cheers,\\\n{{ account.name }}\n")
    write(folder, "templates/pitch.md", "---\nsubject: Hi\n---\nHi {{ first_name }}, {{ offer }}\n\n--- channel: instagram\nHey {{ first_name }}\n")
    each = exits("render --contact shows each channel of a person", 0, "render", "pitch", "--contact", "ana", "--json", cwd=folder).rows()
    ok([r["channel"] for r in each] == ["email", "instagram"] and each[1]["text"] == "Hey Ana", "with the words for each", each)
    ok(each[0]["text"] == "Hi Ana, ten\n\nCheers,\npretend-email\n", "and an e-mail ends with the signature", each)
    bad = exits("render --all fails if somebody would get nothing", 1, "render", "pitch", "--all", "--json", cwd=folder).rows()
    ok([(r["contact"], r["ok"]) for r in bad] == [("ana", True), ("ben", False)] and "offer is missing" in bad[1]["error"], "and says who and why", bad)
    write(folder, "templates/pitch.fr.md", "---\nsubject: Salut\n---\nSalut {{ first_name }}, {{ offer }} [ici](/kit)\n")
    said = run("check", "--json", "templates", cwd=folder).rows()
    ok(("templates/pitch.fr.md", 4, "error") in [(r["file"], r["line"], r["level"]) for r in said], "check finds a link that leads nowhere", said)
    ok(("templates/welcome.md", 1, "warning") in [(r["file"], r["line"], r["level"]) for r in said], "and a language that a template lacks", said)
    exits("everybody gets what a template says without them", 0, "render", "pitch", "--all", "--channel", "instagram", cwd=folder, says="2 of 2")


# ---- words ----------------------------------------------------------------------------------------------------------

def words(work):
    here = work / "words"
    write(here, "t.liquid", "Hello {{ who }}!{% for n in list %} {{ n }}{% endfor %}{% render 'foot', x: who %}")
    write(here, "p/foot.liquid", " -- {{ x | upcase }}")
    write(here, "d.json", '{"who": "Zoé", "list": [1, 2]}')
    got = exits("render --data needs no workspace", 0, "render", "t.liquid", "--data", "d.json", "--partials", "p", cwd=here)
    ok(got.out == "Hello Zoé! 1 2 -- ZOÉ" and not got.err, "and prints the result alone, byte for byte", got)
    write(here, "bad.liquid", "line\n{{ who | }}\n{% if %}")
    bad = exits("an invalid template exits with 1", 1, "render", "bad.liquid", "--data", "d.json", cwd=here)
    ok(not bad.out and bad.err, "and the error stands on stderr", bad)
    write(here, "d2.json", "[1]")
    exits("data that are no object are said with their file", 1, "render", "t.liquid", "--data", "d2.json", cwd=here, says="d2.json")
    everyone(work)
    write(here, "a.eml", "From: Ana <ana@example.com>\r\nTo: me@example.org\r\nSubject: Re: Hello\r\nMessage-ID: <b@x>\r\n"
          "In-Reply-To: <a@x>\r\nReferences: <z@x> <a@x>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n\r\n"
          "Yes please.\r\n\r\nOn Monday, me wrote:\r\n> hello\r\n")
    mail = exits("mail needs none either", 0, "mail", "--json", "a.eml", cwd=here).rows()
    ok(len(mail) == 1 and mail[0]["file"] == "a.eml" and mail[0]["kind"] == "reply" and mail[0]["text"].strip() == "Yes please."
       and mail[0]["in_reply_to"] == "a@x" and mail[0]["references"] == ["z@x", "a@x"] and mail[0]["message_id"] == "b@x",
       "and tells the members of its contract", mail)
    several = run("mail", "--json", "a.eml", "nothing.eml", "a.eml", cwd=here)
    ok(several.code == 1 and len(several.rows()) == 2 and "nothing.eml" in several.err, "a file that is missing does not hide the others", several)


# ---- runs, alone and beside serve -----------------------------------------------------------------------------------

SLEEPER = """local perigee = require "perigee"
return perigee.sequence {
  name = "sleeper", needs = { store = true },
  run = function(contact)
    perigee.store.add("count", 1)
    perigee.sleep "1 week"
    perigee.store.set("done", true)
    return "woken"
  end,
}
"""
RUN_MEMBERS = sorted("id sequence contact key state outcome due version error".split())
MESSAGE_MEMBERS = sorted("id at contact run channel account direction state template subject message_id error".split())


class Serve:
    def __init__(self, folder):
        self.folder = folder
        self.log = open(folder / "serve.log", "w")
        self.process = subprocess.Popen([PERIGEE, "serve"], cwd=folder, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        self.path = folder / "run" / "perigee.sock"
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not self.connects():
            time.sleep(0.05)

    def connects(self):
        try:
            self.connect().close()
            return True
        except OSError:
            return False

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.connect(str(self.path))
        return s

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        self.log.close()
        return code


def frame(kind, payload):
    return struct.pack("<IBBHQ", len(payload), kind, 0, 0, 0) + payload


def command(*argv):
    text = json.dumps({"argv": argv, "cwd": "/", "json": False, "tty": False, "columns": 0}).encode()
    return frame(96, struct.pack("<I", len(text)) + text + b"\0")


def workspace(work):
    folder = work / "W"
    run("init", folder)
    write(folder, "perigee.lua", 'workspace { timezone = "Europe/Paris", hours = "always" }\n')
    write(folder, "sequences/sleeper.lua", SLEEPER)
    run("contacts", "import", "contacts.csv", cwd=folder)
    return folder


# What a script sends first, with a {{ town }} that is nobody's field, and whether the text is known beforehand: then who would get none is refused.
FIRST = [
    ('contact:send("email", "town")', True), ('contact:send("email", "town", {})', True), ('contact:send("email", "town", { vars = {} })', True),
    ('contact:send("email", "town", nil)', True), ('contact:send("email", "town", { before = "1 day" })', True),
    ('contact:send("email", "town", { vars = { town = "Lyon" } })', False), ('contact:send("email", "town", options)', False),
    ('contact:send("email", "town", { vars = given })', False), ('contact:send("email", "town", { [key] = given })', False),
    ('contact:send("email", "town", { vars = { [name] = "Lyon" } })', False), ('contact:send("email", name .. "", options) contact:send("email", "town")', False),
    ('cadence.run(contact, { { "email", "town" } })', True), ('cadence.run(contact, { { "email", "town", vars = { town = "Lyon" } } })', False),
    ('cadence.run(contact, { { send = "email", template = "town" } })', True), ('cadence.run(contact, { { send = "email", template = "town", vars = given } })', False),
]


def first_messages(work):
    folder = work / "first"
    write(folder, "perigee.lua", 'workspace { timezone = "Europe/Paris", hours = "always" }\n')
    write(folder, "contacts.csv", "id,name\nana,Ana\n")
    write(folder, "templates/town.md", "---\nsubject: Hello\npersonal: no\n---\nYou in {{ town }}\n")
    run("contacts", "import", "contacts.csv", cwd=folder)
    for i, (send, known) in enumerate(FIRST):
        write(folder, f"sequences/s{i}.lua", 'local perigee = require "perigee"\nlocal cadence = require "perigee.cadence"\nlocal given, name, key = { town = "Lyon" }, "town", "vars"\n'
              f'local options = {{ vars = given }}\nreturn perigee.sequence {{ name = "s{i}", needs = {{ send = {{ "email" }} }},\n  run = function(contact)\n    {send}\n  end,\n}}\n')
        got = run("enrol", f"s{i}", "ana", "--dry-run", "--json", cwd=folder)
        rows = got.rows()
        ok(len(rows) == 1 and rows[0]["result"] == ("refused" if known else "started") and ("town is missing" in (rows[0]["reason"] or "")) == known,
           f"enrol {'refuses whom ' + send + ' has no text for' if known else 'leaves to the run what ' + send + ' says'}", got)


def wait_for(folder, state, n):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        rows = run("runs", "--state", state, "--json", cwd=folder).rows()
        if len(rows) == n:
            break
        time.sleep(0.05)
    return rows


def alone(folder):
    with sqlite3.connect(folder / "perigee.db") as db:
        db.execute("INSERT INTO suppressions VALUES ('*', 'a hash', 'opted_out', 'ana', 0)")
    dry = run("enrol", "sleeper", "--all", "--dry-run", "--json", cwd=folder).rows()
    ok([(r["contact"], r["result"], r["run"]) for r in dry] == [("ana", "refused", None), ("ben", "started", None), ("chloe", "started", None)]
       and "opted out" in dry[0]["reason"], "enrol --dry-run says who would start and who would be refused", *dry)
    with sqlite3.connect(folder / "perigee.db") as db:
        db.execute("DELETE FROM suppressions")
    ok(not run("runs", "--json", cwd=folder).rows(), "and starts nobody")
    exits("enrol starts runs", 0, "enrol", "sleeper", "--all", "--yes", cwd=folder)
    rows = run("runs", "--json", cwd=folder).rows()
    ok(len(rows) == 3 and all(sorted(r) == RUN_MEMBERS for r in rows), "runs --json has the members of its contract", rows)
    ok(all(isinstance(r["id"], int) and r["state"] == "ready" and r["key"] == "" and len(r["version"]) == 64 for r in rows),
       "with numbers and texts where they belong", rows)
    exits("a state that is none is a usage error", 2, "runs", "--state", "wating", cwd=folder, says="did you mean waiting?")
    exits("a sequence that is not known is said", 1, "runs", "--sequence", "slepper", cwd=folder, says="did you mean sleeper?")
    ok(len(run("runs", "--sequence", "sequences/sleeper.lua", "--json", cwd=folder).rows()) == 3, "a sequence may be a path")
    exits("a run that is none is said", 1, "show", "4711", cwd=folder, says="no run 4711")
    exits("a run is a number", 2, "show", "ana", cwd=folder)
    exits("which message to cancel must be said", 2, "messages", "cancel", cwd=folder)
    exits("a message that is none can't be cancelled", 1, "messages", "cancel", "5", cwd=folder)
    exits("nor settled", 1, "messages", "resolve", "5", "sent", cwd=folder)
    exits("and settled only as sent or again", 2, "messages", "resolve", "5", "perhaps", cwd=folder)
    exits("send wants an address", 2, "send", "welcome", "--as", "ana", cwd=folder, says="--to")
    exits("stop wants to know which", 2, "stop", cwd=folder)
    with open("/dev/full", "w") as full:
        got = subprocess.run([PERIGEE, "runs"], cwd=folder, stdout=full, stderr=subprocess.PIPE)
    ok(got.returncode == 1 and b"could not be written" in got.stderr, "a list that could not be written is a failure", got)
    got = subprocess.run(f"'{PERIGEE}' runs; echo $? >&2", cwd=folder, shell=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    ok(b"\033" not in got.stdout, "there is no colour where no terminal is", got)


def beside_serve(folder):
    serve = Serve(folder)
    rows = wait_for(folder, "waiting", 3)
    ok(len(rows) == 3, "beside serve the commands see what it does", rows, (folder / "serve.log").read_text())
    ok(all(r["due"] and r["due"][-6:] in ("+01:00", "+02:00") for r in rows), "times are ISO 8601 with the workspace's offset", rows)
    mode = os.stat(serve.path).st_mode & 0o777, os.stat(serve.path.parent).st_mode & 0o777
    ok(mode == (0o600, 0o700), "the socket is its owner's alone", mode)
    exits("a second serve is refused", 1, "serve", cwd=folder, says="owns this workspace")
    exits("usage errors keep their exit code over the socket", 2, "runs", "--state", "wating", cwd=folder, says="did you mean waiting?")
    shown = exits("show tells a run's journal", 0, "show", rows[0]["id"], cwd=folder)
    ok("store.add count 1" in shown.out and "sleep 1 week" in shown.out and "sequences/sleeper.lua:6" in shown.out,
       "in short words, with places", shown)
    steps = run("show", rows[0]["id"], "--json", cwd=folder).rows()
    ok(steps[0]["id"] == rows[0]["id"] and [s["kind"] for s in steps[1:]] == ["store.add", "sleep"] and steps[2]["answer"] is None,
       "and as objects", steps)

    # Clients of every bad kind; serve goes on.
    for bad in (b"", b"\0", frame(96, b"")[:10], frame(96, b"\xff" * 40), b"\xff" * 64, frame(1, b""), command("serve"), command(),
                command("runs") + command("runs"), command("show", "1", "\0")):
        s = serve.connect()
        s.sendall(bad)
        s.close()
    stalled = serve.connect()
    stalled.sendall(frame(96, b"")[:7])
    ok(run("runs", cwd=folder).code == 0, "clients that speak badly or go away hurt nobody")
    stalled.close()
    many = [subprocess.Popen([PERIGEE, "runs", "--json"], cwd=folder, stdout=subprocess.PIPE) for _ in range(12)]
    ok(all(len(p.communicate(timeout=30)[0].splitlines()) == 3 for p in many), "commands that come together are all answered")

    again = exits("stop ends a run", 0, "stop", rows[0]["id"], cwd=folder)
    ok(run("stop", rows[0]["id"], cwd=folder).code == 1, "once", again)
    exits("retry lets it go on", 0, "retry", rows[0]["id"], cwd=folder)
    ok(len(wait_for(folder, "waiting", 3)) == 3, "to where it stood")

    # An edited script.
    script = folder / "sequences" / "sleeper.lua"
    script.write_text(SLEEPER.replace('"1 week"', '"2 weeks"'))
    dry = exits("upgrade --dry-run tells what would move", 0, "upgrade", "--dry-run", "--json", cwd=folder).rows()
    before = {r["version"] for r in run("runs", "--json", cwd=folder).rows()}
    ok(len(dry) == 3 and all(r["moves"] for r in dry) and before == {dry[0]["from"]}, "and moves nothing", dry, before)
    exits("nor does a second look differ", 0, "upgrade", "--dry-run", cwd=folder, says="3 would move, 0 stay")
    exits("upgrade moves them", 0, "upgrade", "sleeper", cwd=folder, says="3 moved")
    script.write_text(SLEEPER.replace('    perigee.sleep "1 week"\n    perigee.store.set("done", true)\n', ""))
    early = exits("runs that wait where the new version ends stay", 0, "upgrade", "--dry-run", "--json", cwd=folder).rows()
    ok(len(early) == 3 and all(not r["moves"] and r["position"] == 1 and r["asked"] == "the script ends" for r in early),
       "or they would be parked at their wake", early)
    script.write_text(SLEEPER.replace('store.add("count", 1)', 'store.set("count", 1)'))
    stay = exits("runs that can't move stay", 0, "upgrade", "--json", cwd=folder).rows()
    ok(len(stay) == 3 and all(not r["moves"] and r["position"] == 0 and "store.add" in r["recorded"] and "store.set" in r["asked"]
                              and r["place"] == "sequences/sleeper.lua:5" for r in stay), "with the first difference and its place", stay)
    exits("they can be restarted where they wait", 0, "upgrade", "--restart-at-next-wait", cwd=folder, says="3 restarted")
    kinds = [s["kind"] for s in run("show", wait_for(folder, "waiting", 3)[0]["id"], "--json", cwd=folder).rows()[1:]]
    ok(kinds[:1] == ["store.set"], "on the new version, from its first step", kinds)
    script.write_text(SLEEPER)
    exits("upgrade --stop ends them", 0, "upgrade", "--stop", cwd=folder, says="0 stay")
    ok(all(r["state"] == "stopped" for r in run("runs", "--sequence", "sleeper", "--json", cwd=folder).rows()), "which the list shows")
    script.write_text("return nothing\n")
    exits("a faulty script is refused by reload, with its place", 1, "reload", cwd=folder, says="sequences/sleeper.lua:1:")
    script.write_text(SLEEPER)
    exits("a right one is taken", 0, "reload", cwd=folder)

    # A backup while running.
    write(folder, "perigee.key", "k" * 40)
    exits("backup copies while serve runs", 0, "backup", "b.tar", cwd=folder)
    with tarfile.open(folder / "b.tar") as tar:
        names = tar.getnames()
        tar.extractall(folder.parent / "restored")
    ok("perigee.db" in names and "sequences/sleeper.lua" in names and not any(n.endswith(".key") or n.startswith("run") for n in names),
       "all of the workspace but keys and run/", names)
    copy = sqlite3.connect(folder.parent / "restored" / "perigee.db")
    ok(copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok" and copy.execute("SELECT count(*) FROM runs").fetchone()[0] == 3,
       "with a database that is whole")
    copy.close()
    exits("and does not write over a file", 1, "backup", "b.tar", cwd=folder, says="exists")
    ok(serve.stop() == 0, "serve ends cleanly when asked to", (folder / "serve.log").read_text())
    ok(not serve.path.exists(), "and takes its socket away")


def parked(folder):
    run("enrol", "sleeper", "ana", "--again", "--yes", cwd=folder)
    serve = Serve(folder)
    rows = wait_for(folder, "waiting", 1)
    serve.stop()
    if not ok(len(rows) == 1, "a run sleeps", rows):
        return
    db = sqlite3.connect(folder / "perigee.db")
    with db:
        db.execute("UPDATE journal SET args = replace(args, 'count', 'other') WHERE run = ? AND position = 0", (rows[0]["id"],))
        db.execute("UPDATE journal SET deadline = 1 WHERE run = ? AND answer IS NULL", (rows[0]["id"],))
        db.execute("UPDATE runs SET due = 1 WHERE id = ?", (rows[0]["id"],))
    db.close()
    serve = Serve(folder)
    parked_rows = wait_for(folder, "parked", 1)
    ok(len(parked_rows) == 1 and run("runs", "--json", cwd=folder).rows()[0]["state"] == "parked",
       "a run whose replay differs is parked, and comes first in the list", parked_rows)
    shown = run("show", rows[0]["id"], cwd=folder)
    ok("journal" in shown.out and '"other"' in shown.out and '"count"' in shown.out and "sequences/sleeper.lua:5" in shown.out,
       "and shows both effects and the place", shown)
    serve.stop()


def secrets(folder):
    key = folder / "perigee.key"
    exits("secret set reads the value from stdin", 0, "secret", "set", "mailbox", "--host", "smtp.example.com", "--key-file", key,
          cwd=folder, stdin=b"correct horse\n")
    listed = exits("secret list shows names", 0, "secret", "list", "--json", cwd=folder)
    ok("mailbox" in listed.out and "correct horse" not in listed.out, "and no value", listed)
    ok(b"correct horse" not in (folder / "perigee.vault").read_bytes(), "which is sealed")
    exits("an unknown word after secret is a usage error", 2, "secret", "lst", cwd=folder, says="did you mean list?")
    audit(folder)
    exits("without a terminal nothing is asked", 1, "secret", "set", "other", "--host", "smtp.example.com", cwd=folder, stdin=b"x")


def audit(folder):
    exits("secret audit says that nothing was used", 0, "secret", "audit", cwd=folder, says="no secret was used yet")
    ok(run("secret", "audit", "--json", cwd=folder).out == "", "and prints no object then")
    with contextlib.closing(sqlite3.connect(folder / "perigee.db")) as db, db:
        db.executemany("INSERT INTO secret_uses (at, secret, host, script, run, account) VALUES (?, ?, ?, ?, ?, ?)",
                       [(1795000000000, "mailbox", "smtp.example.com", None, None, "lea"), (1795000001000, "shop", "api.example.com", "probe", 7, None),
                        (1795000002000, "evil\x1b[2J", "h", None, None, "lea")])
    rows = run("secret", "audit", "--json", cwd=folder).rows()
    ok([list(r) for r in rows] == [["account", "at", "host", "run", "script", "secret"]] * 3, "secret audit --json has the members of its page", rows)
    ok([(r["secret"], r["host"], r["script"], r["run"], r["account"]) for r in rows[:2]] ==
       [("mailbox", "smtp.example.com", None, None, "lea"), ("shop", "api.example.com", "probe", 7, None)], "who, where, and by which script's run", rows)
    ok(rows[0]["at"] < rows[1]["at"] and "T" in rows[0]["at"], "and when, the last one last", rows)
    ok([r["secret"] for r in run("secret", "audit", "shop", "--json", cwd=folder).rows()] == ["shop"], "of one secret, if it is named")
    table = exits("people get a table", 0, "secret", "audit", cwd=folder, says="SECRET")
    ok("\x1b" not in table.out and len(table.out.splitlines()) == 4, "without what a terminal would obey", table)
    exits("two names are a usage error", 2, "secret", "audit", "a", "b", cwd=folder)
    serve = Serve(folder)
    ok(len(run("secret", "audit", "--json", cwd=folder).rows()) >= 3, "it works beside serve")
    ok("not a command for the owner" in over_the_socket(folder, ["secret", "set", "x"]), "but no other word of secret comes over the socket")
    serve.stop()


def over_the_socket(folder, argv):
    """What the owner says to a command that was not typed by our own program."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(str(folder / "run/perigee.sock"))
        raw = json.dumps({"argv": argv, "cwd": str(folder), "json": False, "tty": False, "columns": 80}).encode()
        payload = struct.pack("<I", len(raw)) + raw + b"\0"
        s.sendall(struct.pack("<IBBHQ", len(payload), 96, 0, 0, 0) + payload)
        said = b""
        while got := s.recv(4096):
            said += got
            if b"owner" in said or b"\x63\0\0\0" in said:
                break
    return said.decode(errors="replace")


def main():
    work = Path(tempfile.mkdtemp(prefix="perigee-cli-"))
    try:
        usage()
        check(work)
        words(work)
        folder = workspace(work)
        alone(folder)
        first_messages(work)
        beside_serve(folder)
        parked(folder)
        secrets(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
