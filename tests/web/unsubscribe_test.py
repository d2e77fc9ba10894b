#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Unsubscribing with one click, from the mail at a sink to the end of the run, with the real programs; and what strangers may throw at
the public pages without anybody being unsubscribed, shown or lost."""
import email
import email.policy
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "cli"), str(HERE.parent / "net")]

import commands_test as cli
from commands_test import PERIGEE, exits, ok, run, write
from servers import Smtp

SEQUENCE = """local perigee = require "perigee"
return perigee.sequence {
  name = "%s", needs = { send = { "email" } },
  run = function(contact)
    contact:send("email", "%s")
    local reply = contact:wait_reply "1 week"
    if not reply then return "silent" end
    return "replied"
  end,
}
"""
PEOPLE = {"ana": "fr-FR", "bob": "en", "cleo": "it", "dora": "es-MX", "emil": "de", "finn": "", "gus": "nl", "hanna": "en"}
BUTTONS = {"ana": "Me désabonner", "bob": ">Unsubscribe<", "cleo": "Annulla l’iscrizione", "dora": "Darme de baja", "emil": ">Abmelden<", "finn": ">Unsubscribe<"}
ONE_CLICK = b"List-Unsubscribe=One-Click"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def wait_for(held, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if held():
            return True
        time.sleep(0.05)
    return bool(held())


class Place:
    """A workspace that sends to a sink and is served in public."""

    def __init__(self, work, public_url="http://127.0.0.1:{port}", name="W"):
        self.dir, self.sink, self.port = work / name, Smtp(), free_port()
        self.url = public_url and public_url.format(port=self.port)
        self.log_path, self.server = work / f"{name}.log", None
        key = write(work, f"{name}-keys/perigee.key", "")
        key.write_bytes(secrets.token_bytes(32))
        key.chmod(0o600)
        self.env = {"CREDENTIALS_DIRECTORY": str(key.parent), "NO_COLOR": "1"}
        url = f'public_url = "{self.url}", ' if self.url else ""
        write(self.dir, "perigee.lua", f"""workspace {{ timezone = "Europe/Paris", hours = "always", {url}allow_addresses = {{ "{self.sink.address}" }} }}
account "sales" {{
  channel = "email", from = "Léa <b>& Co</b> <lea@brand.example>",
  smtp = {{ url = "smtp://{self.sink.address}", tls = "none" }}, cap = {{ per_day = 1000, gap = "0s" }},
}}
""")
        write(self.dir, "templates/intro.md", "---\nsubject: Hello {{ name }}\n---\nHi {{ name }}, your {{ dish }} looks good.\n\n"
              "{% if unsubscribe_url %}[No more of this]({{ unsubscribe_url }}){% endif %}\n")
        write(self.dir, "templates/contract.md", "---\nsubject: Contract for {{ name }}\npurpose: service\n---\n"
              "Here it is, {{ name }}, as you wished.{% if unsubscribe_url %} {{ unsubscribe_url }}{% endif %}\n")
        for script, template in ("intro", "intro"), ("other", "intro"), ("contract", "contract"):
            write(self.dir, f"sequences/{script}.lua", SEQUENCE % (script, template))
        rows = "".join(f"{p},{p.capitalize()},{p}@people.example,{l},dish of {p} {'with ' + secrets.token_hex(3)}\n" for p, l in PEOPLE.items())
        write(self.dir, "people.csv", "id,name,email,locale,dish\n" + rows)
        run("contacts", "import", "people.csv", cwd=self.dir, env=self.env)

    def typed(self, *words):
        return run(*words, cwd=self.dir, env=self.env)

    def serve(self, *words):
        """Starts serve; True once its public pages are there."""
        before = len(self.log())
        with open(self.log_path, "ab") as log:
            self.server = subprocess.Popen([PERIGEE, "serve", *words], cwd=self.dir, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                           env={**os.environ, **self.env})
        wanted = "public pages at" if "--public" in words else "serving"
        return wait_for(lambda: wanted in self.log()[before:] or self.server.poll() is not None) and self.server.poll() is None

    def log(self):
        return self.log_path.read_text() if self.log_path.exists() else ""

    def stop(self, how=signal.SIGTERM):
        if self.server and self.server.poll() is None:
            self.server.send_signal(how)
            self.server.wait(30)

    def mails(self):
        return [email.message_from_bytes(raw, policy=email.policy.SMTP) for _, _, raw in list(self.sink.messages)]

    def mail_to(self, person, subject="Hello"):
        found = [m for m in self.mails() if f"{person}@people.example" in m["To"] and m["Subject"].startswith(subject)]
        return found[0] if found else None

    def link(self, person):
        return re.match(r"<(http[^>]+)>", self.mail_to(person)["List-Unsubscribe"]).group(1)

    def run_of(self, person, sequence="intro"):
        rows = [r for r in self.typed("runs", "--sequence", sequence, "--json").rows() if r["contact"] == person]
        return (rows[0]["state"], rows[0]["outcome"]) if rows else None

    def events(self, kind="unsubscribe"):
        import sqlite3
        with sqlite3.connect(f"file:{self.dir}/perigee.db?mode=ro", uri=True) as db:
            return [r[0] for r in db.execute("SELECT contact FROM events WHERE kind = ? ORDER BY id", (kind,))]

    def web(self):
        """The process that listens."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{pid}/exe").endswith("/libexec/perigee/web") and \
                        Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1] == str(self.server.pid):
                    return int(pid)
            except OSError:
                continue
        return None

    def raw(self, data, seconds=5):
        """The bytes that come back for these."""
        with socket.create_connection(("127.0.0.1", self.port), seconds) as s:
            got = b""
            try:
                s.sendall(data)
                while chunk := s.recv(65536):
                    got += chunk
            except (ConnectionError, socket.timeout):
                pass
            return got


class Page:
    def __init__(self, url, data=None, method=None, **headers):
        asked = urllib.request.Request(url, data=data, method=method, headers=headers)
        try:
            got = urllib.request.urlopen(asked, timeout=15)
        except urllib.error.HTTPError as error:
            got = error
        self.status, self.headers, self.text = got.status, got.headers, got.read().decode()

    def __str__(self):
        return f"{self.status}\n{self.headers}{self.text}"


def is_guarded(page):
    h = page.headers
    return ("default-src 'none'" in h["Content-Security-Policy"] and "form-action 'self'" in h["Content-Security-Policy"] and h["X-Frame-Options"] == "DENY"
            and h["Referrer-Policy"] == "no-referrer" and h["Cache-Control"] == "no-store" and h["Set-Cookie"] is None and "<script" not in page.text)


# ---- the way of a mail ----------------------------------------------------------------------------------------------

def headers(place):
    ok(wait_for(lambda: len(place.mails()) >= len(PEOPLE)), "the mails leave", place.log())
    mail = place.mail_to("ana")
    offered = re.fullmatch(r"<(http://127\.0\.0\.1:\d+/u/[a-z2-7]{52})>, <mailto:lea@brand\.example\?subject=unsubscribe>", mail["List-Unsubscribe"])
    ok(offered, "a mail offers a link and an address to unsubscribe", mail["List-Unsubscribe"])
    ok(mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click", "with one click (RFC 8058)")
    text, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
    ok(offered.group(1) in text and f'href="{offered.group(1)}"' in html, "its text holds the same link, as the template wishes", text, html)
    links = {p: place.link(p) for p in PEOPLE}
    ok(len(set(links.values())) == len(PEOPLE), "each mail has its own")
    ok(not any(p in l or "people" in l for p, l in links.items()), "which says nothing of anybody")
    place.typed("enrol", "contract", "hanna", "--yes")
    ok(wait_for(lambda: place.mail_to("hanna", "Contract")), "a contract leaves", place.log())
    contract = place.mail_to("hanna", "Contract")
    ok(contract["List-Unsubscribe"] is None and contract["List-Unsubscribe-Post"] is None and "/u/" not in contract.get_body(("plain",)).get_content(),
       "what is written for service offers nothing, in its text neither", contract)
    return links


def looking(place, links):
    for person, words in BUTTONS.items():
        page = Page(links[person])
        held = page.status == 200 and words in page.text and "Léa &lt;b&gt;&amp; Co&lt;/b&gt;" in page.text and "<b>& Co" not in page.text
        ok(held and f"{person[0]}***@people.example" in page.text and f"{person}@" not in page.text, f"the page of {person} has its button, our name and the masked address", page)
        ok(is_guarded(page) and page.text.count("<form") == 1, f"and is shut: no script, no cookie, no frame, nothing from elsewhere", page)
    ok("Annulla" in Page(links["finn"], **{"Accept-Language": "nl, it;q=0.8, de;q=0.5"}).text, "who has no locale gets the language of the browser")
    ok(">Abmelden<" in Page(links["gus"], **{"Accept-Language": "de-AT"}).text, "and so does who has one that there is not")
    head = Page(links["bob"], method="HEAD")
    ok(head.status == 200 and not head.text and is_guarded(head), "HEAD is as GET", head)
    for _ in range(3):
        Page(links["bob"] + "?utm_source=scanner")
    ok(not place.events() and place.run_of("bob") == ("waiting", None), "looking changes nothing, however often a scanner does it")


def clicking(place, links):
    page = Page(links["ana"], ONE_CLICK)
    ok(page.status == 200 and "vous êtes désabonné" in page.text and "ne vous écrira plus" in page.text and "<form" not in page.text and is_guarded(page),
       "one click says that it is done", page)
    ok(place.events() == ["ana"] and place.run_of("ana") == ("stopped", "unsubscribed"), "and it is: the run ends unsubscribed", place.run_of("ana"))
    again = [Page(links["ana"], ONE_CLICK) for _ in range(2)] + [Page(links["ana"])]
    ok(all(p.status == 200 and "déjà" in p.text for p in again) and place.events() == ["ana"], "twice is as once", *again)
    form = b'--x42\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x42--\r\n'
    page = Page(links["dora"], form, **{"Content-Type": "multipart/form-data; boundary=x42"})
    ok(page.status == 200 and "Te has dado de baja" in page.text and place.run_of("dora") == ("stopped", "unsubscribed"), "as a form of several parts, too", page)
    why = place.typed("why", "ana", "--json").rows()
    ok(any(r["rule"] == "suppressed" and r["answer"] == "refuse" for r in why), "why says that nobody may write to them", why)
    sent = len(place.mails())
    place.typed("enrol", "other", "ana", "dora", "emil", "--yes")
    ok(wait_for(lambda: len(place.mails()) > sent) and place.run_of("ana", "other") in (None, ("done", "refused"), ("stopped", "unsubscribed")),
       "another sequence writes to others alone", place.run_of("ana", "other"))
    ok(sum("ana@" in m["To"] for m in place.mails()) == 1 and sum("dora@" in m["To"] for m in place.mails()) == 1, "who has left got one mail, and no more")


def survives(place, links):
    pid = place.web()
    status = Path(f"/proc/{pid}/status").read_text()
    ok("Seccomp:\t2" in status and "NoNewPrivs:\t1" in status, "web is locked in", status)
    sanitized = b"__asan_init" in Path(f"/proc/{pid}/exe").read_bytes()  # it needs its files for a report
    ok("Uid:\t0" not in status or sanitized, "and is nobody, even where perigee is root", status)
    os.kill(pid, signal.SIGKILL)
    ok(wait_for(lambda: place.web() not in (None, pid)) and wait_for(lambda: answers(links["emil"])), "killed, web comes back on its port", place.log())
    place.stop(signal.SIGKILL)
    ok(wait_for(lambda: not answers(links["emil"])), "with the host it ends")
    ok(place.serve("--public", f"127.0.0.1:{place.port}"), "a killed host is started again at once", place.log())
    page = Page(links["emil"], ONE_CLICK)
    ok(page.status == 200 and "abgemeldet" in page.text and place.run_of("emil") == ("stopped", "unsubscribed"), "and the links of before still hold", page)


def answers(url):
    try:
        return Page(url).status == 200
    except OSError:
        return False


# ---- strangers ------------------------------------------------------------------------------------------------------

def requests_of_strangers(token):
    """(what, bytes, statuses that may come back; 0: the connection ends without any)"""
    post = f"POST /u/{token} HTTP/1.1\r\nHost: x\r\n".encode()
    form = b"Content-Type: application/x-www-form-urlencoded\r\n"
    get = f"GET /u/{token} HTTP/1.1\r\nHost: x\r\n".encode()
    smuggled = b"\r\n" + post + form + b"Content-Length: 26\r\n\r\n" + ONE_CLICK
    lengths = b"Content-Length: 26\r\n"
    yield "two lengths", post + form + lengths + b"Content-Length: 27\r\n\r\n" + ONE_CLICK, (400, 0)
    yield "the same length twice", post + form + lengths * 2 + b"\r\n" + ONE_CLICK, (400, 0)
    yield "a list of lengths", post + form + b"Content-Length: 26, 26\r\n\r\n" + ONE_CLICK, (400, 0)
    yield "a signed length", post + form + b"Content-Length: +26\r\n\r\n" + ONE_CLICK, (400, 0)
    yield "a length in hexadecimal", post + form + b"Content-Length: 0x1a\r\n\r\n" + ONE_CLICK, (400, 0)
    yield "a negative length", post + form + b"Content-Length: -1\r\n\r\n" + ONE_CLICK, (400, 0)
    yield "an endless length", post + form + b"Content-Length: 99999999999999999999999\r\n\r\n" + ONE_CLICK, (400, 413, 0)
    yield "a chunked body", post + form + b"Transfer-Encoding: chunked\r\n\r\n1a\r\n" + ONE_CLICK + b"\r\n0\r\n\r\n", (400, 411, 0)
    yield "a chunked body with a length", post + form + lengths + b"Transfer-Encoding: chunked\r\n\r\n1a\r\n" + ONE_CLICK + b"\r\n0\r\n\r\n", (400, 0)
    yield "an odd encoding", post + form + lengths + b"Transfer-Encoding: xchunked\r\n\r\n" + ONE_CLICK, (400, 411, 0)
    yield "a second request behind a GET with a length of nothing", get + b"Content-Length: 0\r\n" + smuggled, (200,)
    yield "a second request in the body of a GET", get + b"Content-Length: 150\r\n" + smuggled, (400, 0)
    yield "a second request behind the first", get + smuggled, (200,)
    yield "no length", post + form + b"\r\n" + ONE_CLICK, (411, 400, 0)
    yield "two hosts", get.replace(b"Host: x\r\n", b"Host: x\r\nHost: y\r\n") + b"\r\n", (400, 0)
    yield "no host", f"GET /u/{token} HTTP/1.1\r\n\r\n".encode(), (400, 0)
    yield "a folded header", get + b"X-A: b\r\n Content-Length: 5\r\n\r\n", (400, 200, 0)
    yield "a space before the colon", post + form + b"Content-Length : 26\r\n\r\n" + ONE_CLICK, (400, 411, 0)
    yield "a NUL in a header", get + b"X-A: b\0c\r\n\r\n", (400, 200, 0)
    yield "huge headers", get + b"X-Big: " + b"a" * 40_000 + b"\r\n\r\n", (431, 413, 400, 0)
    yield "many headers", get + b"".join(b"X-%d: y\r\n" % i for i in range(4000)) + b"\r\n", (431, 413, 400, 0)
    yield "a huge path", b"GET /" + b"a" * 60_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", (414, 431, 413, 400, 0)
    yield "a huge body", post + form + b"Content-Length: 100000\r\n\r\n" + b"a" * 100_000, (413, 0)
    yield "a body without the words", post + form + b"Content-Length: 5\r\n\r\nhello", (400,)
    yield "other words", post + form + b"Content-Length: 24\r\n\r\nList-Unsubscribe=No-Clic", (400,)
    yield "an empty body", post + form + b"Content-Length: 0\r\n\r\n", (400,)
    yield "a body of another type", post + b"Content-Type: application/json\r\nContent-Length: 26\r\n\r\n" + ONE_CLICK, (415, 400)
    yield "a form of parts without an end", post + b"Content-Type: multipart/form-data; boundary=x42\r\nContent-Length: 10\r\n\r\n--x42\r\nabc", (400,)
    yield "a form of parts without a boundary", post + b"Content-Type: multipart/form-data\r\nContent-Length: 8\r\n\r\n--x\r\nabc", (400, 415)
    for method in "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "post", "GETT", "PROPFIND":
        yield f"the method {method}", f"{method} /u/{token} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), (405, 400, 0)
    for path in ("/", "/u", "/u/", f"/u/{token}/", f"//u/{token}", f"/u//{token}", f"/u/../u/{token}", f"/u/%2e%2e/u/{token}", f"/%75/{token}", f"/u/{token}%00",
                 f"/u/{token}%0d%0aX: y", f"/u/{token[:-1]}", f"/u/{token}a", f"/u/{token.upper()}", "/u/" + "a" * 52, "/u/" + "%" * 52, "/../../etc/passwd",
                 "/u/' OR 1=1 --", "/u/\xff\xfe", "/favicon.ico", "/robots.txt", f"/x/u/{token}", "*", f"http://x/u/{token}"):
        what = path if path.isprintable() and path.isascii() else "bytes that are no text"
        yield f"the path {what[:40].replace(token, 'TOKEN').replace(token[:-1], 'TOKE')}", b"GET " + path.replace(" ", "+").encode("latin-1") + b" HTTP/1.1\r\nHost: x\r\n\r\n", (404, 400, 0)
    yield "no HTTP at all", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(200), (400, 0)
    yield "noise", os.urandom(5000) + b"\r\n\r\n", (400, 431, 0)
    yield "a version that there is not", f"GET /u/{token} HTTP/9.9\r\nHost: x\r\n\r\n".encode(), (505, 400, 0)


def strangers(place, links):
    token, pid = links["finn"].rsplit("/", 1)[1], place.web()
    seen = []
    for what, data, statuses in requests_of_strangers(token):
        got = place.raw(data, 3)
        status = int(got.split(b" ", 2)[1]) if got.startswith(b"HTTP/1.") else 0
        again = got.count(b"HTTP/1.1 200") > 1 or (status != 200 and b"HTTP/1.1 200" in got)
        ok(status in statuses and not again, f"{what}: one answer at most, and not one that does anything", f"status {status}", got[:600])
        seen.append(status)
        if len(seen) % 25 == 0:
            time.sleep(0.1)
    ok(place.events() == ["ana", "dora", "emil"] and place.run_of("finn") == ("waiting", None), "none of it unsubscribed anybody", place.events())
    ok(place.web() == pid, "and web has borne it all")


def guessing(place, links):
    """After a minute's share of misses an address hears no more; others, and who has a token, still do."""
    def ask(who, path):
        return place.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.1, {who}\r\n\r\n".encode())[9:12]
    statuses = [ask("198.51.100.7", "/u/" + secrets.token_hex(26).translate(str.maketrans("0189", "abcd"))) for _ in range(70)]
    ok(statuses[0] == b"404" and statuses[-1] == b"429", "who guesses tokens is stopped", statuses)
    path = "/u/" + links["finn"].rsplit("/", 1)[1]
    ok(ask("198.51.100.8", path) == b"200" and ask("198.51.100.7", path) == b"429", "by the address that the reverse proxy tells; others are not")


def crowds(place, links):
    """Slow clients hold their connections; a page comes nevertheless."""
    slow = [socket.create_connection(("127.0.0.1", place.port)) for _ in range(60)]
    for s in slow:
        s.sendall(b"POST /u/x HTTP/1.1\r\nX-")
    ok(answers(links["finn"]), "60 slow clients keep nobody out")
    slow += [socket.create_connection(("127.0.0.1", place.port)) for _ in range(60)]
    time.sleep(0.3)
    fds = len(os.listdir(f"/proc/{place.web()}/fd"))
    ok(fds < 120, "of 120 connections web takes 100", fds)
    for s in slow:
        s.close()
    ok(wait_for(lambda: answers(links["finn"]), 5), "and when they have gone all is as before")
    ok(Page(links["finn"], ONE_CLICK).status == 200 and place.run_of("finn") == ("stopped", "unsubscribed"), "who wants to leave can")


# ---- addresses ------------------------------------------------------------------------------------------------------

def addresses(place):
    taken = place.typed("-C", place.dir, "serve", "--until-idle", "--public", f"127.0.0.1:{place.sink.port}")
    ok(taken.code == 1 and f"port {place.sink.port} is taken" in taken.err, "a port that is taken is said, and nothing is served", taken)
    for wrong in ("8085", "127.0.0.1", "example.com:80", "1.2.3.4:99999", "[::1:80", "::1:80", ""):
        got = place.typed("serve", "--until-idle", f"--public={wrong}")
        ok(got.code == 1 and "is no address to listen on" in got.err, f"--public {wrong or 'of nothing'} is refused with what to write", got)
    for address, shown in ("127.0.0.1:0", r"http://127\.0\.0\.1:\d+"), ("[::1]:0", r"http://\[::1\]:\d+"), (":0", r"http://(\[::\]|0\.0\.0\.0):\d+"), ("localhost:0", r"http://127\.0\.0\.1:\d+"):
        if "::1" in address and not os.path.exists("/proc/net/if_inet6"):
            continue
        got = place.typed("serve", "--until-idle", "--public", address)
        ok(got.code == 0 and re.search("public pages at " + shown, got.err), f"--public {address} says where it listens", got)


def without(work):
    place = Place(work, None, "plain")
    try:
        place.typed("enrol", "intro", "bob", "--yes")
        place.serve()
        ok(wait_for(lambda: place.mail_to("bob")), "without a public_url mails leave, too", place.log())
        mail = place.mail_to("bob")
        ok(mail["List-Unsubscribe"] == "<mailto:lea@brand.example?subject=unsubscribe>" and mail["List-Unsubscribe-Post"] is None and
           "No more" not in mail.get_body(("plain",)).get_content(), "and offer to unsubscribe by mail", mail)
        ok(place.web() is None, "nobody listens")
    finally:
        place.stop()
        place.sink.close()
    place = Place(work, "http://outreach.brand.example", "insecure")
    got = place.typed("serve", "--until-idle")
    ok("public_url: it must be https://" in got.err, "a public_url without TLS is said to be of no use", got)
    place.sink.close()
    place = Place(work, "https://outreach.brand.example/mail/", "far")
    got = place.typed("serve", "--until-idle")
    ok("start serve with --public ADDR" in got.err, "links that nobody answers are warned of", got)
    write(place.dir, "templates/bare.md", "---\nsubject: Contract\npurpose: service\n---\nHi {{ name }}\n\n{{ unsubscribe_url }}\n")
    exits("check finds a link in a template that offers none", 1, "check", "templates/bare.md", cwd=place.dir, says="templates/bare.md:7: unsubscribe_url is there only")
    shown = place.typed("render", "intro", "--contact", "bob")
    ok("https://outreach.brand.example/mail/u/example" in shown.out, "a preview shows an example of the link", shown)
    place.sink.close()


def main():
    work = Path(tempfile.mkdtemp(prefix="perigee-public-"))
    place = Place(work)
    try:
        addresses(place)
        place.typed("enrol", "intro", "--all", "--yes")
        ok(place.serve("--public", f"127.0.0.1:{place.port}"), "serve --public listens", place.log())
        links = headers(place)
        looking(place, links)
        clicking(place, links)
        survives(place, links)
        strangers(place, links)
        place.stop()
        place.serve("--public", f"127.0.0.1:{place.port}")  # what strangers did counts no more
        guessing(place, links)
        crowds(place, links)
        ok(not re.search(r"people\.example|[a-z2-7]{52}", place.log()), "the log names nobody and holds no token", place.log()[-2000:])
        place.stop()
        without(work)
    finally:
        place.stop(signal.SIGKILL)
        place.sink.close()
        shutil.rmtree(work, ignore_errors=True)
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
