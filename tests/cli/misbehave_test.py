#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Scripts that are written to misbehave get no message past policy: each says what it tries and what it got, and the oracle (tests/oracle),
which reads only what was sent and what happened, finds no rule broken. What could go on for ever has a bound."""
import json
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))
import forge
import oracle

import commands_test as cli
from commands_test import ok, run, write

START = "2026-11-02T00:00"
SETTINGS = {"timezone": "Europe/Paris", "holidays": ["FR"]}
ACCOUNTS = [{"name": "mail", "channel": "email", "cap": {"per_day": 20, "gap": 30}}, {"name": "other", "channel": "email", "cap": {"per_day": 5}}]
PEOPLE = [
    {"id": "ana", "name": "Ana Silva", "email": "ana@gmail.com", "phone": "+33600000001", "instagram": "ana", "telegram": "anat", "tiktok": "anatok",
     "linkedin": "anal", "messenger": "anam", "youtube": "anay", "consent": "opt-in", "labels": "all"},
    {"id": "ben", "name": "Ben Rossi", "email": "ben@gmail.com", "phone": "+33600000002", "instagram": "benr", "timezone": "America/New_York", "labels": "all"},
    {"id": "cleo", "name": "Cleo Kato", "email": "cleo@studio.example", "phone": "+33600000003", "consent": "no", "labels": "all"},
    {"id": "dan", "name": "Dan Weber", "email": "agent@studio.example", "shared_address": "yes", "labels": "all"},
    {"id": "eve", "name": "Eve Weber", "email": "agent@studio.example", "shared_address": "yes", "labels": "all"},
]
# People whom scripts try to invent.
INVENTED = [{"id": f"new{i}", "name": f"New {i}", "email": f"new{i}@studio.example"} for i in range(60)]
TEMPLATES = {
    "ask": ("ask", "", "Dear {{ name }}, about {{ handle }} once more?"), "same": ("ask", "", "Hello {{ first_name }}, the same to all."),
    "sly": ("answer", "", "As you asked, {{ name }}: buy it."), "deal": ("service", "", "Your contract, {{ name }}: buy it."),
    "news": ("news", "", "News for {{ name }}: buy it."), "any": ("ask", "", "{{ body }}"),
    "huge": ("service", "", "{{ name }} " + "buy it " * 400),
}
CHANNELS = "email,whatsapp,sms,instagram,telegram,messenger,tiktok,youtube,linkedin"
NEEDS = "send = { \"" + CHANNELS.replace(",", '", "') + '" }, task = true, store = true, contacts = "write"'
DAY = 86400

# name: what it tries; more keys of the sequence; its body (a is the actor of tests/oracle/actor.lua); answers; how long it is played.
SCRIPTS = {
    "flood": ("sends in a loop, everything by everything", "", """
  for i = 1, 2 do
    for name in CHANNELS:gmatch "[^,]+" do
      for _, template in ipairs { "ask", "same", "sly", "deal", "news", "huge" } do a:ask("try_send", name, template) end
    end
  end""", [], "3d"),
    "pushy": ("tries until something goes, for twelve days", "", """
  for i = 1, 16 do
    a:push(CHANNELS, "ask", 1, "0s")
    perigee.sleep "17h"
  end""", ["ana,2 days,email,reply,No", "ben,1 day,email,auto_reply,away"], "15d"),
    "deaf": ("does not listen to answers and goes on", 'on_reply = "continue", on_handled = "continue",', """
  for i = 1, 40 do
    a:ask("try_send", "email", i % 2 == 0 and "deal" or "ask")
    perigee.sleep "7h"
  end""", ["ana,1h,email,reply,Stop it", "ben,1h,email,handled,mine", "dan,1h,email,auto_reply,away"], "15d"),
    "nagging": ("listens, and nags all the same", 'on_reply = "continue",', """
  for i = 1, 40 do
    a:ask("try_send", "email", "sly", { thread = "new" })
    a:ask("try_send", "email", "ask", { thread = "new", from = i % 2 == 0 and "mail" or "other" })
    a:reply "5h"
  end""", ["ana,1h,email,reply,No", "ana,1h,email,reply,No!", "ana,1h,email,unsubscribe,"], "15d"),
    "restarter": ("begins anew each time", "", """
  a:ask("try_send", "email", "ask")
  a:ask("try_send", "sms", "ask")
  contact:restart { asked = a.asked }""", [], "15d"),
    "sleeper": ("begins anew each minute", "", """
  a:ask("try_send", "email", "ask")
  perigee.sleep "61m"
  contact:restart { asked = a.asked }""", ["ana,2h,email,unsubscribe,"], "9d"),
    "keys": ("enrols itself under ever new keys", "", """
  a:ask("try_send", "email", "deal")
  local n = perigee.store.add "n"
  local started, text, code = contact:enrol("keys", "key-" .. n)
  if not started then perigee.log(("tried key-%d, got %s: %s"):format(n, code, text)) end""", [], "3d"),
    "optin": ("opts people in again, and gives them new addresses", 'on_reply = "continue",', """
  local function try(what, f, ...)
    local done, text, code = pcall(f, ...)
    perigee.log(("tried %s, got %s %s"):format(what, tostring(done), tostring(text) .. " " .. tostring(code)))
  end
  a:ask("try_send", "email", "deal")
  perigee.sleep "2 days"
  for _, id in ipairs { "ana", "ben", "cleo" } do
    local other = perigee.contacts.get(id)
    for _, changes in ipairs { { consent = "opt-in" }, { consent_source = "form" }, { email = "new0@studio.example" }, { phone = "+33600000009" },
                               { stage = "prospect" }, { unsubscribed = false }, { suppressed = false }, { timezone = "Asia/Tokyo" }, { country = "JP" } } do
      local key = next(changes)
      try("set " .. key .. " of " .. id, other.set, other, changes)
    end
    try("unlabel of " .. id, other.unlabel, other, "unsubscribed")
    for _, person in ipairs { { id = id, email = "new1@studio.example" }, { id = id, consent = "opt-in" }, { id = id, whatsapp = "+33600000008" },
                              { email = id .. "@gmail.com", name = "Somebody Else" }, { email = id:upper() .. "@GMAIL.com", consent = "opt-in" },
                              { id = "new2", email = id .. "@gmail.com", shared_address = true } } do
      try("upsert of " .. id, perigee.contacts.upsert, person)
    end
    try("enrol of " .. id, other.enrol, other, "optin", "again")
  end
  for i = 1, 5 do
    a:ask("try_send", "email", "deal")
    a:ask("try_send", "sms", "deal")
    a:ask("try_send", "whatsapp", "news")
    perigee.sleep "5h"
  end""", ["ana,1h,email,unsubscribe,", "ben,1h,email,bounce,550"], "9d"),
    "swarm": ("invents people, and has a run for each", "", """
  for i = 0, 49 do
    local new = perigee.contacts.upsert { id = "new" .. i, email = "new" .. i .. "@studio.example", name = "New " .. i }
    new:enrol("swarm", "s")
    if perigee.store.add "n" > 400 then break end
  end
  for i = 1, 4 do a:ask("try_send", "email", "same") end
  for i = 1, 4 do a:ask("try_send", "email", "deal") end""", [], "5d"),
    "purpose": ("calls everything an answer or a service", 'on_reply = "continue",', """
  for i = 1, 30 do
    a:ask("try_send", "email", "sly")
    a:ask("try_send", "whatsapp", "sly")
    a:ask("try_send", "sms", "sly")
    a:ask("try_send", "email", "deal")
    perigee.sleep "9h"
  end""", ["ana,1h,email,reply,Hm", "ben,1h,email,auto_reply,away"], "15d"),
    "changer": ("changes stage, labels, name and zone in between", "", """
  for i, zone in ipairs { "Asia/Tokyo", "America/New_York", "Pacific/Auckland", "Europe/Paris", "Asia/Kolkata", "UTC" } do
    pcall(contact.set, contact, { stage = i % 2 == 0 and "talking" or "prospect" })
    contact:label("l" .. i)
    for _, changes in ipairs { { timezone = zone }, { country = "JP" }, { locale = "ja" }, { preferred_channel = "sms" }, { owner = "o" .. i } } do
      local done, text = pcall(contact.set, contact, changes)
      perigee.log(("tried set %s, got %s"):format(next(changes), done and "done" or text))
    end
    for name in CHANNELS:gmatch "[^,]+" do a:ask("try_send", name, "ask") end
    perigee.sleep "4h"
  end""", [], "15d"),
    "reacher": ("reaches over all channels again and again", "", """
  for i = 1, 30 do
    a:ask("try_reach", CHANNELS, i % 3 == 0 and "deal" or "ask")
    perigee.sleep "3h"
  end""", ["ana,4h,email,bounce,550", "ben,1h,email,auto_reply,away"], "15d"),
    "edges": ("sleeps to the edges of every window", "", """
  for i = 1, 12 do
    for _, edge in ipairs { "08:59", "17:59", "18:00", "20:59", "21:00" } do
      perigee.sleep("next tuesday " .. edge)
      perigee.sleep "59s"
      a:ask("try_send", "sms", "deal")
      a:ask("try_send", "email", "ask", { before = 1 })
    end
  end""", [], "30d"),
    "wakers": ("is woken by signals of its own", 'on_reply = "continue", starts_on = { "signal:more" },', """
  a:ask("try_send", "email", "ask")
  contact:signal("more", { n = 1 })
  a:event("signal:more", "1m")
  contact:signal "more"
  a:ask("try_send", "sms", "deal")""", ["ana,1h,email,unsubscribe,"], "3d"),
    "copies": ("writes to others by copies", "", """
  perigee.sleep "1 day"
  for _, address in ipairs { "ana@gmail.com", "Ana@GMAIL.com", "cleo@studio.example", "agent@studio.example" } do
    for i = 1, 5 do a:ask("try_send", "email", "deal", { cc = address }) end
  end""", [], "9d"),
    "borrower": ("says to all what it said to the first", "", """
  for i = 1, 3 do a:ask("try_send", "email", "any", { vars = { body = "Dear friend, buy it." } }) end
  a:ask("try_send", "email", "any", { vars = { body = "DEAR   friend, " .. contact.name .. " buy it." } })""", [], "5d"),
    "split": ("does by five sequences what one may not", "", """
  local step = contact.state and contact.state.step or 1
  for i = 1, 5 do contact:enrol("split-" .. i) end
  for i = 1, 4 do a:ask("try_send", "email", "ask") end""", ["ana,1h,email,reply,Yes"], "9d"),
}
PART = """local perigee = require "perigee"
local actor = require "actor"
local CHANNELS = "%s"
return perigee.sequence {
  name = "%s", %s needs = { %s },
  run = function(contact)
    local a = actor.new(contact)
%s
    return "through"
  end,
}
"""
STARTER = """local perigee = require "perigee"
return perigee.job {
  name = "starter", schedule = "%sT07:00", needs = { contacts = "write" },
  run = function(job)
    for _, contact in ipairs(perigee.contacts.find { label = "all" }) do contact:enrol("%s") end
  end,
}
"""


def workspace(folder):
    write(folder, "perigee.lua", forge.perigee_lua({"settings": SETTINGS, "accounts": ACCOUNTS}))
    write(folder, "lib/actor.lua", (forge.HERE / "actor.lua").read_text())
    for name, (purpose, more, text) in TEMPLATES.items():
        write(folder, f"templates/{name}.md", f"---\nsubject: About it\npurpose: {purpose}\n{more}---\n{text}\n")
    columns = ["id", "name", "email", "phone", "instagram", "telegram", "tiktok", "linkedin", "messenger", "youtube", "consent", "timezone", "labels",
               "shared_address", "handle"]
    write(folder, "people.csv", "\n".join([",".join(columns), *(",".join({"handle": p["id"], **p}.get(c, "") for c in columns) for p in PEOPLE)]) + "\n")
    for name, (_, keys, body, _, _) in SCRIPTS.items():
        write(folder, f"sequences/{name}.lua", PART % (CHANNELS, name, keys, NEEDS, body))
    for i in range(1, 6):
        write(folder, f"sequences/split-{i}.lua", PART % (CHANNELS, f"split-{i}", "", NEEDS, '  a:ask("try_send", "email", "ask")\n  a:ask("try_send", "sms", "ask")'))


def continues(keys):
    return {"on_reply": "continue" if "on_reply" in keys else "stop", "on_handled": "continue" if "on_handled" in keys else "stop", "logged": True}


def world():
    sequences = {name: continues(keys) for name, (_, keys, *_) in SCRIPTS.items()} | {f"split-{i}": continues("") for i in range(1, 6)}
    return {"settings": SETTINGS, "accounts": ACCOUNTS, "contacts": PEOPLE + INVENTED, "sequences": sequences, "outages": [],
            "templates": {name: {"purpose": purpose} for name, (purpose, _, _) in TEMPLATES.items()}}


def play(folder, name):
    tries, _, _, answers, span = SCRIPTS[name]
    write(folder, "jobs/starter.lua", STARTER % (START[:10], name))
    write(folder, "replies.csv", "contact,after,channel,kind,text\n" + "".join(a + "\n" for a in answers))
    got = run("sim", "starter", "--contacts", "people.csv", "--replies", "replies.csv", "--start", START, "--for", span, "--json", cwd=folder)
    events = got.rows() if not got.code else []
    breaches = oracle.check(world(), events)
    counts = Counter(e["event"] for e in events)
    asks = sum(e["event"] == "log" and e["text"].startswith("@ask") for e in events)
    rules = Counter(e.get("rule") or e.get("code") for e in events if e["event"] in ("refused", "deferred"))
    ok(not got.code and asks and not breaches, f"a script that {tries} gets nothing past policy", *breaches, "" if events else got)
    print(f"#   {name}: asked {asks} times, sent {counts['sent']}, told no: {', '.join(f'{n} {r}' for r, n in rules.most_common(8))}")
    return events


def texts(events, word):
    return [e["text"] for e in events if e["event"] == "log" and e["text"].startswith(word)]


def bounds(played):
    failed = [e for e in played["restarter"] if e["event"] == "failed"]
    ok(len(failed) == 4 and all(e["code"] == "limit" and "100 times within an hour" in e["error"] for e in failed) and
       [e["outcome"] for e in played["restarter"] if e["event"] == "finished"].count("through") == 0, "a run that only begins anew fails after 100 times",
       *failed, *[e for e in played["restarter"] if e["event"] == "finished"])
    ok(not any(e["event"] == "failed" for e in played["sleeper"]), "one that sleeps meanwhile goes on")
    runs = Counter(e["contact"] for e in played["keys"] if e["event"] == "enrolled" and e.get("contact"))
    ok(max(runs.values()) == 100 and any("the most for scripts" in t for t in texts(played["keys"], "tried")), "a chain of enrolments ends at 100 in a day", runs)
    runs = Counter(e["contact"] for e in played["wakers"] if e["event"] == "enrolled" and e.get("contact"))
    ok(max(runs.values()) <= 100, "so does one of signals", runs)


def long_moment(folder):
    """Much may happen at one moment of virtual time, and the simulation goes on."""
    write(folder, "sequences/moment.lua", PART % (CHANNELS, "moment", "", NEEDS, '  for i = 1, 700 do contact:try_send("youtube", "ask") end'))
    got = run("sim", "moment", "--contacts", "one.csv", "--for", "1d", "--json", cwd=folder)
    ok(got.code == 0 and got.rows()[-1]["finished"] == 1, "700 messages refused at one moment are no fault of the simulation's", got.err)


def persons(played):
    tried = texts(played["optin"], "tried")
    forbidden = [t for t in tried if any(t.startswith(f"tried set {k} ") for k in ("consent", "consent_source", "email", "phone", "timezone"))]
    ok(forbidden and all(", got false " in t for t in forbidden), "scripts give nobody consent, an address or another zone", *tried)
    left = {e["contact"]: i for i, e in enumerate(played["optin"]) if e["event"] == "received" and e["kind"] in ("unsubscribe", "bounce")}
    ok(set(left) == {"ana", "ben"} and not any(e["event"] == "sent" and left.get(e["contact"], i) < i and e["channel"] == "email"
                                              for i, e in enumerate(played["optin"])), "and who left stays away", left)


def main():
    folder = Path(tempfile.mkdtemp(prefix="perigee-misbehave-"))
    try:
        workspace(folder)
        played = {name: play(folder, name) for name in (sys.argv[1:] or SCRIPTS)}
        if len(played) == len(SCRIPTS):
            bounds(played)
            write(folder, "one.csv", "id,name,email\nann,Ann,ann@studio.example\n")
            long_moment(folder)
            persons(played)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
