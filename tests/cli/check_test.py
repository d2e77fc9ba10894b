#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check tells each kind of mistake at its place, with a code that `perigee explain` knows; and no mistake has a section that nothing gives."""
import json
import os
import re
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

PERIGEE = os.environ.get("PERIGEE") or str(Path(__file__).resolve().parents[2] / "build" / "perigee")
points = failed = 0
given = set()  # codes that were met


def ok(held, sentence, *found):
    global points, failed
    points += 1
    failed += not held
    print("ok" if held else "not ok", points, "-", sentence, flush=True)
    if not held:
        for line in "\n".join(str(f) for f in found).splitlines()[:30]:
            print("#  ", line, flush=True)


def run(folder, *args):
    done = subprocess.run([PERIGEE, "-C", folder, *args], capture_output=True, timeout=60, text=True)
    return done, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def write(folder, name, text):
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


# Lines 1 to 3 of each sequence; the case begins in line 4, at four spaces.
SEQUENCE = """local perigee = require "perigee"
return perigee.sequence { name = "NAME", needs = { send = { "email" }, task = true, contacts = "write", store = true, net = { "api.example" } },
  run = function(contact)
    BODY
  end,
}
"""

# code, what stands in run, [(line, column, words of the finding)]
IN_RUN = [
    ("unknown-global", "replies = 1", [(4, 5, "assignment to unknown global 'replies'")]),
    ("unknown-global", "contact:note(tostrng(1))", [(4, 18, "did you mean 'tostring'?")]),
    ("missing-module", 'local words = require "wrods"', [(4, None, "there is no module 'wrods'")]),
    ("unknown-call", 'local reply = contact:wait_repl "3 days"', [(4, 27, "did you mean 'wait_reply'?")]),
    ("unknown-call", 'perigee.slep "3 days"\n    perigee.store.gett "x"', [(4, 13, "'sleep'"), (5, 19, "'get'")]),
    ("unknown-call", 'perigee.contacts.serch {}', [(4, 22, "there is no perigee.contacts.serch")]),
    ("unknown-call", 'for _, c in ipairs(perigee.contacts.find {}) do c:lable "x" end', [(4, 55, "did you mean 'label'?")]),
    ("unknown-call", 'local offer = require "perigee.offer"\n    offer.opne {}', [(5, 11, "'open'")]),
    ("unknown-attribute", "if contact.niche then return end", [(4, 16, "contact.fields.niche")]),
    ("unknown-attribute", "return contact.local_", [(4, 20, "'locale'")]),
    ("needs-colon", 'contact.note("x")', [(4, 12, "contact:note(...)")]),
    ("read-only", 'contact.stage = "talking"', [(4, 13, "use contact:set { stage = ... }")]),
    ("unknown-key", 'contact:task { kind = "call", nte = "x" }', [(4, 35, "unknown key 'nte'; did you mean 'note'?")]),
    ("unknown-key", 'contact:send("email", "welcome", { var = {} })', [(4, 40, "'vars'")]),
    ("unknown-key", 'perigee.http { url = "https://api.example/x", heades = {} }', [(4, 51, "'headers'")]),
    ("unknown-key", "contact:messages { chanel = 'email' }", [(4, 24, "'channel'")]),
    ("unknown-word", 'contact:task { kind = "phone" }', [(4, 27, "known: call, video")]),
    ("unknown-event", 'contact:wait({ "replied", "reply" }, "3 days")', [(4, 20, "known: reply, auto_reply")]),
    ("unknown-channel", 'contact:can "emial"', [(4, 17, "did you mean 'email'?")]),
    ("unknown-channel", 'perigee.contacts.find { channel = "instagran" }', [(4, 39, "'instagram'")]),
    ("missing-template", 'contact:send("email", "welcmoe")', [(4, 27, "did you mean 'welcome'?")]),
    ("missing-template", 'contact:reach({ "email" }, "nothing-at-all")', [(4, 32, "write templates/nothing-at-all.md")]),
    ("missing-template", 'contact:send("email", "welcome", { documents = { "contarct" } })', [(4, 54, "no template 'contarct'")]),
    ("unknown-sequence", 'contact:enrol "welcom"\n    contact:stop "nowhere-at-all"', [(4, 19, "'welcome'"), (5, 18, "there is no sequence")]),
    ("unknown-stage", 'contact:set { stage = "taking" }', [(4, 27, "did you mean 'talking'?")]),
    ("unknown-segment", 'perigee.contacts.segment "gold"', [(4, 30, "there is no segment 'gold'")]),
    ("unknown-account", 'contact:send("email", "welcome", { from = "partnership" })', [(4, 47, "did you mean 'partnerships'?")]),
    ("bad-duration", 'contact:wait_reply "3 buisness days"', [(4, 24, "3 buisness days")]),
    ("bad-duration", 'perigee.sleep "soonish"\n    contact:wait("click", "3 dais")\n    contact:snooze "-1 day"', [(4, 19, ""), (5, 27, ""), (6, 20, "")]),
    ("bad-duration", 'contact:task { kind = "call", due = "2 weaks" }\n    perigee.date(0, "+2 bussiness days")', [(4, 41, ""), (5, 21, "")]),
    ("bad-url", 'perigee.http { url = "ftp://api.example/list" }', [(4, None, "perigee.http: url")]),
    ("undeclared-need", 'contact:send("sms", "welcome")', [(4, 13, 'add send = { "sms" }')]),
    ("undeclared-need", 'perigee.http { url = "https://elsewhere.example/" }', [(4, None, "elsewhere.example")]),
    ("missing-var", 'contact:send("email", "offer", { vars = { price = 5 } })\n    contact:send("email", "offer")', [(5, 27, "vars = { price = ... }")]),
]

# code, a whole file, where, [(line, column or None, words)]
WHOLE = [
    ("syntax", "sequences/syntax.lua", "local perigee = require 'perigee'\nlocal = 2\n", [(2, None, "near")]),
    ("no-script", "sequences/none.lua", "local perigee = require 'perigee'\nperigee.sequence { name = 'none', run = function() end }\n", [(None, None, "return perigee.sequence")]),
    ("missing-key", "sequences/keyless.lua", "local perigee = require 'perigee'\nreturn perigee.sequence { run = function() end }\n", [(2, None, "'name' is missing")]),
    ("unknown-key", "sequences/two.lua", "local perigee = require 'perigee'\nreturn perigee.sequence { name = 'two', tilte = 'x', needs = { sned = {} },\n"
     "  limits = { cpu = 5 }, run = function(contact) contact:nowt() end }\n",
     [(2, 41, "'title'"), (2, 64, "'send'"), (3, 14, "'cpu_ms'")]),
    ("bad-name", "sequences/named.lua", "local perigee = require 'perigee'\nreturn perigee.sequence { name = 'Two Words', run = function() end }\n", [(2, None, "is no name")]),
    ("wrong-type", "sequences/typed.lua", "local perigee = require 'perigee'\nreturn perigee.sequence { name = 'typed', title = 5, run = function() end }\n",
     [(2, None, "a text is needed")]),
    ("unknown-event", "sequences/starts.lua", "local perigee = require 'perigee'\nreturn perigee.sequence { name = 'starts', starts_on = { 'mesage' }, run = function() end }\n",
     [(2, None, "'message'")]),
    ("top-level", "sequences/top.lua", "local perigee = require 'perigee'\nperigee.store.set('a', 1)\nreturn perigee.sequence { name = 'top', run = function() end }\n",
     [(2, None, "only run(...) can act")]),
    ("bad-schedule", "jobs/when.lua", "local perigee = require 'perigee'\nreturn perigee.job { name = 'when', schedule = 'every workday at nine', run = function() end }\n",
     [(None, None, "every weekday at 09:00")]),
    ("job-writes", "jobs/writes.lua", "local perigee = require 'perigee'\nreturn perigee.job { name = 'writes', schedule = 'every hour', needs = { contacts = 'read', send = { 'email' } },\n"
     "  run = function(job)\n    job:send('email', 'welcome')\n    for _, c in ipairs(perigee.contacts.find {}) do c:send('email', 'welcome') end\n  end }\n",
     [(4, 9, "a job enrols"), (5, 55, "a job enrols")]),
    ("unknown-attribute", "jobs/dew.lua", "local perigee = require 'perigee'\nreturn perigee.job { name = 'dew', schedule = 'every hour',\n"
     "  run = function(job) perigee.log(tostring(job.deu)) end }\n", [(3, 48, "'due'")]),
    ("unused-need", "sequences/unused.lua", "local perigee = require 'perigee'\nreturn perigee.sequence { name = 'unused', needs = { task = true },\n  run = function(contact) contact:note 'x' end }\n",
     [(2, 54, "needs.task is not used")]),
    ("unknown-key", "sequences/tells.lua", "local perigee = require 'perigee'\nreturn perigee.sequence { name = 'tells', needs = { broadcast = true },\n"
     "  run = function() perigee.broadcast { channel = 'discord', to = '#all', template = 'welcome', vrs = {}, at = '1 day' } end }\n", [(3, 96, "'vars'")]),
    ("unknown-signal", "sequences/awaits.lua", "local perigee = require 'perigee'\nreturn perigee.sequence { name = 'awaits', run = function(contact)\n"
     "  contact:signal('payment')\n  contact:wait('signal:payments', '1 day')\nend }\n", [(4, 16, "'payment'")]),
    ("unknown-call", "lib/helper.lua", "local M = {}\nfunction M.go(contact)\n  contact:wait_repl '3 days'\nend\nreturn M\n", [(3, 11, "'wait_reply'")]),
    ("name-taken", "sequences/welcome2.lua", "local perigee = require 'perigee'\nreturn perigee.sequence { name = 'welcome', run = function() end }\n", [(None, None, "is taken by")]),
    ("too-large", "sequences/large.lua", "--" + "x" * (256 * 1024) + "\n", [(None, None, "longer than 256 KiB")]),
    ("unknown-call", "tests/calls_test.lua", "test('it', function(t)\n  t:advence '1 day'\n  t:reply { txt = 'x' }\nend)\n", [(2, 5, "'advance'")]),
    ("bad-template", "templates/broken.md", "---\nsubject: Hi\n---\n{{ name | upcas }}\n", [(4, None, "upcas")]),
    ("missing-field", "templates/field.md", "---\nsubject: Hi\n---\n{{ name }} {{ shoe_size }}\n", [(4, None, "shoe_size")]),
    ("dead-link", "templates/link.md", "---\nsubject: Hi\n---\n[shop](/shop)\n", [(4, None, "/shop")]),
    ("missing-attachment", "templates/attach.md", "---\nsubject: Hi\nattach: nowhere.pdf\n---\nHi\n", [(3, None, "nowhere.pdf")]),
    ("missing-language", "templates/other.fr.md", "---\nsubject: Bonjour\n---\nBonjour\n", [(None, None, "")]),
    ("too-long-for-channel", "templates/long.md", "---\nsubject: Hi\n---\nHi\n--- channel: sms\n" + "word " * 800 + "\n", [(None, None, "before anything is filled in")]),
    ("quoted-value", "templates/quoted.md", "---\nsubject: \"{{ name | default: 'you' }}, an idea\"\npreheader: 'It\"s {{ name }}'\n---\nHi\n", [(2, None, "the subject"), (3, None, "the preheader")]),
    ("many-sms-parts", "templates/parts.md", "---\nsubject: Hi\n---\nHi\n--- channel: sms\n" + "word " * 120 + "\n", [(None, None, "parts")]),
]


def faulty(folder):
    """A workspace in which each file has its own mistake, looked at once."""
    subprocess.run([PERIGEE, "init", folder], check=True, capture_output=True)
    write(folder, "perigee.lua", 'workspace { timezone = "Europe/Paris" }\naccount "partnerships" { channel = "email", from = "Léa <lea@brand.example>",\n'
          '  smtp = { url = "smtps://smtp.brand.example", user = "lea@brand.example", password = secret "partnerships" } }\n')
    write(folder, "templates/offer.md", "---\nsubject: Offer\n---\nHi {{ name }} at {{ company | default: 'home' }}, it is {{ price }}.\n")
    expected = []
    for n, (code, body, places) in enumerate(IN_RUN):
        name = f"sequences/case{n:02}.lua"
        write(folder, name, SEQUENCE.replace("NAME", f"case{n:02}").replace("BODY", body))
        expected += [(code, name, *place) for place in places]
    for code, name, text, places in WHOLE:
        write(folder, name, text)
        if name != "templates/other.fr.md":
            expected += [(code, name, *place) for place in places]
    write(folder, "sequences/uses.lua", SEQUENCE.replace("NAME", "uses").replace("BODY", 'require "helper".go(contact)'))
    done, rows = run(folder, "check", "--json")
    # Under `make check` the sanitizer says once that coroutines are hard for it.
    errors = [line for line in done.stderr.splitlines() if "makecontext" not in line]
    ok(done.returncode == 1 and not errors, "a workspace full of mistakes is looked at to its end", done.stderr)
    given.update(r["code"] for r in rows)
    for code, name, line, column, words in expected:
        # A module's place is told once, with its own file.
        found = [r for r in rows if r["file"] == name and r["code"] == code and words in r["text"] and line in (None, r["line"])
                 and column in (None, r.get("column"))]
        ok(len(found) == 1, f"{code} in {name}" + (f":{line}" if line else "") + (f": {words}" if words else ""), *[r for r in rows if r["file"] == name])
    only = {name for _, name, *_ in expected}
    for n, (code, _, places) in enumerate(IN_RUN):
        mine = [r for r in rows if r["file"] == f"sequences/case{n:02}.lua" and r["level"] == "error"]
        if len(mine) != len(places):
            ok(False, f"case {n} has its own mistakes and no others", *mine)
    ok(any(r["code"] == "missing-language" and r["level"] == "warning" for r in rows), "a missing language is a warning")
    return only


def shown(folder):
    """What a person sees: the place, the code, the line, and carets below the word."""
    done, _ = run(folder, "check", "sequences/case03.lua")
    want = ("sequences/case03.lua:4: there is no contact:wait_repl; did you mean 'wait_reply'? [unknown-call]\n"
            "    local reply = contact:wait_repl \"3 days\"\n"
            "                          ^^^^^^^^^\n")
    ok(want in done.stderr, "the line is shown, and carets below what is meant", done.stderr)
    write(folder, "sequences/accents.lua", SEQUENCE.replace("NAME", "accents").replace("BODY", '\tlocal é = nil').replace("é", "e")
          .replace("local e = nil", 'contact:note("àéî"); contact:nte "x"'))
    done, rows = run(folder, "check", "--json", "sequences/accents.lua")
    lines = run(folder, "check", "sequences/accents.lua")[0].stderr.splitlines()
    at = next((i for i, line in enumerate(lines) if "contact:nte" in line), len(lines))
    wrong = [r for r in rows if r["level"] == "error"]
    ok([r["column"] for r in wrong] == [35] and len(lines) > at + 2 and lines[at + 1].index('nte "') == lines[at + 2].index("^^^"),
       "accents and tabs move neither the column nor the carets", rows, *lines)
    write(folder, "sequences/control.lua", SEQUENCE.replace("NAME", "control").replace("BODY", 'contact:nte("\x1b[2J") contact:note(1, "\u202e")'))
    said = run(folder, "check", "sequences/control.lua")[0].stderr
    ok("contact:nte" in said and "\x1b" not in said and "\u202e" not in said, "control characters of a source reach no terminal", repr(said))
    places = [(r["line"], r.get("column", 0)) for r in run(folder, "check", "--json")[1] if r["file"] == "sequences/two.lua"]
    ok(len(places) > 3 and places == sorted(places), "what was found in a file is told from its top to its end", places)


def elsewhere(work):
    """perigee.lua, contacts.csv, a path: one workspace each."""
    for code, name, text, words in (
            ("bad-workspace", "perigee.lua", 'workspace { timezon = "Europe/Paris" }\n', "timezon"),
            ("bad-row", "contacts.csv", "id,name,email\nana,Ana,no address\n", "ana"),
            ("missing-subject", "templates/welcome.md", "Hi {{ name }} of {{ niche }}\n", "subject"),
            ("missing-personal-field", "templates/welcome.md", "---\nsubject: Hi\n---\nHi {{ name }}\n", "personal: no")):
        folder = str(work / f"one-{code}")
        subprocess.run([PERIGEE, "init", folder], check=True, capture_output=True)
        write(folder, name, text)
        rows = run(folder, "check", "--json")[1]
        given.update(r["code"] for r in rows)
        ok(any(r["code"] == code and r["file"] == name for r in rows), f"{code} in {name}", *rows)
    done, rows = run(folder, "check", "--json", "templates/nowhere.md")
    given.update(r["code"] for r in rows)
    ok(done.returncode == 1 and [r["code"] for r in rows] == ["missing-file"], "a path that is not there is said", done.stdout, done.stderr)


# What only shows when it is run: code, body, words of the error.
RUNS = [
    ("bad-outcome", "return {}", "outcome as a text"),
    ("wrong-type", "contact:label(5)", "a text is needed"),
    ("too-long", 'contact:label(("x"):rep(300))', "longer than 200 bytes"),
    ("unknown-stage", 'contact:set { stage = "tal" .. "kin" }', "unknown stage"),
    ("unknown-attribute", 'local key = "niche"; return contact[key]', "contact.fields.niche"),
    ("undeclared-need", 'contact:send("s" .. "ms", "welcome")', "needs"),
    ("bad-duration", 'contact:wait_reply("3 " .. "dais")', "3 dais"),
    ("missing-key", "contact:task {}", "'kind' is missing"),
    ("error", "local n = #contact.fields.nothing", "attempt to get length"),
    ("read-only", 'contact:set { email = "x@y.example" }', "may not set"),
    ("limit", "while true do end", "processor time"),
]


def played(work):
    folder = str(work / "played")
    subprocess.run([PERIGEE, "init", folder], check=True, capture_output=True)
    for n, (code, body, words) in enumerate(RUNS):
        write(folder, "sequences/one.lua", SEQUENCE.replace("NAME", "one").replace("BODY", body))
        done, rows = run(folder, "sim", "one", "--contacts", folder + "/contacts.csv", "--json", "--for", "1d")
        ends = [r for r in rows if r.get("event") == "failed"]
        given.update(r["code"] for r in ends)
        ok(ends and all(r["code"] == code and words in r["error"] for r in ends), f"a run that fails by it says {code}", *(ends[:1] or [done.stderr]))


def quiet(work):
    """Code of which a reader may think that it is wrong, and is not."""
    folder = str(work / "quiet")
    subprocess.run([PERIGEE, "init", folder], check=True, capture_output=True)
    write(folder, "sequences/right.lua", """local perigee = require "perigee"
local score = require "perigee.score"
local thing = { contact = { send = function() end, nonsense = function() end } }
local function helper(contact) contact.send("x"); return contact.whatever end
return perigee.sequence { name = "right", title = "x", needs = { send = { "email" }, task = true, store = true }, starts_on = { "signal:mine" },
  run = function(contact)
    local it = thing
    it.contact:nonsense()
    local contacts = {}
    contacts.find = 1
    do local contact = { anything = 1, go = function() end }; contact:go(); contact.anything = 2 end
    local name = contact.fields.anything or contact.labels.press or contact.instagram or contact.state
    local fine, why = pcall(function() contact:task { kid = 1 } contact:wait_reply "never ever" end)
    contact:send("email", "welcome", { vars = { [name or "x"] = 1 } })
    contact:wait({ "reply", "signal:my-own", "signal:" .. tostring(name) }, 5)
    contact:wait("reply", "next monday 09:00")
    score.add(contact, { network = "instagram", kind = "comment" })
    goto over
    ::over::
    for _, c in ipairs { contact } do c:note(tostring(fine) .. tostring(why)) end
  end }
""".replace("contact.send(\"x\"); return contact.whatever", "return contact.whatever"))
    done, rows = run(folder, "check", "--json")
    ok(done.returncode == 0 and not rows, "right code has no finding", *rows, done.stderr)


def explained():
    done = subprocess.run([PERIGEE, "explain", "--json"], capture_output=True, text=True, check=True)
    sections = [json.loads(line) for line in done.stdout.splitlines()]
    wanted = {s["code"] for s in sections if s["group"].startswith(("Mistakes", "Faults"))}
    ok(wanted <= given, "each mistake that has a section was met here", sorted(wanted - given))
    known = {s["code"] for s in sections}
    ok(given <= known, "each mistake that was met has a section", sorted(given - known))
    ok(all(s["line"].endswith(".") or s["line"].endswith(":") or len(s["line"]) > 20 for s in sections), "each has a first sentence")
    one = subprocess.run([PERIGEE, "explain", "[two_then_call]"], capture_output=True, text=True)
    ok(one.returncode == 0 and "What to do:" in one.stdout and one.stdout.startswith("two_then_call  (Rules)"), "a code is explained", one.stdout)
    several = subprocess.run([PERIGEE, "explain", "refused", "--json"], capture_output=True, text=True)
    ok(len(several.stdout.splitlines()) == 3, "a word with several meanings has all of them", several.stdout)
    two = subprocess.run([PERIGEE, "explain", "answered", "elsewhere"], capture_output=True, text=True)
    ok(two.returncode == 0 and "answered elsewhere" in two.stdout, "a code of two words needs no quotes", two.stdout)
    wrong = subprocess.run([PERIGEE, "explain", "unknow-global"], capture_output=True, text=True)
    ok(wrong.returncode == 2 and "did you mean unknown-global?" in wrong.stderr, "a slip is told", wrong.stderr)
    modules(known)


def on_terminal(*words):
    """What a terminal of 80 columns is shown."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    with os.fdopen(ours, "rb", 0) as screen:
        with subprocess.Popen([PERIGEE, *words], stdout=theirs) as done:
            os.close(theirs)
            shown = b""
            try:
                while part := screen.read(4096):
                    shown += part
            except OSError:
                pass  # it has ended
        ok(done.returncode == 0, "it is told on a terminal")
    return shown.decode()


def modules(codes):
    """What stands in docs/library.md is told, too: by a module's name, as in require or alone, or by that of one of its functions."""
    listed = [json.loads(line) for line in subprocess.run([PERIGEE, "explain", "library", "--json"], capture_output=True, text=True).stdout.splitlines()]
    page = (Path(__file__).resolve().parents[2] / "docs" / "library.md").read_text()
    names = re.findall(r"^## (perigee\.\w+)$", page, re.M)
    ok([s["code"] for s in listed] == names and len(names) > 15 and all(len(s["line"]) > 20 for s in listed), "the modules of the library are listed", listed)
    shown = {word: subprocess.run([PERIGEE, "explain", word], capture_output=True, text=True).stdout for word in ("perigee.ack", "ack", "ack.within", "faq", "thanks")}
    ok(shown["ack"] == shown["perigee.ack"] == shown["ack.within"] and shown["ack"].startswith("perigee.ack  (The library)"), "a module has three names", shown["ack"])
    ok("\n\n    run = function(contact)" in shown["ack"], "its example is indented", shown["ack"])
    ok("\n`ack.within(contact, within, " in shown["ack"] and "\n    waits until shortly before" in shown["ack"], "its functions are told", shown["ack"])
    ok(not [word for word, text in shown.items() if re.search(r"^\||```|^#", text, re.M)], "no marks of the page are left", shown)
    each = {name: subprocess.run([PERIGEE, "explain", name, "--json"], capture_output=True, text=True).stdout.splitlines() for name in names}
    ok(all(len(lines) == 1 + (name.split(".")[1] in codes) for name, lines in each.items()), "each module is told by its name", each)
    wide = max(len(re.sub(r"\x1b\[\d*m", "", line)) for line in on_terminal("explain", "tone").splitlines() if not line.startswith("    if"))
    ok(60 < wide <= 80, "on a terminal its lines are broken", wide)
    for slip, sentence in (("perigee.akc", "did you mean perigee.ack?"), ("afiliate", "did you mean affiliate?"), ("zzzzzzzz", "`perigee explain library` modules")):
        wrong = subprocess.run([PERIGEE, "explain", slip], capture_output=True, text=True)
        ok(wrong.returncode == 2 and sentence in wrong.stderr, f"a slip in a module's name is told: {slip}", wrong.stderr)



with tempfile.TemporaryDirectory(prefix="perigee-check-") as place:
    faulty(place + "/faulty")
    shown(place + "/faulty")
    elsewhere(Path(place))
    played(Path(place))
    quiet(Path(place))
    explained()
print(f"1..{points}")
sys.exit(failed > 0)
