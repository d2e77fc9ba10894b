#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`perigee doctor mail` against a DNS of the test's and its mail servers: what is well, what is not, and what can't be told.

Runs in a network and mount namespace of its own (as root; skipped elsewhere): public-looking addresses stand on its loopback.
Prints TAP. Expects BUILD in the environment (default: build). `doctor_mail_test.py WORD` runs only the tests whose name has it.
"""
import base64
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import http_test  # noqa: E402
import namespace  # noqa: E402
from http_test import contains, equal, main  # noqa: E402
from servers import Imap, Listener, Smtp  # noqa: E402
from web import authority, certificate  # noqa: E402

ROOT = HERE.parents[1]
PERIGEE = str(ROOT / os.environ.get("BUILD", "build") / "perigee")
HOST, OTHER, CLOSED = "93.184.215.14", "93.184.215.15", "93.184.215.16"
TYPES = {"A": 1, "NS": 2, "PTR": 12, "MX": 15, "TXT": 16}

http_test.tests.clear()
test = http_test.test


def encode(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.rstrip(".").split(".") if p) + b"\0"


class Resolver:
    """zone: (name, type) → list of values. Other names do not exist. While silent it answers nothing."""

    def __init__(self):
        self.zone, self.silent, self.asked = {}, False, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            question, sender = self.socket.recvfrom(2048)
            if not self.silent:
                self.socket.sendto(self._answer(question), sender)

    def _answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        kind, = struct.unpack_from(">H", question, at + 1)
        name = ".".join(labels).lower()
        self.asked.append(name)
        found = [v for (n, t), values in self.zone.items() for v in values if n == name and TYPES[t] == kind]
        exists = any(n == name for n, _ in self.zone)
        data = [self._data(kind, v) for v in found]
        records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(d)) + d for d in data)
        return question[:2] + struct.pack(">HHHHH", 0x8180 | (0 if exists else 3), 1, len(data), 0, 0) + question[12:at + 5] + records

    @staticmethod
    def _data(kind, value):
        if kind == 1:
            return socket.inet_aton(value)
        if kind == 15:
            preference, host = value.split(" ")
            return struct.pack(">H", int(preference)) + encode(host)
        if kind == 16:
            raw = value if isinstance(value, bytes) else value.encode()
            return b"".join(bytes([len(p)]) + p for p in (raw[i:i + 200] for i in range(0, len(raw), 200)))
        return encode(value)


class Sealed:
    """A server of servers.py behind TLS, at an address and port of its own."""

    def _begin(self, tls, host, port):
        def session(sock):
            kind._session(self, tls.wrap_socket(sock, server_side=True))
        kind = self.__class__.__mro__[2]
        Listener.__init__(self, session, host, port)


class SealedSmtp(Sealed, Smtp):
    def __init__(self, tls, host, offer=("PIPELINING", "SIZE 52428800", "8BITMIME", "SMTPUTF8", "AUTH PLAIN"), **replies):
        self.offer, self.replies = offer, {"AUTH": self.sign_in, **replies}
        self.messages, self.commands, self.writes = [], [], []
        self._begin(tls, host, 465)

    @staticmethod
    def sign_in(line):
        good = base64.b64encode(b"\0lea@brand.example\0right").decode()
        return "235 2.7.0 welcome" if good in line else "535 5.7.8 no"


class SealedImap(Sealed, Imap):
    def __init__(self, tls, host):
        self.capabilities, self.special = "IMAP4rev1 IDLE AUTH=PLAIN SASL-IR", {}
        self.wrong = lambda line: "NO [AUTHENTICATIONFAILED] no" if line.startswith("AUTHENTICATE") and base64.b64encode(b"\0lea@brand.example\0right").decode() not in line else None
        self.folders, self.validity = {"INBOX": []}, {"INBOX": 1}
        self.commands, self.changed, self.idling = [], threading.Event(), False
        self.lock = threading.Lock()
        self._begin(tls, host, 993)


ROOT_ZONE = {("", "NS"): ["a.root.example"]}
WELL = {
    **ROOT_ZONE,
    ("brand.example", "MX"): ["20 other.brand.example", "10 mx.brand.example"], ("mx.brand.example", "A"): [HOST],
    ("brand.example", "TXT"): ["some-verification=1", f"v=spf1 ip4:{HOST} -all"], ("smtp.brand.example", "A"): [HOST], ("imap.brand.example", "A"): [HOST],
    ("_dmarc.brand.example", "TXT"): ["v=DMARC1; p=reject; rua=mailto:dmarc@brand.example"],
    ("14.215.184.93.in-addr.arpa", "PTR"): ["smtp.brand.example"],
}


class World:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="perigee-doctor-"))
        authority(self.folder)
        self.dns = Resolver()
        good = certificate(self.folder, "DNS:smtp.brand.example", "DNS:imap.brand.example", days=90)
        short = certificate(self.folder, "DNS:short.brand.example", days=3)
        self.smtp, self.imap = SealedSmtp(good, HOST), SealedImap(good, HOST)
        self.short = SealedSmtp(short, OTHER, offer=("SIZE 1000000", "AUTH PLAIN"))
        self.key = self.folder / "the.key"
        self.key.write_bytes(os.urandom(32))
        self.key.chmod(0o600)
        self.env = dict(os.environ, SSL_CERT_FILE=str(self.folder / "ca.pem"), PERIGEE_KEY_FILE=str(self.key))
        self.number = 0

    def workspace(self, *accounts, public_url="https://go.brand.example", password="right", more=""):
        self.number += 1
        folder = self.folder / f"w{self.number}"
        folder.mkdir()
        where = f'public_url = "{public_url}", ' if public_url else ""
        text = f'workspace {{ timezone = "Europe/Paris", {where}{more} }}\n'
        for n, account in enumerate(accounts):
            text += f'account "a{n}" {{ channel = "email", {account} }}\n'
        (folder / "perigee.lua").write_text(text)
        if password:
            subprocess.run([PERIGEE, "-C", folder, "secret", "set", "mailbox"], input=password, text=True, check=True, env=self.env, capture_output=True)
        return folder

    def doctor(self, folder, *words):
        began = time.monotonic()
        done = subprocess.run([PERIGEE, "-C", folder, "doctor", "mail", "--json", *words], capture_output=True, text=True, timeout=60, env=self.env)
        rows = {}
        for row in map(json.loads, done.stdout.splitlines()):
            equal(set(row), {"group", "name", "state", "text"})
            equal(row["group"], "mail")
            assert row["text"], row
            rows.setdefault(row["name"].split(": ", 2)[-1], (row["state"], row["text"]))
        return done.returncode, rows, time.monotonic() - began, done

    def states(self, *accounts, **options):
        code, rows, _, done = self.doctor(self.workspace(*accounts, **options))
        assert rows or not accounts, done
        return code, rows


def world():
    if not hasattr(world, "it"):
        world.it = World()
    world.it.dns.zone, world.it.dns.silent = dict(WELL), False
    return world.it


def account(sender="lea@brand.example", smtp="smtp.brand.example", imap=None, cap="cap = { per_day = 80 }", more="", user="lea@brand.example"):
    server = 'url = "{}://{}", user = "' + user + '", password = secret "mailbox"'
    parts = [f'from = "Léa <{sender}>"', "smtp = { " + server.format("smtps", smtp) + " }"]
    if imap:
        parts.append("imap = { " + server.format("imaps", imap) + " }")
    return ", ".join(p for p in [*parts, cap, more] if p)


def row(rows, name, state, *words):
    assert name in rows, (name, rows)
    equal((name, rows[name][0], rows[name][1]), (name, state, rows[name][1]))
    for word in words:
        contains(rows[name][1], word)


@test
def a_domain_that_has_all_it_needs_is_well():
    w = world()
    code, rows = w.states(account(imap="imap.brand.example"))
    for name in ("From", "cap", "unsubscribing", "MX", "SPF", "DMARC", "PTR", "SMTP certificate", "SMTP offers", "SMTP sign-in", "IMAP certificate", "IMAP sign-in"):
        row(rows, name, "ok")
    equal(code, 0)
    contains(rows["MX"][1], "mx.brand.example")
    assert re.search(r"ends in (89|90) days", rows["SMTP certificate"][1]), rows["SMTP certificate"]  # 90, less the seconds since
    contains(rows["SMTP offers"][1], "SMTPUTF8")
    row(rows, "DKIM", "warn", "perigee secret set dkim")
    equal(w.smtp.messages, [])
    assert not any(c.startswith("MAIL") for c in w.smtp.commands), w.smtp.commands


@test
def what_is_missing_is_told_with_the_record_to_publish():
    w = world()
    for key in (("brand.example", "TXT"), ("_dmarc.brand.example", "TXT"), ("14.215.184.93.in-addr.arpa", "PTR"), ("brand.example", "MX")):
        del w.dns.zone[key]
    code, rows = w.states(account())
    equal(code, 1)
    row(rows, "SPF", "fail", f"TXT of brand.example: v=spf1 ip4:{HOST} ~all")
    row(rows, "DMARC", "warn", "TXT of _dmarc.brand.example: v=DMARC1; p=none; rua=mailto:dmarc@brand.example")
    row(rows, "PTR", "fail", HOST, "smtp.brand.example")
    row(rows, "MX", "fail", "does not exist")
    code, rows = w.states(account(cap="cap = { per_day = 6000 }"), public_url=None)
    row(rows, "DMARC", "fail", "5000")
    row(rows, "unsubscribing", "warn", "public_url")


@test
def a_record_that_is_void_or_weak_is_told():
    w = world()
    cases = [
        (["v=spf1 mx -all", f"v=spf1 ip4:{HOST} -all"], "fail", "2 records"), (["v=spf1 ipv4:1.2.3.4 -all"], "fail", "ipv4:1.2.3.4"),
        (["v=spf1 +all"], "fail", "+all"), (["v=spf1 " + " ".join(f"a:h{n}.brand.example" for n in range(11)) + " -all"], "fail", "11 lookups"),
        (["v=spf1 include:nothing.example ~all"], "fail", "nothing.example"), (["v=spf1 a:mail.other.example ~all"], "fail", f"v=spf1 a:mail.other.example ip4:{HOST} ~all"),
        (["v=spf1 a:smtp.brand.example ~all"], "ok", "1 of 10"), (["v=spf1 mx ~all"], "ok", "ends in ~all"), (["v=spf1 exists:%{i}.x.example -all"], "unknown", "untold"),
    ]
    folder = w.workspace(account())
    for texts, state, word in cases:
        w.dns.zone[("brand.example", "TXT")] = texts
        row(w.doctor(folder)[1], "SPF", state, word)
    w.dns.zone[("brand.example", "TXT")] = [f"v=spf1 ip4:{HOST}"]
    row(w.doctor(folder)[1], "SPF end", "warn", "~all")
    w.dns.zone[("brand.example", "TXT")] = WELL[("brand.example", "TXT")]
    for text, state, word in (("v=DMARC1; p=monitor", "fail", "monitor"), ("v=DMARC1; p=none", "ok", "rua="), ("v=DMARC1; p=reject; aspf=s", "ok", "SPF is aligned")):
        w.dns.zone[("_dmarc.brand.example", "TXT")] = [text]
        row(w.doctor(folder)[1], "DMARC", state, word)
    w.dns.zone[("brand.example", "MX")] = ["0 ."]
    row(w.doctor(folder)[1], "MX", "fail", "null MX")
    w.dns.zone[("14.215.184.93.in-addr.arpa", "PTR")] = ["elsewhere.example"]
    row(w.doctor(folder)[1], "PTR", "fail", "elsewhere.example", "does not lead back")


@test
def a_policy_of_the_organisation_counts_below_it():
    w = world()
    w.dns.zone.update({("news.brand.example", "MX"): ["10 mx.brand.example"], ("news.brand.example", "TXT"): [f"v=spf1 ip4:{HOST} -all"]})
    w.dns.zone[("_dmarc.brand.example", "TXT")] = ["v=DMARC1; p=reject; sp=quarantine; rua=mailto:d@brand.example"]
    code, rows = w.states(account(sender="lea@news.brand.example"))
    row(rows, "DMARC", "ok", "_dmarc.brand.example is quarantine")


@test
def a_provider_is_known_by_its_server():
    w = world()
    w.dns.zone[("brand.example", "TXT")] = ["v=spf1 include:_spf.other.example ~all"]
    w.dns.zone[("_spf.other.example", "TXT")] = ["v=spf1 ip4:192.0.2.1 -all"]
    code, rows = w.states(account(smtp="smtp.gmail.com", cap="cap = { per_day = 5000 }"))
    row(rows, "SPF", "fail", "v=spf1 include:_spf.other.example include:_spf.google.com ~all")
    row(rows, "cap", "warn", "2000")
    row(rows, "DKIM", "unknown", "dkim=pass")
    w.dns.zone[("brand.example", "TXT")] = ["v=spf1 include:_spf.google.com ~all"]
    w.dns.zone[("_spf.google.com", "TXT")] = ["v=spf1 ip4:192.0.2.1 -all"]
    w.dns.zone[("google._domainkey.brand.example", "TXT")] = ["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]
    code, rows = w.states(account(smtp="smtp.gmail.com"))
    row(rows, "SPF", "ok", "Google may send")
    row(rows, "DKIM", "ok", "google._domainkey.brand.example")
    row(rows, "DMARC", "ok", "SPF and DKIM are both aligned")
    row(rows, "SMTP server", "unknown", "no address here")
    code, rows = w.states(account(smtp="smtp.sendgrid.net"))
    row(rows, "SPF", "warn", "return path of its own")


@test
def a_from_that_providers_refuse_is_told():
    w = world()
    code, rows = w.states(account(sender="lea@gmail.com"))
    row(rows, "From", "fail", "gmail.com belongs to Google")
    equal(code, 1)
    code, rows = w.states(account(sender="lea@gmail.com", smtp="smtp.gmail.com", user="lea@gmail.com", cap="cap = { per_day = 900 }"))
    row(rows, "From", "ok", "Google")
    row(rows, "cap", "warn", "500")
    assert "SPF" not in rows
    row(w.states(account(sender="no-reply@brand.example"))[1], "From", "warn", "nobody reads it")
    row(w.states(account(sender="lea@other.example"))[1], "From", "warn", "another domain")


@test
def servers_that_are_not_as_they_should_be_are_told():
    w = world()
    w.dns.zone.update({("short.brand.example", "A"): [OTHER], ("wrong.brand.example", "A"): [HOST], ("closed.brand.example", "A"): [CLOSED]})
    code, rows = w.states(account(smtp="short.brand.example"))
    row(rows, "SMTP certificate", "warn", "2 days")
    row(rows, "SMTP offers", "warn", "no 8BITMIME", "no SMTPUTF8")
    code, rows = w.states(account(smtp="wrong.brand.example"))
    equal(code, 1)
    row(rows, "SMTP certificate", "fail", "wrong.brand.example")
    assert "SMTP sign-in" not in rows
    code, rows = w.states(account(smtp="closed.brand.example"))
    row(rows, "SMTP server", "fail", "takes no connection")
    code, rows = w.states(account(imap="imap.brand.example"), password="not-right")
    row(rows, "SMTP sign-in", "fail", "535", "perigee secret set mailbox")
    row(rows, "IMAP sign-in", "fail", "perigee secret set mailbox")
    row(rows, "SMTP certificate", "ok")
    assert "not-right" not in str(rows)
    code, rows = w.states(account(), password=None)
    equal(code, 0)
    row(rows, "SMTP sign-in", "unknown", "mailbox")
    row(rows, "SMTP certificate", "ok")


@test
def the_key_in_the_dns_is_the_one_that_signs():
    w = world()
    folder = w.workspace(account(more='dkim = { domain = "brand.example", selector = "s1", key = secret "signing" }'))
    pem = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, text=True, check=True).stdout
    subprocess.run([PERIGEE, "-C", folder, "secret", "set", "signing"], input=pem, text=True, check=True, env=w.env, capture_output=True)
    raw = subprocess.run(["openssl", "pkey", "-pubout", "-outform", "DER"], input=pem.encode(), capture_output=True, check=True).stdout[-32:]
    record = f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"
    row(w.doctor(folder)[1], "DKIM", "fail", "s1._domainkey.brand.example", record)
    w.dns.zone[("s1._domainkey.brand.example", "TXT")] = [record]
    row(w.doctor(folder)[1], "DKIM", "ok")
    contains(w.doctor(folder)[1]["DMARC"][1], "SPF and DKIM are both aligned")
    w.dns.zone[("s1._domainkey.brand.example", "TXT")] = ["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]
    row(w.doctor(folder)[1], "DKIM", "fail", "another key", record)
    for text, word in (("v=DKIM1; k=ed25519; p=", "revoked"), ("nonsense", "NAME=VALUE")):
        w.dns.zone[("s1._domainkey.brand.example", "TXT")] = [text]
        row(w.doctor(folder)[1], "DKIM", "fail", word, record)
    w.dns.zone[("s1._domainkey.brand.example", "TXT")] = [record, record + " "]
    row(w.doctor(folder)[1], "DKIM", "fail", "2 records")


@test
def records_of_strangers_break_nothing():
    w = world()
    folder = w.workspace(account())
    for raw in (b"v=spf1 \xff\xfe -all", b"v=spf1 " + b"a" * 3000, b"v=spf1 include:\x1b[31m -all", b"", b"\x00\x01v=spf1"):
        w.dns.zone[("brand.example", "TXT")] = [raw]
        code, rows, took, done = w.doctor(folder)
        assert "SMTP sign-in" in rows and "SPF" in rows and "DMARC" in rows and took < 20, (raw, rows)
        equal(rows["SPF"][0], "fail")
        assert "\x1b" not in done.stdout


@test
def a_resolver_that_is_silent_or_knows_nothing_is_no_failure():
    w = world()
    folder = w.workspace(account(imap="imap.brand.example"), account(sender="bob@other.example"))
    w.dns.silent = True
    code, rows, took, done = w.doctor(folder)
    equal(code, 0)
    assert took < 30, took
    for name in ("MX", "SPF", "DMARC"):
        row(rows, name, "unknown", "no network")
    assert {s for s, _ in rows.values()} <= {"ok", "warn", "unknown"}, rows
    w.dns.silent, w.dns.zone = False, {}
    code, rows, took, done = w.doctor(folder)
    equal(code, 0)
    assert took < 10, took
    row(rows, "SPF", "unknown", "no network")
    row(rows, "SMTP server", "unknown")


@test
def accounts_of_one_domain_and_server_are_told_once():
    w = world()
    folder = w.workspace(account(), account(sender="bob@brand.example"), account(sender="eve@brand.example"))
    _, _, _, done = w.doctor(folder)
    names = [json.loads(line)["name"] for line in done.stdout.splitlines()]
    equal([n for n in names if n.endswith(": SPF")], ["mail: lea@brand.example: SPF"])
    equal(len([n for n in names if n.endswith(": cap")]), 3)
    equal(len([n for n in names if n.endswith("SMTP sign-in")]), 3)
    about = [n.split(": ")[1].split("@")[0] for n in names if "@" in n]
    equal(about, sorted(about, key=("lea", "bob", "eve").index))
    equal([n for n in names if "@" not in n], ["channel table"])


@test
def a_running_serve_is_asked_and_goes_on():
    w = world()
    folder = w.workspace(account())
    serve = subprocess.Popen([PERIGEE, "-C", folder, "serve"], stderr=subprocess.PIPE, text=True, env=w.env)
    try:
        until = time.monotonic() + 20
        while not (folder / "run/perigee.sock").exists() and time.monotonic() < until:
            time.sleep(0.05)
        code, rows, _, done = w.doctor(folder)
        equal((code, done.stderr), (0, ""))
        row(rows, "SMTP sign-in", "ok")
        row(rows, "SPF", "ok")
    finally:
        serve.send_signal(signal.SIGTERM)
        _, log = serve.communicate(timeout=60)
    assert "fatal" not in log and "error" not in log, log


@test
def a_relay_at_a_private_address_is_looked_at_as_far_as_it_can_be():
    w = world()
    relay = Smtp()
    folder = w.workspace(f'from = "lea@brand.example", smtp = {{ url = "smtp://{relay.address}", tls = "none" }}, cap = {{ per_day = 20 }}',
                         more=f'allow_addresses = {{ "{relay.address}" }}')
    code, rows, _, _ = w.doctor(folder)
    equal(code, 0)
    row(rows, "SMTP certificate", "ok", "not sealed")
    row(rows, "SMTP sign-in", "ok", "no user")
    row(rows, "SPF", "unknown", "private")
    row(rows, "PTR", "unknown", "private", "dig -x")
    row(rows, "DMARC", "unknown", "dmarc=pass")
    equal(relay.messages, [])
    folder = w.workspace('from = "lea@brand.example", smtp = { url = "smtps://127.0.0.1:4" }, cap = { per_day = 20 }')
    code, rows, _, _ = w.doctor(folder)
    row(rows, "SMTP server", "fail", "allow_addresses")


@test
def without_an_account_there_is_nothing_to_look_at():
    w = world()
    folder = w.workspace()
    equal(w.doctor(folder)[:2], (0, {}))
    told = subprocess.run([PERIGEE, "-C", folder, "doctor", "mail"], capture_output=True, text=True, env=w.env)
    contains(told.stdout, "no e-mail account")
    (folder / "perigee.lua").write_text("workspace {")
    code, rows, _, done = w.doctor(folder)
    equal((code, [state for state, _ in rows.values()]), (0, ["unknown"]))
    contains(done.stdout, "perigee.lua")


@test
def groups_can_be_chosen():
    w = world()
    folder = w.workspace(account())

    def run(*words):
        return subprocess.run([PERIGEE, "-C", folder, "doctor", *words], capture_output=True, text=True, env=w.env)
    assert {json.loads(line)["group"] for line in run("safety", "--json").stdout.splitlines()} == {"safety"}
    assert {json.loads(line)["group"] for line in run("--json").stdout.splitlines()} == {"safety", "mail"}
    bad = run("post")
    equal(bad.returncode, 2)
    contains(bad.stderr, "there is no group post")
    contains(run("mail").stdout, "mail: lea@brand.example: SPF")


def inside():
    namespace.become((HOST, OTHER, CLOSED))
    return main()


if __name__ == "__main__":
    sys.exit(namespace.run(__file__, inside))
