#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What goes wrong outside: a wrong password, a closed port, a full disk, two serves, a newer database. Each is said
clearly, nothing is lost, and when it is put right everyone gets exactly one mail."""
import contextlib
import os
import sqlite3
import subprocess

import harness
from harness import CREATORS, PASSWORD
from workspace import Workspace, first_mails, settle_down


def scenario(tap):
    with harness.mail() as mail:
        mail.add_users([f"{name}@{CREATORS}" for name in ("ana", "ben", "chloe")])
        wrong_password(tap, mail)
        closed_port(tap, mail)
        two_serves(tap, mail)
        newer_database(tap, mail)
        full_disk(tap, mail)


def people_of(mail, prefix):
    people = {f"{prefix}-{name}": f"{prefix}-{name}@{CREATORS}" for name in ("ana", "ben", "chloe")}
    mail.add_users(people.values())
    return people


def got(mail, people):
    return [len(first_mails(mail.messages(address))) for address in people.values()]


def queued(work):
    return [m["id"] for m in work.messages() if m["state"] == "queued"]


def still_waiting(work):
    """All three wait; one may be handed over for the moment, while signing in is tried."""
    return [m["state"] for m in work.messages() if m["state"] in ("queued", "handed")] == [m["state"] for m in work.messages()]


def wrong_password(tap, mail):
    people = people_of(mail, "password")
    work = Workspace(mail, "password")
    work.set_up(people)
    work.set_secret("wrong")
    work.do("enrol", "creator-intro", "--all", "--yes")
    work.serve()
    said = harness.wait_for(lambda: "auth" in work.log().lower() or "password" in work.log().lower(), 45, 0.5)
    tap.ok(said, "a wrong password is said", work.log())
    tap.ok(work.server.poll() is None, "serve goes on")
    tap.ok(still_waiting(work), "no message is lost, none refused", work.messages(), work.log())
    work.set_secret(PASSWORD)
    work.stop()
    work.serve("--fast-forward", "3s")  # a message that was tried waits minutes before it is tried again
    tap.ok(harness.wait_for(lambda: got(mail, people) == [1, 1, 1], 60), "with the right one everyone gets one mail",
           got(mail, people), work.messages(), work.log())
    work.stop()
    tap.ok(PASSWORD not in work.log(1 << 30), "no password stands in the log")


def closed_port(tap, mail):
    people = people_of(mail, "port")
    port = harness.free_port()
    work = Workspace(mail, "port", smtp_port=port)
    work.set_up(people)
    work.do("enrol", "creator-intro", "--all", "--yes")
    work.serve()
    said = harness.wait_for(lambda: "refused" in work.log().lower() or "connect" in work.log().lower(), 30, 0.5)
    tap.ok(said, "a closed port is said", work.log())
    tap.ok(still_waiting(work), "no message is lost, none refused", work.messages(), work.log())
    work.stop()
    work.smtp_port = mail.submission_port
    work.configure()
    work.serve("--fast-forward", "3s")
    tap.ok(harness.wait_for(lambda: got(mail, people) == [1, 1, 1], 60), "with the port put right everyone gets one mail",
           got(mail, people), work.messages(), work.log())
    work.stop()


def two_serves(tap, mail):
    work = Workspace(mail, "two")
    work.set_up(people_of(mail, "two"))
    work.serve()
    harness.wait_for(lambda: (work.dir / "run" / "perigee.sock").exists(), 10)
    second = work.run("serve", timeout=20)
    tap.equal(second.returncode, 1, "a second serve on one workspace fails at once", second.stdout, second.stderr)
    tap.ok(len(second.stderr.strip()) > 20, "and says why", second.stderr)
    tap.ok(work.server.poll() is None, "the first goes on", work.log())
    tap.equal(len(work.rows("contacts", "list")), 3, "and answers commands")
    work.stop()


def newer_database(tap, mail):
    work = Workspace(mail, "newer")
    work.set_up(people_of(mail, "newer"))
    with contextlib.closing(sqlite3.connect(work.dir / "perigee.db")) as database:
        was = database.execute("PRAGMA user_version").fetchone()[0]
        database.execute(f"PRAGMA user_version = {was + 1000}")
    refused = work.run("runs")
    tap.equal(refused.returncode, 1, "a database of a newer version is refused")
    tap.ok("newer" in refused.stderr, "with a word on what to do", refused.stderr)
    with contextlib.closing(sqlite3.connect(work.dir / "perigee.db")) as database:
        tap.equal(database.execute("PRAGMA user_version").fetchone()[0], was + 1000, "and it is left as it was")
        database.execute(f"PRAGMA user_version = {was}")
    tap.equal(len(work.rows("contacts", "list")), 3, "the program it was made with reads it again")


def full_disk(tap, mail):
    """The workspace lies on a tmpfs of 4 MB; the rest of it is filled while serve works, and freed again."""
    folder = mail.dir / "full"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True).returncode != 0:
        tap.skip("a full disk loses nothing", "no tmpfs can be mounted here")
        return
    people = people_of(mail, "disk")
    try:
        work = Workspace(mail, "full/disk")
        work.set_up(people)
        ballast = folder / "ballast"
        fill(ballast)
        enrolled = work.run("enrol", "creator-intro", "--all", "--yes")
        tap.ok(enrolled.returncode == 1 or work.rows("runs"), "enrolling on a full disk fails, or has worked", enrolled.stderr)
        if enrolled.returncode != 0:
            tap.ok("full" in enrolled.stderr.lower() or "space" in enrolled.stderr.lower(), "and says that the disk is full",
                   enrolled.stderr)
        ballast.unlink()
        work.do("enrol", "creator-intro", "--all", "--yes")
        work.do("pause", "--account", "partnerships")
        work.serve()
        harness.wait_for(lambda: len(queued(work)) == 3, 20, 0.3)
        fill(ballast)
        work.run("resume", "--account", "partnerships")
        harness.wait_for(lambda: sum(got(mail, people)) > 0, 5, 0.5)
        early = got(mail, people)
        tap.ok(max(early) <= 1, "while the disk is full nobody gets a mail twice", early, work.log())
        ballast.unlink()
        work.run("resume", "--account", "partnerships")
        tap.ok(harness.wait_for(lambda: got(mail, people) == [1, 1, 1], 90), "with space again everyone gets one mail",
               got(mail, people), work.messages(), work.log())
        settle_down(mail)
        tap.equal(got(mail, people), [1, 1, 1], "and only one")
        work.stop()
    finally:
        if getattr(work, "server", None):
            work.stop()
        subprocess.run(["umount", "-l", folder], capture_output=True)


def fill(path):
    """Takes all space that is left."""
    with open(path, "wb", buffering=0) as f, contextlib.suppress(OSError):
        for size in (65536, 4096, 512):
            with contextlib.suppress(OSError):
                while True:
                    f.write(os.urandom(size))


if __name__ == "__main__":
    harness.run(scenario)
