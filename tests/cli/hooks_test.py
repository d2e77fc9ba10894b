#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hooks: what verify may say, requests by hand, what is delivered twice, what fails and is mended, rows of sim."""
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402
from tap import ok  # noqa: E402
from program import PERIGEE, Workspace  # noqa: E402

HMAC = 'hmac = "sha256", header = "X-Sum", secret = perigee.secret "shop"'
HOOK = """local perigee = require "perigee"
return perigee.hook {
  name = "shop", verify = { HMAC, id = "X-Id" }, needs = { contacts = "write", store = true },
  run = function(request)
    local contact = perigee.contacts.upsert { email = request.json.email, name = "Ana" }
    perigee.store.add("orders", 1)
    contact:signal("paid", { order = request.json.id })
    return "order " .. request.json.id
  end,
}
""".replace("HMAC", HMAC)
SEQUENCE = """local perigee = require "perigee"
return perigee.sequence {
  name = "paid", starts_on = { "signal:paid" }, needs = { send = { "email" } },
  run = function(contact)
    local paid = contact:wait("signal:paid", "1 minute")
    perigee.log("order " .. paid.data.order)
    if contact.fields.tell then contact:send("email", "thanks") end
    local more = contact:wait("signal:paid", "10 days")
    return more and "again " .. more.data.order or "once"
  end,
}
"""
# verify, and what check says of it; "" is none.
VERIFIES = [
    ('"none"', ""), (f"{{ {HMAC} }}", ""), (f'{{ {HMAC}, encoding = "base64", prefix = "sha256=", id = "X-Id" }}', ""),
    (f'{{ {HMAC}, signed = "v0:{{timestamp}}:{{body}}", timestamp = "X-Time" }}', ""),
    (f'{{ {HMAC}, signed = "{{timestamp}}.{{body}}", timestamp = {{ header = "X-Time", within = "2m" }} }}', ""),
    ('{ token = perigee.secret "x", header = "X-Token" }', ""), ('{ token = perigee.secret "x", query = "key", id = "X-Id" }', ""),
    ("nil", "'verify' is missing"), ('"non"', 'or "none" is needed'), ("true", 'or "none" is needed'), ("{}", "it says { hmac ="),
    ('{ hmac = "md5", header = "X", secret = perigee.secret "x" }', "verify.hmac: 'md5' is not known"), ('{ hmac = "sha256" }', "is missing"),
    ('{ hmac = "sha256", header = "X", secret = "value" }', "secret: perigee.secret \"NAME\" is needed, not a text"),
    ('{ hmac = "sha256", header = "a b", secret = perigee.secret "x" }', "verify.header: "), (f"{{ {HMAC}, headr = 'x' }}", "unknown key 'headr'; did you mean 'header'?"),
    (f'{{ {HMAC}, encoding = "b64" }}', "known: hex, base64"), (f'{{ {HMAC}, signed = "{{timestamp}}" }}', "{body} is missing"),
    (f'{{ {HMAC}, signed = "{{timestamp}}{{body}}" }}', "in which header the {timestamp}"), (f'{{ {HMAC}, timestamp = "X-Time" }}', "proves nothing"),
    (f'{{ {HMAC}, signed = "{{bdy}}{{body}}" }}', "'bdy' is not known"), ('{ token = perigee.secret "x" }', "header = \"X-Token\" or query"),
    ('{ token = perigee.secret "x", header = "X", query = "y" }', "header = \"X-Token\" or query"),
]
NEEDS = [("send = { 'email' }", "a hook signals; sequences write"), ("net = { 'a.example' }", "a hook signals"), ("contcts = 'read'", "did you mean 'contacts'?")]

workspace = Workspace(tempfile.mkdtemp())
run, sql = workspace.run, workspace.sql


def check(verify, needs="contacts = 'read'"):
    workspace.write("hooks/tried.lua", f'local perigee = require "perigee"\nreturn perigee.hook {{\n  name = "tried", verify = {verify}, needs = {{ {needs} }},\n'
                    "  run = function(request)\n    for _, c in ipairs(perigee.contacts.find {}) do c:signal('x') end\n  end,\n}\n")
    return run("check", "hooks/tried.lua")


def declarations():
    for verify, says in VERIFIES:
        got = check(verify)
        ok(got.code == (1 if says else 0) and says in got.err and (not says or got.err.startswith("hooks/tried.lua:")), f"verify = {verify}: {says or 'no fault'}", got)
    for needs, says in NEEDS:
        got = check('"none"', needs)
        ok(got.code == 1 and says in got.err, f"needs of a hook: {needs}: {says}", got)
    (workspace.dir / "hooks/tried.lua").unlink()


def deliver(order, delivery=None, *more):
    header = ("--header", f"x-id: {delivery}") if delivery else ()
    return run("hooks", "run", "shop", *header, "--json", *more, stdin=json.dumps({"id": order, "email": "ana@example.com"}))


def by_hand():
    first, again = deliver(7, "a"), deliver(7, "a")
    workspace.serve()
    other = deliver(8)
    ok([d.rows()[0]["new"] for d in (first, again, other)] == [True, False, True] and first.rows()[0]["run"] == again.rows()[0]["run"],
       "a delivery that comes twice is one run; one without an id is always new", first, again, other)
    workspace.serve()
    ok(sql("SELECT value FROM store WHERE key = 'orders'") == [("2",)] and sql("SELECT count(*) FROM runs WHERE sequence = 'paid'") == [(1,)],
       "each is run once, and what it signals begins a sequence once", sql("SELECT * FROM store"), run("runs"))
    ok(not deliver(7, "a").rows()[0]["new"], "also when it was run long ago")
    rows = run("hooks", "--json").rows()
    ok(rows[0]["name"] == "shop" and rows[0]["requests"] == 2 and rows[0]["last_outcome"] == "order 8" and rows[0]["verify"].startswith("hmac-sha256 in x-sum"),
       "the list shows the last request", rows)
    ok("order 8" in run("hooks").out and "shop" in run("runs").out, "for people, too, and among the runs", run("hooks"), run("runs"))
    cases = [(("run", "nothing"), "x", 1, "no such script"), (("run",), "x", 2, "which hook?"), (("run", "paid"), "{}", 1, "there is no hook paid"),
             (("run", "shop", "--header", "X"), "x", 2, "'NAME: VALUE' is needed"), (("run", "shop", "--header", "a b: c"), "x", 1, "is no header"),
             (("run", "shop", "--path", "hooks"), "x", 1, "begins with /"), (("run", "shop"), "x" * (256 * 1024 + 1), 1, "longer than 256 KiB"), (("rn",), "", 2, "run")]
    for words, body, code, says in cases:
        got = run("hooks", *words, stdin=body)
        ok(got.code == code and says in got.err, f"hooks {' '.join(words)[:40]}: {says}", got)
    got = run("jobs", "run", "shop")
    ok(got.code == 1 and "is a hook" in got.err, "a hook is no job", got)
    got = run("enrol", "shop", "ana")
    ok(got.code == 1, "and nobody is enrolled in it", got)


def mended():
    got = run("hooks", "run", "shop", "--json", stdin="no JSON")
    number = got.rows()[0]["run"]
    workspace.serve()
    state = sql("SELECT state, error FROM runs WHERE id = ?", number)[0]
    ok(state[0] == "failed" and "hooks/shop.lua:5" in state[1] and f"run {number} failed" in run("hooks").out, "one that fails is shown with its line", state, run("hooks"))
    workspace.write("hooks/shop.lua", HOOK.replace('request.json.email, name = "Ana" }', '(request.json or {}).email or "bea@example.com", name = "Ana" }').replace(
        "request.json.id", "(request.json or { id = 0 }).id"))
    run("upgrade")
    ok(run("retry", number).code == 0, "when the hook is mended it is retried")
    workspace.serve()
    ok(sql("SELECT state, outcome FROM runs WHERE id = ?", number) == [("done", "order 0")], "with the request as it came", run("show", number))
    workspace.write("hooks/shop.lua", HOOK)
    run("upgrade")


def shown():
    long = json.dumps({"id": 9, "email": "ana@example.com", "more": "x" * 900})
    number = run("hooks", "run", "shop", "--json", "--path", "/in?key=k3y&page=2", "--header", "X-Sum: s1gnature", "--header", "Authorization: Bearer t0ken",
                 "--header", "X-Topic: orders", "--header", "x-topic: paid", "--header", "X-Id: d-9", stdin=long).rows()[0]["run"]
    workspace.serve()
    got, row = run("show", number), run("show", number, "--json").rows()[0]
    ok("POST /in?key=(not shown)&page=2" in got.out and "x-topic: orders, paid" in got.out and "x-id: d-9" in got.out and '"email": "ana@example.com"' in got.out and long not in got.out,
       "a hook's run is shown with its request, the body cut", got)
    ok(row["request"]["body"] == long and row["request"]["json"]["id"] == 9 and row["request"]["headers"]["x-topic"] == "orders, paid", "and as JSON whole", row)
    twice = run("hooks", "run", "shop", "--json", "--header", "X-A: 1", "--header", "X-A: 2", "--header", "x-a: 3", stdin='{"id": 9, "email": "bob@example.com"}').rows()[0]["run"]
    ok(json.loads(sql("SELECT start FROM runs WHERE id = ?", twice)[0][0])["request"]["headers"] == {"x-a": "1, 2, 3"}, "a header given several times has all its values")
    workspace.serve()
    ok(not any(secret in got.out + json.dumps(row["request"]) for secret in ("k3y", "s1gnature", "t0ken")), "but keys and signatures in neither", got, row)
    other = sql("SELECT id FROM runs WHERE sequence = 'paid'")[0][0]
    ok("request" not in run("show", other, "--json").rows()[0] and "request" not in run("show", other).out, "other runs have none", run("show", other))
    touched = sql("SELECT contact FROM runs WHERE id = ?", other)[0][0]
    ok([r["id"] for r in json.loads(run("contacts", "export", touched).out)["runs"] if r["sequence"] == "shop"].count(number) == 1, "a request is among what is kept about whom it names")
    ok(run("contacts", "erase", touched, "--yes").code == 0 and "dropped: " in run("show", number).out and "x" * 900 not in json.dumps(run("show", number, "--json").rows()),
       "and goes when they are erased", run("show", number))


def killed():
    """What was answered stays, whenever serve is killed; and is run once."""
    before = int(sql("SELECT value FROM store WHERE key = 'orders'")[0][0])
    for n in range(3):
        serve = subprocess.Popen([PERIGEE, "-C", workspace.dir, "serve"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            if (workspace.dir / "run/perigee.sock").exists():
                break
            time.sleep(0.05)
        got = deliver(100 + n, f"k{n}")
        serve.send_signal(signal.SIGKILL)
        serve.wait()
        ok(got.code == 0, f"a request is taken beside serve ({n})", got)
    for n in range(3):
        deliver(100 + n, f"k{n}")
    workspace.serve()
    now = int(sql("SELECT value FROM store WHERE key = 'orders'")[0][0])
    ok(now == before + 3, "killed at once after it was taken, each request is run, and once", before, now)


def simulated():
    people = "id,name,email,tell\nana,Ana,ana@example.com,yes\nbob,Bob,bob@example.com,\n"
    workspace.write("people.csv", people)
    rows = [("ana", "2h", '{"id": 1, "email": "ana@example.com"}'), ("", "3h", '{"id": 2, "email": "bob@example.com"}'), ("ana", "1d", '{"id": 3, "email": "ana@example.com"}'),
            ("", "4h", "no JSON")]
    workspace.write("rows.csv", "contact,after,kind,text\n" + "".join('%s,%s,hook:shop,"%s"\n' % (c, a, t.replace('"', '""')) for c, a, t in rows))
    args = ("sim", "paid", "--contacts", "people.csv", "--replies", "rows.csv", "--start", "2026-12-07T08:00", "--json")
    got = run(*args)
    ok(got.code == 0 and got.out == run(*args).out, "equal inputs give equal bytes", got)
    seen = got.rows()
    ok([(r["contact"], r["text"]) for r in seen if r["event"] == "log"] == [("ana", "order 1"), ("bob", "order 2")],
       "a row of a hook is a request: of a contact's first, and of nobody's, the delay counts from the start", got)
    ok(seen[-1]["outcomes"] == {"once": 1, "again 3": 1} and [r["at"][5:16] for r in seen if r["event"] == "received" and '"id": 3' in r["text"]] == ["12-08T10:00"],
       "a second one of theirs counts from our message; what the hook itself returns is no outcome", got)
    ok([(r["hook"], r["outcome"]) for r in seen if r["event"] == "hook_done"] == [("shop", f"order {n}") for n in (1, 2, 3)], "which is told all the same", got)
    ok([r["code"] for r in seen if r["event"] == "failed"] == ["error"] and seen[-1]["failed"] == 1, "one that fails is told", seen[-1])
    workspace.write("rows.csv", "contact,after,kind,text\nana,1h,hook:shp,{}\n")
    got = run(*args)
    ok(got.code == 1 and "rows.csv:2: there is no such hook" in got.err, "a hook that is not there is an error with its line", got)
    got = run("sim", "shop", "--contacts", "people.csv")
    ok(got.code != 0 and "hook" in got.err, "a hook alone is not simulated", got)


try:
    workspace.write("perigee.lua", 'workspace { timezone = "Europe/Paris", hours = "always" }\n')
    workspace.write("sequences/paid.lua", SEQUENCE)
    workspace.write("templates/thanks.md", "---\nsubject: Thanks\npersonal: no\n---\nThank you, {{ first_name }}\n")
    declarations()
    workspace.write("hooks/shop.lua", HOOK)
    run("upgrade")
    by_hand()
    mended()
    killed()
    simulated()
    shown()
finally:
    shutil.rmtree(workspace.dir, ignore_errors=True)
sys.exit(tap.finish())
