#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""People, with the real program in its jail: merged with their files, exported, erased from every file, grouped, and forgotten at night."""
import json
import os
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402
from tap import ok  # noqa: E402

PERIGEE = os.environ.get("PERIGEE") or str(Path(__file__).resolve().parents[2] / "build" / "perigee")


class World:
    def __init__(self, folder, more=""):
        self.dir = Path(folder)
        self.more(more)

    def more(self, text):
        self.write("perigee.lua", 'workspace { timezone = "Europe/Paris", hours = "always",\n' + text + "\n}\n")

    def write(self, name, text):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, *words):
        return subprocess.run([PERIGEE, "-C", str(self.dir), *words], capture_output=True, text=True, timeout=60, cwd=self.dir)

    def do(self, *words):
        done = self.run(*words)
        if done.returncode:
            ok(False, "perigee " + " ".join(words), done.stdout, done.stderr)
        return done.stdout

    def rows(self, *words):
        return [json.loads(line) for line in self.do(*words).splitlines()]

    def read(self, name):
        path = self.dir / name
        return path.read_text() if path.exists() else None

    def holding(self, word):
        return [str(p) for p in self.dir.rglob("*") if p.is_file() and word.encode() in p.read_bytes()]

    def sql(self, text):
        db = sqlite3.connect(self.dir / "perigee.db")
        rows = db.execute(text).fetchall()
        db.commit()
        db.close()
        return rows


def merging(w):
    w.do("contacts", "add", "id=lea", "name=Lea Roux", "email=lea.roux@gmail.com", "company=Roux")
    w.do("contacts", "add", "id=lea2", "name=Léa Roux", "email=learoux+x@gmail.com", "city=Lyon", "consent=opt-in", "consent_source=a fair")
    for name in ("lea/contract.pdf", "lea2/contract.pdf", "lea2/deep/photo.txt"):
        w.write("attachments/" + name, "of " + name)
    pairs = w.rows("contacts", "duplicates", "--json")
    ok([p["command"] for p in pairs] == ["perigee contacts merge lea lea2"], "who is there twice is told with the command that merges them", pairs)
    w.do(*pairs[0]["command"].split()[1:])
    ok([w.read("attachments/lea/" + n) for n in ("contract.pdf", "contract (lea2).pdf", "deep/photo.txt")] ==
       ["of lea/contract.pdf", "of lea2/contract.pdf", "of lea2/deep/photo.txt"] and not (w.dir / "attachments/lea2").exists(),
       "their files go along, and none replaces another", list(w.dir.glob("attachments/**/*")))
    shown = w.do("contacts", "show", "lea2")
    ok("lea  Lea Roux" in shown and "name = Léa Roux" in shown and "a merge" in shown and "a fair" in shown,
       "the old id shows them, with what gave way and how their consent came about", shown)


def exporting(w):
    w.do("contacts", "export", "lea", "lea.tar")
    with tarfile.open(w.dir / "lea.tar") as tar:
        names = sorted(tar.getnames())
        person = json.load(tar.extractfile("person.json"))
    ok(names == ["attachments/contract (lea2).pdf", "attachments/contract.pdf", "attachments/deep/photo.txt", "person.json"] and
       person["contact"]["id"] == "lea" and len(person["identities"]) == 2 and person["consent_changes"], "one person's data are a file", names, person)
    ok(json.loads(w.do("contacts", "export", "lea")) .keys() == person.keys(), "or are printed")
    other = tempfile.TemporaryDirectory(prefix="perigee-people-")
    w.do("contacts", "set", "lea", "instagram=@lea", "formula==1+1", "empty=")
    w.do("contacts", "export", "all.csv")
    copy = World(other.name)
    copy.do("contacts", "import", str(w.dir / "all.csv"), "--strict")
    again = copy.do("contacts", "export")
    ok(again.replace("\r\n", "\n") == w.read("all.csv").replace("\r\n", "\n") and "'@lea" in again and "'=1+1" in again,
       "a file of all is imported to the same, and none of its cells is a formula", again)
    other.cleanup()


def erasing(w):
    for name in ("lea.tar", "all.csv"):
        (w.dir / name).unlink()
    words = ["lea.roux", "learoux", "Lea Roux", "Lyon", "a fair", "of lea"]
    before = {word: bool(w.holding(word)) for word in words}
    w.do("contacts", "erase", "lea2", "--yes")
    found = {word: w.holding(word) for word in words}
    ok(all(before.values()) and not any(found.values()), "of who is erased nothing stands in any file", before, found)
    told = w.rows("contacts", "requests", "Learoux+x@gmail.com", "--json")
    ok([t["kind"] for t in told] == ["export", "export", "erase"], "when that was can be asked with their address", told)
    ok(not w.rows("contacts", "requests", "else@gmail.com", "--json"), "and with no other")
    w.do("contacts", "add", "id=new", "email=lea.roux@gmail.com")
    why = w.rows("why", "new", "--json")
    ok(why[0]["rule"] == "suppressed" and why[0]["answer"] == "refuse", "they are not written to when a later file has them", why[:1])


def sharing(w):
    w.do("contacts", "add", "id=a", "name=A", "email=agent@x.example")
    refused = w.run("contacts", "add", "id=b", "name=B", "email=agent@x.example")
    w.do("contacts", "add", "id=b", "name=B", "email=agent@x.example;b@own.example", "shared_address=yes")
    ok(refused.returncode == 1 and "shared_address=yes" in refused.stderr, "an address is shared only where one says so", refused.stderr)
    ok("agent@x.example (shared with b)" in w.do("contacts", "list"), "and the list says with whom")
    ok("agent@x.example (shared with a), b@own.example" in w.do("contacts", "show", "b"), "as does the page of each")


def grouping(w):
    w.more('segments = { gold = { label = "gold", stage = { "talking", "prospect" } } },')
    w.do("contacts", "set", "a", "label=gold")
    ok([c["id"] for c in w.rows("contacts", "list", "--segment", "gold", "--json")] == ["a"], "a segment is listed")
    w.write("jobs/weekly.lua", '''local perigee = require "perigee"
return perigee.job { name = "weekly", schedule = "every monday at 09:00", needs = { contacts = "read" },
  run = function()
    for _, c in ipairs(perigee.contacts.segment "gold") do perigee.log("gold: " .. c.id) end
  end }
''')
    w.write("some.csv", "id,labels\nx,gold\ny,\n")
    simulated = w.rows("sim", "weekly", "--contacts", "some.csv", "--for", "3d", "--json")
    ok([r["text"] for r in simulated if r["event"] == "log"] == ["gold: x"], "a job asks for it by name, in sim too", simulated)
    w.write("jobs/weekly.lua", w.read("jobs/weekly.lua").replace('"gold"', '"golf"'))
    checked = w.run("check")
    ok(checked.returncode == 1 and "jobs/weekly.lua:4: there is no segment 'golf' in perigee.lua; did you mean 'gold'?" in checked.stderr,
       "check knows the names", checked.stderr)
    w.more('segments = {\n  gold = { lable = "gold" },\n},')
    wrong = w.run("contacts", "list")
    ok("perigee.lua:3: workspace.segments.gold: unknown key 'lable'; did you mean 'label'?" in wrong.stderr, "and a slip in one is told at its line", wrong.stderr)


def merging_visited(folder):
    """Visits are asked ahead: a run whose contact is merged meanwhile goes on with the contact that is there."""
    w = World(folder)
    w.write("sequences/busy.lua", '''local perigee = require "perigee"
return perigee.sequence { name = "busy", needs = { contacts = "write" }, limits = { cpu_ms = 5000 }, run = function(contact)
  local n = 0
  for i = 1, 3e6 do n = n + i % 7 end
  contact:note "here"
  return "over"
end }
''')
    names = [f"c{i:02}" for i in range(24)]
    for name in names + ["whole"]:
        w.do("contacts", "add", "id=" + name, f"email={name}@x.example")
    w.do("enrol", "busy", *names)
    serve = subprocess.Popen([PERIGEE, "-C", folder, "serve"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        while not w.sql("SELECT 1 FROM notes") and time.monotonic() < end:
            time.sleep(0.02)
        begun = w.sql("SELECT count(*) FROM notes")[0][0]
        w.do("contacts", "merge", "whole", names[-1])
        before = w.sql("SELECT state FROM runs WHERE contact = 'whole'")
        while w.sql("SELECT 1 FROM runs WHERE state <> 'done'") and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        serve.terminate()
        serve.wait()
    lost = w.sql("SELECT contact FROM notes WHERE contact NOT IN (SELECT id FROM contacts)")
    ok(0 < begun < 24 and before == [("ready",)] and not lost and w.sql("SELECT text FROM notes WHERE contact = 'whole' AND author <> 'merge'") == [("here",)],
       "what a run writes while its contact is merged is the merged contact's", begun, before, lost, w.sql("SELECT * FROM notes"), w.sql("SELECT id, contact, state, error FROM runs"))


def keeping(folder):
    w = World(folder, 'keep = { contacts = "3 years", journals = "1 year", logs = "30 days" },')
    w.write("sequences/long.lua", '''local perigee = require "perigee"
return perigee.sequence { name = "long", needs = {}, run = function(contact)
  perigee.log("began")
  if contact.id ~= "short" then perigee.sleep "1200 days" end
  return "over"
end }
''')
    for name in ("long", "short", "idle"):
        w.do("contacts", "add", "id=" + name, f"email={name}@x.example")
    w.do("enrol", "long", "long", "short")
    w.do("serve", "--until-idle", "--fast-forward", "1s")
    w.do("serve", "--until-idle")
    ended = w.rows("runs", "--json")
    journals = dict(w.sql("SELECT run, count(*) FROM journal GROUP BY run"))
    gone = [r for r in ended if r["contact"] is None]
    ok(len(ended) == 2 and len(gone) == 1 and gone[0]["outcome"] == "over" and gone[0]["id"] not in {k for k, n in journals.items()
       if w.sql(f"SELECT 1 FROM journal WHERE run = {k} AND args <> '{{}}'")}, "after years the run of a prospect is there, its journal is not", ended, journals)
    ok([c["id"] for c in w.rows("contacts", "list", "--json")] == ["long"], "prospects who never answered are gone, not who was in a run")
    ok(len(w.rows("contacts", "requests", "short@x.example", "--json")) == 1, "which is in the list of requests")
    report = w.run("doctor", "keep")
    ok("last done" in report.stdout and "keep.contacts" in report.stdout and report.returncode == 0, "doctor says when, and what goes next", report.stdout)


with tempfile.TemporaryDirectory(prefix="perigee-people-") as folder:
    world = World(folder)
    merging(world)
    exporting(world)
    erasing(world)
    sharing(world)
    grouping(world)
with tempfile.TemporaryDirectory(prefix="perigee-people-") as folder:
    keeping(folder)
with tempfile.TemporaryDirectory(prefix="perigee-people-") as folder:
    merging_visited(folder)
sys.exit(tap.finish())
