# SPDX-License-Identifier: MIT
"""The rules of policy once more, from the design alone: reads the messages and events of a simulation (`sim --json`) with what was put into
it (settings, contacts, purposes of templates, sequences, outages), and tells every rule that a message broke, every message that came
twice, every event that was lost and every run that did not end as promised. It shares nothing with the program but the words.

Scripts that log what they ask for are held to it: "@ask N HOW CHANNELS TEMPLATE [cc=A] [before=SECONDS]", "@got N ...", "@given" (a
reply), "@event KIND", "@reply-wait", "@reply-wait-over", "@bounced", "@listens" (a wait for several, a reply among them), "@wait-over"."""
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from channels import CHANNELS, PHONES, address, family, length, norm
from opening import Opening

HOUR, DAY, WEEK = 3600, 86400, 7 * 86400
REFUSING = {"no", "none", "refused", "withdrawn", "denied", "opt-out", "opted out", "objected"}
OPT_IN = {"opt-in", "opted in", "opt in", "yes", "double opt-in"}
PAST = 1  # seconds by which a trace's times may be rounded
ACCOUNTS_OWN = {"account_cap", "account_rate", "warmup", "breaker"}
UNDO = {"s": 1, "m": 60, "h": HOUR}


@dataclass
class Breach:
    rule: str
    at: str
    contact: str
    run: str
    text: str

    def __str__(self):
        return f"{self.rule}: {self.text} ({self.at}, contact {self.contact}, run {self.run})"


@dataclass
class Sent:
    at: int
    contact: str
    run: str
    channel: str
    account: str
    key: tuple      # (channel, the address in its plain form)
    template: str
    purpose: str
    text: str
    hand: bool = False
    handled: bool = False


@dataclass
class Run:
    id: str
    contact: str
    sequence: str
    live: bool = True
    asked: dict = None          # the send under way, as the script logged it
    by_hand: Sent = None        # a person has a task to send this
    owed: int = 0               # replies of its own that it has not been given
    waits: bool = False         # in wait_reply
    listens: bool = False       # in that, or in a wait for several events among which is a reply
    sent: list = field(default_factory=list)
    calls: int = 0              # tasks to call that were opened for it
    held: bool = False          # what it asked for was put off, and it is known why
    told: set = field(default_factory=set)  # events that it was given, as (kind, when)


class Person:
    def __init__(self, row):
        self.row, self.id = row, row["id"]
        self.keys = {(c, norm(c, address(row, c))) for c in [*CHANNELS, "call", "signal", "x", "discord", "twitch"] if address(row, c)}
        self.out = None             # when and why they left
        self.away = 0
        self.replies = []           # (at, channel)
        self.sent = []              # all to this contact, a teammate's too
        self.runs = []

    def key(self, channel):
        return (channel, norm(channel, address(self.row, channel)))


def plain(text, person):
    """What a text says, names aside."""
    text = text.lower()
    for value in (person.row.get(k) for k in ("email", "phone", "whatsapp", "instagram", "telegram")):
        if value:
            text = text.replace(value.lower(), "")
    name = f"{person.row.get('name') or ''} {person.row.get('first_name') or ''}".lower()
    for word in sorted(set(name.split()), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "", text)
    text = re.sub(r"https?://\S*/u/\S+", "", text)
    return re.sub(r"\s+", "", text)


def consent_on(words, channel):
    """What is recorded for a channel: a basis in small letters, or None."""
    words = (words or "").strip().lower()
    if ":" not in words:
        return words or None
    for part in words.split(";"):
        name, _, basis = part.partition(":")
        if name.strip() == channel:
            return basis.strip() or None
    return None


class Oracle:
    def __init__(self, world):
        settings = world["settings"]
        self.opening = Opening(settings)
        self.policy = {"asks_per_week": 3, "max_channels": 3, "two_then_call": 2, "personal": True, "stop_company": False, "opt_in": [],
                       **settings.get("policy", {})}
        self.topics = settings.get("topics", {})
        self.accounts = {a["name"]: a.get("cap", {}) for a in world.get("accounts", [])}
        self.people = {row["id"]: Person(row) for row in world["contacts"]}
        self.templates, self.sequences = world["templates"], world["sequences"]
        self.outages = world.get("outages", [])
        undo = settings.get("undo", "0s")
        self.undo = int(undo[:-1]) * UNDO[undo[-1]] + PAST
        self.queue_until = defaultdict(int)    # of a channel's account
        self.runs, self.breaches, self.now, self.line = {}, [], 0, None
        self.by_key = defaultdict(list)        # everything sent to an address
        self.replied_at = defaultdict(list)    # replies from an address
        self.by_account = defaultdict(list)
        self.gone, self.dead = set(), set()    # addresses of people who left; dead addresses
        self.said = defaultdict(list)          # a plain text → messages that say it
        self.promises = []                     # what must hold before time moves on
        self.counted = defaultdict(int)
        self.outcomes = defaultdict(int)

    # ---- telling ----------------------------------------------------------------------------------------------------

    def breach(self, rule, text, run=None, contact=None):
        contact = contact or (run.contact if run else None)
        self.breaches.append(Breach(rule, self.line["at"] if self.line else "-", contact or "-", run.id if run else "-", text))

    def promise(self, rule, text, run, held):
        self.promises.append((rule, text, run, held))

    def settle(self):
        promises, self.promises = self.promises, []
        for rule, text, run, held in promises:
            if not held():
                self.breach(rule, text, run)

    # ---- the trace --------------------------------------------------------------------------------------------------

    def check(self, events):
        for event in events:
            if event.get("event") == "summary":
                self.settle()
                self.summary(event)
                continue
            at = int(datetime.fromisoformat(event["at"]).timestamp())
            if at > self.now:
                self.settle()
            elif at < self.now:
                self.line = event
                self.breach("order", "an event that is earlier than the one before it")
            self.now, self.line = at, event
            name = event["event"]
            self.counted[name] += 1
            what = getattr(self, "see_" + name, None)
            if what:
                what(event)
        self.settle()
        return self.breaches

    def run_of(self, event):
        return self.runs.get(str(event.get("run")))

    def see_enrolled(self, event):
        run = Run(str(event["run"]), event.get("contact"), event["sequence"])
        if run.id in self.runs:
            self.breach("twice", "a run is enrolled twice", run)
        self.runs[run.id] = run
        if run.contact in self.people:
            self.people[run.contact].runs.append(run)

    def see_log(self, event):
        run, words = self.run_of(event), event["text"].split()
        if not run or not words or not words[0].startswith("@"):
            return
        if words[0] == "@ask":
            options = dict(w.split("=", 1) for w in words[5:])
            run.held = False
            run.asked = {"n": words[1], "how": words[2], "channels": words[3].split(","), "template": words[4], "at": self.now, "sent": 0, **options}
        elif words[0] == "@got":
            if run.asked and words[2] == "sent" and not run.asked["sent"]:
                self.breach("lost", "the script was told of a message that nobody was sent", run)
            if words[2] != "sent":
                self.not_sent(run)
                if run.asked and run.asked["how"] in ("send", "reach") and words[3] != "unseen_reply":
                    self.breach("ending", "a run goes on that was refused a message it had to send", run)
            run.asked = None
        elif words[0] == "@given":
            run.owed = max(0, run.owed - 1)
            run.waits = run.listens = False
        elif words[0] == "@event":
            run.told.add((words[1], self.now))
            run.listens = False
        elif words[0] == "@reply-wait":
            run.waits = run.listens = True
        elif words[0] == "@listens":
            run.listens = True
        elif words[0] == "@wait-over":
            run.listens = False
        elif words[0] in ("@reply-wait-over", "@bounced"):
            run.waits = run.listens = False
            run.told.add((words[0], self.now))

    def not_sent(self, run):
        """A person did not send what they had a task for."""
        m, run.by_hand = run.by_hand, None
        if m:
            person = self.people[m.contact]
            for some in (person.sent, run.sent, self.by_key[m.key], self.said[plain(m.text, person)]):
                some.remove(m)

    def see_finished(self, event):
        run = self.run_of(event)
        if run:
            self.not_sent(run)
        outcome = event.get("outcome", "done")
        self.outcomes[outcome] += 1
        if not run or not run.live:
            self.breach("ending", "a run that is not under way ends", run)
            return
        run.live, run.outcome, run.reason = False, outcome, event.get("reason", "")
        run.waits = run.listens = False

    def see_failed(self, event):
        run = self.run_of(event)
        if run:
            run.live, run.outcome = False, "failed"

    def see_set(self, event):
        person = self.people.get(event.get("contact"))
        for key, value in event["changes"].items():
            if person and key in ("name", "first_name", "company"):
                person.row = {**person.row, key: value}

    def see_task(self, event):
        run = self.run_of(event)
        if event["kind"] == "message" and run:
            note = re.match(r"(?:Send|Write) (?:by|on) (\w+)", event.get("note") or "")
            channel = event.get("channel") or (note and note.group(1))
            if channel and run.asked and channel in run.asked["channels"]:
                text = event.get("text") or (event.get("note") or "").partition("\n")[2]
                run.by_hand = self.message({**event, "channel": channel, "template": run.asked["template"], "text": text, "account": ""}, run, True)
        elif event["kind"] == "call" and run:
            run.calls += 1

    def see_sent(self, event):
        run = self.run_of(event)
        if not run:
            self.breach("unasked", "a message that no run has asked for")
        elif run.by_hand and run.by_hand.channel == event["channel"]:
            run.by_hand = None      # a person has ticked the task; it was looked at when they were given it
        else:
            self.message(event, run, False)

    def summary(self, event):
        for run in self.runs.values():
            if not (run.live and run.asked) or run.asked["sent"] or run.held or run.by_hand or run.asked["at"] > self.now - self.undo:
                continue
            if not any(self.queue_until[c] >= run.asked["at"] for c in run.asked["channels"]):
                self.breach("lost", f"{run.asked['template']} was asked for at {run.asked['at']}, and nobody knows what became of it", run)
        self.line = None
        for word in ("sent", "received", "finished", "failed"):
            if event[word] != self.counted[word]:
                self.breach("summary", f"says {event[word]} {word}, and there are {self.counted[word]}")
        if event["outcomes"] != dict(self.outcomes):
            self.breach("summary", f"says {event['outcomes']}, and there are {dict(self.outcomes)}")

    # ---- what happens to people -------------------------------------------------------------------------------------

    def live(self, person):
        return [r for r in person.runs if r.live]

    def see_received(self, event):
        person = self.people.get(event.get("contact"))
        happened = getattr(self, "on_" + event["kind"], None)
        if person and happened:
            happened(person, event, self.run_of(event))

    def sequence(self, run):
        return self.sequences.get(run.sequence, {})

    def on_reply(self, person, event, owner):
        person.replies.append((self.now, event["channel"]))
        self.replied_at[person.key(event["channel"])].append(self.now)
        if not owner:   # it answers a teammate, or nobody in particular: it is the last writer's
            owner = next((self.runs[m.run] for m in reversed(person.sent) if m.run), None)
        if not owner or not owner.live:   # nobody's: whoever waits for an answer has it, the newest first
            owner = next((run for run in reversed(self.live(person)) if run.listens), owner)
        for run in self.live(person):
            goes_on = self.sequence(run).get("on_reply") == "continue"
            if run is owner:
                run.owed += 1
                if not goes_on:
                    self.promise("ending", "a run that was answered neither ends nor is given the answer", run,
                                 lambda run=run, owed=run.owed: run.owed < owed or not run.live)
                elif run.waits:
                    self.promise("lost", "a run that waits for an answer is not given it", run,
                                 lambda run=run, owed=run.owed: run.owed < owed or not run.live)
            elif not goes_on:
                self.promise("ending", "another run goes on though they answered elsewhere", run,
                             lambda run=run: not run.live and run.outcome == "answered elsewhere")
        company = person.row.get("company")
        if self.policy["stop_company"] and company:
            for other in self.people.values():
                if other is not person and other.row.get("company") == company:
                    for run in self.live(other):
                        if self.sequence(run).get("on_reply") != "continue":
                            self.promise("ending", "somebody of the same company is still written to", run,
                                         lambda run=run: not run.live and run.outcome == "answered elsewhere")

    def on_auto_reply(self, person, event, owner):
        said = re.search(r"\b(\d{4})-(\d\d)-(\d\d)\b", event.get("text") or "")
        if said:    # their newest word counts
            day = datetime(*map(int, said.groups()), tzinfo=self.opening.zone_of(person.row))
            person.away = int(day.timestamp())
        else:
            person.away = max(person.away, self.now + 5 * DAY)

    def on_unsubscribe(self, person, event, owner):
        person.out = event["kind"]
        self.gone |= {(family(c), n) for c, n in person.keys}
        for run in self.live(person):
            self.promise("ending", "somebody left and a run goes on", run, lambda run=run: not run.live and run.outcome == "unsubscribed")

    on_complaint = on_unsubscribe

    def on_bounce(self, person, event, owner):
        self.dead.add(person.key(event["channel"]))
        if owner and owner.live and owner.waits and owner.sent and owner.sent[-1].channel == event["channel"]:
            self.promise("lost", "a run waits for an answer to what bounced", owner,
                         lambda at=self.now: ("@bounced", at) in owner.told or not owner.live)

    def on_handled(self, person, event, owner):
        channel = event["channel"] or "email"
        m = Sent(self.now, person.id, None, channel, "", person.key(channel), None, None, "", handled=True)
        person.sent.append(m)
        self.by_key[m.key].append(m)
        for run in self.live(person):
            if self.sequence(run).get("on_handled") != "continue":
                self.promise("ending", "a teammate wrote and a run goes on", run, lambda run=run, at=self.now:
                             ("handled", at) in run.told or (not run.live and run.outcome == "taken over"))

    def see_deferred(self, event):
        run = self.run_of(event)
        if run:
            run.held = bool(event.get("reason"))
        if event["rule"] in ACCOUNTS_OWN and event.get("until"):    # said of one message, and all behind it wait
            self.queue_until[event["channel"]] = int(datetime.fromisoformat(event["until"]).timestamp())

    def see_refused(self, event):
        run = self.run_of(event)
        if not run:
            return
        if run.asked and run.asked["how"] == "send":
            self.promise("ending", "a run goes on that was refused a message it had to send", run, lambda: not run.live)
        if event.get("rule") == "two_then_call":
            self.promise("two_then_call", f"{run.calls} tasks to call were opened", run, lambda: run.calls == 1)

    # ---- a message leaves -------------------------------------------------------------------------------------------

    def message(self, event, run, hand):
        person = self.people.get(event["contact"])
        if not person:
            self.breach("unasked", "a message to nobody we know", run)
            return None
        channel, template = event["channel"], event["template"]
        m = Sent(self.now, person.id, run.id, channel, event.get("account") or "", person.key(channel), template, None, event.get("text") or "", hand)
        m.purpose = self.purpose(m, person)
        self.asked_for(m, run)
        for rule in RULES:
            why = rule(self, m, person, run)
            if why:
                self.breach(rule.__name__[5:], f"{m.purpose} by {channel}{' by hand' if hand else ''} ({template}): {why}", run)
        person.sent.append(m)
        run.sent.append(m)
        self.by_key[m.key].append(m)
        if m.account:
            self.by_account[m.account].append(m)
        self.said[plain(m.text, person)].append(m)
        return m

    def purpose(self, m, person):
        declared = self.templates.get(m.template, {}).get("purpose", "ask")
        if declared != "answer":
            return declared
        theirs = [at for at, _ in person.replies] + [at for key in person.keys for at in self.replied_at[key]]
        return "answer" if any(at >= self.now - WEEK - PAST for at in theirs) else "ask"

    def asked_for(self, m, run):
        if not run.live:
            self.breach("ending", "a message of a run that has ended", run)
        if not self.sequence(run).get("logged"):
            return
        asked = run.asked
        if not asked or m.channel not in asked["channels"] or asked["template"] != m.template:
            self.breach("unasked", f"{m.template} by {m.channel} was not asked for", run)
            return
        asked["sent"] += 1
        if asked["sent"] > 1:
            self.breach("twice", f"{m.template} by {m.channel} leaves once more", run)
        if "before" in asked and self.now > asked["at"] + int(asked["before"]) + PAST:
            self.breach("before", f"{m.template} leaves too late", run)
        if "cc" in asked:
            key = ("email", norm("email", asked["cc"]))
            if key in self.gone or key in self.dead:
                self.breach("suppressed", f"a copy goes to {asked['cc']}", run)
            if any(key in p.keys and consent_on(p.row.get("consent"), "email") in REFUSING for p in self.people.values()):
                self.breach("consent", f"a copy goes to {asked['cc']}", run)

    def recent(self, person, span, wanted):
        """What was sent to them, or to an address of theirs, within a span; each once."""
        found = {}
        for some in [person.sent, *(self.by_key[k] for k in person.keys)]:
            for m in reversed(some):
                if m.at <= self.now - span + PAST:
                    break
                if wanted(m):
                    found[id(m)] = m
        return list(found.values())

    def rule_suppressed(self, m, person, run):
        if person.out:
            return f"they left ({person.out})"
        if (family(m.channel), m.key[1]) in self.gone:
            return "the address is that of somebody who left"
        return "the address is dead" if m.key in self.dead else None

    def rule_unseen_reply(self, m, person, run):
        return f"{run.owed} answers to this run have not been given to it" if run.owed else None

    def rule_address(self, m, person, run):
        return None if m.key[1] else "they have no such address"

    def rule_consent(self, m, person, run):
        basis = consent_on(person.row.get("consent"), m.channel)
        if m.purpose == "answer":
            return None
        if basis in REFUSING:
            return f"their consent is '{basis}'"
        needs = m.purpose == "news" or CHANNELS[m.channel].get("opt_in") or m.channel in self.policy["opt_in"]
        return f"it needs an opt-in, and there is '{basis or ''}'" if needs and basis not in OPT_IN else None

    def rule_initiate(self, m, person, run):
        opens = CHANNELS[m.channel]["opens"]
        wrote = bool(self.replied_at[m.key])
        if opens == "nobody" or (opens == "they" and not wrote):
            return "nobody may begin there" if opens == "nobody" else "they have not written there"
        must = opens == "always by hand" or (opens == "by hand" and not wrote)
        return "only a person may" if must and not m.hand else None

    def rule_reply_window(self, m, person, run):
        row = CHANNELS[m.channel]
        if "window" not in row or m.hand or (row.get("approved") and self.templates.get(m.template, {}).get("approved")):
            return None
        last = max(self.replied_at[m.key], default=None)
        if last is None or last < self.now - row["window"] * HOUR - PAST:
            return f"their last message there is older than {row['window']} h"
        since = [o for o in self.by_key[m.key] if o.at >= last and not o.handled]
        return f"{len(since)} since their last one" if len(since) >= row.get("replies", 1 << 30) else None

    def rule_topic_channel(self, m, person, run):
        wanted = self.topics.get(self.sequence(run).get("topic") or "")
        wanted = [wanted] if isinstance(wanted, str) else wanted
        return f"that topic goes by {wanted}" if wanted and m.channel not in wanted else None

    def rule_personal(self, m, person, run):
        if not self.policy["personal"] or m.purpose != "ask" or self.templates.get(m.template, {}).get("personal") is False:
            return None
        if any(o.purpose == "ask" for o in person.sent):
            return None
        others = [o for o in self.said[plain(m.text, person)] if o.contact != person.id and o.purpose == "ask"]
        return f"{others[0].contact} was sent the same" if others else None

    def rule_two_then_call(self, m, person, run):
        most = self.policy["two_then_call"]
        if not most or m.purpose != "ask" or m.channel != "email":
            return None
        last = max((at for at, _ in person.replies), default=0)
        before = [o for o in run.sent if o.channel == "email" and o.at > self.now - 30 * DAY + PAST and o.at > last]
        return f"it is unanswered e-mail {len(before) + 1} of the run" if len(before) >= most else None

    def rule_max_channels(self, m, person, run):
        most = self.policy["max_channels"]
        if not most or m.purpose not in ("ask", "news") or m.channel == "call":
            return None
        # As all counts, by identity: an agent's address is a channel of all whom they look after.
        used = {o.channel for o in self.recent(person, 90 * DAY, lambda o: True)} - {"call"}
        return f"{m.channel} beside {sorted(used)}" if m.channel not in used and len(used) >= most else None

    def rule_asks_per_week(self, m, person, run):
        most = self.policy["asks_per_week"]
        if not most or m.purpose != "ask":
            return None
        asks = self.recent(person, WEEK, lambda o: o.purpose == "ask" or o.handled)
        return f"it is message {len(asks) + 1} of 7 days" if len(asks) >= most else None

    def rule_away(self, m, person, run):
        return "they are away" if m.purpose != "answer" and self.now < person.away - PAST else None

    def rule_account_cap(self, m, person, run):
        cap = self.accounts.get(m.account, {}).get("per_day")
        return f"{cap} were sent within a day" if cap and not m.hand and self.within(m.account, DAY) >= cap else None

    def rule_account_rate(self, m, person, run):
        gap = self.accounts.get(m.account, {}).get("gap")
        before = self.by_account[m.account]
        if not gap or m.hand or not before:
            return None
        since = self.now - before[-1].at
        return f"{since} s after the one before it" if since < 0.8 * gap - PAST else None    # it varies by a fifth

    def rule_warmup(self, m, person, run):
        ramp = self.accounts.get(m.account, {}).get("warmup")
        before = self.by_account[m.account]
        if not ramp or m.hand or not before:
            return None
        most = ramp["from"] + ramp["step"] * ((self.now - before[0].at + PAST) // DAY)
        return f"{most} were sent within a day" if self.within(m.account, DAY) >= most else None

    def rule_domain_rate(self, m, person, run):
        limits = self.accounts.get(m.account, {}).get("per_domain")
        if not limits or m.hand or m.channel != "email":
            return None
        domain = m.key[1].rpartition("@")[2]
        most = limits if isinstance(limits, int) else limits.get(domain, limits.get("default"))
        n = self.within(m.account, HOUR, lambda o: o.key[1].rpartition("@")[2] == domain)
        return f"{n} were sent to {domain} within an hour" if most and n >= most else None

    def within(self, account, span, wanted=lambda o: True):
        n = 0
        for o in reversed(self.by_account[account]):
            if o.at <= self.now - span + PAST:
                break
            n += wanted(o)
        return n

    def rule_hours(self, m, person, run):
        if m.hand or m.purpose == "answer":
            return None
        quiet = CHANNELS[m.channel].get("quiet")
        return self.opening.closed(self.now, person.row) or (quiet and self.opening.quiet(self.now, person.row, quiet))

    def rule_form(self, m, person, run):
        row = CHANNELS[m.channel]
        if "most" in row and length(row, m.text) > row["most"]:
            return f"it has {length(row, m.text)} {row.get('unit', 'characters')}"
        return "it has a link" if row.get("links") is False and re.search(r"https?://|www\.", m.text) else None

    def rule_breaker(self, m, person, run):
        if m.hand:
            return None
        down = [o for o in self.outages if o[0] in (m.channel, "*") and o[1] <= self.now < o[1] + o[2]]
        return "the channel is down" if down else None


RULES = [value for name, value in vars(Oracle).items() if name.startswith("rule_")]


def check(world, events):
    return Oracle(world).check(events)
