#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Requests of scripts, from perigee.http to a server on loopback and back: answered and picked, sent at most once whatever is killed
in between, with secrets that arrive and are found nowhere else. SEED=N repeats a run's choices."""
import http.server
import json
import os
import random
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import commands_test as cli
from commands_test import PERIGEE, exits, ok, run, write

VALUE = "s3cr3t-of-the-script-" + secrets.token_hex(8)
KILLS, PEOPLE = 10, 20


class Server(http.server.ThreadingHTTPServer):
    """Answers in JSON what it was asked; keeps all requests."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests, self.lock, self.delay = [], threading.Lock(), 0.0
        self.gate = threading.Event()  # while it is closed nobody is answered
        self.gate.set()
        self.place = f"127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def of(self, method, path):
        with self.lock:
            return [r for r in self.requests if r["method"] == method and r["path"].startswith(path)]

    def handle_error(self, request, client_address):
        pass  # who asked may have been killed


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        asked = {"method": self.command, "path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body}
        with self.server.lock:
            self.server.requests.append(asked)
        time.sleep(self.server.delay)
        self.server.gate.wait(60)
        large = "x" * 100_000 if self.path.startswith("/large") else ""
        said = json.dumps({"items": [{"id": 7, "name": "seven"}], "asked": asked, "large": large}).encode()
        self.send_response(404 if self.path.startswith("/missing") else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


class Place:
    """A workspace whose scripts may speak to the server."""

    def __init__(self, work, server):
        self.dir, self.server, self.output = work / "W", server, ""
        key = write(work, "keys/perigee.key", "")
        key.write_bytes(secrets.token_bytes(32))
        key.chmod(0o600)
        self.env = {"CREDENTIALS_DIRECTORY": str(work / "keys"), "NO_COLOR": "1"}
        write(self.dir, "perigee.lua", f"""workspace {{ timezone = "Europe/Paris", hours = "always", allow_addresses = {{ "{server.place}" }} }}
account "sales" {{
  channel = "email", from = "Lea <lea@brand.example>",
  smtp = {{ url = "smtps://smtp.brand.example", user = "lea", password = secret "mailbox" }},
}}
""")
        self.typed("secret", "set", "key", "--host", server.place, "--as", "header X-Key", stdin=VALUE.encode() + b"\n")
        self.typed("secret", "set", "token", "--host", server.place, "--as", "bearer", stdin=b"t0ken-" + VALUE.encode() + b"\n")

    def typed(self, *words, **more):
        got = run(*words, cwd=self.dir, env=self.env, **more)
        self.output += got.out + got.err
        return got

    def sequence(self, name, body, needs):
        write(self.dir, f"sequences/{name}.lua", f"""local perigee = require "perigee"
return perigee.sequence {{ name = "{name}", needs = {{ {needs} }},
  run = function(contact)
    local BASE = "http://{self.server.place}"
{body}
  end,
}}
""")

    def play(self, name, body, needs=None, contact="ann"):
        """Runs the body for one contact until nothing is left to do; the run's row."""
        self.sequence(name, body, needs or f'net = {{ "{self.server.place}" }}, secret = {{ "key", "token" }}')
        write(self.dir, "people.csv", f"id,name\n{contact},Ann\n")
        self.typed("contacts", "import", "people.csv")
        enrolled = self.typed("enrol", name, contact, "--yes")
        served = self.typed("serve", "--until-idle")
        rows = self.typed("runs", "--sequence", name, "--json").rows()
        if not rows or served.code:
            ok(False, f"the run of {name} is made", enrolled, served)
        return rows[-1]

    def rows(self, sql):
        with sqlite3.connect(f"file:{self.dir}/perigee.db?mode=ro", uri=True) as db:
            return db.execute(sql).fetchall()


# ---- what a request is ----------------------------------------------------------------------------------------------

def answers(place):
    row = place.play("get", """
    local r = perigee.http { url = BASE .. "/people?q=1", pick = { "items[0].id", "asked.method", "nowhere" }, headers = { ["X-Plain"] = "yes" } }
    return r.status .. " " .. r.json["items[0].id"] .. " " .. r.json["asked.method"] .. " " .. tostring(r.json.nowhere) .. " " .. tostring(r.body)""")
    ok(row["outcome"] == "200 7 GET nil nil", "a GET is answered, and only what is picked is kept", row)
    asked = place.server.of("GET", "/people")
    ok(len(asked) == 1 and asked[0]["headers"].get("x-plain") == "yes" and "idempotency-key" not in asked[0]["headers"],
       "it left once, with its headers and without a key", asked)
    row = place.play("post", """
    local r = perigee.http { method = "POST", url = BASE .. "/json", json = { b = { 1, 2 }, a = "x" } }
    perigee.http { method = "PUT", url = BASE .. "/form", form = { q = "a b&c", n = 3 } }
    perigee.http { method = "DELETE", url = BASE .. "/own", idempotency_key = "my-own" }
    return r.json.items[1].name .. " " .. perigee.http { url = BASE .. "/missing" }.status""")
    ok(row["outcome"] == "seven 404", "an answer is a value, and a 404 an answer like any other", row)
    json_body, form, own = place.server.of("POST", "/json")[0], place.server.of("PUT", "/form")[0], place.server.of("DELETE", "/own")[0]
    ok(json_body["body"] == '{"a":"x","b":[1,2]}' and json_body["headers"]["content-type"] == "application/json", "json is sent as JSON", json_body)
    ok(form["body"] == "n=3&q=a+b%26c" and form["headers"]["content-type"] == "application/x-www-form-urlencoded", "a form as browsers do", form)
    keys = [r["headers"].get("idempotency-key", "") for r in (json_body, form)]
    parts = [k.split("-") for k in keys]
    ok(all(len(p) == 3 and p[0] == str(row["id"]) and len(p[2]) == 8 for p in parts) and [p[1] for p in parts] == ["0", "1"],
       "what changes something carries a key of run, step and database", keys)
    ok(own["headers"]["idempotency-key"] == "my-own", "or the script's own", own)
    row = place.play("large", 'local _, _, code = perigee.http { url = BASE .. "/large" }\n    return code')
    ok(row["outcome"] == "limit", "an answer too large for the journal is a limit", row)
    row = place.play("closed", 'local _, text, code = perigee.http { url = "http://127.0.0.1:9/", timeout = 2 }\n    return code',
                     'net = { "127.0.0.1:9" }')
    ok("127.0.0.1:9" in (row["error"] or "") and "allow_addresses" in row["error"], "an address that perigee.lua does not allow is misuse, and it says so", row)
    shown = place.typed("show", str(row["id"]))
    ok("http GET http://127.0.0.1:9/" in shown.out, "show tells what was asked", shown)


def refusals(place):
    here = place.server.place
    write(place.dir, "sequences/plain.lua", """local perigee = require "perigee"
return perigee.sequence { name = "plain", needs = { net = { "unused.example" } },
  run = function() perigee.http { url = "https://elsewhere.example/" .. perigee.now(), auth = perigee.secret "other" } end }
""")
    checked = place.typed("check", "sequences/plain.lua")
    ok(checked.code == 1 and 'a request to elsewhere.example is not in needs: add net = { "elsewhere.example" }' in checked.err
       and "secret 'other' is not in needs" in checked.err and "needs.net: 'unused.example' is not used" in checked.err,
       "check tells of what stands in plain sight", checked)
    (place.dir / "sequences/plain.lua").unlink()
    cases = [
        ("host", 'perigee.http { url = "https://" .. "elsewhere.example/x" }', '"elsewhere.example" is not in needs.net of'),
        ("secret", 'perigee.http { url = BASE, auth = perigee.secret(("other")) }', '"other" is not in needs.secret of'),
        ("server", 'perigee.http { url = "https://smtp.brand.example/" }', 'is a server of the account "sales"'),
        ("password", 'perigee.http { url = BASE, auth = perigee.secret "mailbox" }', "is the password of an account"),
        ("header", 'perigee.http { url = BASE, headers = { Host = "x" } }', "perigee writes this header itself"),
        ("method", 'perigee.http { url = BASE, method = "get" }', "did you mean 'GET'?"),
        ("two", 'perigee.http { url = BASE, method = "POST", body = "x", json = {} }', "a request has one body"),
        ("inside", 'perigee.http { url = BASE, method = "POST", json = { key = perigee.secret "key" } }', "a secret stands only in auth or headers"),
        ("slip", 'perigee.http { url = BASE, heades = {} }', "did you mean 'headers'?"),
        ("path", 'perigee.http { url = BASE, pick = "a..b" }', "is no path to pick"),
    ]
    tries = "\n".join(f'    local ok, why = pcall(function() {call} end)\n    perigee.log("{name}: " .. tostring(ok) .. " " .. tostring(why))'
                      for name, call, _ in cases)
    row = place.play("misuse", tries, f'net = {{ "{here}", "smtp.brand.example" }}, secret = {{ "key", "mailbox" }}')
    logged = {text.split(":")[0]: text for text, in place.rows(f"SELECT text FROM run_log WHERE run = {row['id']}")}
    for name, call, words in cases:
        ok(logged.get(name, "").startswith(f"{name}: false ") and words in logged[name], f"refused with a sentence: {words}", logged.get(name), row)
    ok(not place.rows(f"SELECT 1 FROM requests WHERE run = {row['id']}"), "and nothing of it was queued")
    row = place.play("wrong-place", 'local _, text, code = perigee.http { url = BASE .. "/wrong", headers = { ["X-Other"] = perigee.secret "key" } }\n'
                     '    return code .. ": " .. text')
    ok(row["outcome"].startswith("refused: ") and not place.server.of("GET", "/wrong"), "a secret in another place than its own does not leave", row)


def secret(place):
    row = place.play("secret", """
    local r = perigee.http { url = BASE .. "/keyed", headers = { ["X-Key"] = perigee.secret "key" }, auth = perigee.secret "token" }
    perigee.log("echo", r)
    perigee.log(tostring(perigee.secret "key"))
    return r.json.asked.headers["x-key"]""")
    asked = place.server.of("GET", "/keyed")
    ok(len(asked) == 1 and asked[0]["headers"].get("x-key") == VALUE and asked[0]["headers"].get("authorization") == "Bearer t0ken-" + VALUE,
       "secrets arrive in their places", [{k: v[:8] for k, v in a["headers"].items()} for a in asked], row)
    ok("key" in (row["outcome"] or "") and VALUE not in row["outcome"], "a value that the server sends back is cut out", row)
    uses = place.rows(f"SELECT secret, host, script, account FROM secret_uses WHERE run = {row['id']} ORDER BY id")
    ok(sorted(uses) == [("key", "127.0.0.1", "secret", None), ("token", "127.0.0.1", "secret", None)], "each use is written down", uses)
    signed = place.rows("SELECT DISTINCT secret, host, account FROM secret_uses WHERE script IS NULL")
    ok(signed == [("mailbox", "smtp.brand.example", "sales")], "and so is each sign-in of an account", signed)
    place.typed("show", str(row["id"]))
    place.typed("show", str(row["id"]), "--json")
    found = [p for p in place.dir.rglob("*") if p.is_file() and VALUE.encode() in p.read_bytes()]
    ok(not found and VALUE not in place.output, "the value stands in no file of the workspace and in nothing that was printed", found)


# ---- what is killed -------------------------------------------------------------------------------------------------

def family(pid):
    """The processes below one, by what they are: (pid, name, depth)."""
    parents = {}
    for entry in os.listdir("/proc"):
        try:
            stat = Path(f"/proc/{entry}/stat").read_text() if entry.isdigit() else ""
        except OSError:
            continue
        if stat:
            name, rest = stat[stat.index("(") + 1:stat.rindex(")")], stat[stat.rindex(")") + 2:].split()
            parents.setdefault(int(rest[1]), []).append((int(entry), name, rest[0]))
    found, look = [], [(pid, 0)]
    while look:
        parent, depth = look.pop()
        for child, name, state in parents.get(parent, []):
            if state not in "ZX":
                found.append((child, name, depth))
            look.append((child, depth + 1))
    return found


def kill_one(rng, server):
    """The host, net's parent or one of its children."""
    nets = [p for p, name, _ in family(server.pid) if name == "net"]
    victim = server.pid if not nets or rng.random() < 0.4 else rng.choice(nets)
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        pass


def kill_loop(place):
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"# SEED={seed}", flush=True)
    rng = random.Random(seed)
    place.server.delay = 0.08
    place.sequence("killed", """
    perigee.http { url = BASE .. "/before/" .. contact.id }
    local r, _, code = perigee.http { method = "POST", url = BASE .. "/once/" .. contact.id, json = { id = contact.id } }
    return r and "carried out" or code""", f'net = {{ "{place.server.place}" }}')
    people = [f"k{n:02}" for n in range(PEOPLE)]
    write(place.dir, "people.csv", "id,name\n" + "".join(f"{p},{p}\n" for p in people))
    place.typed("contacts", "import", "people.csv")
    log = open(place.dir.parent / "serve.log", "ab")
    enrolled, server = 0, None
    for _ in range(KILLS):
        if server is None or server.poll() is not None:
            server = subprocess.Popen([PERIGEE, "-C", place.dir, "serve"], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                      env={**os.environ, **place.env})
            until = time.monotonic() + 30
            while server.poll() is None and not any(name == "net" for _, name, _ in family(server.pid)) and time.monotonic() < until:
                time.sleep(0.02)
            time.sleep(0.1)
        batch, enrolled = people[enrolled:enrolled + 2], enrolled + 2
        if batch:
            place.typed("enrol", "killed", *batch, "--yes")
        time.sleep(rng.uniform(0.02, 0.25))
        kill_one(rng, server)
        time.sleep(0.02)
        if server.poll() is None and rng.random() < 0.5:
            time.sleep(0.3)
    if server.poll() is None:
        server.terminate()
    server.wait()
    log.close()
    place.typed("enrol", "killed", "--all", "--yes")
    served = place.typed("serve", "--until-idle")
    rows = [r for r in place.typed("runs", "--sequence", "killed", "--json").rows() if r["contact"] in people]
    ok(len(rows) == PEOPLE and all(r["state"] == "done" for r in rows), "every run ends, whatever was killed", served,
       *[r for r in rows if r["state"] != "done"][:5])
    arrived = {p: len(place.server.of("POST", f"/once/{p}")) for p in people}
    ok(max(arrived.values()) == 1, "no POST arrives twice", {p: n for p, n in arrived.items() if n > 1})
    outcomes = {r["contact"]: r["outcome"] for r in rows}
    ok(all(o in ("carried out", "unknown") for o in outcomes.values()), "each is carried out, or unknown", outcomes)
    ok(all(arrived[p] == 1 for p in people if outcomes.get(p) == "carried out"), "what is said to be carried out has arrived", arrived, outcomes)
    unknown = sorted(p for p in people if outcomes.get(p) == "unknown")
    print(f"# {len(unknown)} of {PEOPLE} unknown after {KILLS} kills", flush=True)
    listed = [r for r in place.typed("messages", "--state", "unknown", "--json").rows()]
    ok(sorted(r["contact"] for r in listed) == unknown and all(r["channel"] == "http" and str(r["id"]).startswith("r") and "POST " in r["template"]
                                                              for r in listed), "what is unknown is listed for a person", listed, unknown)
    return listed


def resolving(place):
    """A net that dies at a POST's end leaves it unknown, for certain."""
    place.server.delay = 0.0
    place.server.gate.clear()
    place.sequence("doubt", """
    local _, _, code = perigee.http { method = "POST", url = BASE .. "/doubt", json = {} }
    return code""", f'net = {{ "{place.server.place}" }}')
    place.typed("enrol", "doubt", "ann", "--yes")
    server = subprocess.Popen([PERIGEE, "-C", place.dir, "serve", "--until-idle"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              stdin=subprocess.DEVNULL, env={**os.environ, **place.env})
    until = time.monotonic() + 20
    while not place.server.of("POST", "/doubt") and time.monotonic() < until:
        time.sleep(0.02)
    nets = [(depth, pid) for pid, name, depth in family(server.pid) if name == "net"]
    for _, pid in sorted(nets, reverse=True)[:-1]:  # children; the parent settles
        os.kill(pid, signal.SIGKILL)
    server.wait(30)
    place.server.gate.set()
    row = place.typed("runs", "--sequence", "doubt", "--json").rows()[-1]
    ok(row["outcome"] == "unknown" and len(place.server.of("POST", "/doubt")) == 1, "a POST whose carrier died is unknown, and not made again", row)
    listed = [r for r in place.typed("messages", "--state", "unknown", "--json").rows() if "/doubt" in r["template"]]
    ok(len(listed) == 1 and listed[0]["run"] == row["id"], "a person finds it", listed)
    if not listed:
        return
    human = place.typed("messages", "--state", "unknown")
    ok(f"{listed[0]['id']} " in human.out and "resolve ID sent" in human.out, "with what to do", human)
    exits("who has looked says so", 0, "messages", "resolve", listed[0]["id"], "sent", cwd=place.dir, env=place.env, says="no longer listed")
    exits("once", 1, "messages", "resolve", listed[0]["id"], "again", cwd=place.dir, env=place.env, says="resolved")
    exits("a request that is not there is said", 1, "messages", "resolve", "r999999", "sent", cwd=place.dir, env=place.env, says="no request r999999")


def stopped(place):
    """A request that waits for net leaves no more once its run is stopped, and leaves after a retry."""
    place.sequence("halted", """
    local r = perigee.http { method = "POST", url = BASE .. "/halted", json = {} }
    return tostring(r.status)""", f'net = {{ "{place.server.place}" }}')
    place.server.gate.clear()
    # 16 in flight are all that net takes: the others of this many wait.
    write(place.dir, "people.csv", "id,name\n" + "".join(f"h{n:02},h\n" for n in range(40)))
    place.typed("contacts", "import", "people.csv")
    place.typed("enrol", "halted", *[f"h{n:02}" for n in range(40)], "--yes")
    server = subprocess.Popen([PERIGEE, "-C", place.dir, "serve", "--until-idle"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              stdin=subprocess.DEVNULL, env={**os.environ, **place.env})
    until = time.monotonic() + 20
    while len(place.server.of("POST", "/halted")) < 16 and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.3)
    ok(len(place.server.of("POST", "/halted")) == 16, "no more than 16 are in flight")
    waiting = place.rows("SELECT q.run FROM requests q JOIN runs r ON r.id = q.run WHERE r.sequence = 'halted' AND q.state = 'queued' ORDER BY q.id DESC LIMIT 1")
    run_id = str(waiting[0][0]) if waiting else "0"
    place.typed("stop", run_id)
    state = place.rows(f"SELECT state FROM requests WHERE run = {run_id}")
    ok(state == [("withdrawn",)], "a stopped run's request is withdrawn", state)
    place.server.gate.set()
    server.wait(60)
    ok(len(place.server.of("POST", "/halted")) == 39, "it does not leave", len(place.server.of("POST", "/halted")))
    place.typed("retry", run_id)
    place.typed("serve", "--until-idle")
    row = [r for r in place.typed("runs", "--sequence", "halted", "--json").rows() if str(r["id"]) == run_id]
    ok(len(place.server.of("POST", "/halted")) == 40 and row and row[0]["outcome"] == "200", "after a retry it does", row)


def main():
    work = Path(tempfile.mkdtemp(prefix="perigee-http-"))
    server = Server()
    try:
        place = Place(work, server)
        for part in (answers, refusals, secret, kill_loop, resolving, stopped):
            part(place)
    finally:
        server.shutdown()
        if os.environ.get("KEEP"):
            print("# kept:", work)
        else:
            shutil.rmtree(work, ignore_errors=True)
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
