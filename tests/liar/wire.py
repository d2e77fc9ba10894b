# SPDX-License-Identifier: MIT
"""Frames as runtime/base/frame.h has them, and the man in the middle between the host and the real worker's zygote: every child that
the host asks for is a real one behind a socket of ours, so that what passes can be read, changed, held back and made up."""
import array
import json
import os
import select
import socket
import struct
import sys

F_FORK, F_FORKED, F_KILL, F_ENDED = 1, 2, 3, 4
(W_LOAD, W_LOADED, W_REFUSED, W_DROP, W_VISIT, W_EFFECT, W_ANSWER, W_ABANDON, W_REWRITE, W_DONE, W_FAILED, W_DIVERGED, W_RENDER,
 W_RENDERED, W_MAIL, W_MAIL_READ, W_COVERED) = range(16, 33)
HEADER = struct.Struct("<IBBHQ")
CAP = 4 << 20


def u8(v):
    return struct.pack("<B", v)


def u32(v):
    return struct.pack("<I", v)


def text(v):
    raw = v.encode("utf-8", "surrogatepass") if isinstance(v, str) else v
    return u32(len(raw)) + raw + b"\0"


def canonical(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def frame(kind, id, *fields, size=None, fds=0, reserved=0):
    body = b"".join(fields)
    return HEADER.pack(len(body) if size is None else size, kind, fds, reserved, id) + body


class Fields:
    def __init__(self, body):
        self.body, self.at = body, 0

    def number(self, form):
        value, = struct.unpack_from("<" + form, self.body, self.at)
        self.at += struct.calcsize("<" + form)
        return value

    def raw(self):
        size = self.number("I")
        self.at += size + 1
        return self.body[self.at - size - 1:self.at - 1]

    def text(self):
        return self.raw().decode()

    def json(self):
        return json.loads(self.raw())


class Stream:
    """A socket, its frames as they come, and bytes that wait to be written."""

    def __init__(self, sock):
        self.sock, self.out, self.buffer, self.fds, self.open = sock, bytearray(), bytearray(), [], True
        sock.setblocking(False)

    def read(self):
        try:
            data, control, _, _ = self.sock.recvmsg(1 << 18, socket.CMSG_SPACE(64))
        except BlockingIOError:
            return
        except OSError:
            data, control = b"", []
        for level, kind, raw in control:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                got = array.array("i")
                got.frombytes(raw[:len(raw) // 4 * 4])
                self.fds += got
        self.open = bool(data)
        self.buffer += data

    def frames(self):
        while len(self.buffer) >= HEADER.size:
            size, kind, fds, _, id = HEADER.unpack_from(self.buffer)
            end = HEADER.size + size
            if len(self.buffer) < end:
                return
            raw = bytes(self.buffer[:end])
            del self.buffer[:end]
            yield kind, id, raw, self.fds.pop(0) if fds else None

    def write(self, raw):
        self.out += raw
        self.flush()

    def flush(self):
        try:
            while self.out:
                del self.out[:self.sock.send(self.out)]
        except BlockingIOError:
            pass
        except OSError:
            self.out.clear()

    def write_with(self, raw, fd):
        """The first byte takes the descriptor along."""
        while self.out:
            select.select([], [self.sock], [])
            self.flush()
        self.sock.sendmsg([raw[:1]], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
        self.write(raw[1:])


class Child:
    """One worker: host and worker are the two sides. The other members are for the lies."""

    def __init__(self, number, domain, host, worker):
        self.number, self.domain, self.host, self.worker = number, domain, Stream(host), Stream(worker)
        self.asked = []      # kinds of the host's requests, in order
        self.deaf = False    # nothing more is read of the host, nor passed to it
        self.visits = {}     # ticket → what the visit is about
        self.renders = {}
        self.mails = {}
        self.loads = {}      # program → its name


class Middle:
    """to_worker and to_host are asked about each frame of a child and give the bytes that go on instead (None: as it is)."""

    def __init__(self, program, arguments, to_worker, to_host):
        self.to_worker, self.to_host, self.children, self.all = to_worker, to_host, {}, []
        self.host = Stream(socket.socket(fileno=3))
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            if theirs.fileno() == 3:
                os.set_inheritable(3, True)
            else:
                os.dup2(theirs.fileno(), 3)
            os.execv(program, [program, *arguments])
        theirs.close()
        self.zygote = Stream(ours)

    def fork(self, raw, id, fd):
        what = Fields(raw[HEADER.size:]).json()
        ours, theirs = socket.socketpair()
        child = Child(id, what["domain"], socket.socket(fileno=fd), ours)
        self.children[id] = child
        self.all.append(child)
        self.zygote.write_with(raw, theirs.fileno())
        theirs.close()

    def hear_host(self):
        self.host.read()
        for kind, id, raw, fd in self.host.frames():
            if kind == F_FORK:
                self.fork(raw, id, fd)
            else:
                self.zygote.write(raw)

    def relay(self, child, stream):
        stream.read()
        from_host = stream is child.host
        ask, there = (self.to_worker, child.worker) if from_host else (self.to_host, child.host)
        for kind, id, raw, fd in stream.frames():
            if from_host:
                child.asked.append(kind)
            said = None if child.deaf else ask(child, kind, id, raw)
            if not child.deaf:
                there.write(raw if said is None else said)
        if not stream.open:
            while there.out and not child.deaf and select.select([], [there.sock], [], 1)[1]:
                there.flush()
            self.end(child)

    def end(self, child):
        if self.children.pop(child.number, None):
            child.host.sock.close()
            child.worker.sock.close()

    def turn(self):
        streams = {self.host.sock: None, self.zygote.sock: None}
        for child in self.children.values():
            if not child.deaf:
                streams[child.host.sock] = (child, child.host)
                streams[child.worker.sock] = (child, child.worker)
        writers = [s for s, c in streams.items() if c and c[1].out]
        readable, writable, _ = select.select(list(streams), writers, [], 1)
        for sock in writable:
            streams[sock][1].flush()
        for sock in readable:
            if sock is self.host.sock:
                self.hear_host()
            elif sock is self.zygote.sock:
                self.zygote.read()
                for kind, id, raw, _ in self.zygote.frames():
                    self.host.write(raw)
            elif streams[sock][0].number in self.children:
                self.relay(*streams[sock])
        return self.host.open and self.zygote.open

    def run(self):
        while self.turn():
            pass
        self.zygote.sock.close()
        os.waitpid(self.pid, 0)
