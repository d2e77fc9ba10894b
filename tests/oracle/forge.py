# SPDX-License-Identifier: MIT
"""Random workspaces, people, sequences, answers and outages, all from a seed. A case is plain data, so that it can be cut down."""
import csv
import io
import random
from pathlib import Path

HERE = Path(__file__).resolve().parent
START = "2026-11-02T00:00"
ZONES = ["Europe/Paris", "Europe/London", "America/New_York", "America/Los_Angeles", "Asia/Tokyo", "Asia/Kolkata", "Pacific/Auckland",
         "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati", "America/St_Johns"]
FIRST = "Ana Ben Cleo Dan Eve Flo Gus Hal Ida Jon Kim Leo Mia Ned Ola Pia Quin Rob Sue Tim Uma Vic Wes Xia Yan Zoe Ömer Łucja".split()
LAST = "Silva Jones Martin Kato Rossi Weber Nowak Garcia Dubois Smith".split()
DOMAINS = ["gmail.com", "outlook.example", "brand.example", "studio.example"]
CITIES = ["Porto", "Lyon", "Évry", "Kyoto", "", "Rome"]
CHANNELS = ["email", "whatsapp", "sms", "instagram", "telegram", "messenger", "linkedin", "tiktok", "youtube"]
WEIGHTS = [10, 4, 3, 3, 2, 1, 1, 1, 1]
CONSENTS = ["", "", "", "opt-in", "opt-in", "opt-in", "opt-in", "opt-in", "opt-in", "opt-in", "legitimate interest", "no", "withdrawn", "whatsapp: opt-in; email: legitimate interest",
            "email: opt-in; sms: no", "sms: opt-in; whatsapp: opt-in; email: no"]
BRIEF = ["5m", "20m", "45m", "1h", "2h", "5h"]
LONG = ["12h", "1d", "2d", "3d", "5d", "8d"]

# name: (purpose, more of the front matter, text). Those that say the same to all are what rule `personal` looks for.
TEMPLATES = {
    "ask1": ("ask", "", "{{ first_name | default: 'Hello' }}, how is {{ city | default: 'life' }} today, {{ handle }}?"),
    "ask2": ("ask", "", "Dear {{ name }}, shall we speak about {{ city | default: 'it' }}?"),
    "ask3": ("ask", "personal: no", "Hello {{ first_name | default: 'you' }}, this is what we do."),
    "same": ("ask", "", "Hello {{ first_name | default: 'you' }}, this is what everybody gets."),
    "long": ("ask", "personal: no", "Hello {{ handle }}. " + "A long story. " * 130),
    "link": ("ask", "personal: no", "See https://brand.example/{{ handle }} please"),
    "answer": ("answer", "", "Thank you, {{ first_name | default: 'you' }}."),
    "service": ("service", "", "Your contract, {{ name }}: {{ handle }}."),
    "news": ("news", "", "The news of {{ city | default: 'the week' }}."),
    "approved": ("ask", "approved: hello_1\npersonal: no", "Hello {{ first_name | default: 'you' }}, approved."),
    "needs": ("ask", "", "You in {{ city }}, {{ handle }}?"),
}


class Draw:
    """Chance, in the words in which a case is drawn."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.own = None     # the addresses of the person a programme is drawn for

    def one(self, some):
        return self.r.choice(some)

    def weighted(self, some, weights):
        return self.r.choices(some, weights)[0]

    def often(self, p):
        return self.r.random() < p

    def channel(self):
        for _ in range(4):
            channel = self.weighted(CHANNELS, WEIGHTS)
            if not self.own or channel in self.own:
                break
        return channel

    def channels(self, most=4):
        return ",".join(dict.fromkeys(self.channel() for _ in range(self.r.randint(1, most))))

    def template(self):
        return self.weighted(list(TEMPLATES), [8, 5, 4, 2, 1, 1, 3, 3, 2, 2, 1])

    def pause(self):
        return self.one(BRIEF if self.often(0.6) else LONG)


# ---- the workspace --------------------------------------------------------------------------------------------------

def settings(d):
    hours = d.weighted(["always", ["mon-fri 09:00-18:00"], ["mon-sat 08:00-12:00", "mon-sat 14:00-20:30"], ["mon-sun 00:00-24:00"],
                        ["tue-thu 10:00-11:00"], ["mon-sun 22:00-24:00", "mon-sun 00:00-02:30"]], [3, 5, 3, 2, 0.6, 1])
    made = {"timezone": d.one(ZONES), "hours": hours, "policy": {}}
    if d.often(0.6):
        made["holidays"] = d.r.sample(["FR", "IT", "DE", "ES", "GB", "US"], d.r.randint(1, 2)) + (["2026-11-10"] if d.often(0.5) else [])
    if d.often(0.4):
        made["topics"] = {"contract": "email", "chat": d.one([["whatsapp", "sms"], "instagram"]), "sensitive": "call"}
    for key, least, most in (("asks_per_week", 0, 5), ("max_channels", 0, 4), ("two_then_call", 0, 4)):
        if d.often(0.5):
            made["policy"][key] = d.r.randint(least, most)
    if d.often(0.2):
        made["policy"]["personal"] = False
    if d.often(0.3):
        made["policy"]["stop_company"] = True
    if d.often(0.1):
        made["policy"]["opt_in"] = d.one([["email"], ["instagram", "email"]])
    if d.often(0.3):
        made["undo"] = d.one(["30s", "10m", "2h"])
    return made


def cap(d):
    made = {}
    if d.often(0.5):
        made["per_day"] = d.one([1, 2, 5, 10, 40])
    if d.often(0.5):
        made["gap"] = d.one([20, 90, 600])
    if d.often(0.3):
        made["warmup"] = {"from": d.one([1, 2, 5]), "step": d.one([1, 3])}
    if d.often(0.35):
        made["per_domain"] = d.one([1, 3, {"default": 4, "gmail.com": 1}, {"studio.example": 2}])
    return made


def accounts(d):
    made = [{"name": f"mail{i}", "channel": "email", "cap": cap(d)} for i in range(d.weighted([0, 1, 2], [1, 3, 2]))]
    return made + [{"name": c + "1", "channel": c, "cap": {k: v for k, v in cap(d).items() if k != "per_domain"}}
                   for c in ("whatsapp", "sms") if d.often(0.25)]


# ---- people ---------------------------------------------------------------------------------------------------------

def contacts(d, n):
    agents = [f"agent{i}@{d.one(DOMAINS)}" for i in range(2)]
    numbers = ["+33612000001", "+33612000002"]
    made = []
    for i in range(n):
        first = d.one(FIRST)
        row = {"id": f"p{i:02}", "name": f"{first} {d.one(LAST)}" if d.often(0.95) else "", "labels": "all", "city": d.one(CITIES), "handle": f"h{i:02}"}
        if d.often(0.9):
            row["email"] = d.one(agents) if d.often(0.12) else f"{first.lower()}{i}@{d.one(DOMAINS)}".replace("ö", "o").replace("ł", "l")
        if d.often(0.8):
            row["phone"] = d.one(numbers) if d.often(0.08) else f"+336120{i:05}"
        if d.often(0.15):
            row["whatsapp"] = f"+336130{i:05}"
        for channel in ("instagram", "telegram", "messenger", "linkedin", "tiktok", "youtube"):
            if d.often(0.6):
                row[channel] = f"{channel[:2]}.{first.lower()}{i}".replace("ö", "o").replace("ł", "l")
        if d.often(0.6):
            row["timezone"] = d.one(ZONES)
        if d.often(0.4):
            row["country"] = d.one(["FR", "DE", "JP", "GB", "IN", "ES"])
        row["consent"] = d.one(CONSENTS)
        if d.often(0.3):
            row["company"] = d.one(["Acme", "Globex"])
        made.append(row)
    seen = {}
    for row in made:
        for channel in ("email", "phone"):
            seen.setdefault((channel, row.get(channel)), []).append(row)
    for (_, address), rows in seen.items():
        for row in rows if address and len(rows) > 1 else []:
            row["shared_address"] = "yes"
    return made


# ---- sequences ------------------------------------------------------------------------------------------------------

# name: topic, on_reply, on_handled
WALKERS = {"walk": (None, "stop", "stop"), "stay": (None, "continue", "stop"), "deal": ("contract", "stop", "continue"),
           "chat": ("chat", "continue", "continue"), "secret": ("sensitive", "stop", "stop")}


def step(d):
    kind = d.weighted(["send", "try", "reach", "tryreach", "push", "sleep", "reply", "thank", "event", "task", "set", "label", "note", "signal", "enrol",
                       "stop", "can", "again"], [4, 24, 1, 8, 6, 14, 14, 7, 4, 2, 2, 2, 1, 2, 4, 0.4, 2, 1])
    if kind in ("send", "try"):
        channel = d.channel() if d.often(0.7) else "email"
        more = f" before={d.one([600, 7200, 90000])}" if d.often(0.1) else ""
        more += f" cc={d.one(['agent0@gmail.com', 'ana0@gmail.com', 'x@copy.example'])}" if channel == "email" and d.often(0.08) else ""
        more += " thread=new" if channel == "email" and d.often(0.1) else ""
        return f"{kind} {channel} {d.template()}{more}"
    if kind in ("reach", "tryreach"):
        return f"{kind} {d.channels()} {d.template()}"
    made = {
        "push": lambda: f"push {d.channels(3)} {d.template()} {d.r.randint(2, 8)} {d.one(['0s', '10m', '3h', '1d'])}",
        "sleep": lambda: f"sleep {d.pause()}", "reply": lambda: f"reply {d.pause()} {d.one(['stop', 'on'])}",
        "thank": lambda: f"thank {d.pause()} {d.channel()} {d.one(['answer', 'service', 'ask2'])}",
        "event": lambda: f"event {d.one(['signal:go', 'signal:go,reply', 'handled,signal:go', 'click', 'auto_reply,bounce', 'task_done'])} {d.pause()}",
        "task": lambda: f"task {d.one(['video', 'review', 'gift'])}", "set": lambda: f"set {d.one(['mood', 'city'])} {d.one(['fine', 'Porto'])}",
        "label": lambda: f"{d.one(['label', 'unlabel'])} {d.one(['press', 'vip'])}", "note": lambda: "note", "signal": lambda: "signal go",
        "enrol": lambda: f"enrol {d.one(list(WALKERS))} k{d.r.randint(0, 4)}", "stop": lambda: f"stop {d.one(list(WALKERS))}",
        "can": lambda: f"can {d.channel()}", "again": lambda: f"again {d.r.randint(0, 3)}",
    }
    return made[kind]()


def programme(d):
    first = f"{d.one(['send', 'try'])} {d.channel() if d.often(0.4) else 'email'} {d.one(['ask1', 'ask2', 'ask3', 'approved', 'service'])}"
    return [first if d.often(0.7) else step(d)] + [step(d) for _ in range(d.r.randint(2, 12))]


def statement(d, depth):
    """Lua, as nested lists of lines: it can be cut line by line only where it stays whole, so each statement is one text."""
    pad = "  " * (depth + 2)
    words = step(d).split()
    roll = d.r.random()
    if depth < 3 and roll < 0.2:
        condition = d.one([f'a:reply "{d.pause()}"', f'a:can "{d.channel()}"', "math.random() < 0.5", "contact.fields.city", "contact.labels.vip",
                           f'a:event("signal:go", "{d.pause()}")', f'a:ask("try_send", "{d.channel()}", "{d.template()}")'])
        other = f"{pad}else\n{block(d, depth + 1)}" if d.often(0.5) else ""
        return f"{pad}if {condition} then\n{block(d, depth + 1)}{other}{pad}end\n"
    if depth < 3 and roll < 0.3:
        return f"{pad}for _ = 1, {d.r.randint(2, 4)} do\n{block(d, depth + 1)}{pad}end\n"
    if roll < 0.33:
        return f'{pad}if math.random() < 0.3 then return "{d.one(["silent", "lost"])}" end\n'
    if words[0] in ("send", "try"):
        return f'{pad}a:ask("{"send" if words[0] == "send" else "try_send"}", "{words[1]}", "{words[2]}")\n'
    if words[0] in ("reach", "tryreach"):
        return f'{pad}a:ask("{"reach" if words[0] == "reach" else "try_reach"}", "{words[1]}", "{words[2]}")\n'
    if words[0] == "push":
        return f'{pad}a:push("{words[1]}", "{words[2]}", {words[3]}, "{words[4]}")\n'
    if words[0] == "sleep":
        return f'{pad}perigee.sleep "{words[1]}"\n'
    if words[0] in ("reply", "thank"):
        return f'{pad}a:reply "{words[1]}"\n'
    if words[0] == "signal":
        return f'{pad}contact:signal "go"\n'
    return f'{pad}contact:label "vip"\n'


def block(d, depth):
    return "".join(statement(d, depth) for _ in range(d.r.randint(1, 3)))


def script(d):
    return {"on_reply": d.one(["stop", "stop", "continue"]), "on_handled": d.one(["stop", "continue"]),
            "topic": d.one([None, None, "contract", "chat"]), "statements": [statement(d, 0) for _ in range(d.r.randint(2, 6))]}


# ---- answers --------------------------------------------------------------------------------------------------------

def replies(d, people):
    rows = []
    for person in people:
        for _ in range(d.weighted([0, 1, 2, 3, 6], [2, 3, 3, 3, 3])):
            kind = d.weighted(["reply", "auto_reply", "bounce", "unsubscribe", "complaint", "handled", "click", "task_done", "signal:go"],
                              [10, 3, 1, 1.2, 0.4, 1, 0.6, 3, 1])
            channel = d.weighted(["email", "whatsapp", "sms", "instagram", "linkedin", "telegram"], [8, 2, 1, 2, 1, 0.5])
            text = {"reply": d.one(["Yes", "Tell me more", "No, thanks"]), "auto_reply": "I am away", "handled": "mine",
                    "task_done": d.one(["done", "sent", "no"])}.get(kind, "")
            rows.append([person["id"], d.one(["1m", "10m", "1h", "5h", "1 day", "3 days"]), "" if kind == "task_done" else channel, kind, text])
    return rows


def case(seed, people=24, scripts=3):
    """All that is put into one simulation."""
    d = Draw(seed)
    made = {"seed": seed, "settings": settings(d), "accounts": accounts(d), "contacts": contacts(d, people)}
    made["scripts"] = {f"made{i}": script(d) for i in range(scripts)}
    made["programmes"] = {}
    for person in made["contacts"]:
        names = d.r.sample(list(WALKERS), d.weighted([1, 2, 3], [6, 3, 1]))
        names = ["walk", *(n for n in names if n != "walk")] if d.often(0.6) else names
        d.own = [*person, *(["sms", "whatsapp"] if "phone" in person else [])]
        made["programmes"][person["id"]] = {name: programme(d) for name in names}
        d.own = None
        person["enrol"] = [f"{d.weighted([0, 1, 2, 5, 9], [6, 2, 1, 1, 1])} {name} -" for name in names]
        if scripts and d.often(0.3):
            person["enrol"].append(f"{d.one([0, 1, 3])} made{d.r.randrange(scripts)} -")
    made["replies"] = replies(d, made["contacts"])
    made["days"] = d.one([12, 20, 35])
    made["outages"] = []
    for _ in range(d.weighted([0, 1, 2, 3], [4, 3, 2, 1])):
        made["outages"].append([d.one(["email", "email", "whatsapp", "sms"]), d.r.randint(0, (made["days"] - 1) * 24) * 3600 + 60 * d.one([0, 5, 30]),
                                d.one([600, 3 * 3600, 6 * 3600, 30 * 3600])])
    made["chance"] = chance(d) if d.often(0.5) else ""
    made["edits"] = [[d.r.randint(1, 8 * 24) * 3600, name, [statement(d, 0) for _ in range(d.r.randint(1, 3))]] for name in made["scripts"] if d.often(0.3)]
    return made


def chance(d):
    """The words of --replies random."""
    numbers = {"reply": d.one([0.1, 0.3, 0.5]), "auto_reply": d.one([0, 0.1]), "bounce": d.one([0, 0.04]), "unsubscribe": d.one([0, 0.04]),
               "complaint": d.one([0, 0.02]), "handled": d.one([0, 0.05]), "click": d.one([0, 0.1]), "task_done": d.one([0.2, 0.8])}
    return ",".join(f"{k}={v}" for k, v in numbers.items() if v) + f",after={d.one(['1m-20m', '1h-2d', '1m-6d'])}"


# ---- to files -------------------------------------------------------------------------------------------------------

def lua(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if isinstance(value, dict):
        return "{ " + ", ".join(f"[{lua(k)}] = {lua(v)}" for k, v in value.items()) + " }"
    return "{ " + ", ".join(lua(v) for v in value) + " }"


def perigee_lua(made):
    text = f"workspace {lua(made['settings'])}\n"
    for account in made["accounts"]:
        name, keys = account["name"], {"channel": account["channel"]}
        if account["cap"]:
            keys["cap"] = account["cap"]
        mail = (f', from = "{name}@brand.example", smtp = {{ url = "smtps://smtp.brand.example", user = "u", password = secret "{name}" }}'
                f', imap = {{ url = "imaps://imap.brand.example", user = "u", password = secret "{name}" }}') if account["channel"] == "email" else ""
        text += f'account "{name}" {{ channel = "{account["channel"]}"{mail}, cap = {lua(account["cap"])} }}\n'
    return text


def sequence_lua(name, topic, on_reply, on_handled, body):
    topic = f'topic = "{topic}", ' if topic else ""
    return (f'local perigee = require "perigee"\nlocal actor = require "actor"\nreturn perigee.sequence {{\n  name = "{name}", {topic}on_reply = "{on_reply}", '
            f'on_handled = "{on_handled}",\n  needs = {{ send = {lua(CHANNELS)}, task = true }},\n  run = function(contact)\n{body}  end,\n}}\n')


STARTER = """local perigee = require "perigee"
return perigee.job {
  name = "starter", schedule = "every day at 00:00", needs = { contacts = "write" },
  run = function(job)
    for _, contact in ipairs(perigee.contacts.find { label = "all", limit = 1000 }) do
      for when, sequence in (contact.fields.enrol or ""):gmatch "(%d+) (%S+) %-" do
        if (job.due - %d) // 86400 == tonumber(when) then contact:enrol(sequence) end
      end
    end
  end,
}
"""


def write(made, folder):
    folder = Path(folder)
    for name in ("sequences", "templates", "lib", "jobs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "perigee.lua").write_text(perigee_lua(made))
    (folder / "lib/actor.lua").write_text((HERE / "actor.lua").read_text())
    for name, (topic, on_reply, on_handled) in WALKERS.items():
        body = f'    return actor.play(contact, "{name}")\n'
        (folder / f"sequences/{name}.lua").write_text(sequence_lua(name, topic, on_reply, on_handled, body))
    for name, s in made["scripts"].items():
        body = "    local a = actor.new(contact)\n" + "".join(s["statements"]) + '    return "through"\n'
        (folder / f"sequences/{name}.lua").write_text(sequence_lua(name, s["topic"], s["on_reply"], s["on_handled"], body))
    for i, (_, name, more) in enumerate(made["edits"]):
        s = made["scripts"][name]
        body = "    local a = actor.new(contact)\n" + "".join(s["statements"] + more) + '    return "edited"\n'
        (folder / f"edit{i}.lua").write_text(sequence_lua(name, s["topic"], s["on_reply"], s["on_handled"], body))
    (folder / "jobs/starter.lua").write_text(STARTER.replace("%d)", f"{start_of(made)})"))
    for name, (purpose, more, text) in TEMPLATES.items():
        front = f"subject: About {name}\npurpose: {purpose}\n" + (more + "\n" if more else "")
        (folder / f"templates/{name}.md").write_text(f"---\n{front}---\n{text}\n")
    (folder / "people.csv").write_text(people_csv(made))
    rows = io.StringIO()
    csv.writer(rows, lineterminator="\n").writerows([["contact", "after", "channel", "kind", "text"], *made["replies"]])
    (folder / "replies.csv").write_text(rows.getvalue())


def start_of(made):
    from datetime import datetime
    from zoneinfo import ZoneInfo
    return int(datetime.fromisoformat(START).replace(tzinfo=ZoneInfo(made["settings"]["timezone"])).timestamp())


def people_csv(made):
    columns = ["id", "name", "email", "phone", "whatsapp", "instagram", "telegram", "messenger", "linkedin", "tiktok", "youtube", "timezone", "country",
               "consent", "company", "labels", "city", "handle", "shared_address", "enrol", *("programme_" + n for n in WALKERS)]
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(columns)
    for person in made["contacts"]:
        more = {"enrol": ";".join(person["enrol"]),
                **{"programme_" + n: "|".join(steps) for n, steps in made["programmes"][person["id"]].items()}}
        rows.writerow([more.get(c) or person.get(c) or "" for c in columns])
    return out.getvalue()


def world(made):
    """What the oracle is told."""
    begin = start_of(made)
    sequences = {n: {"topic": t, "on_reply": r, "on_handled": h, "logged": True} for n, (t, r, h) in WALKERS.items()}
    sequences |= {n: {**{k: s[k] for k in ("topic", "on_reply", "on_handled")}, "logged": True} for n, s in made["scripts"].items()}
    templates = {n: {"purpose": p, "personal": "personal: no" not in more, "approved": "approved:" in more} for n, (p, more, _) in TEMPLATES.items()}
    return {"settings": made["settings"], "accounts": made["accounts"], "contacts": made["contacts"], "templates": templates, "sequences": sequences,
            "outages": [(c, begin + at, span) for c, at, span in made["outages"]]}
