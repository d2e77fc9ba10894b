#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Names that resolve to private addresses, or to others from one moment to the next: the requester against a resolver of the test's.

Runs in a network and mount namespace of its own (as root; skipped elsewhere): public-looking addresses stand on its loopback, its
resolver is the test, and a server on a private address sees every connection that should not have been made.
Prints TAP. Expects BUILD in the environment (default: build). `dns_test.py WORD` runs only the tests whose name has it.
"""
import os
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
from http_test import Stage, contains, equal, main, use  # noqa: E402
from web import Web, answer, authority, certificate, redirect  # noqa: E402

GOOD, OTHER, METADATA = "93.184.215.14", "93.184.215.15", "169.254.169.254"
GOOD6, NAT64, MAPPED = "2600:1406:3a00::14", "64:ff9b::7f00:1", "::ffff:127.0.0.1"
ADDRESSES = [GOOD, OTHER, METADATA, "10.1.2.3", "100.64.1.1", "192.168.7.7", GOOD6, NAT64, "fd00::1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1"]

http_test.tests.clear()
test = http_test.test


class Resolver:
    """names: name → list of addresses, or a function of the number of the question that gives one. No other name exists."""

    def __init__(self):
        self.names, self.asked = {}, {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            question, sender = self.socket.recvfrom(2048)
            reply = self._answer(question)
            if reply:
                self.socket.sendto(reply, sender)

    def _answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        kind, = struct.unpack_from(">H", question, at + 1)
        name = ".".join(labels).lower()
        known = self.names.get(name)
        if known == "silent":
            return None
        if callable(known):
            if kind == 1:
                self.asked[name] = self.asked.get(name, 0) + 1
            known = known(max(self.asked.get(name, 1), 1))
        records = b"".join(self._record(kind, address) for address in known or [])
        count = records.count(b"\xc0\x0c\x00")
        flags = 0x8180 | (0 if known is not None else 3)
        return question[:2] + struct.pack(">HHHHH", flags, 1, count, 0, 0) + question[12:at + 5] + records

    @staticmethod
    def _record(kind, address):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        if kind != (28 if ":" in address else 1):
            return b""
        raw = socket.inet_pton(family, address)
        return b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(raw)) + raw


class World:
    """Web servers with certificates for the names, on the public-looking addresses, and traps on the private ones."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="perigee-dns-")
        authority(self.folder)
        tls = certificate(self.folder, "DNS:api.example", "DNS:*.api.example", "DNS:other.example", "DNS:*.trap.example")
        self.dns = Resolver()
        self.api = Web({"*": answer(200, "fine")}, tls=tls, host=GOOD, port=443)
        self.api6 = Web({"*": answer(200, "fine over v6")}, tls=tls, host=GOOD6, port=443)
        self.other = Web({"*": answer(200, "other")}, tls=tls, host=OTHER, port=443)
        self.traps = [Web({"*": answer(200, "BREACH")}, tls=tls, host=a, port=443) for a in ADDRESSES + ["127.0.0.1", "::1"] if a not in (GOOD, GOOD6, OTHER)]

    def stage(self, allow=(), secrets=None):
        return Stage(allow, secrets, authority_of=self.folder)

    def breached(self):
        return [t.address for t in self.traps if t.connections]


def world():
    if not hasattr(world, "it"):
        world.it = World()
    return world.it


@test
def a_public_name_is_asked_on_either_family():
    w = world()
    w.dns.names.update({"api.example": [GOOD], "six.api.example": [GOOD6], "both.api.example": [GOOD, GOOD6]})
    with w.stage() as s:
        equal(s.good("https://api.example/x")["body"], "fine")
        equal(w.api.requests[-1].headers["host"], "api.example")
        equal(s.good("https://six.api.example/")["body"], "fine over v6")
        contains(s.good("https://both.api.example/")["body"], "fine")
        equal(s.good("https://API.Example:443/", hosts=["api.example"])["body"], "fine")


@test
def a_name_for_a_private_address_is_refused():
    w = world()
    private = ["127.0.0.1", "10.1.2.3", "192.168.7.7", "100.64.1.1", METADATA, "0.0.0.0", "172.16.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
               "::1", "::", "fd00::1", "fe80::1", MAPPED, NAT64, "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "::127.0.0.1", "ff02::1", "fec0::1", "100::1",
               "2001:db8::1", "3fff::1", "2001:10::1"]
    with w.stage() as s:
        for n, address in enumerate(private):
            name = f"p{n}.trap.example"
            w.dns.names[name] = [address]
            for method in ("GET", "POST"):
                contains(s.bad("refused", f"https://{name}/", method, body="x" if method == "POST" else None), "private address")
        equal(w.breached(), [])
        equal(s.log(), [])


@test
def a_name_with_one_private_address_among_public_ones_is_refused_whole():
    w = world()
    with w.stage() as s:
        for n, mixed in enumerate(([GOOD, "127.0.0.1"], ["127.0.0.1", GOOD], [GOOD, OTHER, METADATA], [GOOD, "::1"], [GOOD6, "10.1.2.3"], [GOOD, NAT64])):
            name = f"m{n}.trap.example"
            w.dns.names[name] = mixed
            before = w.api.connections + w.api6.connections
            contains(s.bad("refused", f"https://{name}/"), "private address")
            equal(w.api.connections + w.api6.connections, before)
        equal(w.breached(), [])


@test
def a_name_that_changes_between_two_questions_gains_nothing():
    w = world()
    w.dns.names["rebind.api.example"] = lambda n: [GOOD] if n % 2 else ["127.0.0.1"]
    w.dns.names["later.api.example"] = lambda n: [GOOD] if n == 1 else [METADATA]
    with w.stage() as s:
        ends = [s("https://rebind.api.example/", timeout=5)[0] for _ in range(20)]
        equal((ends.count(""), ends.count("refused")), (10, 10))
        equal(s.good("https://later.api.example/")["body"], "fine")
        contains(s.bad("refused", "https://later.api.example/"), "private address")
        # Many at once, while the name flips: each is connected where it was checked, or not at all.
        for _ in range(48):
            s.ask("https://rebind.api.example/")
        ends = [s.take()[1] for _ in range(48)]
        assert set(ends) <= {"", "refused"} and "" in ends, ends
        equal(w.breached(), [])


@test
def a_redirect_to_a_name_for_a_private_address_is_refused():
    w = world()
    w.dns.names.update({"api.example": [GOOD], "in.trap.example": ["10.1.2.3"], "other.example": [OTHER]})
    w.dns.names["back.api.example"] = lambda n: [GOOD] if n == 1 else ["192.168.7.7"]
    w.api.routes.update({"/in": redirect("https://in.trap.example/"), "/out": redirect("https://other.example/o"), "/back": redirect("https://back.api.example/in2"),
                         "/in2": redirect("/again"), "/again": answer(200, "BREACH")})
    with w.stage(secrets={"key": ("s3cr3t", "bearer", ["api.example", "other.example"])}) as s:
        hosts = ["api.example", "in.trap.example", "other.example", "back.api.example"]
        contains(s.bad("refused", "https://api.example/in", hosts=hosts), "private address")
        contains(s.bad("refused", "https://api.example/back", hosts=hosts), "private address 192.168.7.7")
        equal(s.good("https://api.example/out", hosts=hosts, secrets=use("key"))["body"], "other")
        assert "authorization" not in w.other.requests[-1].headers
        equal(w.api.requests[-1].headers["authorization"], "Bearer s3cr3t")
        contains(s.bad("refused", "https://api.example/out", hosts=["api.example"]), "needs")
        equal(w.breached(), [])


@test
def an_owner_may_allow_a_private_address_by_number_or_by_name():
    w = world()
    trap = next(t for t in w.traps if t.host == "10.1.2.3")
    w.dns.names.update({"box.trap.example": ["10.1.2.3"], "two.trap.example": ["10.1.2.3", "192.168.7.7"]})
    with w.stage(["10.1.2.3:443"]) as s:
        equal(s.good("https://box.trap.example/")["body"], "BREACH")
        contains(s.bad("refused", "https://two.trap.example/"), "192.168.7.7")
    with w.stage(["box.trap.example:443"]) as s:
        equal(s.good("https://box.trap.example/")["body"], "BREACH")
        contains(s.bad("refused", "https://two.trap.example/"), "private address")
    with w.stage(["10.1.2.3:444", "box.trap.example:80"]) as s:
        contains(s.bad("refused", "https://box.trap.example/"), "private address")
    equal(trap.connections, 2)
    trap.connections = 0
    equal(w.breached(), [])


@test
def a_certificate_for_another_name_is_no_answer():
    w = world()
    w.dns.names["bank.example"] = [GOOD]
    with w.stage() as s:
        before = len(w.api.requests)
        contains(s.bad("unreachable", "https://bank.example/", "POST", body="x"), "bank.example")
        equal((len(w.api.requests), s.log()), (before, []))


@test
def names_that_are_not_there_and_resolvers_that_hang_end_in_time():
    w = world()
    w.dns.names.update({"hang.api.example": "silent", "empty.api.example": [], "api.example": [GOOD]})
    with w.stage() as s:
        contains(s.bad("unreachable", "https://nothing.example/"), "can't be resolved")
        contains(s.bad("unreachable", "https://empty.api.example/"), "can't be resolved")
        began = time.monotonic()
        slow = {s.ask("https://hang.api.example/", timeout=1) for _ in range(10)}
        fast = s.ask("https://api.example/")
        number, code, _, value = s.take()
        equal((number, code), (fast, ""))
        equal({s.take()[:2] for _ in range(10)}, {(n, "unreachable") for n in slow})
        assert time.monotonic() - began < 4


def inside():
    namespace.become([a for a in ADDRESSES if a != MAPPED], "nameserver 127.0.0.1\noptions attempts:1 timeout:3\n")
    return main()


if __name__ == "__main__":
    sys.exit(namespace.run(__file__, inside))
