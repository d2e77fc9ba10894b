# SPDX-License-Identifier: MIT
"""Plays the host to build/libexec/perigee/net: frames over a socketpair (runtime/base/frame.h, proto.h)."""
import array
import json
import os
import select
import socket
import struct
import subprocess
import time

F_FORK, F_FORKED, F_KILL, F_ENDED = 1, 2, 3, 4
(N_SETTLE, N_SETTLED, N_TRIM, N_RELOAD, N_READY, N_SEND, N_SENT, N_HEALTH, N_WATCH, N_READ, N_MAIL, N_MAILBOX,
 N_PASSED, N_FIND, N_FOUND, N_REQUEST, N_RESPONSE) = range(64, 81)
OK, RATE, TEMPORARY, AMBIGUOUS, WINDOW, UNREACHABLE, AUTH, CONFIG, PERMANENT = range(9)
NONE, MARK, ANSWER = range(3)
HEADER = struct.Struct("<IBBHQ")


def u8(v):
    return struct.pack("<B", v)


def u32(v):
    return struct.pack("<I", v)


def text(v):
    raw = v.encode() if isinstance(v, str) else v
    return u32(len(raw)) + raw + b"\0"


class Fields:
    """The payload of a frame, read in order."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, form):
        value, = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return value

    def raw(self):
        size = self.number("I")
        value = self.data[self.at:self.at + size]
        assert self.data[self.at + size] == 0
        self.at += size + 1
        return value

    def text(self):
        return self.raw().decode()

    def end(self):
        assert self.at == len(self.data), "bytes are left in a frame"


class Peer:
    def __init__(self, sock):
        self.sock, self.buffer, self.frames = sock, b"", []

    def send(self, kind, ident, payload=b"", fd=None):
        raw = HEADER.pack(len(payload), kind, 1 if fd is not None else 0, 0, ident) + payload
        if fd is None:
            self.sock.sendall(raw)
            return
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
        self.sock.sendmsg([raw[:1]], rights)
        self.sock.sendall(raw[1:])

    def _fill(self, timeout):
        if not select.select([self.sock], [], [], timeout)[0]:
            return False
        got = self.sock.recv(1 << 20)
        if not got:
            raise EOFError
        self.buffer += got
        return True

    def take(self, timeout=20.0):
        """The next frame as (kind, id, Fields), or None when the time is over."""
        until = time.monotonic() + timeout
        while True:
            if len(self.buffer) >= HEADER.size:
                size, kind, _, _, ident = HEADER.unpack_from(self.buffer)
                if len(self.buffer) >= HEADER.size + size:
                    data = self.buffer[HEADER.size:HEADER.size + size]
                    self.buffer = self.buffer[HEADER.size + size:]
                    return kind, ident, Fields(data)
            if not self._fill(max(0.0, until - time.monotonic())) and time.monotonic() >= until:
                return None

    def expect(self, wanted, timeout=20.0):
        """The next frame of that kind; others are kept in frames."""
        until = time.monotonic() + timeout
        while True:
            got = self.take(max(0.0, until - time.monotonic()))
            assert got is not None, f"no frame of kind {wanted} came; others: {[f[0] for f in self.frames]}"
            if got[0] == wanted:
                return got
            self.frames.append(got)

    def close(self):
        self.sock.close()


class Net:
    """One net with its parent's socket; use as a context manager."""

    def __init__(self, program, workspace, *args, env=None, wrap=()):
        mine, theirs = socket.socketpair()
        self.numbers = 0
        self.children = []
        environment = dict(os.environ, **(env or {}))
        moved = theirs.fileno()

        def as_fd_3():
            os.dup2(moved, 3)
            os.set_inheritable(3, True)  # also where it was 3 already

        self.process = subprocess.Popen([*wrap, program, workspace, *args], preexec_fn=as_fd_3, close_fds=False, env=environment,
                                        stdin=subprocess.DEVNULL)
        theirs.close()
        self.peer = Peer(mine)

    def ready(self):
        return json.loads(self.peer.expect(N_READY)[2].text())

    def fork(self, account, role, config, allow=()):
        return self._fork({"account": account, "role": role, "config": config, "allow_addresses": list(allow)})

    def requester(self, secrets=(), allow=()):
        return self._fork({"role": "requester", "secrets": list(secrets), "allow_addresses": list(allow)})

    def _fork(self, plan):
        mine, theirs = socket.socketpair()
        self.numbers += 1
        self.peer.send(F_FORK, self.numbers, text(json.dumps(plan)), theirs.fileno())
        theirs.close()
        child = Peer(mine)
        child.number = self.numbers
        child.pid = self.peer.expect(F_FORKED)[2].number("I")
        self.children.append(child)
        return child

    def settle(self, *ids):
        self.peer.send(N_SETTLE, 7, u32(len(ids)) + b"".join(text(i) for i in ids))
        fields = self.peer.expect(N_SETTLED)[2]
        count = fields.number("I")
        found = [(fields.number("B"), fields.number("I"), fields.text(), fields.text()) for _ in range(count)]
        fields.end()
        return found

    def trim(self, *ids):
        self.peer.send(N_TRIM, 0, u32(len(ids)) + b"".join(text(i) for i in ids))

    def ended(self, child, timeout=40.0):
        """Waits until net says that the child was reaped; its wait status."""
        kind, ident, fields = self.peer.expect(F_ENDED, timeout)
        assert ident == child.number
        return fields.number("I")

    def close(self, timeout=45):
        for child in self.children:
            child.close()
        self.peer.close()
        return self.process.wait(timeout)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            self.close()


def message(ident, to="bob@example.org", body="Hello\r\n", extra=""):
    return (f"From: Lea <lea@brand.example>\r\nTo: {to}\r\nSubject: A word\r\nMessage-ID: <{ident}>\r\n{extra}"
            f"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n{body}").encode()


def send(child, number, ident, to=("bob@example.org",), raw=None, sender="lea@brand.example"):
    raw = message(ident, to[0] if to else "nobody") if raw is None else raw
    child.send(N_SEND, number, text(ident) + text(sender) + u32(len(to)) + b"".join(text(t) for t in to) + text(raw))


def sent(child, timeout=20.0):
    """The next outcome: (number, class, code, enhanced, text)."""
    _, number, fields = child.expect(N_SENT, timeout)
    result = number, fields.number("B"), fields.number("I"), fields.text(), fields.text()
    fields.end()
    return result


def health(child, timeout=20.0):
    for i, frame in enumerate(child.frames):
        if frame[0] == N_HEALTH:
            del child.frames[i]
            break
    else:
        frame = child.expect(N_HEALTH, timeout)
    return frame[2].number("B"), frame[2].text(), frame[2].text()
