# SPDX-License-Identifier: MIT
"""Breaches put into traces that keep every rule: each yields (the rules of which one must be found, the events)."""
import copy


def nth(random, events, wanted):
    """The place of one of the events that are wanted, or None."""
    places = [i for i, e in enumerate(events) if wanted(e, i)]
    return random.choice(places) if places else None


def by_program(events):
    """Is it a message that a script has asked for, and that no person had a task to send?"""
    def alone(e, i):
        before = next((o for o in reversed(events[:i]) if o.get("run") == e.get("run") and o["event"] in ("log", "task_done")), {})
        return e["event"] == "sent" and before.get("event") == "log"
    return alone


def again(random, events, world):
    """A message leaves twice."""
    i = nth(random, events, by_program(events))
    return i is not None and ({"twice"}, [*events[:i + 1], copy.deepcopy(events[i]), *events[i + 1:]])


def asked_by_nobody(random, events, world):
    """A message of another template than the one that was asked for."""
    i = nth(random, events, by_program(events))
    if i is None:
        return False
    other = copy.deepcopy(events[i])
    other["template"] = next(t for t in world["templates"] if t != other["template"])
    return {"unasked"}, [*events[:i], other, *events[i + 1:]]


def after_leaving(random, events, world):
    """Somebody who left is written to."""
    i = nth(random, events, lambda e, i: e["event"] == "received" and e["kind"] in ("unsubscribe", "complaint") and
            any(o["event"] == "sent" and o["contact"] == e["contact"] for o in events[:i]))
    if i is None:
        return False
    before = [o for o in events[:i] if o["event"] == "sent" and o["contact"] == events[i]["contact"]]
    end = len(events) - 1
    return {"suppressed"}, [*events[:end], {**before[-1], "at": events[end - 1]["at"]}, events[end]]


def flood(random, events, world):
    """One is asked and asked again."""
    if world["settings"].get("policy", {}).get("asks_per_week") == 0:
        return False
    i = nth(random, events, lambda e, i: e["event"] == "sent" and e["account"] and world["templates"][e["template"]]["purpose"] == "ask")
    return i is not None and ({"asks_per_week"}, [*events[:i], *[events[i]] * 7, *events[i + 1:]])


def run_on(random, events, world):
    """A run that what happened has ended goes on."""
    ours = {"replied", "answered elsewhere", "taken over", "unsubscribed"}
    i = nth(random, events, lambda e, i: e["event"] == "finished" and e["outcome"] in ours)
    return i is not None and ({"ending"}, [*events[:i], *events[i + 1:]])


def deaf(random, events, world):
    """A run is not given an answer that it waits for."""
    def waited(e, i):
        if e["event"] != "log" or e["text"] != "@given" or world["sequences"][sequences[e["run"]]]["on_reply"] != "stop":
            return False
        now = [o for o in events if o.get("run") == e["run"] and o["at"] == e["at"]]
        return any(o["event"] == "received" for o in now) and not any(o["event"] == "finished" for o in now)
    sequences = {e["run"]: e["sequence"] for e in events if e["event"] == "enrolled"}
    i = nth(random, events, waited)
    return i is not None and ({"ending"}, [*events[:i], *events[i + 1:]])


def in_an_outage(random, events, world):
    """Something leaves by a channel that is down."""
    i = nth(random, events, lambda e, i: e["event"] == "outage" and e["state"] == "begins")
    sent = [e for e in events[:i] if e["event"] == "sent" and e["channel"] == events[i]["channel"] and e["account"]] if i is not None else []
    return bool(sent) and ({"breaker"}, [*events[:i + 1], {**sent[-1], "at": events[i]["at"]}, *events[i + 1:]])


def silenced(random, events, world):
    """A message that a script was told of never left."""
    i = nth(random, events, by_program(events))
    return i is not None and ({"lost"}, [*events[:i], *events[i + 1:]])


ALL = [again, asked_by_nobody, after_leaving, flood, run_on, deaf, in_an_outage, silenced]
