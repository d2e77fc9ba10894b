#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The report of a simulation: its numbers, in the text and on the page, are those of the events that --json prints; the page is well
made, holds strangers' words as text only, needs nothing from elsewhere and has equal bytes for equal inputs."""
import os
import re
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import commands_test as cli
from commands_test import exits, ok, run, write

WORKSPACE = """workspace { timezone = "Europe/Paris" }
account "sales" {
  channel = "email", from = "Lea <lea@brand.example>",
  smtp = { url = "smtps://smtp.brand.example", user = "lea@brand.example", password = secret "p" },
  imap = { url = "imaps://imap.brand.example", user = "lea@brand.example", password = secret "p" },
  cap = { per_day = 60, gap = "2m" },
}
"""
SEQUENCE = """local perigee = require "perigee"
return perigee.sequence {
  name = "walk", needs = { send = { "email", "instagram" }, task = true },
  run = function(contact)
    local message = contact:send("email", contact.labels.vip and "vip" or "intro")
    local reply = contact:wait_reply "3 business days"
    if contact.labels.broken then error("no price for " .. contact.name) end
    if not reply then
      contact:send("email", "nudge")
      reply = contact:wait_reply "4 business days"
    end
    if not reply and contact:can "instagram" then
      contact:send("instagram", "short")
      reply = contact:wait_reply "1 week"
    end
    if not reply then return "silent" end
    contact:task { kind = "call", note = reply.text }
    return "answer: " .. reply.text
  end,
}
"""
JOB = """local perigee = require "perigee"
return perigee.job {
  name = "weekly", schedule = "every monday at 08:00", needs = { contacts = "read" },
  run = function(job)
    for _, c in ipairs(perigee.contacts.find { label = "vip" }) do c:enrol("walk", "once") end
  end,
}
"""
EVIL = "<script>alert(1)</script>"
ZONES = ("", "America/New_York", "Asia/Tokyo", "Pacific/Auckland")
KINDS = ("reply", "", "unsubscribe", "auto_reply", "bounce", "handled", "reply", "", "", "complaint")
ENDS = ["replied", "unsubscribed", "bounced", "refused", "taken over or stopped", "silent", "failed", "still waiting"]
PARIS = ZoneInfo("Europe/Paris")
VOID = {"meta", "br", "hr", "img", "link", "input"}


def workspace(folder, n):
    folder.mkdir()
    write(folder, "perigee.lua", WORKSPACE)
    write(folder, "sequences/walk.lua", SEQUENCE)
    write(folder, "jobs/weekly.lua", JOB)
    for name in ("intro", "vip", "nudge"):
        write(folder, f"templates/{name}.md", f"---\nsubject: {name} & {{{{ interest }}}}\n---\n{name}: hello {{{{ first_name }}}}, about {{{{ interest }}}}\n")
    write(folder, "templates/short.md", "hello {{ first_name }}, {{ interest }}\n")
    people, answers = ["id,name,email,instagram,timezone,labels,interest"], ["contact,after,channel,kind,text"]
    for i in range(n):
        name = EVIL if i == 3 else "عبد 🎧 نور" if i == 4 else f'"Person, ""{i}"" & <b>co</b>"'
        label = "broken" if i in (7, n - 1) else "vip" if i % 3 == 0 else ""
        people.append(f"c{i:03d},{name},p{i}@example.com,{f'@p{i}' if i % 2 else ''},{ZONES[i % 4]},{label},{'<i>' * (i == 3)}interest {i}")
        if KINDS[i % 10]:
            answers.append(f"c{i:03d},{(i % 7) + 1} days,email,{KINDS[i % 10]},{'<img src=x onerror=alert(2)>' if i % 4 else 'Yes'}")
        answers.append(f"c{i:03d},1 day,instagram,task_done,sent")
    write(folder, "people.csv", "\n".join(people) + "\n")
    write(folder, "answers.csv", "\n".join(answers) + "\n")
    return folder


# ---- what the events add up to, counted anew ------------------------------------------------------------------------

class Sums:
    """The same sums from the lines of --json, by other means than the program's."""

    def __init__(self, rows):
        self.events, self.summary = rows[:-1], rows[-1]
        self.of = defaultdict(list)
        for row in self.events:
            self.of[row["event"]].append(row)
        self.sent = self.of["sent"]
        self.runs = {r["run"]: r["sequence"] for r in self.of["enrolled"] if "contact" in r}
        self.path = defaultdict(list)
        for r in self.sent:
            self.path[r["run"]].append((r["template"], r["channel"]))
        self.steps = list(dict.fromkeys(s for r in self.sent for s in [(r["template"], r["channel"])]))
        self.reached = {s: {r for r in self.runs if s in self.path[r]} for s in self.steps}
        kinds = defaultdict(set)
        for r in self.of["received"]:
            kinds[r["kind"]].add(r["run"])
        self.replied = kinds["reply"]
        self.left = defaultdict(Counter)
        ended = {r["run"]: r for r in self.of["finished"] + self.of["failed"]}
        for number in self.runs:
            last = self.path[number][-1] if self.path[number] else None
            self.left[last][self.end(number, ended.get(number), kinds)] += 1

    @staticmethod
    def end(number, row, kinds):
        if row is None:
            return "still waiting"
        if row["event"] == "failed":
            return "failed"
        known = {"replied": "replied", "unsubscribed": "unsubscribed", "bounced": "bounced", "answered elsewhere": "taken over or stopped",
                 "taken over": "taken over or stopped", "stopped": "taken over or stopped"}
        if row["outcome"] in known:
            return known[row["outcome"]]
        for kind, words in (("unsubscribe", "unsubscribed"), ("complaint", "unsubscribed"), ("reply", "replied"), ("bounce", "bounced")):
            if number in kinds[kind]:
                return words
        return "refused" if row["outcome"] == "refused" else "silent"

    def days(self, account=None):
        return Counter(datetime.fromisoformat(r["at"]).astimezone(PARIS).date() for r in self.sent if account in (None, r["account"]))

    def hours(self):
        local = [datetime.fromisoformat(r["at"]) for r in self.sent]
        return Counter((at.hour, at.weekday()) for at in local)


# ---- the page -------------------------------------------------------------------------------------------------------

class Page(HTMLParser):
    """Elements in order, tables as lists of rows of text, and what is wrong with the nesting."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.text, self.stack, self.faults, self.tags, self.words = text, [], [], [], []
        self.tables, self.tiles, self.rules, self.people, self.h2 = [], [], [], [], []
        self.sinks = []
        self.feed(text)
        self.close()
        self.faults += [f"<{t}> is not closed" for t, _ in self.stack]

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        kind = attributes.get("class") or ""
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.collect(tag, self.tables[-1][-1])
        elif tag == "li" and any(t == "ul" and c == "tiles" for t, c in self.stack):
            self.collect(tag, self.tiles)
        elif tag == "li" and any(t == "ul" and c == "rules" for t, c in self.stack[-1:]):
            self.collect(tag, self.rules)
        elif tag == "summary" and self.stack[-1] == ("details", "person"):
            self.collect(tag, self.people)
        elif tag == "h2":
            self.collect(tag, self.h2)
        if tag not in VOID:
            self.stack.append((tag, kind))

    def collect(self, tag, where):
        self.sinks.append((len(self.stack), where, []))

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        if not any(tag == "style" for tag, _ in self.stack):
            self.words.append(data)
        for _, _, parts in self.sinks:
            parts.append(data)

    def handle_endtag(self, tag):
        if not self.stack or self.stack[-1][0] != tag:
            self.faults.append(f"</{tag}> within {self.stack[-1:]} at {self.getpos()}")
            return
        self.stack.pop()
        while self.sinks and self.sinks[-1][0] == len(self.stack):
            _, where, parts = self.sinks.pop()
            where.append(" ".join("".join(parts).split()))

    def table(self, *head):
        """The rows of the tables with this header, by their first cell."""
        return [{row[0]: row[1:] for row in t[1:]} for t in self.tables if t and t[0][:len(head)] == list(head)]


def day(text):
    return datetime.strptime(text, "%a %d %b %Y").date()


def well_made(page):
    loose = re.findall(r"<(?![a-z/!]).{0,20}|&(?!amp;|lt;|gt;|quot;|#39;|#x\w+;|apos;).{0,20}", page.text.split("</style>")[1])
    ok(not loose, "no sign of markup stands there by itself", loose[:9])
    ok(not page.faults, "the page's elements are closed in order", *page.faults[:9])
    names = Counter(tag for tag, _ in page.tags)
    ok(not names["script"] and not names["link"] and not names["img"] and not names["iframe"], "it has no script, no image and nothing from elsewhere", names)
    foreign = [(t, a) for t, a in page.tags for k, v in a.items() if k.startswith("on") or (k in ("src", "href", "xlink:href", "action") and v)]
    ok(not foreign and "url(" not in page.text and "@import" not in page.text, "no attribute or style fetches or runs anything", *foreign[:9])
    policy = [a.get("content") for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    ok(policy == ["default-src 'none'; style-src 'unsafe-inline'"], "its policy allows inline style alone", policy)
    ok(any(t == "html" and a.get("lang") == "en" for t, a in page.tags) and names["h1"] == 1 and names["main"] == 1, "it has a language, one h1 and a main part")
    ids = [a["id"] for _, a in page.tags if "id" in a]
    ok(len(ids) == len(set(ids)), "no id comes twice", ids)
    followed = [after for (tag, a), (after, _) in zip(page.tags, page.tags[1:]) if tag == "svg"]
    ok(followed and set(followed) == {"title"}, "each drawing begins with its title", followed[:9])


def funnel(page, sums, name):
    tables = page.table("Step", "Runs")
    if not ok(len(tables) == 1, f"{name}: one funnel", page.tables[:1]):
        return
    rows = {"Enrolled": (len(sums.runs), 0, sums.left[None])}
    for step in sums.steps:
        rows[", ".join(step)] = (len(sums.reached[step]), sum(r["template"] == step[0] and r["channel"] == step[1] for r in sums.sent), sums.left[step])
    got = {k: (int(v[0]), int(v[2]), {e: int(n) for e, n in zip(ENDS, v[3:]) if int(n)}) for k, v in tables[0].items()}
    wanted = {k: (runs, messages, dict(left)) for k, (runs, messages, left) in rows.items()}
    ok(list(got) == list(wanted), f"{name}: its steps come in order of first use", list(got), list(wanted))
    ok(got == wanted, f"{name}: each step has its runs, its messages and who left after it", got, wanted)
    share = {k: v[1] for k, v in tables[0].items()}
    near = [k for k, (runs, *_) in wanted.items() if re.fullmatch(r"\d+ %", share[k]) and abs(float(share[k][:-2]) - 100 * runs / len(sums.runs)) > .5001]
    ok(not near, f"{name}: percentages are of all that were enrolled", share)


def numbers(page, sums, name):
    ok([int(t.split()[0]) for t in page.tiles] ==
       [sums.summary["sent"], len(sums.replied & set(sums.runs)), sum(c["unsubscribed"] for c in sums.left.values()), len(sums.of["task"]),
        sums.summary["finished"], sums.summary["failed"]], f"{name}: the headline numbers", page.tiles, sums.summary)
    got = [{day(k): int(v[0]) for k, v in t.items()} for t in page.table("Day", "Messages")]
    accounts = list(dict.fromkeys(r["account"] for r in sums.sent))
    ok(got == [sums.days()] + [sums.days(a) for a in accounts], f"{name}: messages of each day and each account's", got)
    hours = {(int(k[:2]), d): int(n) for k, v in page.table("Hour")[0].items() for d, n in enumerate(v) if int(n)}
    ok(hours == sums.hours(), f"{name}: messages of each hour in the contact's own time", hours, sums.hours())
    rules = {r.split()[0]: (int((re.search(r"held (\d+)", r) or [0, 0])[1]), int((re.search(r"refused (\d+)", r) or [0, 0])[1])) for r in page.rules}
    wanted = defaultdict(lambda: [0, 0])
    for r in sums.events:
        if r["event"] in ("deferred", "refused"):
            wanted[r.get("rule") or r.get("code")][r["event"] == "refused"] += 1
    ok(rules == {k: tuple(v) for k, v in wanted.items()}, f"{name}: what each rule held and refused", rules, dict(wanted))
    tasks = Counter(r["kind"] for r in sums.of["task"])
    got = {k: int(v[0]) for t in page.table("Kind", "Number", "Done") for k, v in t.items()}
    ok(got == tasks, f"{name}: tasks by kind", got, tasks)


def text(out, sums):
    report = out[out.index(f"\n{sums.summary['contacts']} contacts, "):]
    wide = [line for line in report.splitlines()[2:] if len(line) > 80 and "The page: " not in line]
    ok(not wide, "the text is at most 80 columns wide", *wide)
    for step in sums.steps:
        found = re.search(rf"^  {re.escape(', '.join(step))} +#* +(\d+) ", report, re.M)
        ok(found and int(found[1]) == len(sums.reached[step]), f"the text has {len(sums.reached[step])} runs at {', '.join(step)}", report)
    for outcome, n in sums.summary["outcomes"].items():
        ok(re.search(rf"^  {re.escape(outcome[:19])}\S* +{n}  #", report, re.M), f"the text has the outcome {outcome[:19]}", report)
    ok("Messages a day (Europe/Paris)" in report and "cap 60 a day" in report and "hours held" in report and "Why runs failed" in report,
       "the text has the calendar, the cap, the rules and why runs failed", report)
    grid = re.search(r"own time\n.*\n((?:  [A-Z][a-z]{2} .*\n){7})", report)
    lit = {(h, d) for d, line in enumerate(grid[1].splitlines()) for h in range(24) if line[7 + 2 * h] != "·"}
    ok(lit == set(sums.hours()), "the text's grid is marked in the hours in which messages go", report)


def many(folder):
    args = ("sim", "walk", "--contacts", "people.csv", "--replies", "answers.csv", "--start", "2026-12-07", "--for", "12d")
    human = exits("a simulation of 238 contacts", 0, *args, "--html", "page.html", cwd=folder)
    sums = Sums(run(*args, "--json", cwd=folder).rows())
    made = (folder / "page.html").read_bytes()
    ok(human.out.endswith("\nThe page: page.html\n"), "says where the page is", human.out[-200:])
    json = run(*args, "--json", "--html", "again.html", cwd=folder)
    ok((folder / "again.html").read_bytes() == made, "equal inputs give equal bytes of the page")
    ok(Sums(json.rows()).events == sums.events and "again.html" not in json.out + json.err, "--html changes nothing of --json")
    page = Page(made.decode())
    well_made(page)
    funnel(page, sums, "238 contacts")
    numbers(page, sums, "238 contacts")
    text(human.out, sums)
    shown = "".join(page.words)
    ok(EVIL in shown and "<img src=x onerror=alert(2)>" in shown and '"3"' not in page.people[0], "strangers' names and words are text")
    failed = [r["contact"] for r in sums.of["failed"]]
    ok(len(page.people) == 200 and "38 more contacts are not shown" in shown, "200 contacts have their timeline, and the page says how many more there are", len(page.people))
    ok(failed and all(any(f" {c} " in p for c in failed) for p in page.people[:len(failed)]) and not any(p.endswith("failed") for p in page.people[len(failed):]),
       "failed runs stand first, late ones among them", page.people[:4])
    ok("Why 2 runs failed" in page.h2, "and the page says why they failed", page.h2)


def small(folder):
    write(folder, "none.csv", "id,name,email\n")
    got = exits("nobody at all is a report, too", 0, "sim", "walk", "--contacts", "none.csv", "--html", "none.html", cwd=folder, says="0 contacts, 0 messages sent")
    page = Page((folder / "none.html").read_text())
    ok(not page.faults and "Nobody was enrolled." in "".join(page.words) and "Infinity" not in got.out + page.text and "nan" not in got.out.lower(), "and its page is whole", page.faults)
    head, *people = (folder / "people.csv").read_text().splitlines()
    write(folder, "few.csv", "\n".join([head] + people[:12]) + "\n")
    args = ("sim", "weekly", "--contacts", "few.csv", "--start", "2026-12-07", "--for", "20d")
    write(folder, "perigee.lua", WORKSPACE.replace("per_day = 60", "per_day = 900"))
    exits("a job has a page", 0, *args, "--html", "job.html", cwd=folder)
    sums = Sums(run(*args, "--json", cwd=folder).rows())
    page = Page((folder / "job.html").read_text())
    well_made(page)
    funnel(page, sums, "a job")
    shares = {v[1] for v in page.table("Day", "Messages", "Of its cap")[0].values()}
    ok("<1 %" in shares and "its cap lies far above" in "".join(page.words), "a share that is nearly nothing is not said to be nothing", shares)
    ok("3 runs of the job itself" in "".join(page.words), "that says how many of the runs are the job's own")


def limits(folder):
    """A script of 45 different messages: what comes after the 39th is told together."""
    names = [f"m{i:02d}" for i in range(45)]
    for name in names:
        write(folder, f"templates/{name}.md", f"---\nsubject: {name}\npurpose: service\n---\n{name} for {{{{ first_name }}}}\n")
    write(folder, "sequences/many.lua", 'local perigee = require "perigee"\nreturn perigee.sequence { name = "many", needs = { send = { "email" } }, run = function(contact)\n'
          + "".join(f'  contact:send("email", "{n}")\n' for n in names + names[:2]) + "end }\n")
    head, *people = (folder / "people.csv").read_text().splitlines()
    write(folder, "two.csv", "\n".join([head] + people[:2]) + "\n")
    exits("a script of 45 messages has a page", 0, "sim", "many", "--contacts", "two.csv", "--html", "many.html", cwd=folder)
    rows = Page((folder / "many.html").read_text()).table("Step", "Runs")[0]
    ok(list(rows)[1:] == [f"{n}, email" for n in names[:39]] + ["further messages"], "which tells 39 of them apart", list(rows))
    ok(rows["further messages"][:3] == ["2", "100 %", "12"] and rows["m00, email"][2] == "4" and rows["m02, email"][2] == "2",
       "and counts the rest together, but not those that it knows", rows)


def places(folder):
    args = ("sim", "walk", "--contacts", "few.csv", "--for", "2d", "--html")
    (folder / "out").mkdir()
    exits("a folder is no page", 1, *args, "out", cwd=folder, says="that is a folder; name the file")
    exits("nor is a name that ends like one", 1, *args, "new/", cwd=folder, says="that is a folder")
    exits("its folder must be there", 1, *args, "missing/page.html", cwd=folder, says="its folder does not exist")
    exits("a new page", 0, *args, "few.html", cwd=folder)
    os.mkfifo(folder / "pipe")
    got = exits("what is no plain file is left alone", 1, *args, "pipe", cwd=folder, says="no plain file")
    ok(not got.out, "which is said before anything is simulated", got)
    write(folder, "out/page.html", "old")
    exits("a page takes the place of an older one", 0, *args, "out/page.html", cwd=folder)
    ok(os.listdir(folder / "out") == ["page.html"] and "<!doctype html>" in (folder / "out/page.html").read_text(), "and leaves nothing beside it", os.listdir(folder / "out"))
    ok((folder / "out/page.html").stat().st_mode & 0o077 == 0o044 and (folder / "few.html").stat().st_mode & 0o077 == 0,
       "an older page keeps its rights, a new one is its owner's alone")
    before = (folder / "out/page.html").read_bytes()
    exits("a script that can't be loaded", 1, "sim", "nothing", "--contacts", "few.csv", "--html", "out/page.html", cwd=folder)
    ok((folder / "out/page.html").read_bytes() == before, "leaves the older page as it was")


def main():
    work = Path(tempfile.mkdtemp(prefix="perigee-report-"))
    try:
        folder = workspace(work / "W", 238)
        many(folder)
        small(folder)
        limits(folder)
        places(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
