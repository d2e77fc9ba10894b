#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What sim can let happen: contacts who answer by chance or by a model in Lua, channels that fail, scripts that are edited on the
way, another policy. Equal inputs give equal bytes in each of them, and what is mistyped is said in a sentence."""
import json
import shutil
import sys
import tempfile
from pathlib import Path

import commands_test as cli
from commands_test import exits, ok, run, write

START = ("--start", "2026-12-07T08:00", "--json")
WORKSPACE = """workspace { timezone = "Europe/Paris", hours = "always" }
account "main" {
  channel = "email", from = "Lea <lea@brand.example>", cap = { per_day = 100 },
  smtp = { url = "smtps://smtp.brand.example", user = "lea", password = secret "main" },
}
"""
SCRIPT = """local perigee = require "perigee"
return perigee.sequence {
  name = "two", needs = { send = { "email" }, task = true },
  run = function(contact)
    contact:send("email", "intro")
    if contact:wait_reply "3 days" then return "answered" end
    contact:send("email", "nudge")
    if contact:wait_reply "4 days" then return "answered late" end
    contact:task { kind = "call", note = "no answer" }
    local event = contact:wait({ "task_done" }, "1 week")
    return event and event.outcome or "silent"
  end,
}
"""
LANGUAGES = {"en": "Yes, I would", "fr": "Oui", "de": "Ja", "es": "Sí", "it": "Sì"}
MODEL = """local words = require "words"
return {
  message = function(message, chance)
    local contact = message.contact
    if contact.fields.tier ~= "gold" then return nil end
    if message.n == 1 and chance() < 2 then
      return { { kind = "click", after = "10m" }, { kind = "auto_reply", after = "1m", text = words.away, returns = "2026-12-18" } }
    end
    return { kind = "reply", after = "2h", text = message.template .. " " .. message.channel .. " " .. contact.identities.email }
  end,
  task = function(task, chance)
    return { kind = "task_done", after = "1 day", text = task.kind .. " " .. task.n }
  end,
}
"""


def people(n=20):
    rows = [f"c{i:02d},Name{i} Last,c{i}@example.com,{list(LANGUAGES)[i % 5]},{'gold' if i % 2 else 'tin'}" for i in range(n)]
    return "id,name,email,locale,tier\n" + "\n".join(rows) + "\n"


def sim(folder, *args):
    return run("sim", "two", "--contacts", "people.csv", *START, *args, cwd=folder)


def rows_of(got, event, **members):
    return [r for r in got.rows() if r["event"] == event and all(r.get(k) == v for k, v in members.items())]


def same(sentence, folder, *args):
    first = sim(folder, *args)
    ok(first.code == 0 and not first.err and sim(folder, *args).out == first.out, f"equal inputs give equal bytes: {sentence}", first)
    return first


def chance(folder):
    mix = same("the mix of random alone", folder, "--replies", "random")
    other = sim(folder, "--replies", "random", "--seed", "2")
    ok(mix.out != other.out and mix.rows()[-1]["received"] > 0, "another seed, other luck", mix.rows()[-1], other.rows()[-1])
    kinds = ("reply", "auto_reply", "bounce", "unsubscribe", "complaint", "handled", "click")
    for kind in kinds:
        got = sim(folder, "--replies", f"random:intro.{kind}=1,after=2h", "--for", "1d")
        found = rows_of(got, "received")
        ok(len(found) == 20 and {r["kind"] for r in found} == {kind} and {r["at"][11:16] for r in found} == {"10:00"},
           f"random: {kind}=1 is certain, and comes when after says", got)
    got = sim(folder, "--replies", "random:reply=0,click=0")
    ok(got.rows()[-1]["received"] == 0 and len(rows_of(got, "task")) == 20, "what is not named, or 0, does not happen", got.rows()[-1])
    got = sim(folder, "--replies", "random:intro.reply=0.1,nudge.reply=1,after=1h-5h")
    steps = [len(rows_of(got, "finished", outcome=o)) for o in ("answered", "answered late")]
    ok(0 < steps[0] < 10 and sum(steps) == 20, "a template has probabilities of its own", steps)
    delays = {r["at"][11:13] for r in rows_of(sim(folder, "--replies", "random:reply=1,after=1h-5h"), "received")}
    ok(delays <= {"09", "10", "11", "12", "13"} and len(delays) > 2, "the delay is drawn from the range", delays)
    got = sim(folder, "--replies", "random:reply=1")
    texts = {r["contact"]: r["text"] for r in rows_of(got, "received")}
    ok(len(set(texts[f"c{i:02d}"] for i in range(0, 20, 5))) > 1 and not {texts["c00"], texts["c05"]} & {texts["c01"], texts["c02"]},
       "answers vary, and are in the contact's language", texts)
    got = sim(folder, "--replies", "random:auto_reply=1", "--for", "20d")
    away = rows_of(got, "received", kind="auto_reply", contact="c00")[0]
    second = rows_of(got, "sent", contact="c00", template="nudge")
    ok("out of the office" in away["text"] and all(r["at"][:10] >= away["text"].split()[-1].strip(".") for r in second),
       "an automatic answer names the day they are back, and nothing reaches them before", away, second)
    got = sim(folder, "--replies", "random:task_done=1,after=1d")
    ok(len(rows_of(got, "task_done")) == 20 and got.rows()[-1]["outcomes"] == {"done": 20}, "tasks are done by chance too", got.rows()[-1])
    # The same people have the same luck, whatever happens to the others.
    all_of, some = (sim(folder, "--replies", "random:reply=0.5", "--contacts", f) for f in ("people.csv", "few.csv"))
    ok(rows_of(all_of, "received", contact="c03") and [(r["at"], r["text"]) for r in rows_of(all_of, "received", contact="c03")] ==
       [(r["at"], r["text"]) for r in rows_of(some, "received", contact="c03")], "a contact's luck is their own: who else is there changes nothing",
       all_of.rows()[-1], some.rows()[-1])


def mistakes(folder):
    cases = [
        ("random:", "nothing stands after the colon"), ("random:reply", "KEY=NUMBER"), ("random:reply=2", "from 0 to 1"), ("random:reply=-0.1", "from 0 to 1"),
        ("random:reply=nan", "from 0 to 1"), ("random:rply=0.1", 'no kind "rply"'), ("random:reply=0.6,bounce=0.6", "add up to 1.2"),
        ("random:intro.reply=0.9,bounce=0.2", "intro: "), ("random:hallo.reply=0.1", "hallo: there is no such template"),
        ("random:after=5d-1h", "shorter one first"), ("random:after=soon", "two durations"), ("random:reply=0.1,reply=0.2", "twice"),
        ("random:intro.task_done=1", "no template"), ("random:signal:=1", "no kind \"signal:\""), ("random:signal:NO=1", "no kind"), ("randm", "FILE.csv, FILE.lua, random or"), ("random=0.2", "FILE.csv, FILE.lua, random or"),
    ]
    for word, says in cases:
        exits(f"--replies {word} is a usage error", 2, "sim", "two", "--contacts", "people.csv", "--replies", word, cwd=folder, says=says)
    cases = [
        ("return 5", "bad.lua:1: a model ends with"), ("x = = 1", "bad.lua:1: "), ("return { mesage = 5 }", "did you mean 'message'?"),
        ("return function(m)\n  return 5\nend", "bad.lua:1: a model returns nil"), ("return function(m)\n  local x\n  return x.y\nend", "bad.lua:3: "),
        ("return function(m) return { kind = 'rply' } end", "did you mean 'reply'?"),
        ("\nreturn function(m) return { kind = 'reply', after = '3 dys' } end", "bad.lua:2: \"3 dys\""),
        ("return function(m) return { kind = 'reply', channel = 'fax' } end", "bad.lua:1: there is no channel \"fax\""),
        ("local p = require 'perigee'\nreturn function(m) p.log 'x' end", "bad.lua:2: a model of contacts says"),
        ("local p = require 'perigee'\nreturn function(m)\n pcall(p.sleep, '1h')\nend", "bad.lua:3: a model of contacts says"),
        ("return function(m) while true do end end", "bad.lua:1: more than 50 ms"), ("return function(m) io.open 'x' end", "a script has no files"),
    ]
    for source, says in cases:
        write(folder, "bad.lua", source)
        got = exits(f"a model that is wrong ends the simulation with its line: {says}", 1, "sim", "two", "--contacts", "few.csv", "--replies", "bad.lua",
                    *START, cwd=folder, says=says)
        ok("summary" not in got.out, "and there is no summary", got)
    cases = [
        ("--outage", "emial +2d 6h", 'no channel "emial"'), ("--outage", "email", "CHANNEL FROM FOR"), ("--outage", "email +2d", "CHANNEL FROM FOR"),
        ("--outage", "email +2d 6x", '"6x"'), ("--outage", "email +60d 6h", "not within the time"), ("--edit", "edited.lua", "WHEN FILE"),
        ("--edit", "soon edited.lua", "WHEN FILE"), ("--edit", "+60d edited.lua", "not within the time"), ("--policy", "ask_per_week=1", "did you mean 'asks_per_week'?"),
        ("--policy", "asks_per_week=two", "--policy asks_per_week=two: workspace.policy.asks_per_week: a whole number"), ("--policy", "undo", "KEY=VALUE"),
        ("--policy", "hours=mon-fri 8-9", "'8-9' is no span of time"), ("--policy", "mian.per_day=3", "did you mean 'main'?"),
        ("--policy", "main.per_dya=3", "did you mean 'per_day'?"), ("--policy", "main.per_day=0", "a whole number from 1"),
    ]
    for option, word, says in cases:
        exits(f"{option} \"{word}\" is a usage error", 2, "sim", "two", "--contacts", "people.csv", option, word, cwd=folder, says=says)
    exits("--edit of a script that is not played is a failure", 1, "sim", "two", "--contacts", "people.csv", "--edit", "+1d other.lua", cwd=folder,
          says='"else", which this simulation does not play')
    exits("--edit with a script that is wrong has its line", 1, "sim", "two", "--contacts", "people.csv", "--edit", "+1d bad.lua", cwd=folder, says="bad.lua:1")


def models(folder):
    got = same("a model in Lua", folder, "--replies", "model.lua")
    first = [(r["kind"], r["at"][11:16]) for r in rows_of(got, "received", contact="c01")]
    ok(first[:2] == [("auto_reply", "08:01"), ("click", "08:10")], "a model knows the message and the contact, and lets several things happen", got)
    reply = rows_of(got, "received", contact="c01", kind="reply")[0]
    nudge = rows_of(got, "sent", contact="c01", template="nudge")[0]
    ok(reply["text"] == "nudge email c1@example.com" and nudge["at"][:10] >= "2026-12-18", "an answer is due by its delay; nobody is reached while away", reply, nudge)
    ok(not rows_of(got, "received", contact="c02") and rows_of(got, "task_done", contact="c02", outcome="call 1"), "tasks are done by the model", got)
    write(folder, "luck.lua", "return function(m, chance) return { kind = 'reply', text = ('%.3f'):format(chance()) } end")
    luck = {r["contact"]: r["text"] for r in rows_of(sim(folder, "--replies", "luck.lua"), "received")}
    ok(len(set(luck.values())) > 15 and luck != {r["contact"]: r["text"] for r in rows_of(sim(folder, "--replies", "luck.lua", "--seed", "9"), "received")},
       "chance is of the seed and of the contact", luck)


STARTED = """local perigee = require "perigee"
return perigee.sequence {
  name = "desk", needs = { send = { "instagram", "email" } }, starts_on = { "message", "signal:hello" },
  run = function(contact)
    local came = contact:wait({ "reply", "signal:hello" })
    perigee.log(came.event .. ":" .. (came.text or "") .. ":" .. (came.data and came.data.n or ""))
    contact:send("email", "hello")
    local reply = contact:wait_reply "3 days"
    return reply and reply.text or "silent"
  end,
}
"""


def desk(folder, *args):
    return run("sim", "desk", "--contacts", "people.csv", *START, *args, cwd=folder)


def starts(folder):
    write(folder, "sequences/desk.lua", STARTED)
    write(folder, "templates/hello.md", "---\nsubject: Hello\npurpose: answer\n---\nHi {{ first_name }}, a {{ tier }} word.\n")
    got = desk(folder, "--replies", "random")
    ok(got.out == desk(folder, "--replies", "random").out and not got.err, "equal inputs give equal bytes: a sequence that starts on events", got)
    enrolled = rows_of(got, "enrolled")
    first = {r["contact"]: r for r in reversed(rows_of(got, "received"))}
    ok(len(first) == 20 and {r["contact"] for r in enrolled} == set(first) and max(r["at"] for r in first.values()) < "2026-12-09T08:00" and
       len({r["at"] for r in first.values()}) > 15, "by chance each contact begins once within the first two days", enrolled)
    kinds = {r["kind"] for r in first.values()}
    ok(kinds == {"reply", "signal:hello"} and all(r["text"] for r in first.values() if r["kind"] == "reply") and
       any("?" in r["text"] and "ü" in r["text"] or "Hallo" in r["text"] for c, r in first.items() if r["kind"] == "reply" and int(c[1:]) % 5 == 2),
       "by a message in their language, or by the signal that it starts on", first)
    table = ("contact,after,channel,kind,text\n"
             "c01,2h,email,reply,where is it?\nc01,1h,email,reply,thanks\n"
             'c02,1d,,signal:hello,"{""n"": 4}"\nc02,5d,,signal:hello,"{""n"": 5}"\n'
             "c03,1h,email,message,one\nc03,5d,email,message,two\nc03,2h,email,reply,three\n")
    write(folder, "desk.csv", table)
    got = desk(folder, "--replies", "desk.csv")
    came = [(r["contact"], r["at"][5:16], r["kind"]) for r in rows_of(got, "received")]
    ok(came == [("c03", "12-07T09:00", "reply"), ("c01", "12-07T10:00", "reply"), ("c01", "12-07T11:00", "reply"), ("c03", "12-07T11:00", "reply"),
                ("c02", "12-08T08:00", "signal:hello"), ("c02", "12-12T08:00", "signal:hello"), ("c03", "12-12T08:00", "reply")],
       "of a table the first row of each contact, signals it starts on and messages count from the start; the rest from our message", came)
    logs = [r["text"] for r in rows_of(got, "log")]
    ok(logs == ["reply:one:", "reply:where is it?:", "signal:hello::4", "signal:hello::5", "reply:two:"],
       "the run is given the message that began it, and a signal's data", logs)
    ok({r["contact"] for r in rows_of(got, "enrolled")} == {"c01", "c02", "c03"} and got.rows()[-1]["outcomes"] == {"thanks": 1, "three": 1, "silent": 3},
       "who has no row does not begin; who began goes on as everyone does", got.rows()[-1])
    write(folder, "desk.lua", """return { message = function(m) return { kind = "signal:other", after = "1h" } end,
      start = function(contact, chance)
        if contact.fields.tier == "gold" then return { { kind = "message", text = contact.name, after = "1h" } } end
        if chance() < 0.5 then return { kind = "signal:hello", data = { n = 7 }, after = "2h" } end
      end }""")
    got = desk(folder, "--replies", "desk.lua", "--for", "150m")
    logs = {r["contact"]: r["text"] for r in rows_of(got, "log")}
    ok(sum(t.startswith("reply:Name") for t in logs.values()) == 10 and 0 < sum(t == "signal:hello::7" for t in logs.values()) < 10,
       "a model's start says who begins how", logs)
    got = desk(folder)
    ok(len(rows_of(got, "enrolled")) == 20 and not rows_of(got, "received"), "without --replies everyone is enrolled", got.rows()[-1])
    write(folder, "later.lua", "return { task = function(task) return nil end }")
    got = desk(folder, "--replies", "later.lua")
    ok(len(rows_of(got, "enrolled")) == 20, "so are they with a model that has no start", got.rows()[-1])
    got = desk(folder, "--replies", "random:hello.signal:again=1,signal:more=0.5,after=1h")
    signals = [r["kind"] for r in rows_of(got, "received")]
    ok(signals.count("signal:again") == len(rows_of(got, "sent")) > 0 and 0 < signals.count("signal:more") < 20, "signals come by chance after a message", signals)


def outages(folder):
    got = same("an outage", folder, "--outage", "email +0h 6h", "--outage", "email 2026-12-10T12:00 1 hour")
    told = [(r["state"], r["at"][:16]) for r in rows_of(got, "outage")]
    ok(told == [("begins", "2026-12-07T08:00"), ("ends", "2026-12-07T14:00"), ("begins", "2026-12-10T12:00"), ("ends", "2026-12-10T13:00")],
       "the timeline shows when a channel fails and when it is back", told)
    sent = [r["at"] for r in rows_of(got, "sent", template="intro")]
    ok(len(sent) == 20 and min(sent) >= "2026-12-07T14:00", "nothing is sent meanwhile, and everything afterwards, once", sent)
    ok(rows_of(got, "deferred") and rows_of(got, "outage")[0]["until"] == "2026-12-07T14:00:00+01:00", "who waits is told", got)
    ok(not rows_of(sim(folder, "--outage", "sms +0h 6h"), "deferred"), "another channel is not touched")
    text = run("sim", "two", "--contacts", "few.csv", *START[:2], "--outage", "email +1h 6h", cwd=folder).out
    ok("email has no connection until 2026-12-07 15:00" in text and "email has its connection back" in text, "people read it in words", text)


def edits(folder):
    got = same("an edit", folder, "--edit", "+1d edited.lua")
    told = rows_of(got, "edited")[0]
    ok((told["moved"], told["stayed"], told["sequence"], told["at"]) == (20, 0, "two", "2026-12-08T08:00:00+01:00"), "a safe edit moves all runs", told)
    ok(len(rows_of(got, "moved")) == 20 and {r["at"][:10] for r in rows_of(got, "sent", template="nudge")} == {"2026-12-09"},
       "and they go on with it: the wait that was 3 days is 2", got)
    got = sim(folder, "--edit", "2026-12-08 10:00 unsafe.lua")
    stayed = rows_of(got, "stayed")
    ok(len(stayed) == 20 and "unsafe" not in stayed[0]["reason"] and '"template":"nudge"' in stayed[0]["reason"], "an unsafe one moves nobody, and says why", stayed[:1])
    ok({r["at"][:10] for r in rows_of(got, "sent", template="nudge")} == {"2026-12-10"}, "who stays goes on as they began", got)
    # Some have got the second message when it is changed, the others have not.
    got = sim(folder, "--edit", "+4d late.lua", "--outage", "email +0h 2d", "--replies", "half.csv")
    ok(rows_of(got, "edited")[0]["moved"] + rows_of(got, "edited")[0]["stayed"] > 0, "each run is told of", rows_of(got, "edited"))
    got = sim(folder, "--edit", "+1d same.lua")
    ok(rows_of(got, "edited")[0]["changed"] is False and not rows_of(got, "moved"), "an edit that changes nothing moves nobody", rows_of(got, "edited"))
    got = sim(folder, "--edit", "+2d edited.lua", "--edit", "+1d unsafe.lua")
    ok([r["file"] for r in rows_of(got, "edited")] == ["unsafe.lua", "edited.lua"], "several edits come in order of time", rows_of(got, "edited"))


def what_if(folder):
    got = same("another policy", folder, "--policy", "main.per_day=5", "--policy", "main.gap=10m")
    times = [r["at"] for r in rows_of(got, "sent") if r["at"] < "2026-12-08"]
    minutes = [int(t[11:13]) * 60 + int(t[14:16]) for t in times]
    ok(len(times) == 5 and all(b - a >= 7 for a, b in zip(minutes, minutes[1:])), "a cap and a pace can be tried", times)
    ok(json.loads(got.out.splitlines()[-1])["sent"] > 20, "the rest comes on other days")
    got = sim(folder, "--policy", "hours=mon-sat 10:00-20:00")
    ok({r["at"][11:13] for r in rows_of(got, "sent")} == {"10"}, "so can hours", got)
    got = sim(folder, "--policy", "asks_per_week=1", "--policy", "undo=30m")
    ok({r["at"][11:16] for r in rows_of(got, "sent", template="intro")} == {"08:30"} and rows_of(got, "deferred", rule="asks_per_week"),
       "the rules for people, and the time to undo", got)
    got = sim(folder, "--policy", "opt_in=email,sms")
    ok({r["rule"] for r in rows_of(got, "refused")} == {"consent"} and not rows_of(got, "sent"), "and lists", got)


CALLER = """local perigee = require "perigee"
return perigee.sequence {
  name = "caller", needs = { send = { "email" } },
  run = function(contact)
    contact:signal "nobody"
    contact:enrol "two"
    contact:send("email", "intro")
    contact:wait("signal:heard", "2 days")
  end,
}
"""
LATE = "contact,after,channel,kind,text\nc01,1h,,signal:heard,\nc01,3h,email,reply,Are you there?\nc00,50h,,signal:unheard,\n"


def untaken(folder):
    """What goes to nobody is said, and what is taken is not."""
    args = ("sim", "caller", "--contacts", "few.csv", "--replies", "late.csv", *START[:2])
    got, again = (run(*args, "--json", cwd=folder) for _ in "12")
    told = {(r["kind"], r.get("sequence"), r["contact"]) for r in rows_of(got, "untaken")}
    ok(told == {("signal:nobody", None, f"c0{i}") for i in range(4)} | {("enrol", "two", f"c0{i}") for i in range(4)} |
       {("reply", None, "c01"), ("signal:unheard", None, "c00")} and got.out == again.out, "a signal, an enrol and a message that nothing takes are told", got)
    ok([r["kept"] for r in rows_of(got, "untaken", kind="signal:nobody")] == [True] * 4 and not rows_of(got, "untaken", kind="signal:unheard")[0]["kept"],
       "a signal that a live run may still wait for is one that is kept", got)
    got = run(*args, cwd=folder)
    ok(all(text in got.out for text in ("signal:unheard: nothing that is played here takes it", "signal:nobody: no run waits for it now; it is kept for their next wait", "not enrolled in two: it is not played here",
                                        "no run takes what they wrote")), "in words, too", got)


def main():
    work = Path(tempfile.mkdtemp(prefix="perigee-sim-world-"))
    try:
        folder = work / "W"
        folder.mkdir()
        write(folder, "perigee.lua", WORKSPACE)
        write(folder, "sequences/two.lua", SCRIPT)
        write(folder, "templates/intro.md", "---\nsubject: Hello {{ first_name }}\npersonal: no\n---\nHello {{ first_name }}\n")
        write(folder, "templates/nudge.md", "---\npersonal: no\n---\nOnce more, {{ first_name }}\n")
        write(folder, "lib/words.lua", "return { away = 'away' }\n")
        write(folder, "people.csv", people())
        write(folder, "few.csv", people(4))
        write(folder, "half.csv", "contact,after,channel,kind,text\nc01,1h,email,reply,Yes\n")
        write(folder, "model.lua", MODEL)
        write(folder, "same.lua", SCRIPT)
        write(folder, "edited.lua", SCRIPT.replace('"3 days"', '"2 days"'))
        write(folder, "unsafe.lua", SCRIPT.replace('"intro"', '"nudge"'))
        write(folder, "late.lua", SCRIPT.replace('"4 days"', '"5 days"'))
        write(folder, "other.lua", SCRIPT.replace('"two"', '"else"'))
        write(folder, "sequences/caller.lua", CALLER)
        write(folder, "late.csv", LATE)
        for part in (untaken, chance, models, starts, outages, edits, what_if, mistakes):
            part(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return cli.tap.finish()


if __name__ == "__main__":
    sys.exit(main())
