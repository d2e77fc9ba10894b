#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No rule of policy is broken by random sequences; and the oracle that says so (tests/oracle) finds each kind of breach: traces that keep
every rule by a hair, each with the one change that breaks it."""
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))
import forge
import oracle
import play

import commands_test as cli
from commands_test import ok

PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 11, 2)
SEEDS = range(1, 7)
PEOPLE = [
    {"id": "ana", "name": "Ana Silva", "email": "ana@gmail.com", "phone": "+33600000001", "instagram": "ana", "telegram": "anat", "tiktok": "anatok",
     "linkedin": "anal", "messenger": "anam", "youtube": "anay", "consent": "opt-in", "company": "Acme"},
    {"id": "ben", "name": "Ben Rossi", "email": "agent@gmail.com", "phone": "+33600000002", "company": "Acme"},
    {"id": "cleo", "name": "Cleo Kato", "email": "agent@gmail.com", "phone": "+33600000003", "timezone": "Asia/Tokyo",
     "consent": "whatsapp: opt-in; email: legitimate interest; sms: no"},
    {"id": "dan", "name": "Dan Weber", "email": "dan@x.example", "consent": "no"},
]
TEMPLATES = {"hello": {"purpose": "ask"}, "more": {"purpose": "ask"}, "thanks": {"purpose": "answer"}, "deal": {"purpose": "service"},
             "news": {"purpose": "news"}, "all": {"purpose": "ask", "personal": False}, "formal": {"purpose": "service", "approved": True}}
SEQUENCES = {"walk": {"on_reply": "stop", "on_handled": "stop", "logged": True}, "stay": {"on_reply": "continue", "on_handled": "continue", "logged": True},
             "deal": {"topic": "contract", "on_reply": "stop", "logged": True}}
ENROLLED = "1 10:00 1 enrol ana walk\n"


def trace(text):
    """Lines "DAY TIME RUN WHAT ..." as sim tells them; DAY 1 is a Monday. send: asked for, sent, and the script is told."""
    events, runs, count = [], {}, {}

    def add(name, **more):
        events.append({"event": name, "at": at, "contact": runs.get(run), "run": run, **more})
        count[name] = count.get(name, 0) + 1

    def leave(channel, template, *more):
        said = dict(m.split("=", 1) for m in more)
        add("sent", channel=channel, template=template, account=said.get("by", channel), text=said.get("text", f"{template} {runs[run]} {len(events)}").replace("_", " "))

    def act(what, words):
        if what == "enrol":
            runs[run] = words[0]
            add("enrolled", sequence=words[1])
        elif what == "ask":
            add("log", text=f"@ask {len(events)} {' '.join(words)}")
        elif what == "log":
            add("log", text=" ".join(words))
        elif what == "sent":
            leave(*words)
        elif what == "send":
            act("ask", ["send", words[0], words[1], *(w for w in words[2:] if w[:3] in ("cc=", "bef"))])
            act("sent", [w for w in words if w[:3] not in ("cc=", "bef")])
            act("log", ["@got", "1", "sent"])
        elif what == "hand":
            act("ask", ["send", *words])
            add("task", kind="message", note=f"Send by {words[0]} to x:\n{words[1]} {len(events)}", channel=words[0])
        elif what == "call":
            add("task", kind="call")
        elif what == "recv":
            add("received", kind=words[0], channel=words[1], text=" ".join(words[2:]))
        elif what == "refused":
            add("refused", channel=words[0], rule=words[1], code="refused")
        elif what == "end":
            add("finished", outcome=" ".join(words))

    for line in text.strip().splitlines():
        day, time, run, what, *words = line.split()
        hour, minute, *second = map(int, time.split(":"))
        at = (MONDAY + timedelta(days=int(day) - 1, hours=hour, minutes=minute, seconds=sum(second))).replace(tzinfo=PARIS).isoformat()
        act(what, words)
    outcomes = {}
    for e in events:
        if e["event"] == "finished":
            outcomes[e["outcome"]] = outcomes.get(e["outcome"], 0) + 1
    return [*events, {"event": "summary", "outcomes": outcomes, **{k: count.get(k, 0) for k in ("sent", "received", "finished", "failed")}}]


def check(text, settings=None, **more):
    world = {"settings": {"timezone": "Europe/Paris", **(settings or {})}, "contacts": PEOPLE, "templates": TEMPLATES, "sequences": SEQUENCES,
             "accounts": [], "outages": [], **more}
    return oracle.check(world, trace(text))


# rule, what the trace is about, the trace that keeps it, what is changed, into what; then settings and the like.
CASES = [
    ("suppressed", "nobody is written to who unsubscribed", ENROLLED + "1 10:00 1 send email hello\n1 11:00 1 recv click email\n1 12:00 1 send email deal\n",
     "recv click email", "recv unsubscribe email\n1 11:00 1 end unsubscribed\n1 12:00 2 enrol ana walk\n1 12:00 1 end x"),
    ("suppressed", "on no channel", ENROLLED + "1 10:00 1 send email hello\n1 12:00 2 enrol ana stay\n1 12:00 2 send sms deal\n",
     "1 12:00 2 enrol", "1 11:00 1 recv complaint email\n1 11:00 1 end unsubscribed\n1 12:00 2 enrol"),
    ("suppressed", "at no address, whoever has it", "1 10:00 1 enrol ben walk\n1 10:00 1 send email deal\n1 10:00 2 enrol cleo stay\n3 09:00 2 send email deal\n",
     "3 09:00 2", "2 10:00 1 recv unsubscribe email\n2 10:00 1 end unsubscribed\n3 09:00 2"),
    ("suppressed", "nor a dead address", ENROLLED + "1 10:00 1 send email hello\n1 11:00 1 recv bounce sms\n1 12:00 1 send email deal\n", "bounce sms", "bounce email"),
    ("suppressed", "not by a copy", ENROLLED + "1 10:00 2 enrol ben walk\n1 10:00 2 send email deal\n1 11:00 2 recv unsubscribe email\n1 11:00 2 end unsubscribed\n"
     "1 12:00 1 send email deal cc=x@x.example\n", "cc=x@x.example", "cc=Agent@gmail.com"),
    ("unseen_reply", "a run that was answered writes once it has been given the answer", "1 10:00 1 enrol ana stay\n1 10:00 1 send email hello\n"
     "1 11:00 1 recv reply email Yes\n1 11:00 1 log @given\n1 11:30 1 send email deal\n", "@given", "@other"),
    ("unseen_reply", "all of them", "1 10:00 1 enrol ana stay\n1 10:00 1 send email hello\n1 11:00 1 recv reply email a\n1 11:00 1 recv reply email b\n"
     "1 11:00 1 log @given\n1 11:00 1 log @given\n1 11:30 1 send email deal\n", "1 11:00 1 log @given\n1 11:00 1 log @given", "1 11:00 1 log @given"),
    ("address", "to an address that they have", "1 10:00 1 enrol ben walk\n1 10:00 1 send email deal\n", "send email", "send instagram"),
    ("consent", "whatsapp after an opt-in", "1 09:00 1 enrol cleo walk\n1 09:00 1 send whatsapp formal\n", "whatsapp", "sms"),
    ("consent", "no copy to who said no", ENROLLED + "1 10:00 1 send email deal cc=x@x.example\n", "cc=x@x.example", "cc=dan@x.example"),
    ("consent", "news after an opt-in", ENROLLED + "1 10:00 1 send email news\n", "enrol ana", "enrol ben"),
    ("consent", "a further channel that needs an opt-in", ENROLLED + "1 10:00 1 send email hello\n", "enrol ana", "enrol ben", {"policy": {"opt_in": ["email"]}}),
    ("initiate", "they begin on telegram", ENROLLED + "1 11:00 - nothing\n1 11:00 1 recv reply telegram Hi\n1 11:00 1 log @given\n1 12:00 1 send telegram deal\n",
     "reply telegram", "reply email"),
    ("initiate", "nobody writes on youtube", ENROLLED + "1 10:00 1 send email deal\n", "send email", "send youtube"),
    ("initiate", "a person writes first on instagram", ENROLLED + "1 10:00 1 hand instagram hello\n", "hand", "send"),
    ("initiate", "and always on linkedin", ENROLLED + "1 11:00 1 recv reply linkedin Hi\n1 11:00 1 log @given\n1 12:00 1 hand linkedin deal\n", "hand", "send"),
    ("reply_window", "within 24 hours of their message", ENROLLED + "1 10:00 1 recv reply whatsapp Hi\n1 10:00 1 log @given\n2 10:00 1 send whatsapp deal\n",
     "2 10:00 1 send", "2 10:00:02 1 send"),
    ("reply_window", "an approved template at any time", ENROLLED + "1 10:00 1 send whatsapp formal\n", "formal", "deal"),
    ("reply_window", "ten answers to one message on tiktok", ENROLLED + "1 10:00 1 recv reply tiktok Hi\n1 10:00 1 log @given\n" + "1 11:00 1 send tiktok deal\n" * 10,
     "1 11:00 1 send tiktok deal\n", "1 11:00 1 send tiktok deal\n1 11:00 1 send tiktok deal\n", {}, 1),
    ("topic_channel", "contracts go by e-mail", "1 10:00 1 enrol ana deal\n1 10:00 1 send email deal\n", "send email deal", "send whatsapp formal", {"topics": {"contract": ["email", "sms"]}}),
    ("personal", "the first ask is like no other", "1 10:00 1 enrol ana walk\n1 10:00 1 send email hello text=Ana,_see_you_in_Rome\n1 10:00 2 enrol ben walk\n"
     "1 10:00 2 send email hello text=Ben,_see_you_in_Porto\n", "Porto", "__rome"),
    ("personal", "unless its template is for all", "1 10:00 1 enrol ana walk\n1 10:00 1 send email all text=Hello_Ana\n1 10:00 2 enrol ben walk\n"
     "1 10:00 2 send email all text=Hello_Ben\n", "2 send email all", "2 send email hello"),
    ("two_then_call", "two e-mails, then a call", ENROLLED + "1 10:00 1 send email hello\n9 10:00 1 send email more\n17 10:00 1 send email deal\n", "send email deal", "send email hello"),
    ("two_then_call", "two in 30 days", ENROLLED + "1 10:00 1 send email hello\n9 10:00 1 send email more\n31 10:00:02 1 send email hello\n", "31 10:00:02", "31 09:59"),
    ("two_then_call", "since their last answer", "1 10:00 1 enrol ana stay\n1 10:00 1 send email hello\n9 10:00 1 send email more\n10 10:00 1 recv reply email Yes\n"
     "10 10:00 1 log @given\n17 10:00 1 send email hello\n", "recv reply", "recv click"),
    ("two_then_call", "one task to call", ENROLLED + "1 10:00 1 refused email two_then_call\n1 10:00 1 call\n", "1 call", "1 log"),
    ("max_channels", "three channels", ENROLLED + "1 10:00 1 send email deal\n2 10:00 1 send whatsapp formal\n3 10:00 1 send sms deal\n4 10:00 1 hand instagram deal\n",
     "instagram deal", "instagram hello"),
    ("asks_per_week", "three asks in seven days", "1 10:00 1 enrol ana walk\n1 10:00 1 send email hello\n2 10:00 1 send sms hello\n3 10:00 1 send sms hello\n8 10:00 1 send sms hello\n",
     "8 10:00 1", "8 09:59 1"),
    ("asks_per_week", "of all sequences, and a teammate's", "1 10:00 1 enrol ana stay\n1 10:00 2 enrol ana stay\n1 10:00 1 send sms hello\n2 10:00 2 send sms hello\n"
     "3 10:00 1 recv click email\n4 10:00 1 send sms hello\n", "recv click", "recv handled"),
    ("asks_per_week", "to an address, whoever has it", "1 10:00 1 enrol ben walk\n1 10:00 2 enrol cleo walk\n1 09:30 3 enrol ana walk\n".replace("09:30", "10:00") +
     "2 09:00 2 send email hello\n3 09:00 2 send email more\n4 09:00 1 send email hello\n5 09:00 1 send email deal\n", "5 09:00 1 send email deal", "5 09:00 1 send email hello"),
    ("away", "five days after an automatic answer", ENROLLED + "1 10:00 1 send email hello\n1 11:00 1 recv auto_reply email away\n8 10:00 1 send email deal\n", "8 10:00", "5 10:00"),
    ("away", "until the day they said", ENROLLED + "1 10:00 1 send email hello\n1 11:00 1 recv auto_reply email back 2026-11-13\n12 10:00 1 send email deal\n", "12 10:00", "11 10:00"),
    ("account_cap", "two a day", ENROLLED + "1 10:00 1 send email hello by=a\n1 10:00 1 send email deal by=a\n2 10:00 1 send email deal by=a\n", "2 10:00", "2 09:59",
     {}, {"accounts": [{"name": "a", "cap": {"per_day": 2}}]}),
    ("account_rate", "a gap less a fifth", ENROLLED + "1 10:00 1 send email hello by=a\n1 10:01:20 1 send email deal by=a\n", "10:01:20", "10:01:18",
     {}, {"accounts": [{"name": "a", "cap": {"gap": 100}}]}),
    ("warmup", "one on the first day, two on the second", ENROLLED + "1 10:00 1 send email hello by=a\n2 10:00 1 send email deal by=a\n2 10:01 1 send email deal by=a\n",
     "2 10:00 1", "1 17:00 1", {}, {"accounts": [{"name": "a", "cap": {"warmup": {"from": 1, "step": 1}}}]}),
    ("domain_rate", "one an hour to a domain", ENROLLED + "1 10:00 1 send email hello by=a\n1 11:00 1 send email deal by=a\n", "11:00", "10:59",
     {}, {"accounts": [{"name": "a", "cap": {"per_domain": {"default": 9, "gmail.com": 1}}}]}),
    ("hours", "until six", ENROLLED + "1 17:59:59 1 send email hello\n", "17:59:59", "18:00"),
    ("hours", "from nine, where they live", "1 01:00 1 enrol cleo walk\n1 01:00 1 send email hello\n", "1 01:00 1 send", "1 00:59 1 send"),
    ("hours", "not at the weekend", ENROLLED + "5 10:00 1 send email hello\n", "5 10:00", "6 10:00"),
    ("hours", "not on a holiday", ENROLLED + "10 10:00 1 send email hello\n", "10 10:00", "11 10:00", {"holidays": ["GB", "2026-11-12"]}),
    ("hours", "an answer at any hour", "1 10:00 1 enrol ana stay\n1 10:00 1 send email hello\n1 11:00 1 recv reply email Yes\n1 11:00 1 log @given\n1 22:00 1 send email thanks\n",
     "send email thanks", "send email deal"),
    ("hours", "an answer is one for seven days", "1 10:00 1 enrol ana stay\n1 10:00 1 send email hello\n1 23:00 1 recv reply email Yes\n1 23:00 1 log @given\n8 23:00 1 send email thanks\n",
     "8 23:00", "8 23:01"),
    ("hours", "no text message after nine, whatever the hours", ENROLLED + "1 20:59 1 send sms deal\n", "20:59", "21:00", {"hours": "always"}),
    ("form", "1600 characters of an SMS", ENROLLED + "1 10:00 1 send sms deal text=" + "x" * 1600 + "\n", "text=", "text=x"),
    ("form", "a thousand bytes on instagram", ENROLLED + "1 10:00 1 hand instagram deal\n1 11:00 1 sent instagram deal\n", "1 11:00 1 sent instagram deal\n",
     "1 11:00 1 sent instagram deal\n1 11:00 1 recv reply instagram Hi\n1 11:00 1 log @given\n1 12:00 1 send instagram deal text=" + "é" * 501),
    ("breaker", "nothing on a channel that is down", ENROLLED + "1 12:00 1 send email hello\n", "12:00", "11:59", {},
     {"outages": [("email", int(datetime(2026, 11, 2, 11, tzinfo=PARIS).timestamp()), 3600)]}),
    ("before", "not later than the script wanted", ENROLLED + "1 10:00 1 ask send email hello before=60\n1 10:01 1 sent email hello\n", "10:01 1 sent", "10:02 1 sent"),
    ("twice", "each message once", ENROLLED + "1 10:00 1 ask send email deal\n1 10:00 1 sent email deal\n1 11:00 1 log @got 1 sent\n", "1 11:00 1 log", "1 11:00 1 sent email deal\n1 11:00 1 log"),
    ("unasked", "what was asked for", ENROLLED + "1 10:00 1 ask send email hello\n1 10:00 1 sent email hello\n", "sent email hello", "sent email more"),
    ("lost", "who is told of a message sent one", ENROLLED + "1 10:00 1 send email hello\n", "1 10:00 1 send email hello", "1 10:00 1 ask send email hello\n1 10:00 1 log @got 1 sent"),
    ("lost", "who waits for an answer is given it", "1 10:00 1 enrol ana stay\n1 10:00 1 send email hello\n1 10:00 1 log @reply-wait\n1 11:00 1 recv reply email Yes\n1 11:00 1 log @given\n",
     "1 11:00 1 log @given\n", "1 11:01 1 log @given\n"),
    ("lost", "or is told that it bounced", ENROLLED + "1 10:00 1 send email hello\n1 10:00 1 log @reply-wait\n1 11:00 1 recv bounce email\n1 11:00 1 log @bounced\n", "1 11:00 1 log @b", "1 11:01 1 log @b"),
    ("ending", "an answer ends a run that does not wait for it", ENROLLED + "1 10:00 1 send email hello\n1 11:00 1 recv reply email Yes\n1 11:00 1 end replied\n", "1 11:00 1 end", "1 11:01 1 end"),
    ("ending", "and the other runs", ENROLLED + "1 10:00 2 enrol ana walk\n1 10:00 1 send email hello\n1 11:00 1 recv reply email Yes\n1 11:00 1 end replied\n1 11:00 2 end answered elsewhere\n",
     "2 end answered elsewhere", "2 end done"),
    ("ending", "and those of the company", ENROLLED + "1 10:00 2 enrol ben walk\n1 10:00 1 send email hello\n1 11:00 1 recv reply email Yes\n1 11:00 1 end replied\n1 11:00 2 end answered elsewhere\n",
     "1 11:00 2 end answered elsewhere\n", "", {"policy": {"stop_company": True}}),
    ("ending", "a teammate takes over", ENROLLED + "1 10:00 1 send email hello\n1 11:00 1 recv handled email\n1 11:00 1 end taken over\n", "taken over", "done"),
    ("ending", "who unsubscribes is left by all runs", ENROLLED + "1 10:00 2 enrol ana stay\n1 10:00 1 send email hello\n1 11:00 1 recv unsubscribe email\n1 11:00 1 end unsubscribed\n1 11:00 2 end unsubscribed\n",
     "1 11:00 2 end unsubscribed\n", ""),
    ("ending", "a refused message ends the run that had to send it", ENROLLED + "1 10:00 1 ask send email hello\n1 10:00 1 refused email consent\n1 10:00 1 end refused\n", "1 10:00 1 end refused\n", ""),
    ("ending", "an ended run writes nothing", ENROLLED + "1 10:00 1 send email hello\n1 11:00 1 end done\n", "1 11:00 1 end done\n", "1 11:00 1 end done\n1 11:01 1 send email deal\n"),
    ("order", "in order of time", ENROLLED + "1 10:00 1 send email hello\n1 11:00 1 log x\n", "1 11:00 1 log", "1 09:00 1 log"),
]


def knows_breaches():
    """Each trace passes as it is, and breaks exactly its rule with its change."""
    for case in CASES:
        rule, sentence, text, old, new = case[:5]
        settings, more = (list(case[5:]) + [{}, {}])[:2]
        more = more if isinstance(more, dict) else {}
        good, bad = check(text, settings, **more), check(text.replace(old, new, 1), settings, **more)
        assert old in text, sentence
        ok(not good and rule in {b.rule for b in bad}, f"{rule}: {sentence}", "good:", *good, "bad:", *bad)


def keeps_rules():
    failing, counts = play.play_many(SEEDS, 12)
    ok(not failing and counts["sent"] > 50, f"{counts['sequences']} random sequences break no rule ({counts['sent']} messages, {counts['received']} answers)",
       *[f"seed {p.made['seed']} (tests/oracle/play.py --people 12 {p.made['seed']}): {b}" for p in failing for b in p.breaches[:4]], dict(counts))
    for name, made in play.regressions().items():
        played = play.play(made)
        ok(not played.breaches, f"{name}, which once broke a rule, breaks none", *played.breaches)
    one, other = (play.play(forge.case(SEEDS[0], 12)).out for _ in range(2))
    ok(one and one == other, "and a case played twice has the same bytes")


if __name__ == "__main__":
    knows_breaches()
    keeps_rules()
    print(f"1..{cli.points}")
    sys.exit(1 if cli.failed else 0)
