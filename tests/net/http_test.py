#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The requester of net, played by a host made here against web servers on loopback: the guard, secrets, redirects, the send log.

Prints TAP. Expects BUILD in the environment (default: build). `http_test.py WORD` runs only the tests whose name has it.
"""
import base64
import hashlib
import hmac
import itertools
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from host import ANSWER, F_KILL, MARK, N_REQUEST, N_RESPONSE, NONE, Net, text  # noqa: E402
from web import Web, answer, as_json, authority, certificate, redirect  # noqa: E402

NET = str(HERE.parent.parent / os.environ.get("BUILD", "build") / "libexec/perigee/net")
VALUE = "s3cr3t/Va+lue&Q\"x"
tests = []


def test(function):
    tests.append(function)
    return function


def equal(got, wanted):
    assert got == wanted, f"got {got!r}, wanted {wanted!r}"


def contains(text_, *parts):
    for part in parts:
        assert part in text_, f"{part!r} is not in {text_!r}"


class Stage:
    """A workspace, a net and its requester for one test. secrets: name → (value, place, hosts)."""

    def __init__(self, allow=(), secrets=None, given=None, authority_of=None):
        self.folder = tempfile.TemporaryDirectory(prefix="perigee-http-")
        self.workspace = self.folder.name
        self.key = self.workspace + "/the.key"
        Path(self.key).write_bytes(b"k" * 32)
        os.chmod(self.key, 0o600)
        for name, (value, place, hosts) in (secrets or {}).items():
            words = [w for h in hosts for w in ("--host", h)] + (["--as", place] if place else [])
            subprocess.run([NET, "secret", "set", name, *words, "--workspace", self.workspace, "--key-file", self.key],
                           input=value.encode() if isinstance(value, str) else value, check=True)
        env = {"SSL_CERT_FILE": f"{authority_of}/ca.pem"} if authority_of else None
        self.net = Net(NET, self.workspace, "--key-file", self.key, env=env)
        self.net.ready()
        self.child = self.net.requester((secrets or {}) if given is None else given, allow)
        self.numbers = 0

    def ask(self, url, method="GET", hosts=None, **more):
        """Sends the request; its number."""
        self.numbers += 1
        if hosts is None:
            hosts = [url.split("//", 1)[1].split("/", 1)[0].split("?")[0]]
        what = {"key": f"key-{self.numbers}", "method": method, "url": url, "headers": {}, "hosts": hosts, "secrets": [], "pick": [], **more}
        self.child.send(N_REQUEST, self.numbers, text(json.dumps(what)))
        return self.numbers

    def take(self, timeout=20.0):
        """The next response: (number, code, text, value)."""
        _, number, fields = self.child.expect(N_RESPONSE, timeout)
        code, said, value = fields.text(), fields.text(), fields.text()
        fields.end()
        assert bool(code) == bool(said), (code, said)
        return number, code, said, json.loads(value) if value else None

    def __call__(self, url, method="GET", **more):
        """Asks and waits: (code, text, value)."""
        number = self.ask(url, method, **more)
        got = self.take()
        equal(got[0], number)
        return got[1:]

    def good(self, url, method="GET", **more):
        code, said, value = self(url, method, **more)
        equal((code, said), ("", ""))
        return value

    def bad(self, code, url, method="GET", **more):
        """The text of a request that must end with this code."""
        got, said, value = self(url, method, **more)
        equal((got, value), (code, None))
        return said

    def log(self):
        return [line.split(" ")[:3] for line in Path(self.workspace, "run/send.log").read_text().splitlines()]

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.net.process.poll() is None:
            self.net.close()
        self.folder.cleanup()


def use(name, place=""):
    return [{"secret": name, "place": place}]


def allowed(*webs):
    return [w.address for w in webs]


# ---- requests and answers ----

@test
def a_get_comes_back_with_status_headers_body_and_json():
    web = Web({"/x": answer(200, '{"a": [1, 2.5, "é"]}', "application/json; charset=utf-8", ["X-One: 1", "X-Two: a", "x-two: b", "Folded: a", "  b"])})
    with Stage(allowed(web)) as s:
        got = s.good(web.url("/x?q=1"), headers={"accept": "application/json", "x-empty": ""})
        equal(got["status"], 200)
        equal(got["body"], '{"a": [1, 2.5, "é"]}')
        equal(got["json"], {"a": [1, 2.5, "é"]})
        equal([got["headers"][n] for n in ("x-one", "x-two", "folded")], ["1", "a, b", "a b"])
        r = web.requests[0]
        equal((r.method, r.target, r.version, r.body), ("GET", "/x?q=1", "HTTP/1.1", b""))
        equal(r.headers["host"], web.address)
        equal(r.headers["accept"], "application/json")
        equal(r.headers["x-empty"], "")
        assert r.headers["user-agent"].startswith("Perigee/")
        equal(sorted(r.headers), ["accept", "host", "user-agent", "x-empty"])


@test
def each_method_sends_its_body_and_length():
    web = Web({"*": answer(201, "made")})
    with Stage(allowed(web)) as s:
        for method, body, length in (("POST", "a\0b\né", "6"), ("PUT", "x", "1"), ("PATCH", "{}", "2"), ("DELETE", None, None), ("DELETE", "y", "1"),
                                     ("POST", None, "0"), ("PUT", None, "0"), ("HEAD", None, None)):
            got = s.good(web.url("/m"), method, **({"body": body} if body is not None else {}), headers={"content-type": "text/x"} if body else {})
            r = web.requests[-1]
            equal((r.method, r.body, r.headers.get("content-length")), (method, (body or "").encode(), length))
            equal(r.headers.get("content-type"), "text/x" if body else None)
            assert "expect" not in r.headers
            equal(got["status"], 201)
            equal(got["body"], "" if method == "HEAD" else "made")
        contains(s.bad("invalid", web.url("/m"), "GET", body="x"), "no body")
        big = "b" * 900_000
        s.good(web.url("/m"), "POST", body=big)
        equal(len(web.requests[-1].body), len(big))
        contains(s.bad("invalid", web.url("/m"), "POST", body="b" * 1_048_577), "bytes")


@test
def answers_that_are_no_text_or_no_json_say_so():
    web = Web({"/binary": answer(200, b"\xff\xfe\0", "application/octet-stream"), "/latin": answer(200, b"caf\xe9", "text/plain; charset=latin-1"),
               "/badjson": answer(200, "{", "application/json"), "/html": answer(200, '{"a":1}', "text/html"), "/none": answer(204, b"", None),
               "/problem": as_json({"title": "no"}, 422, "application/problem+json"), "/bom": answer(200, "\ufeff{}", "application/json"),
               "/nul": as_json({"a": "x\0y"}), "/twice": answer(200, '{"a":1,"a":2}', "application/json"), "/deep": answer(200, "[" * 50 + "]" * 50, "application/json"),
               "/interim": b"HTTP/1.1 103 Early Hints\r\nLink: </s>\r\nX: early\r\n\r\n" + answer(200, "late")})
    with Stage(allowed(web)) as s:
        for path in ("/binary", "/latin"):
            got = s.good(web.url(path))
            equal((got.get("binary"), "body" in got, "json" in got), (True, False, False))
        for path in ("/badjson", "/html", "/bom", "/twice", "/deep"):
            got = s.good(web.url(path))
            equal(("json" in got, bool(got["body"])), (False, True))
        equal(s.good(web.url("/none")), {"status": 204, "headers": {"content-length": "0"}, "body": ""})
        got = s.good(web.url("/problem"))
        equal((got["status"], got["json"]), (422, {"title": "no"}))
        equal(s.good(web.url("/nul"))["json"], {"a": "x\0y"})
        got = s.good(web.url("/interim"))
        equal((got["status"], got["body"], "x" in got["headers"], "link" in got["headers"]), (200, "late", False, False))


@test
def pick_keeps_parts_of_a_large_answer():
    large = {"data": {"items": [{"id": 7, "text": "x" * 90_000}, {"id": 8}]}, "next": None, "n": 1.5}
    web = Web({"/l": as_json(large), "/t": answer(500, "y" * 90_000)})
    with Stage(allowed(web)) as s:
        contains(s.bad("limit", web.url("/l")), "pick")
        contains(s.bad("limit", web.url("/t")), "pick", "status 500")
        got = s.good(web.url("/l"), pick=["data.items[0].id", "data.items[1]", "next", "n", "data.items[2].id", "no.such"])
        equal(got["json"], {"data.items[0].id": 7, "data.items[1]": {"id": 8}, "next": None, "n": 1.5})
        assert "body" not in got
        got = s.good(web.url("/t"), pick=["a"])
        equal((got["status"], "json" in got, "body" in got), (500, False, False))
        contains(s.bad("limit", web.url("/l"), pick=["data"]), "pick")
        for path in ("", ".a", "a.", "a..b", "a[", "a[]", "a[-1]", "a[x]", "a]b", "a[0]b", "[9999999]", "a" * 201):
            contains(s.bad("invalid", web.url("/l"), pick=[path]), "path to pick")
        equal(len(web.requests), 5)


@test
def many_requests_go_at_once_and_the_rest_wait():
    here, full = itertools.count(1), threading.Event()

    def slow(request):  # all of the first 16 are there before the first is answered; time for a 17th to come, were it let
        if next(here) == 16:
            full.set()
        assert full.wait(60)
        time.sleep(0.2)
        return answer(200, request.target)
    web = Web({"*": slow})
    with Stage(allowed(web)) as s:
        numbers = {s.ask(web.url(f"/{n}"), timeout=60): f"/{n}" for n in range(40)}
        for _ in range(40):
            number, code, _, value = s.take(60.0)
            equal((code, value["body"]), ("", numbers.pop(number)))
        equal(web.most_at_once, 16)


# ---- the guard ----

@test
def urls_methods_and_headers_are_refused_before_anything_is_asked():
    web = Web({"*": answer(200, "BREACH")})
    a = web.address
    urls = {f"http://user@{a}/": "user", f"http://{a}/#x": "fragment", f"http://{a}\\@evil/": "backslash", f"http://{a}/\r\nX: y": "control",
            f"ftp://{a}/": "https://", f"//{a}/": "https://", f"file://{a}/etc/passwd": "https://", f"http://2130706433:{web.port}/": "read as an address",
            f"http://127.1:{web.port}/": "read as an address", f"http://0x7f.0.0.1:{web.port}/": "read as an address",
            f"http://0177.0.0.1:{web.port}/": "read as an address", f"http://127.0.0.1.:{web.port}/": "empty part",
            f"http://[::ffff:7f00:1]:{web.port}/": "write the address", f"http://{a}/%0d%0a": "line end", f"http://{a}/\0x": "NUL"}
    headers = ["Host", "host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "Proxy-Authorization", "proxy-connection",
               "Trailer", "TE", "Expect", "Cookie2 x", "X:Y", "", " ", "X Y", ":authority", "X\r\nY", "Ü", "HTTP2-Settings"]
    with Stage([a]) as s:
        for url, part in urls.items():
            contains(s.bad("invalid", url, hosts=[a]), part)
        for method in ("CONNECT", "TRACE", "OPTIONS", "get", "", "GET /x HTTP/1.1\r\nX: y", "GETX"):
            contains(s.bad("refused", web.url(), method), "method")
        for name in headers:
            code, said, _ = s(web.url(), headers={name: "evil.test"})
            assert code in ("refused", "invalid") and said, name
        for value in ("a\r\nX: y", "a\nb", "a\0b", "a\x7f", "\x01", "a\tb"):
            contains(s.bad("invalid", web.url(), headers={"x-y": value}), "control character")
        contains(s.bad("invalid", web.url(), headers={f"h{n}": "v" for n in range(51)}), "50 headers")
        contains(s.bad("invalid", web.url(), headers={"a": "v" * 8192}), "8192")
        contains(s.bad("refused", web.url(), hosts=[]), "needs")
        contains(s.bad("refused", web.url(), hosts=["127.0.0.1", "127.0.0.1:1", "example.com"]), "needs")
        equal(web.connections, 0)
        equal(s.good(web.url())["body"], "BREACH")


@test
def private_addresses_are_spoken_to_only_if_listed():
    web = Web({"*": answer(200, "BREACH")})
    with Stage() as s:
        contains(s.bad("refused", web.url()), "without encryption")
        contains(s.bad("refused", f"https://{web.address}/"), "is an address", "allow_addresses")
        contains(s.bad("refused", f"https://localhost:{web.port}/"), "private address 127.0.0.1")
        contains(s.bad("refused", f"https://[::1]:{web.port}/"), "is an address")
        equal(web.connections, 0)
    with Stage(["127.0.0.1:1", f"127.0.0.2:{web.port}", "127.0.0.1"]) as s:
        contains(s.bad("refused", web.url()), "allow_addresses")
        contains(s.bad("refused", f"https://localhost:{web.port}/"), "private address")
        equal(web.connections, 0)
    with Stage([f"localhost:{web.port}"]) as s:
        equal(s.good(f"http://localhost:{web.port}/")["body"], "BREACH")


@test
def no_proxy_and_no_netrc_of_the_environment_is_used():
    proxy, web = Web({"*": answer(200, "BREACH")}), Web({"*": answer(200, "direct")})
    home = tempfile.TemporaryDirectory()
    Path(home.name, ".netrc").write_text("machine 127.0.0.1 login a password netrc-password\n")
    saved = dict(os.environ)
    os.environ.update({n: f"http://{proxy.address}" for n in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY")}, HOME=home.name)
    try:
        with Stage(allowed(web)) as s:
            equal(s.good(web.url())["body"], "direct")
        equal((proxy.connections, "authorization" in web.requests[0].headers), (0, False))
    finally:
        os.environ.clear()
        os.environ.update(saved)
        home.cleanup()


@test
def cookies_are_not_kept_and_connections_not_shared():
    web = Web({"*": answer(200, "x", extra=["Set-Cookie: a=b; Path=/", "Set-Cookie: c=d", "Connection: keep-alive"])})
    with Stage(allowed(web)) as s:
        equal(s.good(web.url())["headers"]["set-cookie"], "a=b; Path=/, c=d")
        s.good(web.url())
        assert "cookie" not in web.requests[1].headers
        equal(web.connections, 2)


# ---- redirects ----

@test
def redirects_of_get_and_head_are_followed():
    other = Web({"*": answer(200, "other")})
    web = Web({"/a": redirect("b?x=1#part", 301), "/b": redirect("/c", 303), "/c": redirect("../d/./e", 307), "/d/e": answer(200, "there"),
               "/other": redirect(other.url("/o"), 308), "/none": answer(302, "no location"), "/300": answer(300, "many", extra=["Location: /a"]),
               "/loop": redirect("/loop"), **{f"/{n}": redirect(f"/{n + 1}") for n in range(1, 7)}, "/7": answer(200, "BREACH")})
    with Stage(allowed(web, other)) as s:
        equal(s.good(web.url("/a"))["body"], "there")
        equal([r.target for r in web.requests], ["/a", "/b?x=1", "/c", "/d/e"])
        equal(s.good(web.url("/a"), "HEAD")["status"], 200)
        equal({r.method for r in web.requests[4:]}, {"HEAD"})
        equal(s.good(web.url("/other"), hosts=allowed(web, other))["body"], "other")
        equal(s.good(web.url("/none"))["status"], 302)
        equal(s.good(web.url("/300"))["status"], 300)
        contains(s.bad("refused", web.url("/loop")), "more than 5 redirects")
        equal(s.good(web.url("/2"))["body"], "BREACH")
        before = len(web.requests)
        contains(s.bad("refused", web.url("/1")), "more than 5 redirects")
        equal(len(web.requests) - before, 6)


@test
def redirects_of_other_methods_are_the_answer():
    web = Web({"/a": redirect("/b", 307), "/b": answer(200, "BREACH")})
    with Stage(allowed(web)) as s:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            got = s.good(web.url("/a"), method)
            equal((got["status"], got["headers"]["location"]), (307, "/b"))
        equal({r.target for r in web.requests}, {"/a"})


@test
def every_redirect_passes_the_guard_again():
    secret, web = Web({"*": answer(200, "BREACH")}), Web()
    places = {f"http://{secret.address}/": "needs", f"http://[::1]:{secret.port}/": "needs", f"http://localhost:{secret.port}/": "private",
              f"https://localhost:{secret.port}/": "private", "http://169.254.169.254/latest/": "needs", "file:///etc/passwd": "https://",
              f"http://2130706433:{secret.port}/": "read as an address", f"http://{web.address}@{secret.address}/": "user", f"//{secret.address}/": "needs",
              f"\\\\{secret.address}/": "backslash", "gopher://x/": "https://", "http:///x": "no host", "/%0d%0aX: y": "control", "/%0d%0aX:y": "line end",
              "/{secret}": "braces", "/\u00e9": "ASCII", "javascript:alert(1)": "https://"}
    with Stage([web.address, f"localhost:{web.port}"]) as s:
        for place, part in places.items():
            web.routes["/r"] = redirect(place)
            contains(s.bad("refused", web.url("/r"), hosts=[web.address, f"localhost:{secret.port}"] if part == "private" and "https" in place
                           else [web.address]), part if part != "private" or "https" in place else "needs")
        equal(secret.connections, 0)
        equal({r.target for r in web.requests}, {"/r"})


@test
def an_encrypted_request_is_verified_and_never_led_to_plain_http():
    with tempfile.TemporaryDirectory() as folder:
        authority(folder)
        good, wrong = certificate(folder, "IP:127.0.0.1"), certificate(folder, "DNS:elsewhere.example")
        plain = Web({"*": answer(200, "BREACH")})
        web = Web({"/": answer(200, "safe"), "/down": redirect(plain.url())}, tls=good)
        other = Web({"*": answer(200, "BREACH")}, tls=wrong)
        old = Web({"*": answer(200, "BREACH")}, tls=certificate(folder, "IP:127.0.0.1", "DNS:old"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            old.tls.minimum_version, old.tls.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        old.tls.set_ciphers("ALL:@SECLEVEL=0")
        with Stage(allowed(web, other, plain, old), authority_of=folder) as s:
            equal(s.good(web.url())["body"], "safe")
            contains(s.bad("refused", web.url("/down"), hosts=allowed(web, plain)), "not encrypted")
            contains(s.bad("unreachable", other.url()), "127.0.0.1")
            s.bad("unreachable", old.url())
            equal((plain.connections, other.requests, old.requests), (0, [], []))
        with Stage(allowed(web)) as s:
            contains(s.bad("unreachable", web.url()), "certificate")
            equal(len(web.requests), 2)


# ---- limits and bad servers ----

@test
def slow_endless_huge_and_garbled_answers_end():
    def drip(request, sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            sock.sendall(b"x")
            time.sleep(0.1)

    def flood(request, sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            sock.sendall(b"x" * 65536)

    def header_flood(request, sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            sock.sendall(b"X-More: " + b"y" * 1000 + b"\r\n")

    def hints(request, sock):
        while True:
            sock.sendall(b"HTTP/1.1 103 Early Hints\r\nX-More: y\r\n\r\n")

    web = Web({"/drip": drip, "/flood": flood, "/headers": header_flood, "/hints": hints, "/silent": lambda r, s: time.sleep(30),
               "/close": lambda r: None, "/garbage": b"SSH-2.0-OpenSSH_9.2\r\n" * 3, "/short": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
               "/big": answer(200, b"z" * ((1 << 20) + 1)), "/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
               "/negative": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", "/gzip": answer(200, b"\x1f\x8b\x08\0junk", extra=["Content-Encoding: gzip"]),
               "/status": b"HTTP/1.1 9999 Odd\r\n\r\n", "/nul": b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", "/http2": b"HTTP/2 200\r\n\r\n",
               "/switch": b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n" + b"x" * 100})
    with Stage(allowed(web)) as s:
        numbers = {s.ask(web.url(path), timeout=1.5): (path, code) for path, code in
                   (("/drip", "timeout"), ("/silent", "timeout"), ("/flood", "limit"), ("/headers", "limit"), ("/hints", "limit"), ("/big", "limit"),
                    ("/close", "unreachable"), ("/garbage", "unreachable"), ("/short", "unreachable"), ("/chunked", "unreachable"), ("/gzip", ""),
                    ("/nul", "unreachable"))}
        while numbers:
            number, code, said, value = s.take()
            path, wanted = numbers.pop(number)
            equal((path, code), (path, wanted))
        for path in ("/negative", "/status", "/http2", "/switch"):  # whatever libcurl makes of it, it is one clean end
            s(web.url(path), timeout=1.5)
        web.routes["/well"] = answer(200, "well")
        equal(s.good(web.url("/well"))["body"], "well")


@test
def a_server_that_is_not_there_was_not_reached():
    web = Web()
    web.close()
    with Stage([web.address]) as s:
        contains(s.bad("unreachable", web.url()), "127.0.0.1")
        contains(s.bad("unreachable", web.url(), "POST", body="x"), "127.0.0.1")
        equal(s.log(), [])
        began = time.monotonic()
        contains(s.bad("unreachable", "https://no-such-name.invalid/", timeout=3), "no-such-name.invalid")
        assert time.monotonic() - began < 6


# ---- the send log ----

@test
def what_changes_something_is_marked_before_and_answered_after():
    web = Web({"/ok": answer(200, "x"), "/gone": answer(410, "x"), "/close": lambda r: None, "/short": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
               "/slow": lambda r, s: time.sleep(20), "/big": answer(200, b"z" * (1 << 21)), "/large": answer(200, b"z" * (1 << 18)),
               "/headers": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000 + b"\r\n\r\n"})
    with Stage(allowed(web)) as s:
        s.good(web.url("/ok"))
        equal(s.log(), [])
        s.good(web.url("/ok"), "POST", key="k1")
        s.good(web.url("/gone"), "DELETE", key="k2")
        contains(s.bad("unknown", web.url("/close"), "POST", key="k3"), "may have been carried out")
        contains(s.bad("unknown", web.url("/short"), "PUT", key="k4"), "may have been carried out")
        contains(s.bad("unknown", web.url("/slow"), "PATCH", key="k5", timeout=0.5), "time is over")
        contains(s.bad("limit", web.url("/big"), "POST", key="k6"), "status 200")
        contains(s.bad("limit", web.url("/large"), "POST", key="k7"), "pick")
        contains(s.bad("limit", web.url("/headers"), "POST", key="k8"), "headers")
        s.bad("refused", "http://10.0.0.1/", "POST", key="k9")
        found = s.net.settle(*(f"k{n}" for n in range(1, 10)))
        equal([f[:2] for f in found], [(ANSWER, 200), (ANSWER, 410), (MARK, 0), (MARK, 0), (MARK, 0), (ANSWER, 200), (ANSWER, 200), (ANSWER, 200), (NONE, 0)])


@test
def the_mark_stands_before_the_first_byte_is_at_the_server():
    seen = []

    def look(request):
        seen.append(s.log())
        return answer(200, "x")
    web = Web({"*": look})
    with Stage(allowed(web)) as s:
        s.good(web.url(), "POST", key="k1")
        equal([line[:2] for line in seen[0]], [["mark", "k1"]])


@test
def a_kill_before_the_mark_leaves_nothing_and_after_it_a_mark():
    web = Web({"*": lambda r, s: time.sleep(20)})
    quiet = Web()
    quiet.handle = lambda sock: time.sleep(20)  # takes the connection and no TLS
    with Stage(allowed(web, quiet)) as s:
        s.ask(web.url(), "POST", key="sent")
        s.ask(f"https://{quiet.address}/", "POST", key="connecting")
        until = time.monotonic() + 10
        while not (web.requests and quiet.connections):
            assert time.monotonic() < until
            time.sleep(0.02)
        s.net.peer.send(F_KILL, s.child.number)
        s.net.ended(s.child)
        equal([f[0] for f in s.net.settle("sent", "connecting", "never")], [MARK, NONE, NONE])
        equal(len(web.requests), 1)


@test
def at_the_end_of_the_host_a_marked_request_is_still_answered_in_the_log():
    def slow(request):
        time.sleep(1.5)
        return answer(202, "x")
    web = Web({"*": slow})
    s = Stage(allowed(web))
    for n in range(3):
        s.ask(web.url(), "POST" if n < 2 else "GET", key=f"k{n}")
    until = time.monotonic() + 10
    while len(web.requests) < 3:
        assert time.monotonic() < until
        time.sleep(0.02)
    began = time.monotonic()
    s.net.close()
    assert time.monotonic() - began < 10
    equal(sorted(line[:3] for line in s.log() if line[0] == "answer"), [["answer", "k0", "202"], ["answer", "k1", "202"]])
    s.folder.cleanup()


# ---- secrets ----

@test
def each_place_gets_the_secret_in_its_way():
    web = Web({"*": answer(200, "ok")})
    a = [web.address]
    secrets = {"bearer": (VALUE, "bearer", a), "basic": ("lea:pass word", "basic", a), "header": (VALUE, "header X-Api-Key", a),
               "path": ("123:a/b c", "path", a), "query": (VALUE, "query api_key", a), "hmac": (VALUE, "hmac", a)}
    with Stage(allowed(web), secrets) as s:
        def sent(name, place="", url=None, method="GET", **more):
            s.good(url or web.url("/p?a=1"), method, secrets=use(name, place), **more)
            return web.requests[-1]
        equal(sent("bearer").headers["authorization"], f"Bearer {VALUE}")
        equal(sent("bearer", "bearer").headers["authorization"], f"Bearer {VALUE}")
        equal(sent("bearer", "header Authorization").headers["authorization"], f"Bearer {VALUE}")
        equal(sent("basic", "header authorization").headers["authorization"], "Basic " + base64.b64encode(b"lea:pass word").decode())
        equal(sent("header", "header x-api-key").headers["x-api-key"], VALUE)
        equal(sent("path", "path", web.url("/bot{secret}/send?x=1")).target, "/bot123:a%2Fb%20c/send?x=1")
        equal(sent("query").target, "/p?a=1&api_key=s3cr3t%2FVa%2Blue%26Q%22x")
        equal(sent("query", url=web.url("/p")).target, "/p?api_key=s3cr3t%2FVa%2Blue%26Q%22x")
        equal(sent("query", url=web.url("/p?")).target, "/p?api_key=s3cr3t%2FVa%2Blue%26Q%22x")
        digest = hmac.new(VALUE.encode(), "é\n".encode(), hashlib.sha256).hexdigest()
        equal(sent("hmac", method="POST", body="é\n").headers["x-hub-signature-256"], "sha256=" + digest)
        s.good(web.url("/p"), secrets=use("bearer") + use("header") + use("query"))
        r = web.requests[-1]
        assert r.headers["authorization"] and r.headers["x-api-key"] and "api_key" in r.target


@test
def a_secret_goes_to_no_other_host_place_or_shape():
    web, other = Web({"*": answer(200, "BREACH")}), Web({"*": answer(200, "BREACH")})
    a, b = web.address, other.address
    secrets = {"bearer": (VALUE, "bearer", [a]), "header": (VALUE, "header X-Key", [a]), "path": (VALUE, "path", [a]), "query": (VALUE, "query key", [a]),
               "login": (VALUE, "login", [a]), "loose": (VALUE, "bearer", []), "placeless": (VALUE, "", [a]), "bare": (VALUE, "bearer", ["127.0.0.1"]),
               "lines": ("one\ntwo", "bearer", [a]), "nopair": ("justone", "basic", [a]), "host": (VALUE, "header Host", [a]), "hidden": (VALUE, "bearer", [a]),
               "long": ("x" * 5000, "bearer", [a])}
    given = [n for n in secrets if n != "hidden"] + ["missing"]
    with Stage([a, b], secrets, given) as s:
        for name, place, url, code, part in (
                ("bearer", "", other.url(), "refused", "not for the host"), ("bare", "", web.url(), "refused", "not for the host"),
                ("bearer", "header x-key", web.url(), "refused", "place"), ("bearer", "query token", web.url(), "refused", "place"),
                ("bearer", "body", web.url(), "refused", "place"), ("bearer", "basic", web.url(), "refused", "place"),
                ("header", "header x-other", web.url(), "refused", "place"), ("header", "header authorization", web.url(), "refused", "place"),
                ("query", "query other", web.url(), "refused", "place"), ("login", "", web.url(), "refused", "signing in"),
                ("login", "login", web.url(), "refused", "signing in"), ("loose", "", web.url(), "refused", "no host"),
                ("placeless", "", web.url(), "refused", "no place"), ("missing", "", web.url(), "refused", "not in the vault"),
                ("hidden", "", web.url(), "refused", "not among"), ("lines", "", web.url(), "refused", "line end"),
                ("nopair", "", web.url(), "refused", "user:password"), ("host", "", web.url(), "refused", "host"),
                ("long", "", web.url(), "refused", "4096"), ("path", "", web.url("/x"), "invalid", "{secret}"),
                ("path", "", web.url("/{secret}/{secret}"), "invalid", "{secret}"), ("bearer", "", web.url("/{secret}"), "invalid", "{secret}")):
            for method in ("GET", "POST"):
                said = s.bad(code, url, method, secrets=use(name, place), hosts=[a, b])
                contains(said, part)
                assert VALUE not in said
        contains(s.bad("invalid", web.url(), secrets=use("bearer"), headers={"Authorization": "x"}), "twice")
        contains(s.bad("invalid", web.url(), secrets=use("bearer") + use("bearer")), "twice")
        contains(s.bad("invalid", web.url("/{secret}"), secrets=use("path") + use("path")), "{secret}")
        equal((web.connections, other.connections), (0, 0))


@test
def a_redirect_to_another_origin_takes_no_secret_and_no_credential_along():
    other = Web({"*": answer(200, "other")})
    web = Web({"/same": redirect("/there"), "/there": answer(200, "there"), "/other": redirect(other.url("/o")), "/home": redirect("/back")})
    home = Web({"*": redirect(web.url("/there"))})
    web.routes["/around"] = redirect(home.url("/x"))
    a = [web.address]
    secrets = {"bearer": (VALUE, "bearer", a + [other.address, home.address]), "query": (VALUE, "query key", a + [other.address])}
    sent = {"cookie": "a=b", "x-api-key": "typed-in", "accept": "text/x", "user-agent": "Mine"}
    with Stage(allowed(web, other, home), secrets) as s:
        hosts = allowed(web, other, home)
        equal(s.good(web.url("/same"), secrets=use("bearer") + use("query"), headers=sent)["body"], "there")
        equal([r.headers["authorization"] for r in web.requests], [f"Bearer {VALUE}"] * 2)
        contains(web.requests[-1].target, "key=")
        equal(web.requests[-1].headers["cookie"], "a=b")
        equal(s.good(web.url("/other"), secrets=use("bearer") + use("query"), headers=sent, hosts=hosts)["body"], "other")
        r = other.requests[0]
        equal((sorted(r.headers), r.headers["accept"], r.headers["user-agent"], r.target), (["accept", "host", "user-agent"], "text/x", "Mine", "/o"))
        equal(s.good(web.url("/around"), secrets=use("bearer"), headers=sent, hosts=hosts)["body"], "there")
        equal(sorted(web.requests[-1].headers), ["accept", "host", "user-agent"])
        # An open redirect that would carry the secret off in the address.
        web.routes["/open"] = lambda request: redirect(other.url("/take?" + request.target.partition("?")[2]))
        said = s.bad("refused", web.url("/open"), secrets=use("query"), hosts=hosts)
        contains(said, "with a secret")
        assert VALUE not in said and len(other.requests) == 1


@test
def an_answer_that_echoes_a_secret_comes_back_without_it():
    pair, token = "lea:pass%word=1", "123:abc/def"
    encoded = base64.b64encode(pair.encode()).decode()

    def echo(request):
        said = json.dumps({"headers": request.headers, VALUE: 1, "nested": [{"v": f"<{VALUE}>"}], "pair": pair, "target": request.target, "token": token})
        return answer(200, said, "application/json", [f"X-Echo: {VALUE}", f"X-Pair: {pair} {encoded}", f"X-Token: {token}"])

    web = Web({"*": echo, "/text": lambda r: answer(200, r.raw), "/b64": lambda r: answer(200, base64.b64encode(b"x" + r.raw)),
               "/hex": lambda r: answer(200, r.raw.hex()), "/slashes": lambda r: answer(200, json.dumps({"v": VALUE}).replace("/", "\\/"), "application/json"),
               "/twice": lambda r: as_json({"v": json.dumps(VALUE)}), "/html": lambda r: answer(200, VALUE.replace("&", "&amp;").replace('"', "&#34;"), "text/html"),
               "/there": lambda r: redirect("ftp://" + VALUE.replace('"', "%22").replace("+", "%2B") + "/")})
    a = [web.address]
    secrets = {"key": (VALUE, "header X-Key", a), "pair": (pair, "basic", a), "path": (token, "path", a), "sign": (VALUE, "hmac", a)}
    forms = {"key": [VALUE, json.dumps(VALUE)[1:-1], "s3cr3t%2FVa%2Blue%26Q%22x", base64.b64encode(VALUE.encode()).decode(), VALUE.encode().hex(), "s3cr3t"],
             "pair": [pair, "pass%word=1", encoded], "path": [token, "123:abc%2Fdef"], "sign": [hmac.new(VALUE.encode(), b"x", hashlib.sha256).hexdigest(), VALUE]}
    with Stage(allowed(web), secrets) as s:
        for name in secrets:
            for path in ("/", "/text", "/b64", "/hex", "/slashes", "/twice", "/html"):
                if name in ("pair", "path") and path in ("/slashes", "/twice", "/html"):
                    continue  # these say VALUE whatever was sent
                url = web.url(path + ("?" if path != "/" else "x{secret}") if name == "path" else path)
                if name == "path" and path != "/":
                    continue  # its echo stands in the path, which chooses the answer
                got = s.good(url, "POST", secrets=use(name), body="x")
                whole = json.dumps(got, ensure_ascii=False) + got["body"] + str(got.get("json"))
                for form in forms[name]:
                    assert form not in whole, (name, path, form, whole)
                assert f"[secret {name}]" in whole or (name, path) in (("sign", "/b64"), ("sign", "/hex")), (name, path, whole)
        got = s.good(web.url("/b64"), secrets=use("key"))
        for part in got["body"].split("[secret key]"):
            for skip in range(4):
                digits = part[skip:].rstrip("=")
                plain = base64.b64decode(digits[:len(digits) // 4 * 4]).decode("latin-1")
                assert VALUE[:4] not in plain and VALUE[-4:] not in plain, plain
        got = s.good(web.url("/"), secrets=use("key"))
        equal((got["headers"]["x-echo"], got["json"]["[secret key]"], got["json"]["nested"]), ("[secret key]", 1, [{"v": "<[secret key]>"}]))
        got = s.good(web.url("/"), "POST", secrets=use("sign"), body="x")
        equal(got["json"]["headers"]["x-hub-signature-256"], "sha256=[secret sign]")
        said = s.bad("refused", web.url("/there"), secrets=use("key"))
        assert "s3cr3t" not in said, said


@test
def a_locked_vault_refuses_secrets_and_nothing_else():
    web = Web({"*": answer(200, "open")})
    s = Stage(allowed(web), {"key": (VALUE, "bearer", [web.address])})
    s.net.close()
    Path(s.key).write_bytes(b"z" * 32)
    s.net = Net(NET, s.workspace, "--key-file", s.key)
    equal(s.net.ready()["vault"], "locked")
    s.child = s.net.requester(["key"], allowed(web))
    with s:
        contains(s.bad("refused", web.url(), secrets=use("key")), "vault is locked")
        equal(s.good(web.url())["body"], "open")
        equal(len(web.requests), 1)


def main():
    chosen = [t for t in tests if len(sys.argv) < 2 or sys.argv[1] in t.__name__]
    print(f"1..{len(chosen)}", flush=True)
    failed = 0
    for n, function in enumerate(chosen, 1):
        name = function.__name__.replace("_", " ")
        try:
            function()
            print(f"ok {n} - {name}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {n} - {name}")
            for line in traceback.format_exc().splitlines():
                print("#  ", line, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
