# SPDX-License-Identifier: MIT
"""The outside world of hostile scripts: https servers on loopback addresses of our own, and names that resolve to them for the
program under test alone (a mount namespace with its own /etc/hosts; needs root).

    api.example.com      what scripts may ask: answers with all that it was sent
    rebind.example.com   changes all the time between that server and a forbidden address whose server says BREACH-MARK
    evil.test and others are trapped: their address is even allowed, so only the host's look at names keeps scripts from them
"""
import json
import os
import random
import shutil
import socket
import ssl
import subprocess
import threading
import time

TRAPS = ("evil.test", "api.example.com.evil.test", "evil.example.com", "sub.api.example.com", "example.com", "xapi.example.com",
         "api.example.com.evil.test", "metadata.google.internal", "other.example.com")


class Server:
    """Answers each https (or plain) request with JSON that tells what it was asked; keeps the requests."""

    def __init__(self, address, port, context, answer):
        self.requests, self.answer, self.context = [], answer, context
        self.socket = socket.create_server((address, port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        sock.settimeout(10)
        request = {"connected": True}
        self.requests.append(request)
        try:
            with (self.context.wrap_socket(sock, server_side=True) if self.context else sock) as stream:
                head, body = self.read(stream)
                request.update(head=head, body=body)
                stream.sendall(self.answer(head, body))
        except (OSError, ssl.SSLError, ValueError):
            pass

    def read(self, stream):
        got = b""
        while b"\r\n\r\n" not in got and len(got) < 1 << 20:
            more = stream.recv(65536)
            if not more:
                break
            got += more
        head, _, body = got.partition(b"\r\n\r\n")
        sizes = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        while sizes and len(body) < int(sizes[0]):
            more = stream.recv(65536)
            if not more:
                break
            body += more
        return head.decode("latin-1"), body

    def close(self):
        self.socket.close()


def reply(body, status="200 OK", more=""):
    raw = body.encode() if isinstance(body, str) else body
    return f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(raw)}\r\nConnection: close\r\n{more}\r\n".encode() + raw


class World:
    def __init__(self, folder):
        self.dir, self.servers, self.environment, self.allowed, self.why = folder, [], {}, [], None
        self.running = True
        self.why = self.unable()
        if self.why:
            return
        self.good, self.trap, self.bad = (self.address() for _ in range(3))
        self.make_certificate()
        self.environment = {"SSL_CERT_FILE": str(self.dir / "cert.pem")}
        self.allowed = [f"{self.good}:443", f"{self.trap}:443", f"{self.trap}:80"]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.dir / "cert.pem", self.dir / "key.pem")
        self.api = self.server(self.good, 443, context, self.echo)
        self.traps = [self.server(self.trap, 443, context, self.mark), self.server(self.trap, 80, None, self.mark),
                      self.server(self.bad, 443, context, self.mark), self.server(self.bad, 80, None, self.mark),
                      self.server(self.good, 80, None, self.mark)]
        self.hosts = self.dir / "hosts"
        self.write_hosts(self.good)
        threading.Thread(target=self.rebind, daemon=True).start()

    def unable(self):
        if os.geteuid() != 0:
            return "names are given addresses only as root"
        if not shutil.which("unshare") or subprocess.run(self.command(["true"], "/etc/hosts"), capture_output=True).returncode:
            return "no mount namespace of its own here"
        return None

    @staticmethod
    def address():
        return f"127.{random.randint(60, 250)}.{random.randint(1, 250)}.{random.randint(2, 250)}"

    def server(self, *how):
        server = Server(*how)
        self.servers.append(server)
        return server

    def make_certificate(self):
        names = ["api.example.com", "rebind.example.com", *TRAPS]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=attacks",
                        "-addext", "subjectAltName=" + ",".join(f"DNS:{n}" for n in names), "-keyout", self.dir / "key.pem",
                        "-out", self.dir / "cert.pem"], check=True, capture_output=True)

    def write_hosts(self, rebind):
        lines = ["127.0.0.1 localhost", f"{self.good} api.example.com", f"{rebind} rebind.example.com", *(f"{self.trap} {n}" for n in TRAPS)]
        text = "\n".join(line.ljust(60) for line in lines) + "\n"
        with open(self.hosts, "r+b" if self.hosts.exists() else "wb", buffering=0) as file:
            file.write(text.encode())  # in place and of one length: a reader sees one or the other

    def rebind(self):
        while self.running:
            for address in (self.bad, self.good):
                time.sleep(0.003)
                self.write_hosts(address)

    def command(self, words, hosts=None):
        """The command line that runs another where the names are ours."""
        if self.why:
            return words
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"',
                str(hosts or self.hosts), *words]

    def echo(self, head, body):
        path = head.split(" ")[1] if " " in head else ""
        if path.startswith("/redirect?"):
            return reply("gone on", "302 Found", f"Location: {path.partition('?')[2]}\r\n")
        if path.startswith("/echo"):
            return reply(json.dumps({"head": head, "body": body.decode("latin-1")}))
        return reply("fine")

    @staticmethod
    def mark(head, body):
        return reply("BREACH-MARK")

    def control(self, workspace):
        """(held, sentence): requests work at all, so that refusing them means something."""
        if self.why:
            return True, f"requests go nowhere # SKIP {self.why}"
        run, said = workspace.enrol("control")
        row = workspace.wait("control", run, 60) if run else {}
        shown = [request for request in self.api.requests if "authorization: bearer s3cr3t-value" in request.get("head", "").lower()]
        return row.get("outcome") == "fine" and bool(shown), "a request that is allowed is answered, and carries the secret", said, row

    def breaches(self):
        if self.why:
            return []
        found = [f"a request to a forbidden server: {r}" for trap in self.traps for r in trap.requests]
        for request in self.api.requests:
            head, body = request.get("head", ""), request.get("body", b"")
            lines = head.split("\r\n")
            names = [line.split(":")[0].lower() for line in lines[1:]]
            secrets = [line for line in lines if "s3cr3t" in line and not line.lower().startswith("authorization: bearer ")]
            hosts = [line for line in lines if line.lower().startswith("host:")]
            if (secrets or b"s3cr3t" in body or names.count("host") > 1 or hosts not in ([], ["Host: api.example.com"], ["Host: rebind.example.com"])
                    or {"x-b", "proxy-authorization", "trailer", "te", "upgrade", "x"} & set(names) or "\n" in head.replace("\r\n", "")):
                found.append(f"a request at api.example.com: {head!r}")
        return found

    def close(self):
        self.running = False
        for server in self.servers:
            server.close()
