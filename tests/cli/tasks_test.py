#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""perigee tasks: what a person is to do by hand, with a link, the text to paste and one command to tick it; contact:snooze."""
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402
from tap import ok  # noqa: E402
from program import Workspace  # noqa: E402

SEQUENCE = """local perigee = require "perigee"
return perigee.sequence {
  name = "%s", needs = { send = { "instagram" }, task = true },
  run = function(contact)
    %s
    return contact:wait_reply "3 days" and "replied" or "silent"
  end,
}
"""

workspace = Workspace(tempfile.mkdtemp())
folder, run, sql, serve = workspace.dir, workspace.run, workspace.sql, workspace.serve
for name in ("sequences", "templates"):
    (folder / name).mkdir()
(folder / "perigee.lua").write_text('workspace { timezone = "Europe/Paris", hours = "always" }\n')
(folder / "templates" / "hello.md").write_text(
    "---\nsubject: x\npersonal: no\n---\nHello {{ first_name }}, this is the first line of a text that is longer than a line of a terminal is wide.\n\nAnd its end.\n")
(folder / "sequences" / "hand.lua").write_text(SEQUENCE % ("hand", 'contact:send("instagram", "hello")'))
(folder / "sequences" / "late.lua").write_text(SEQUENCE % (
    "late", 'contact:task { kind = "call", note = "Overdue call", due = "0s" }; contact:task { kind = "sign", note = "The contract", due = "2 days" }'))
(folder / "sequences" / "off.lua").write_text(SEQUENCE % ("off", 'contact:snooze "2 weeks"; contact:task { kind = "review", note = "Later" }'))
(folder / "contacts.csv").write_text("id,name,instagram,phone\nana,Ana Ruiz,@ana.cooks,+33612345678\nben,Ben Okafor,ben/../evil,\ncho,Cho Kim,@cho,\n"
                                     "dan,Dan Abel,@dan,+4930123456\neve,Eve Blum,@eve,\n")

try:
    run("contacts", "import", "contacts.csv")
    ok(run("tasks").out == "nothing to do\n", "without tasks there is nothing to do")
    run("enrol", "hand", "ana", "ben", "cho", "--yes")
    serve()
    run("enrol", "late", "dan", "--yes")
    run("enrol", "off", "eve", "--yes")
    serve()

    listed = run("tasks")
    tasks = {(t["contact"], t["kind"]): t for t in run("tasks", "--json").rows()}
    ana, ben = tasks["ana", "message"], tasks["ben", "message"]
    contract = {"id", "contact", "run", "kind", "note", "due", "state", "outcome"}
    ok(all(contract <= set(t) for t in tasks.values()) and ana["state"] == "open" and ana["outcome"] is None and ana["due"] is None,
       "tasks --json has the members of the contract", ana)
    ok(ana["link"] == "https://instagram.com/ana.cooks" and ana["text"].startswith("Hello Ana") and ana["channel"] == "instagram",
       "and the link, the channel and the whole text", ana)
    ok(ben["link"] is None and ben["address"] == "ben/../evil" and "https" not in ben["note"], "an address that is no name is made no link", ben)
    heads = [line for line in listed.out.splitlines() if line and not line.startswith(" ") and not line.startswith("`")]
    ok(heads == ["Overdue", "Due", "When you can", "Put off"], "people see what is overdue, then due, then the oldest, then who is put off", listed)
    ok(all(w in listed.out for w in ("Write to Ana Ruiz on Instagram", "https://instagram.com/ana.cooks", f"perigee tasks done {ana['id']}",
                                     "tel:+4930123456", "Call Dan Abel")), "each with what to do, where, and the command that ticks it", listed)

    shown = run("tasks", "show", ana["id"])
    ok("\nHello Ana, this is the first line of a text that is longer than a line of a terminal is wide.\n\nAnd its end.\n" in shown.out
       and "https://instagram.com/ana.cooks" in shown.out, "tasks show prints the whole text as it is to be pasted", shown)
    ok(run("tasks", "show", 999).code == 1 and run("tasks", "show").code == 2 and run("tasks", "show", "x").code == 2, "and says when there is none")

    cho = tasks["cho", "message"]
    two = run("tasks", "done", ana["id"], cho["id"])
    ok(two.code == 0 and two.out.count("is done") == 2, "several are ticked at once", two)
    states = dict(sql("SELECT contact, state FROM messages"))
    ok(states == {"ana": "accepted", "ben": "handed", "cho": "accepted"}, "ticked means sent", states)
    again = run("tasks", "done", ana["id"], 999)
    ok(again.code == 1 and "is done already" in again.err and "no task 999" in again.err, "what can't be ticked is told, each", again)
    ok(run("tasks", "done", tasks["dan", "call"]["id"], "x").code == 2 and run("tasks", "--contact", "dan", "--json").rows()[0]["state"] == "open",
       "a slip among the numbers ticks nothing")

    serve()
    no = run("tasks", "done", ben["id"], "--outcome", "not sent")
    serve()
    ok(no.code == 0 and "was not sent" in no.out and sql("SELECT state, handed_at FROM messages WHERE contact = 'ben'") == [("refused", None)]
       and sql("SELECT state, outcome FROM runs WHERE contact = 'ben'") == [("done", "refused")],
       "a message that was not sent is refused, counts for nothing, and its run hears it", no, sql("SELECT * FROM runs"))
    done = run("tasks", "--state", "done")
    ok("not sent" in done.out and "Write to Ana Ruiz on Instagram" in done.out, "what is done is listed with its outcome", done)

    run("enrol", "hand", "dan", "--yes")
    serve()
    stopped = next(t for t in run("tasks", "--json").rows() if t["contact"] == "dan" and t["kind"] == "message")
    run("stop", stopped["run"])
    rows = {t["id"]: t for t in run("tasks", "--json").rows()}
    ok(rows[stopped["id"]]["outcome"] == "no longer needed" and sql("SELECT state, handed_at FROM messages WHERE contact = 'dan'") == [("withdrawn", None)],
       "a run that is stopped takes its task along", rows[stopped["id"]])
    ok(rows[tasks["dan", "call"]["id"]]["state"] == "open", "but no task of another kind")
    retried = run("retry", stopped["run"])
    serve()
    again = [t for t in run("tasks", "--json").rows() if t["run"] == stopped["run"] and t["state"] == "open"]
    ok(retried.code == 0 and len(again) == 1, "retried, it asks again", retried, again)

    run("enrol", "hand", "eve", "--yes")
    serve()
    erased = run("contacts", "erase", "dan", "--yes")
    ok(erased.code == 0 and not [t for t in run("tasks", "--json").rows() if t["contact"] == "dan"]
       and not sql("SELECT 1 FROM messages WHERE state = 'handed' AND contact IS NULL"), "somebody can be erased while they are to be written to", erased)

    eve = run("contacts", "show", "eve", "--json").rows()[0]
    ok("put off until" in run("contacts", "show", "eve").out and eve["snoozed_until"], "who is put off is shown as such", eve)
    ok(run("tasks", "--outcome", "x").code == 2 and "did you mean done" in run("tasks", "dnoe", "1").err, "wrong words are told")
finally:
    shutil.rmtree(folder)
sys.exit(tap.finish())
