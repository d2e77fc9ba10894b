#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Broadcasts: the list, the whole text, confirming and cancelling by hand; what lapses and what is refused in serve, killed or not; sim.
No channel of a broadcast has a driver in serve yet, so rows are planned as sim's are, by what it writes into its database."""
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402
from tap import ok  # noqa: E402
from program import PERIGEE, Workspace  # noqa: E402

HOUR = 3600_000
SCRIPT = """local perigee = require "perigee"
return perigee.sequence {
  name = "tell", needs = { broadcast = true },
  run = function(contact)
    local id, text, code, rule = perigee.broadcast { channel = "discord", to = "#all", template = "news", vars = { what = contact.name }, at = contact.fields.at or "1 day" }
    return id and "planned" or code .. " " .. tostring(rule)
  end,
}
"""
workspace = Workspace(tempfile.mkdtemp())
run, sql = workspace.run, workspace.sql


def plan(state="planned", after=24 * HOUR, text="Line one\nLine two"):
    now = int(time.time() * 1000)
    rows = sql("INSERT INTO broadcasts (run, position, sequence, state, channel, account, target, template, text, at, due, created_at)"
               " VALUES (1, 0, 'tell', ?, 'discord', '', '#all', 'news', ?, ?, ?, ?) RETURNING id", state, text, now + after, now + after, now)
    return rows[0][0]


def state_of(number):
    return sql("SELECT state, rule FROM broadcasts WHERE id = ?", number)[0]


def by_hand():
    first, second = plan(), plan(after=2 * HOUR)
    rows = run("broadcast", "--json").rows()
    ok([r["id"] for r in rows] == [second, first] and set(rows[0]) >= {"id", "state", "channel", "account", "to", "template", "text", "at", "run", "sequence"},
       "the list has what waits, what is due first first", rows)
    shown = run("broadcast", "show", first)
    ok(all(w in shown.out for w in ("planned", "#all", "discord", "news", "tell (run 1)", "    Line one\n    Line two", f"perigee broadcast confirm {first}")),
       "one is shown whole: text, where, when, who asked", shown)
    ok(run("broadcast", "confirm", first).code == 0 and state_of(first)[0] == "confirmed", "a person confirms it", run("broadcast"))
    again = run("broadcast", "confirm", first)
    ok(again.code == 1 and "is confirmed already" in again.err, "once", again)
    ok(run("broadcast", "cancel", first).code == 0 and state_of(first)[0] == "cancelled", "and may take it back")
    ok(run("broadcast", "cancel", second).code == 0 and "no broadcast waits" in run("broadcast").out, "planned ones, too")
    ok([r["state"] for r in run("broadcast", "--all", "--json").rows()] == ["cancelled"] * 2 and not run("broadcast", "--state", "sent", "--json").rows(),
       "those that are over are kept", run("broadcast", "--all"))
    yes, no, later = plan("confirmed"), plan(), plan(after=9 * 24 * HOUR)
    coming, rows = run("plan"), run("plan", "--json").rows()[-1]["broadcasts"]
    ok(f"broadcast {yes} to #all on discord: confirmed, leaves on " in coming.out and f"broadcast {no} to #all on discord: lapses unless somebody confirms it before " in coming.out
       and f"broadcast {later} " not in coming.out, "perigee plan tells those of the coming days", coming)
    ok({(r["id"], r["state"], r["to"]) for r in rows} == {(yes, "confirmed", "#all"), (no, "planned", "#all")} and state_of(no)[0] == "planned", "as JSON, too", rows)
    for number in (yes, no, later):
        run("broadcast", "cancel", number)
    cases = [(("confirm", 99), 1, "no broadcast 99"), (("confirm",), 2, "which one?"), (("show", "x"), 2, "which one?"), (("confrm", 1), 2, "confirm"),
             (("--state", "snt"), 2, "sent"), (("confirm", first), 1, "is cancelled already"), (("show", 99), 1, "no broadcast 99")]
    for words, code, says in cases:
        got = run("broadcast", *words)
        ok(got.code == code and says in got.err, f"broadcast {' '.join(map(str, words))}: {says}", got)


def in_serve():
    late, due = plan(after=-HOUR), plan("confirmed", after=-HOUR)
    got = run("broadcast", "confirm", late)
    ok(got.code == 1 and "has lapsed" in got.err, "what is past its time can't be confirmed", got)
    workspace.serve()
    ok(state_of(late)[0] == "lapsed", "what nobody confirmed lapses", state_of(late))
    ok(state_of(due) == ("refused", "account"), "without a driver nothing leaves, and it says so", state_of(due), run("broadcast", "show", due))
    ok(sql("SELECT count(*) FROM messages") == [(0,)], "and the ledger has no row of it")
    run("enrol", "tell", "ana", "--yes")
    workspace.serve()
    ok(sql("SELECT outcome FROM runs WHERE sequence = 'tell'") == [("refused account",)], "a script hears that there is no account", run("runs"))
    # Killed at any moment between planning and its time, it is there.
    number = plan()
    serve = subprocess.Popen([PERIGEE, "-C", workspace.dir, "serve"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        if (workspace.dir / "run/perigee.sock").exists():
            break
        time.sleep(0.05)
    said = run("broadcast", "confirm", number)
    serve.send_signal(signal.SIGKILL)
    serve.wait()
    ok(said.code == 0 and state_of(number)[0] == "confirmed", "what was confirmed beside serve stays so when it is killed at once", said, state_of(number))


def in_doubt():
    """What was on its way when serve was killed: nobody knows, and a person says."""
    def handed(text="Line one", channel="discord"):
        number, now = plan("handed", after=-HOUR), int(time.time() * 1000)
        message = sql("INSERT INTO messages (channel, account, direction, state, template, address, text, message_id, at, handed_at, first_handed_at, attempts)"
                      " VALUES (?, '', 'out', 'handed', 'news', '#all', ?, 'x@broadcast.invalid', ?, ?, ?, 1) RETURNING id", channel, text, now, now, now)[0][0]
        sql("UPDATE broadcasts SET message = ?, text = ?, attempts = 1 WHERE id = ?", message, text, number)
        return number, message

    def states(number, message):
        return state_of(number)[0], sql("SELECT state FROM messages WHERE id = ?", message)[0][0]
    sent, again, gone, by_hand = handed(), handed(), handed(), handed()
    now = int(time.time() * 1000)
    sql("UPDATE broadcasts SET message = NULL, state = 'cancelled' WHERE id = ?", by_hand[0])
    sql("INSERT INTO tasks (contact, kind, state, message, created_at, note) VALUES ('ana', 'message', 'open', ?, ?, 'by hand')", by_hand[1], now)
    ok(run("broadcast", "confirm", again[0]).code == 1 and "handed" in run("broadcast").out, "one on its way is no longer a person's to decide", run("broadcast"))
    got = workspace.serve()
    ok([states(*which) for which in (sent, again, gone)] == [("unknown", "unknown")] * 3, "what was on its way when serve was killed is unknown", got, run("broadcast", "--all"))
    ok(states(*by_hand)[1] == "handed", "what a person is to send stays theirs", sql("SELECT id, state FROM messages"))
    ok(sorted(r["id"] for r in run("broadcast", "--json").rows()[:3]) == [sent[0], again[0], gone[0]], "they head the list", run("broadcast"))
    ok(f"perigee messages resolve {sent[1]} sent" in run("broadcast", "show", sent[0]).out and f"resolve {sent[1]} sent" in run("broadcast", "cancel", sent[0]).err,
       "which says what to do", run("broadcast", "show", sent[0]))
    ok(run("messages", "resolve", sent[1], "sent").code == 0 and states(*sent) == ("sent", "accepted"), "a person has seen it there", run("broadcast", "show", sent[0]))
    ok(run("messages", "resolve", again[1], "again").code == 0 and states(*again) == ("confirmed", "withdrawn"), "or it goes again", run("broadcast", "show", again[0]))
    workspace.serve()
    ok(state_of(again[0]) == ("refused", "account") and states(*again)[1] == "withdrawn", "by the rules, as what was confirmed", run("broadcast", "show", again[0]))
    sql("UPDATE broadcasts SET text = NULL WHERE id = ?", gone[0])
    got = run("messages", "resolve", gone[1], "again")
    ok(got.code == 1 and "the words of broadcast" in got.err and states(*gone) == ("unknown", "unknown"), "one whose words are gone does not", got)
    ok(run("messages", "resolve", gone[1], "sent").code == 0 and states(*gone) == ("sent", "accepted"), "but can be closed")
    sql("DELETE FROM tasks")
    sql("DELETE FROM messages")


def indexed():
    """What is asked at each turn does not look at every broadcast."""
    source = (Path(__file__).resolve().parents[2] / "runtime/host/pretend.c").read_text()
    query = "".join(re.findall(r'"(.*?)"', re.search(r"TO_CONFIRM\[\] =(.*?);", source, re.DOTALL)[1]))
    plan_of = [row[3] for row in sql("EXPLAIN QUERY PLAN " + query)]
    ok(len(plan_of) == 1 and "broadcasts_to_confirm" in plan_of[0], "the next that a colleague confirms comes from an index, unsorted", query, plan_of)


def simulated():
    workspace.write("people.csv", "id,name,at\nana,Ana,1 day\nbob,Bob,2026-12-12T20:00\n")
    args = ("sim", "tell", "--contacts", "people.csv", "--start", "2026-12-07T08:00", "--json")
    got = run(*args)
    seen = [r for r in got.rows() if r["event"] == "broadcast"]
    ok(got.out == run(*args).out, "equal inputs give equal bytes", got)
    ok([(r["state"], r["at"][5:16]) for r in seen if r["text"] == "Ana!"] == [("planned", "12-07T08:00"), ("confirmed", "12-07T09:00"), ("sent", "12-08T09:00")],
       "in sim a colleague confirms; it leaves within the workspace's hours", seen)
    ok(all(set(r) >= {"channel", "to", "template", "text", "state"} and r["to"] == "#all" for r in seen), "each state is an event", seen)
    ok([r["state"] for r in seen if r["text"] == "Bob!"] == ["planned", "confirmed", "sent"] and seen[-1]["at"][5:16] == "12-14T09:00",
       "one for a Saturday evening waits for Monday", seen[-1])
    ok(got.rows()[-1]["sent"] == 0, "and none of them is a message to somebody", got.rows()[-1])
    out = run(*args, "--outage", "discord 2026-12-08T08:00 2h").rows()
    sent = [r["at"][5:16] for r in out if r["event"] == "broadcast" and r["state"] == "sent" and r["text"] == "Ana!"]
    ok(len(sent) == 1 and "12-08T10:00" <= sent[0] < "12-08T11:00", "while the channel is out it waits, and leaves once", sent)
    lost = [r for r in run(*args, "--outage", "discord 2026-12-08T08:00 3d").rows() if r["event"] == "broadcast" and r["text"] == "Ana!"]
    ok([r["state"] for r in lost] == ["planned", "confirmed", "lapsed"] and "within a day" in lost[-1]["reason"] or lost[-1]["rule"] in ("retry", "breaker"),
       "what could not leave within a day of its time lapses", lost)
    text = run(*args[:-1]).out
    ok('broadcast to #all on discord is planned for 2026-12-08 08:00: news "Ana!"' in text and "is sent: news" in text and
       "Broadcasts: confirmed 2, planned 2, sent 2" in text, "people read it on the timeline, and what came of them below it", text)


try:
    workspace.write("perigee.lua", 'workspace { timezone = "Europe/Paris" }\n')
    workspace.write("sequences/tell.lua", SCRIPT)
    workspace.write("templates/news.md", "{{ what }}!\n")
    workspace.write("contacts.csv", "id,name\nana,Ana\n")
    run("contacts", "import", "contacts.csv")
    run("upgrade")
    by_hand()
    in_serve()
    in_doubt()
    indexed()
    simulated()
finally:
    shutil.rmtree(workspace.dir, ignore_errors=True)
sys.exit(tap.finish())
