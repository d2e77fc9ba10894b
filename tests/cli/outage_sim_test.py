#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A channel is down for six hours of virtual time: nothing is lost, nothing doubled, reach goes elsewhere, and the queue drains at the
account's pace afterwards. And what reach does with refusals."""
import shutil
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import commands_test as cli
from commands_test import ok, run, write

CONFIG = """workspace { timezone = "Europe/Paris", hours = "always"%s }
account "mail" { channel = "email", from = "Léa <lea@brand.example>", cap = { gap = "60s" }, smtp = { url = "smtps://smtp.brand.example" } }
"""
SEQUENCE = """local perigee = require "perigee"
return perigee.sequence {
  name = "%s", needs = { send = { "email", "whatsapp", "sms", "instagram" } },
  run = function(contact)
%s
  end,
}
"""
SEND = """    contact:send("email", "intro")
    return "sent" """
REACH = """    local message = contact:reach({ "email", "sms" }, "intro")
    return "by " .. message.channel"""
WAITS = """    local message = contact:reach({ "email" }, "intro")
    return "by " .. message.channel"""
START = datetime.fromisoformat("2026-12-07T08:00:00+01:00")
OUTAGE = ("--start", "2026-12-07T08:00", "--outage", "email +10m 6h", "--for", "3d")


def people(folder, n, phone=True):
    rows = [f"p{i},Person {i},p{i}@x.example,{'+336123456' + str(10 + i) if phone else ''},opt-in,bread {i}" for i in range(n)]
    write(folder, "people.csv", "id,name,email,phone,consent,topic\n" + "\n".join(rows) + "\n")


def sim(folder, name, *more):
    got = run("sim", name, "--contacts", "people.csv", "--json", *more, cwd=folder)
    rows = got.rows() or [{}]
    for row in rows[:-1]:
        row["minutes"] = (datetime.fromisoformat(row["at"]) - START) / timedelta(minutes=1)
    return got, rows[:-1], rows[-1]


def drains(folder):
    people(folder, 30)
    got, rows, summary = sim(folder, "send", *OUTAGE)
    sent = [r for r in rows if r["event"] == "sent"]
    if not ok(not got.err, "nothing is said beside the timeline", got):
        return
    ok(sorted(r["contact"] for r in sent) == sorted(f"p{i}" for i in range(30)), "six hours without a connection: each is sent, once", got)
    ok(summary["outcomes"] == {"sent": 30} and summary["failed"] == 0, "and every run has its end", summary)
    before, after = [r["minutes"] for r in sent if r["minutes"] <= 10], sorted(r["minutes"] for r in sent if r["minutes"] > 10)
    ok(len(before) > 5 and all(370 <= m for m in after), "nothing leaves while it is down", before, after)
    ok(after[0] <= 370 + 15, "the first leaves within a quarter of an hour of its end", after)
    gaps = [b - a for a, b in zip(after, after[1:])]
    ok(all(0.75 <= g <= 1.3 for g in gaps), "and the others one after the other, at the account's pace", gaps)
    tries = [r for r in rows if r["event"] == "deferred" and r["rule"] == "breaker" and "connection" in r["reason"]]
    ok(5 <= len(tries) <= 5 + 6 * 4 + 5, "while it is down one message tries now and then, not each of them", len(tries))
    states = [(r["state"], r["minutes"]) for r in rows if r["event"] == "breaker"]
    ok(states[0][0] == "open" and states[-1][0] == "closed" and [s for s, _ in states].count("closed") == 1, "the breaker opens and closes", states)
    spans = [round(b - a) for (_, a), (s, b) in zip(states, states[1:]) if s == "open"]
    ok(spans[:5] == [1, 2, 4, 8, 15] and set(spans[4:]) == {15}, "for 1, 2, 4, 8, 15 minutes", spans)
    ok(run("sim", "send", "--contacts", "people.csv", "--json", *OUTAGE, cwd=folder).out == got.out, "equal inputs give equal bytes")


def goes_elsewhere(folder):
    people(folder, 30)
    got, rows, summary = sim(folder, "reach", *OUTAGE)
    sent = {r["contact"]: (r["channel"], r["minutes"]) for r in rows if r["event"] == "sent"}
    ok(len([r for r in rows if r["event"] == "sent"]) == len(sent) == 30, "reach sends each once", got)
    by = {channel: sum(c == channel for c, _ in sent.values()) for channel in ("email", "sms")}
    ok(by["email"] > 5 and by["sms"] > 10 and summary["outcomes"] == {f"by {c}": n for c, n in by.items()},
       "by e-mail while that works, then by the other channel, and the script is told which", summary)
    ok(all(m <= 11 for c, m in sent.values() if c == "email") and all(9 <= m <= 15 for c, m in sent.values() if c == "sms"),
       "nobody waits for the end of the outage", sent)
    people(folder, 8, phone=False)
    got, rows, summary = sim(folder, "waits", "--start", "2026-12-07T08:00", "--outage", "email +0m 6h", "--for", "3d")
    ok(summary["outcomes"] == {"by email": 8} and all(r["minutes"] >= 360 for r in rows if r["event"] == "sent"),
       "where there is no other channel it waits for this one", got)
    people(folder, 4)
    write(folder, "perigee.lua", CONFIG % ", policy = { breaker = 0 }")
    got, rows, summary = sim(folder, "reach", "--start", "2026-12-07T08:00", "--outage", "email +0m 6h", "--for", "3d")
    ok(summary["outcomes"] == {"by email": 4} and not any(r["event"] == "breaker" for r in rows), "breaker = 0: none opens, and a delay moves nothing", got)
    write(folder, "perigee.lua", CONFIG % "")


def refusals(folder):
    write(folder, "people.csv", "id,name,email,phone,consent,topic,note\n"
          "yes,Yes,yes@x.example,+33612345611,opt-in,bread,n\nno,No,no@x.example,+33612345612,,tea,n\nnone,None,,,opt-in,milk,n\n"
          "bare,Bare,bare@x.example,+33612345614,opt-in,cake,\n")
    write(folder, "templates/noted.md", "---\nsubject: Hi\n---\nHello {{ first_name }}, {{ topic }}\n\n--- channel: sms\n{{ note }}: {{ topic }}\n")
    write(folder, "sequences/order.lua", SEQUENCE % ("order", """    local message, text, code, rule = contact:try_reach({ "whatsapp", "sms", "email" }, "noted")
    return message and "by " .. message.channel or ("%s %s %s"):format(code, rule, text)"""))
    got, rows, summary = sim(folder, "order", "--for", "1d")
    out = {r["contact"]: r["outcome"] for r in rows if r["event"] == "finished"}
    ok(out["yes"] == "by sms" and out["no"] == "by email", "channels are tried in order; what policy refuses is passed over", out, got)
    ok(out["none"].startswith("refused address whatsapp: ") and "; sms: " in out["none"] and "; email: " in out["none"],
       "if all refuse, the reason names each, and the rule where they agree", out["none"])
    ok(out["bare"] == "by email", "a template that can't be rendered for a channel is passed over, too", out["bare"], got)
    passed = {c: [(r["channel"], r.get("rule") or r["code"]) for r in rows if r["event"] == "refused" and r["contact"] == c] for c in ("yes", "no", "bare")}
    ok(passed == {"yes": [("whatsapp", "reply_window")], "no": [("whatsapp", "consent"), ("sms", "consent")],
                  "bare": [("whatsapp", "reply_window"), ("sms", "invalid")]}, "each refusal is shown", passed)
    write(folder, "sequences/strict.lua", SEQUENCE % ("strict", '    contact:reach({ "whatsapp", "sms" }, "noted")'))
    got, rows, summary = sim(folder, "strict", "--for", "1d")
    ok(summary["outcomes"] == {"refused": 3, "done": 1} and any(r["event"] == "finished" and r["contact"] == "no" and r["reason"].startswith("whatsapp: ") for r in rows),
       "without try the run ends refused, with that reason", got)


def checked(folder):
    write(folder, "people.csv", "id,name,email,topic\na,A,a@x.example,bread\n")
    write(folder, "sequences/bad.lua", """local perigee = require "perigee"
return perigee.sequence { name = "bad", needs = { send = { "email" } },
  run = function(contact)
    contact:reach({ "email", "sms" }, "nowhere")
  end }
""")
    said = run("check", "sequences/bad.lua", cwd=folder)
    ok(said.code == 1 and "bad.lua:4: contact:reach on channel 'sms' is not in needs: add send = { \"sms\" }" in said.err + said.out and "nowhere" in said.err + said.out,
       "check knows the channels of reach, and its template", said)
    (folder / "sequences/bad.lua").unlink()
    for call, says in (('contact:reach("email", "intro")', "a list of channels"), ("contact:reach({}, 'intro')", "1 to 16 channels"),
                       ('contact:reach({ "email", "email" }, "intro")', "stands twice"), ('local list = { "x" } contact:reach(list, "intro")', "needs.send"),
                       ('contact:reach({ "email" })', "template")):
        write(folder, "sequences/raise.lua", SEQUENCE % ("raise", "    local good, text = pcall(function() %s end)\n    return text" % call))
        got, rows, _ = sim(folder, "raise", "--for", "1h")
        ok(any(r["event"] == "finished" and says in r["outcome"] for r in rows), f"{call} raises", got)
    (folder / "sequences/raise.lua").unlink()


def main():
    work = Path(tempfile.mkdtemp(prefix="perigee-outage-"))
    try:
        write(work, "perigee.lua", CONFIG % "")
        write(work, "templates/intro.md", "---\nsubject: About {{ topic }}\n---\nHello {{ first_name }}, about {{ topic }}.\n")
        for name, body in (("send", SEND), ("reach", REACH), ("waits", WAITS)):
            write(work, f"sequences/{name}.lua", SEQUENCE % (name, body))
        for part in (drains, goes_elsewhere, refusals, checked):
            part(work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
