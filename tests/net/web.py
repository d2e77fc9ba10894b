# SPDX-License-Identifier: MIT
"""A small scripted web server on loopback, with TLS if asked: it answers what the test tells it, badly too."""
import json
import ssl
import subprocess
import threading

from servers import Listener


class Request:
    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = lines[0].split(" ")
        self.lines = lines[1:]
        self.headers = {}
        for line in self.lines:
            name, value = line.split(":", 1)
            assert name.lower() not in self.headers, f"{name} twice"
            self.headers[name.lower()] = value.strip()
        self.body = body
        self.raw = head + b"\r\n\r\n" + body


def answer(status=200, body=b"", type_="text/plain", extra=()):
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *([f"Content-Type: {type_}"] if type_ else []), *extra]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def as_json(value, status=200, type_="application/json"):
    return answer(status, json.dumps(value), type_)


def redirect(location, status=302):
    return answer(status, "go there", extra=[f"Location: {location}"])


class Web(Listener):
    """routes: path → bytes, or a function of the Request that gives bytes (None: close without a word), or of (request, socket)
    if it has two arguments. "*" is for all others. Keeps all requests."""

    def __init__(self, routes=None, tls=None, host="127.0.0.1", port=0):
        self.routes, self.tls, self.requests = routes or {}, tls, []
        self.lock = threading.Lock()
        self.at_once = self.most_at_once = 0
        super().__init__(self._session, host, port)

    def url(self, path="/"):
        return f"{'https' if self.tls else 'http'}://{self.address}{path}"

    def _session(self, sock):
        if self.tls:
            sock = self.tls.wrap_socket(sock, server_side=True)
        stream = b""
        while b"\r\n\r\n" not in stream:
            got = sock.recv(65536)
            if not got:
                return
            stream += got
        head, _, body = stream.partition(b"\r\n\r\n")
        request = Request(head, b"")
        while len(body) < int(request.headers.get("content-length", 0)):
            got = sock.recv(65536)
            if not got:
                return
            body += got
        request.body, request.raw = body, head + b"\r\n\r\n" + body
        with self.lock:
            self.requests.append(request)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            said = self._answer(request, sock)
        finally:
            with self.lock:  # before it is answered: whoever has the answer may be here with the next request at once
                self.at_once -= 1
        if said:
            sock.sendall(said)
        sock.close()

    def _answer(self, request, sock):
        route = self.routes.get(request.target.partition("?")[0], self.routes.get("*", answer(404, "nothing here")))
        if not callable(route):
            return route
        return route(request, sock) if route.__code__.co_argcount == 2 else route(request)


def run(*words, cwd):
    subprocess.run(words, cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def authority(folder):
    """A certificate authority of the test's own in folder/ca.pem."""
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=test authority",
        "-keyout", "ca.key", "-out", "ca.pem", cwd=folder)


def certificate(folder, *names, days=2):
    """An SSLContext with a certificate for these names (DNS:a.example, IP:127.0.0.1), by the folder's authority."""
    stem = names[0].replace(":", "-")
    run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={names[0][4:] or 'x'}", "-keyout",
        stem + ".key", "-out", stem + ".csr", cwd=folder)
    with open(f"{folder}/{stem}.ext", "w") as out:
        out.write(f"subjectAltName={','.join(names)}\n")
    run("openssl", "x509", "-req", "-in", stem + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", str(days), "-extfile",
        stem + ".ext", "-out", stem + ".pem", cwd=folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/{stem}.pem", f"{folder}/{stem}.key")
    return context
