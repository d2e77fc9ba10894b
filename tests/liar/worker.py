# SPDX-License-Identifier: MIT
"""The liar, in the place of libexec/perigee/worker: real workers behind it, and lies.py about what they say. Beside it stands
liar.json: the real program, and where to tell at the end what each child was asked."""
import json
import sys
from pathlib import Path

here = Path(sys.argv[0]).resolve().parent
config = json.loads((here / "liar.json").read_text())
sys.path.insert(0, config["tests"])
import lies
from wire import *


def visited(child, id, raw):
    """Which run this is about; and what another effect was asked instead of stands in its journal again."""
    f = Fields(raw[HEADER.size:])
    head = f.body[:17]
    f.at = 17
    start = f.raw()
    begun = json.loads(start)
    contact = (begun.get("contact") or {}).get("id")
    child.visits[id] = {"sequence": begun.get("sequence"), "contact": contact}
    lies.SERVED.append((child, id))
    out = [head, text(start), f.body[f.at:f.at + 12]]
    f.at += 8
    for position in range(f.number("I")):
        kind, args = f.raw(), f.raw()
        kind, args = lies.PROMISED.get((contact, position), (kind, args))
        out += [text(kind), text(args), text(f.raw()), f.body[f.at:f.at + 8]]
        f.at += 8
    return frame(W_VISIT, id, *out)


def to_worker(child, kind, id, raw):
    child.middle = middle
    f = Fields(raw[HEADER.size:])
    if kind == W_LOAD:
        child.loads[id] = (f.number("B"), f.text())[1]
    elif kind == W_VISIT:
        return visited(child, id, raw)
    elif kind == W_RENDER:
        f.number("Q")
        child.renders[id] = (f.json().get("contact") or {}).get("id")
    elif kind == W_MAIL:
        child.mails[id] = f.raw()
    return None


def to_host(child, kind, id, raw):
    f = Fields(raw[HEADER.size:])
    if kind == W_EFFECT and id in child.visits and not config["lie"]:
        about = child.visits[id]
        lie = lies.VISITS.get(about["contact"])
        v = lies.Visit(child, id, about, raw)
        return lie["tell"](v) if lie and lie["sequence"] == about["sequence"] and lie["at"] == v.position else None
    if kind == W_REWRITE and child.visits.get(id, {}).get("contact") in lies.MOVES:
        return lies.MOVES[child.visits[id]["contact"]](raw, id)
    if kind == W_RENDERED and child.renders.get(id) in lies.RENDERINGS:
        return frame(W_RENDERED, id, lies.RENDERINGS[child.renders[id]]["tell"](f.json(), f.raw()))
    if kind == W_LOADED and config["lie"] in lies.WORKSPACES and child.loads.get(id) == "perigee.lua":
        return lies.WORKSPACES[config["lie"]][1](f.json(), id)
    if kind == W_EFFECT and config["lie"] in lies.TESTS and child.domain == "test":
        return lies.TESTS[config["lie"]](child, id, raw)
    if kind == W_LOADED:
        name = Path(child.loads.get(id, "")).stem
        return lies.DECLARATIONS[name]["tell"](f.json(), id) if name in lies.DECLARATIONS else None
    if kind == W_MAIL_READ:
        lie = next((l for word, l in lies.MAILS.items() if b"X-Lie: " + word.encode() in child.mails[id]), None)
        return lie(f.json(), id) if lie else None
    return None


middle = Middle(config["real"], sys.argv[1:], to_worker, to_host)
middle.run()
with open(config["asked"], "a") as f:
    for child in middle.all:
        f.write(json.dumps({"domain": child.domain, "asked": child.asked, "loads": list(child.loads.values())}) + "\n")
