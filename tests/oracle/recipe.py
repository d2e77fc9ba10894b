# SPDX-License-Identifier: MIT
"""A shipped recipe before the oracle: many people made from its contacts.csv, its scripts played over them in `perigee sim` with answers by
chance, and what the oracle must know of it. Its scripts are played as they ship and once more watched (watched.lua), which changes
nothing but that what they ask for is logged."""
import csv
import io
import json
import os
import random
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import breaches
import forge
import oracle

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE.parents[1] / "scripts"
PERIGEE = os.environ.get("PERIGEE") or str(HERE.parents[1] / "build" / "perigee")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
IDENTITIES = ["email", "phone", "whatsapp", "instagram", "telegram", "messenger", "linkedin", "tiktok", "youtube", "x", "discord", "twitch", "signal", "sms", "slack", "imessage"]
# What belongs to the sample's person as it is: rights, roles, and words that scripts know.
KEPT = ["owner", "stage", "labels", "tags", "preferred_channel", "consent", "consent_source", "gender"]
HOMES = [("en-GB", "Europe/London", "GB"), ("en-US", "America/New_York", "US"), ("en-US", "America/Los_Angeles", "US"), ("fr-FR", "Europe/Paris", "FR"),
         ("fr-CA", "America/Toronto", "CA"), ("it-IT", "Europe/Rome", "IT"), ("de-DE", "Europe/Berlin", "DE"), ("es-ES", "Europe/Madrid", "ES"),
         ("en-IN", "Asia/Kolkata", "IN"), ("ja-JP", "Asia/Tokyo", "JP"), ("en-NZ", "Pacific/Auckland", "NZ"), ("pt-BR", "America/Sao_Paulo", "BR")]
START = "2026-11-02T00:00"


# ---- people ---------------------------------------------------------------------------------------------------------

def crowd(sample, n, seed):
    """n people like those of the sample (rows): other names, addresses, homes and personal values, the rest as theirs."""
    chance = random.Random(seed)
    repeated = {c for c in sample[0] if len({r[c] for r in sample if r[c]}) < sum(1 for r in sample if r[c])}
    people = []
    for i in range(n):
        base = sample[i % len(sample)] if i < len(sample) else chance.choice(sample)
        people.append(person(base, i, chance, repeated))
    return people


def person(base, i, chance, repeated):
    first, last = chance.choice(forge.FIRST), chance.choice(forge.LAST)
    locale, zone, country = chance.choice(HOMES)
    row = dict(base)
    for column, value in base.items():
        if column == "id":
            row[column] = f"p{i:03}"
        elif not value or column in KEPT:
            continue
        elif column == "name":
            row[column] = f"{first} {last}"
        elif column == "first_name":
            row[column] = first
        elif column == "email":
            row[column] = f"p{i:03}@{chance.choice(['mail', 'studio', 'post'])}.example"
        elif column in ("phone", "whatsapp", "sms", "signal", "imessage"):
            row[column] = f"+336{70000000 + i * 1000 + len(column)}"
        elif column in IDENTITIES:
            row[column] = value[:1] * (value[:1] == "@") + f"person{i:03}"
        elif column == "locale":
            row[column] = locale
        elif column == "timezone":
            row[column] = zone
        elif column == "country":
            row[column] = country
        elif column not in repeated:
            row[column] = personal(value, i, chance)
    return row


def personal(value, i, chance):
    """Another value of the same kind."""
    if re.fullmatch(r"\d+", value):
        return str(max(1, int(int(value) * chance.uniform(0.7, 1.5)))) if int(value) > 50 else value
    if re.fullmatch(r"[\d.,:TZ+-]+", value):    # a date, a time, an amount
        return value
    return f"{value}{i}" if re.fullmatch(r"\S+", value) else f"{value} {i}"


def csv_text(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


# ---- the workspace --------------------------------------------------------------------------------------------------

def seconds(text):
    return int(text[:-1]) * UNITS[text[-1]] if isinstance(text, str) else text


def front_matter(text):
    found = re.match(r"---\n(.*?)\n---\n", text, re.S)
    return dict(line.split(":", 1) for line in found.group(1).splitlines() if ":" in line) if found else {}


def templates(folder):
    """name: what the oracle looks at in a template's front matter."""
    found = {}
    for path in sorted(folder.glob("templates/*.*")):
        if "." not in path.stem:
            front = {k.strip(): v.strip() for k, v in front_matter(path.read_text()).items()}
            found[path.stem] = {"purpose": front.get("purpose", "ask"), "personal": front.get("personal") != "no", "approved": "approved" in front}
    return found


def declared(folder):
    """What perigee.lua and the scripts declare."""
    scripts = [str(p.relative_to(folder)) for kind in ("sequences", "jobs", "hooks") for p in sorted(folder.glob(f"{kind}/*.lua"))]
    said = json.loads(subprocess.run(["lua5.4", HERE / "declared.lua", folder, *scripts], capture_output=True, check=True, text=True).stdout)
    return {k: v or {} if k == "settings" else list(v) for k, v in said.items()}


def world(folder, watching, people):
    """What the oracle is told of a recipe (its copy, and the one in which scripts log)."""
    said = declared(folder)
    accounts = []
    for account in said["accounts"]:
        cap = {k: v for k, v in (account.get("cap") or {}).items()}
        if "gap" in cap:
            cap["gap"] = seconds(cap["gap"])
        accounts.append({"name": account["name"], "cap": cap})
    return {"settings": said["settings"], "accounts": accounts, "contacts": people, "templates": templates(folder), "outages": [],
            "sequences": {s["name"]: {"topic": s.get("topic"), "on_reply": s.get("on_reply", "stop"), "on_handled": s.get("on_handled", "stop"),
                                      "logged": watched(watching, s["name"])} for s in said["sequences"]},
            "scripts": [s["name"] for s in said["sequences"]] + [j["name"] for j in said["jobs"]]}


def watched(folder, name):
    path = folder / f"sequences/{name}.lua"
    return path.exists() and 'require "watched"' in path.read_text()


def watch(folder):
    """Has the sequences of a copy log what they ask for."""
    (folder / "lib").mkdir(exist_ok=True)
    shutil.copy(HERE / "watched.lua", folder / "lib/watched.lua")
    for path in folder.glob("sequences/*.lua"):
        path.write_text(re.sub(r"\bperigee\.sequence\b", 'require "watched".sequence', path.read_text(), count=1))


# ---- playing --------------------------------------------------------------------------------------------------------

class Recipe:
    """A recipe's copies, as it ships and watched, with people made from its sample."""

    def __init__(self, name, people=200):
        self.name = name
        self.place = Path(tempfile.mkdtemp(prefix=f"perigee-{name}-"))
        for copy in ("plain", "watched"):
            shutil.copytree(SCRIPTS / name, self.place / copy, ignore=shutil.ignore_patterns("*.db*", "run", "vault"))
        watch(self.place / "watched")
        with open(SCRIPTS / name / "contacts.csv", newline="") as file:
            self.people = crowd(list(csv.DictReader(file)), people, name)
        for copy in ("plain", "watched"):
            (self.place / copy / "crowd.csv").write_text(csv_text(self.people))
        self.world = world(self.place / "plain", self.place / "watched", self.people)

    def play(self, script, seed, copy="watched", days=90, replies="random"):
        """(exit status, the trace's bytes, stderr)"""
        done = subprocess.run([PERIGEE, "sim", script, "--contacts", "crowd.csv", "--replies", replies, "--json", "--seed", str(seed), "--start", START, "--for", f"{days}d"],
                              cwd=self.place / copy, capture_output=True, timeout=300, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr.decode()

    def judge(self, code, out, err):
        """What is wrong with a trace (texts), and what was counted in it."""
        events = read(out)
        counts = Counter(e["event"] for e in events)
        if code or not events or events[-1]["event"] != "summary":
            return [f"exit {code}: {err[-1500:]}"], counts
        wrong = [str(b) for b in self.breaches(events)]
        wrong += [f"failed: {e.get('code')}: {e.get('error')} ({e['at']}, contact {e.get('contact')}, run {e.get('run')})" for e in events if e["event"] == "failed"]
        return wrong, counts

    def breaches(self, events):
        return oracle.check({**self.world, "contacts": [dict(p) for p in self.people]}, events)

    def notices(self, out):
        """Does the oracle find a message that leaves twice, and one to somebody who left, put into this trace? (None if it can hold neither)"""
        put = [b for b in (breach(random.Random(1), read(out), self.world) for breach in (breaches.again, breaches.after_leaving)) if b]
        return all({b.rule for b in self.breaches(events)} & rules for rules, events in put) if put else None

    def close(self):
        shutil.rmtree(self.place, ignore_errors=True)


def read(out):
    return [json.loads(line) for line in out.splitlines()]


def as_shipped(out):
    """A watched trace without what watching adds."""
    return [e for e in map(bare, out.splitlines()) if not (e["event"] == "log" and e["text"].startswith("@"))]


def bare(line):
    event = json.loads(line)
    return {k: v for k, v in event.items() if k != "thread"}
