#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Bad input is told with its place and with what to do, loses nothing and harms no other run: torn files, missing templates and
fields, a workspace that is not set up, databases of another kind, a folder that can't be written, a full disk."""
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import commands_test as cli
from commands_test import Result, exits, ok, run, write

HELLO = """local perigee = require "perigee"
return perigee.sequence {
  name = "%s", needs = { send = { "email" } },
  run = function(contact)
    contact:send("email", "%s")
  end,
}
"""
ACCOUNT = """account "me" {
  channel = "email", from = "Me <me@example.com>",
  smtp = { url = "smtp://127.0.0.1:9", tls = "none" },
}
"""
SETTINGS = 'workspace { timezone = "Europe/Paris", hours = "always", allow_addresses = { "127.0.0.1:9" } }\n'


def files(folder):
    run("init", folder)
    write(folder, "perigee.lua", SETTINGS)
    write(folder, "torn.csv", 'id,name,email\nt1,"Torn One,t1@example.com\nt2,Two,t2@example.com\n')
    torn = exits("a torn CSV is refused with the line where it begins", 1, "contacts", "import", "torn.csv", cwd=folder, says="torn.csv:2: ")
    ok("nothing was imported" in torn.err and not run("contacts", "list", "--json", cwd=folder).out, "and nothing of it is kept", torn)
    write(folder, "some.csv", "id,name,email\nt1,One\nt2,Two,two@example.com\n")
    sim = exits("sim tells bad rows with file and line and goes on", 0, "sim", "welcome", "--contacts", "some.csv", cwd=folder,
                says="some.csv:2: ")
    ok("1 contact," in sim.out, "with those that are good", sim)
    exits("a file that is not there is said", 1, "sim", "welcome", "--contacts", "none.csv", cwd=folder, says="none.csv")


def templates(folder):
    write(folder, "templates/shoe.md", "---\nsubject: Hello\n---\nHi {{ name }},\nyour {{ shoe }}\n")
    write(folder, "sequences/shoe.lua", HELLO % ("shoe", "shoe"))
    write(folder, "sequences/missing.lua", HELLO % ("missing", "nowhere"))
    write(folder, "one.csv", "id,name,email\nx,X One,x@example.com\n")
    got = run("sim", "shoe", "--contacts", "one.csv", "--json", cwd=folder)
    refused = [r for r in got.rows() if r["event"] == "refused"]
    ok(len(refused) == 1 and refused[0]["code"] == "invalid" and refused[0]["reason"].startswith("templates/shoe.md:5: shoe"),
       "a contact without the field is refused, with file and line of the template", got)
    ok(not got.err, "and nothing beside it is said", got)
    got = run("sim", "missing", "--contacts", "one.csv", "--json", cwd=folder)
    held = [r for r in got.rows() if r["event"] == "deferred"]
    ok(len(held) == 1 and held[0]["rule"] == "template" and "templates/nowhere.md" in held[0]["reason"] and held[0]["until"] is None,
       "sim shows what waits for a template that is missing", got)
    run("contacts", "import", "one.csv", cwd=folder)
    exits("render names file and line, too", 1, "render", "shoe", "--contact", "x", cwd=folder, says="templates/shoe.md:5: ")
    exits("and so does enrol", 0, "enrol", "shoe", "x", cwd=folder, says="templates/shoe.md:5: ")


def no_account(folder):
    """Enrolling before the mailbox is set up burns nobody."""
    write(folder, "templates/hi.md", "---\nsubject: Hello\n---\nHi {{ name }}, {{ id }}\n")
    write(folder, "sequences/hi.lua", HELLO % ("hi", "hi"))
    state = lambda: [(m["state"], m["account"] or "") for m in run("messages", "--json", cwd=folder).rows()]
    exits("enrol says that there is no account yet", 0, "enrol", "sequences/hi.lua", "x", cwd=folder)
    run("serve", "--until-idle", cwd=folder)
    ok(state() == [("held", "")], "messages without an account are held", run("messages", cwd=folder))
    write(folder, "perigee.lua", SETTINGS + ACCOUNT)
    got = subprocess.Popen([cli.PERIGEE, "serve"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for _ in range(100):
        if state()[0][1] == "me":
            break
    got.terminate()
    said = got.communicate(timeout=30)[1].decode()
    ok(state()[0][1] == "me" and state()[0][0] in ("queued", "handed"), "with an account they are on their way", state(), said)
    ok(run("runs", "--json", cwd=folder).rows()[0]["state"] == "sending", "and no run has ended", said)


def databases(work, folder):
    other = work / "other"
    shutil.copytree(folder, other)
    with sqlite3.connect(other / "perigee.db") as db:
        db.execute("PRAGMA user_version = 1000")
    db.close()
    exits("a database of a newer version is refused", 1, "runs", cwd=other, says="newer")
    for name in os.listdir(other):
        if name.startswith("perigee.db"):
            (other / name).unlink()
    write(other, "perigee.db", "this is no database, and long enough to be looked at\n" * 100)
    exits("a file that is none says what to do", 1, "runs", cwd=other, says="perigee backup")
    ok("no database" in (other / "perigee.db").read_text(), "and is left as it is")


def unwritable(work):
    if os.getuid() != 0:
        return
    folder = work / "closed"
    run("init", folder)
    os.chmod(work, 0o755)
    os.chmod(folder, 0o755)
    for command in ("serve", "runs"):
        got = Result(subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", cli.PERIGEE, command], cwd=folder,
                                    capture_output=True, timeout=60))
        if "setpriv" in got.err or "failed to execute" in got.err:
            return
        ok(got.code == 1 and "Permission denied" in got.err and "run it as" in got.err, f"{command} in a folder of somebody else says so", got)


def full_disk(work):
    folder = work / "tmpfs"
    folder.mkdir()
    if os.getuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True).returncode:
        return
    try:
        inside = folder / "W"
        run("init", inside)
        write(inside, "perigee.lua", SETTINGS)
        write(inside, "sequences/count.lua", (HELLO % ("count", "")).replace('needs = { send = { "email" } }', "needs = { store = true }")
              .replace('contact:send("email", "")', 'perigee.store.add("n", 1)\n    perigee.store.set(contact.id, ("x"):rep(200))'))
        write(inside, "people.csv", "id,name\n" + "".join(f"p{i},Person {i}\n" for i in range(300)))
        run("contacts", "import", "people.csv", cwd=inside)
        exits("there is room at first", 0, "enrol", "count", "--all", "--yes", cwd=inside)
        ballast = folder / "ballast"
        with open(ballast, "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"x" * 4096)
            except OSError:
                pass
        full = exits("enrolling on a full disk fails", 1, "enrol", "count", "--all", "--again", "--yes", cwd=inside)
        ok("full" in full.err, "and says why", full)
        log = open(work / "full.log", "w")
        serve = subprocess.Popen([cli.PERIGEE, "serve", "--until-idle"], cwd=inside, stdout=log, stderr=log)
        try:
            serve.wait(timeout=3)
        except subprocess.TimeoutExpired:
            pass
        text = (work / "full.log").read_text()
        ok(serve.poll() is None or "full" in text, "serve says it, and goes on or ends", text)
        ballast.unlink()
        if serve.poll() is None:
            ok(serve.wait(timeout=60) == 0, "with room again serve ends its work", (work / "full.log").read_text())
        exits("and nothing is left to do", 0, "serve", "--until-idle", cwd=inside)
        rows = run("runs", "--json", cwd=inside).rows()
        ok(len(rows) == 300 and all(r["state"] == "done" for r in rows), "every run is done", [r for r in rows if r["state"] != "done"][:3])
        with sqlite3.connect(inside / "perigee.db") as db:
            counted = db.execute("SELECT value FROM store WHERE key = 'n'").fetchone()
        db.close()
        ok(counted and counted[0] == "300", "once", counted)
    finally:
        subprocess.run(["umount", "-l", folder], capture_output=True)


def main():
    work = Path(tempfile.mkdtemp(prefix="perigee-bad-"))
    try:
        folder = work / "W"
        files(folder)
        templates(folder)
        no_account(folder)
        databases(work, folder)
        unwritable(work)
        full_disk(work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
