#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Equal inputs give equal bytes, whatever the machine is like; `perigee test` plays each test in two processes and tells where they
differ; a run that a changed program can't replay says so."""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import commands_test as cli
from commands_test import ok, run, write

ROOT = Path(__file__).resolve().parents[2]
BUILT = Path(cli.PERIGEE).resolve().parent
SEQUENCE = """local perigee = require "perigee"
return perigee.sequence {
  name = "talk", needs = { send = { "email" }, store = true, task = true, contacts = "read" },
  run = function(contact)
    perigee.log("hello " .. contact.name)
    local total = perigee.store.add("n", 1)
    contact:send("email", "hi")
    local reply = contact:wait_reply "2 days"
    perigee.store.set("last " .. contact.id, { total = total, chance = math.random(1000), now = perigee.now() })
    for label in pairs(contact.labels) do perigee.log("label " .. label) end
    for key, value in pairs(contact.fields) do perigee.log(key .. "=" .. value) end
    for _, other in ipairs(perigee.contacts.find { label = "press" }) do perigee.log("press " .. other.id) end
    for _, entry in ipairs(perigee.store.list "last") do perigee.log("stored " .. entry.key) end
    perigee.log(("%.3f %s %s"):format(math.sin(perigee.now()), os.date "%A %H:%M", 1 / 3))
    contact:task { kind = "call", note = reply and reply.text or "none" }
    return reply and "answered" or "silent"
  end,
}
"""
TEST = """test("it talks", function(t)
  t:enrol { sequence = "talk", contact = { id = "ann", name = "Ann", email = "ann@example.com", fields = { a = "x" } } }
  t:advance "1 day"
  t:expect_sent { template = "hi" }
  t:advance "3 days"
  t:expect_outcome "silent"
end)
test("it hears", function(t)
  t:enrol { sequence = "talk", contact = { id = "ben", name = "Ben", email = "ben@example.com" } }
  t:advance "1 day"
  t:reply { text = "yes" }
  t:expect_outcome "answered"
end)
"""
WORKER = """#!/bin/sh
n=$(($(cat {dir}/count) + 1))
echo $n >{dir}/count
echo $$ >>{dir}/pids
[ -e {dir}/other$n ] && exec {real} --stdlib {dir}/other$n
exec {real}
"""


def workspace(folder):
    write(folder, "perigee.lua", 'workspace { timezone = "Europe/Paris" }\n')
    write(folder, "sequences/talk.lua", SEQUENCE)
    write(folder, "templates/hi.md", "---\nsubject: Hi {{ first_name }}\npersonal: no\n---\nHello {{ first_name }}, {{ company | default: 'you' }}.\n")
    write(folder, "tests/talk_test.lua", TEST)
    rows = [f"p{i:02},Person {i},p{i:02}@example.com,{zone},{labels},{city}" for i, (zone, labels, city) in enumerate(
        [("Asia/Tokyo", "press;b;a", "Kyoto"), ("", "z;press", "Évry"), ("America/New_York", "", "Zürich"), ("Pacific/Auckland", "a;press", "łódź")] * 6)]
    write(folder, "people.csv", "\n".join(["id,name,email,timezone,labels,city", *rows]) + "\n")
    random.Random(3).shuffle(rows)
    write(folder, "shuffled.csv", "\n".join(["id,name,email,timezone,labels,city", *rows]) + "\n")
    write(folder, "replies.csv", "contact,after,channel,kind,text\np03,5h,email,reply,Yes\np07,1 day,email,reply,No\np11,2h,email,unsubscribe,\n")


def french():
    """Where a true French locale stands: made by the C tests or here, once for all; without localedef the variables alone are set."""
    places = Path(os.environ.get("BUILD", "build")).resolve() / "tests/locale"
    if not (places / "fr_FR").is_dir() and shutil.which("localedef"):
        places.mkdir(parents=True, exist_ok=True)
        own = places / f"fr_FR.{os.getpid()}"
        subprocess.run(["localedef", "-i", "fr_FR", "-f", "ISO-8859-1", own], capture_output=True)
        if own.is_dir() and not (places / "fr_FR").is_dir():
            own.rename(places / "fr_FR")
    return {"LC_ALL": "fr_FR", "LANG": "tr_TR.UTF-8", "LANGUAGE": "fr", "LOCPATH": str(places)}


def simulations(folder):
    args = ["sim", "talk", "--contacts", "people.csv", "--replies", "replies.csv", "--start", "2026-12-07", "--for", "9d", "--seed", "5", "--json"]
    first = run(*args, cwd=folder)
    summary = first.rows()[-1]
    ok(first.code == 0 and not first.err and summary["finished"] == 24 and summary["outcomes"].get("answered") == 2, "the simulation plays", first)
    surroundings = {
        "another language": french(),
        "a machine in another zone": {"TZ": "Pacific/Kiritimati"},
        "memory full of other bytes": {"MALLOC_PERTURB_": "85", "G_SLICE": "always-malloc"},
        "other tunables": {"GLIBC_TUNABLES": "glibc.malloc.perturb=7"},
        "another width of terminal": {"COLUMNS": "40", "TERM": "dumb", "NO_COLOR": "1"},
    }
    for name, env in surroundings.items():
        ok(run(*args, cwd=folder, env=env).out == first.out, f"with {name} it has the same bytes")
    away = run("-C", folder, *[str(folder / a) if a.endswith(".csv") else a for a in args], cwd="/")
    ok(away.out == first.out, "from another folder too", away.out[:300], away.err)
    moved = folder.parent / "moved elsewhere"
    shutil.copytree(folder, moved)
    ok(run(*args, cwd=moved).out == first.out, "a copy of the workspace too")
    one = subprocess.run(["taskset", "-c", str(min(os.sched_getaffinity(0))), cli.PERIGEE, *args], cwd=folder, capture_output=True, timeout=60)
    ok(one.stdout.decode() == first.out, "on one processor too")
    loads = [subprocess.Popen([cli.PERIGEE, *args], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(4)]
    ok(all(p.communicate(timeout=100)[0].decode() == first.out for p in loads), "and on a machine with much to do")
    ok(run(*args[:-2], "6", "--json", cwd=folder).out != first.out, "another seed is another chance")
    logs = lambda got, word: {r["contact"]: [e["text"] for e in got.rows() if e["event"] == "log" and e["contact"] == r["contact"] and e["text"].startswith(word)]
                              for r in got.rows() if r["event"] == "finished"}
    shuffled = run(*["shuffled.csv" if a == "people.csv" else a for a in args], cwd=folder)
    for word, what in ("press", "people found"), ("label", "labels"), ("stored", "what is stored"):
        a, b = logs(first, word), logs(shuffled, word)
        held = a and all(texts == sorted(texts) for texts in [*a.values(), *b.values()]) and (word == "stored" or a == b)
        ok(held and any(len(texts) > 1 for texts in a.values()), f"{what} come sorted, in whatever order they were written", a, b)


def copied_program(work):
    """A program whose worker is started through a script: start number N has the stdlib of the folder otherN, if there is one."""
    work.mkdir()
    shutil.copy(cli.PERIGEE, work / "perigee")
    (work / "libexec/perigee").mkdir(parents=True)
    for name in "net", "worker":
        shutil.copy(BUILT / "libexec/perigee" / name, work / "libexec/perigee" / (name if name == "net" else "real"))
    write(work, "libexec/perigee/worker", WORKER.format(dir=work, real=work / "libexec/perigee/real")).chmod(0o755)
    write(work, "count", "0\n")
    return work / "perigee"


def other_stdlib(work, n, old, new):
    shutil.rmtree(work / f"other{n}", ignore_errors=True)
    shutil.copytree(ROOT / "stdlib", work / f"other{n}")
    path = work / f"other{n}/perigee.lua"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def two_rounds(folder, work):
    program = copied_program(work)
    test = lambda: (write(work, "count", "0\n"), cli.Result(subprocess.run([program, "test"], cwd=folder, capture_output=True, timeout=60)))[1]
    got = test()
    ok(got.code == 0 and got.out.startswith("ok 1 - tests/talk_test.lua: it talks\nok 2 "), "tests hold", got)
    pids = (work / "pids").read_text().split()
    ok(len(pids) == 5 and len(set(pids)) == 5, "each was played in two workers' parents of its own, beside the one that reads the file", pids)
    other_stdlib(work, 3, '{ text = text, fields', '{ text = text .. "!", fields')
    got = test()
    ok(got.code == 1 and "not ok 1 - tests/talk_test.lua: it talks\n"
       "# played twice, in two processes, this test is not the same; first at run 1 of talk, step 0, sequences/talk.lua:5\n"
       '#   the first time:  log {"text":"hello Ann"} -> {"r":[]}\n'
       '#   the second time: log {"text":"hello Ann!"} -> {"r":[]}\nok 2 ' in got.out, "the first effect that differs is told", got)
    other_stdlib(work, 3, 'effect("store.add", { key =', 'effect("store.add", { ["n"] = n, key =')
    ok(test().code == 0, "what asks for the same in other words is the same")
    other_stdlib(work, 3, 'function M.store.add(key, n)', 'function M.store.add(key, n)\n  effect("store.get", { key = "n" })')
    got = test()
    ok(got.code == 1 and "run 1 of talk, step 1, sequences/talk.lua:6\n" in got.out and "the second time: store.get {" in got.out, "so is an effect more", got)


def changed_program(folder, work):
    """A run waits; meanwhile the program is another one, which asks for something else."""
    write(folder, "sequences/short.lua", """local perigee = require "perigee"
return perigee.sequence { name = "short", needs = { store = true }, run = function(contact)
  perigee.log "one"
  perigee.sleep "1s"
  perigee.log "two"
end }
""")
    command = lambda *args: cli.Result(subprocess.run([work / "perigee", *args], cwd=folder, capture_output=True, timeout=60))
    first_start = lambda: write(work, "count", "0\n")
    shutil.rmtree(work / "other3", ignore_errors=True)
    command("contacts", "add", "id=ann", "name=Ann", "email=ann@example.com")
    command("enrol", "short", "ann", "--yes")
    command("serve", "--until-idle")
    ok([r["state"] for r in command("runs", "--json").rows()] == ["waiting"], "a run waits", command("runs"))
    time.sleep(1.1)
    first_start()
    other_stdlib(work, 1, '{ text = text, fields', '{ text = text .. "!", fields')
    said = command("serve", "--until-idle")
    shown = command("show", "1")
    ok("is parked: sequences/short.lua:3: step 0: the journal has `log {\"text\":\"one\"}`, the script now asks `log {\"text\":\"one!\"}`; "
       "the program has changed since this run began: stdlib " in said.err, "it is parked by the other, which says that it is another", said)
    lines = [l.strip() for l in shown.out.splitlines()]
    ok(any(re.fullmatch(r"program +stdlib [0-9a-f]{8} → [0-9a-f]{8}", l) for l in lines) and any("put the program back" in l for l in lines)
       and any(re.fullmatch(r'script +log \{"text":"one!"\}', l) for l in lines), "show tells what has changed and what to do", shown)
    shutil.rmtree(work / "other1")
    command("retry", "1")
    command("serve", "--until-idle")
    ended = command("runs", "--json").rows()
    ok([(r["state"], r["outcome"]) for r in ended] == [("done", "done")], "with the program that it began with it goes on", ended)


def main():
    work = Path(tempfile.mkdtemp(prefix="perigee-determinism-"))
    try:
        folder = work / "W"
        workspace(folder)
        simulations(folder)
        two_rounds(folder, work / "program")
        changed_program(folder, work / "program")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
