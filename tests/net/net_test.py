#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The role net, played by a host made here against scripted mail servers: sends, the send log, reads, secrets.

Prints TAP. Expects BUILD in the environment (default: build). `net_test.py WORD` runs only the tests whose name has it.
"""
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from host import (AMBIGUOUS, ANSWER, AUTH, CONFIG, MARK, N_FIND, N_FOUND, N_HEALTH, N_MAIL, N_MAILBOX, N_PASSED, N_READ, N_RELOAD,  # noqa: E402
                  N_WATCH, NONE, OK, PERMANENT, TEMPORARY, UNREACHABLE, F_KILL, Net, health, message, send, sent, text)
from servers import Imap, Smtp, slowly  # noqa: E402

NET = str(HERE.parent.parent / os.environ.get("BUILD", "build") / "libexec/perigee/net")
tests = []


def test(function):
    tests.append(function)
    return function


class Stage:
    """A workspace and a net for one test."""

    def __init__(self, *args, **options):
        self.folder = tempfile.TemporaryDirectory(prefix="perigee-net-")
        self.workspace = self.folder.name
        self.args, self.options = args, options
        self.net = None

    def start(self):
        self.net = Net(NET, self.workspace, *self.args, **self.options)
        return self.net.ready()

    def sender(self, server, user="", password="", allow=None, **smtp):
        config = {"name": "lea", "channel": "email", "from_address": "lea@brand.example",
                  "smtp": {"url": f"smtp://{server.address}", "tls": "none", "user": user, "password": password, **smtp}}
        return self.net.fork("lea", "sender", config, [server.address] if allow is None else allow)

    def reader(self, server, folders=None, user="", password="", **imap):
        config = {"name": "lea", "channel": "email", "from_address": "lea@brand.example",
                  "imap": {"url": f"imap://{server.address}", "tls": "none", "user": user, "password": password, **imap}}
        child = self.net.fork("lea", "reader", config, [server.address])
        watch = folders or [{"folder": "INBOX", "role": "inbox", "since": "01-Nov-2026"}, {"folder": "Sent", "role": "sent", "since": "01-Nov-2026"}]
        child.send(N_WATCH, 0, text(json.dumps(watch)))
        return child

    def log(self):
        return [line.split(" ")[:3] for line in Path(self.workspace, "run/send.log").read_text().splitlines()]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, value, trace):
        if self.net and self.net.process.poll() is None:
            self.net.close()
        self.folder.cleanup()


def equal(got, wanted):
    assert got == wanted, f"got {got!r}, wanted {wanted!r}"


def outcomes(child, count):
    return [sent(child)[:4] for _ in range(count)]


def read(child):
    """A whole pass: [(role, uid, bytes)] of the mails, and the last mailbox states {role: (uidvalidity, uid)}."""
    child.send(N_READ, 99)
    return finish(child)


def finish(child, ok=1):
    mails, boxes = [], {}
    while True:
        got = child.take(70)
        assert got, "no N_PASSED came"
        kind, _, fields = got
        if kind == N_MAIL:
            role, _, uid, _, _ = fields.text(), fields.number("I"), fields.number("I"), fields.number("q"), fields.number("B")
            mails.append((role, uid, fields.raw()))
            fields.end()
        elif kind == N_MAILBOX:
            role, validity, uid, _ = fields.text(), fields.number("I"), fields.number("I"), fields.number("Q")
            boxes[role] = validity, uid
            fields.end()
        elif kind == N_HEALTH:
            child.frames.append(got)
        elif kind == N_PASSED:
            passed, said = fields.number("B"), fields.text()
            assert passed == ok, said
            return mails, boxes


# ---- sending ----

@test
def messages_leave_pipelined_over_one_connection():
    server = Smtp()
    with Stage() as s:
        child = s.sender(server)
        for n in range(1, 6):
            send(child, n, f"m{n}@brand.example", raw=message(f"m{n}@brand.example", body=f".{n}\r\n..\r\n.\r\n"))
        equal(outcomes(child, 5), [(n, OK, 250, "2.0.0") for n in range(1, 6)])
        equal(server.connections, 1)
        equal([m[2] for m in server.messages], [message(f"m{n}@brand.example", body=f".{n}\r\n..\r\n.\r\n") for n in range(1, 6)])
        assert any(b"MAIL" in w and b"RCPT" in w and b"DATA" in w for w in server.writes), "MAIL, RCPT and DATA go in one write"
        assert any(w.startswith(b".\r\nMAIL") or b"\r\n.\r\nMAIL" in w for w in server.writes), "the next envelope goes behind the dot"
        equal([line[0] for line in s.log()], ["mark", "answer"] * 5)


@test
def a_server_without_pipelining_is_spoken_to_step_by_step():
    server = Smtp(offer=("SIZE 100000",), RCPT=["550 5.1.1 unknown", "usual", "usual"], MAIL=["usual", "usual", "501 5.5.4 no"])
    with Stage() as s:
        child = s.sender(server)
        for n in range(1, 5):
            send(child, n, f"m{n}@brand.example")
        equal(outcomes(child, 4), [(1, UNREACHABLE, 550, "5.1.1"), (2, OK, 250, "2.0.0"), (3, PERMANENT, 501, "5.5.4"), (4, OK, 250, "2.0.0")])
        assert not any(w.count(b"\r\n") > 1 and w.startswith((b"MAIL", b"RCPT", b"DATA", b"RSET")) for w in server.writes)


@test
def refusals_are_classed_and_the_next_message_is_unharmed():
    server = Smtp(RCPT=["550 5.1.1 no such user", "450 4.2.0 greylisted", "usual", "550 5.7.1 policy", "usual"],
                  END=["554 5.6.0 bad content", "usual"])
    with Stage() as s:
        child = s.sender(server)
        for n in range(1, 6):
            send(child, n, f"m{n}@brand.example")
        equal(outcomes(child, 5), [(1, UNREACHABLE, 550, "5.1.1"), (2, TEMPORARY, 450, "4.2.0"), (3, PERMANENT, 554, "5.6.0"),
                                   (4, PERMANENT, 550, "5.7.1"), (5, OK, 250, "2.0.0")])
        equal(s.log(), [["mark", "m3@brand.example", s.log()[0][2]], ["answer", "m3@brand.example", "554"],
                        ["mark", "m5@brand.example", s.log()[0][2]], ["answer", "m5@brand.example", "250"]])


@test
def a_refused_copy_does_not_stop_the_message_but_a_refused_addressee_does():
    server = Smtp(RCPT=["usual", "550 5.1.1 who", "550 5.1.1 who", "usual"])
    with Stage() as s:
        child = s.sender(server)
        send(child, 1, "m1@brand.example", to=("bob@example.org", "cc@example.org"))
        number, kind, _, _, said = sent(child)
        equal((number, kind), (1, OK))
        assert "cc@example.org" in said, said
        send(child, 2, "m2@brand.example", to=("bob@example.org", "cc@example.org"))
        equal(outcomes(child, 1), [(2, UNREACHABLE, 550, "5.1.1")])
        equal(len(server.messages), 1)
        equal(s.net.settle("m2@brand.example")[0][0], NONE)


@test
def a_connection_lost_after_the_final_dot_is_ambiguous_and_marked():
    server = Smtp(END=[None])
    with Stage() as s:
        child = s.sender(server)
        send(child, 1, "m1@brand.example")
        send(child, 2, "m2@brand.example")
        got = sorted(outcomes(child, 2))
        equal(got, [(1, AMBIGUOUS, 0, ""), (2, OK, 250, "2.0.0")])
        equal([x[:2] for x in s.net.settle("m1@brand.example", "m2@brand.example", "m3@brand.example")], [(MARK, 0), (ANSWER, 250), (NONE, 0)])
        equal(health(child)[:2], (1, "closed"))


@test
def a_connection_lost_before_the_final_dot_is_not_ambiguous():
    for where in ("MAIL", "RCPT", "DATA", "CONTENT"):
        server = Smtp(**{where: None})
        with Stage() as s:
            child = s.sender(server)
            send(child, 1, "m1@brand.example", raw=message("m1@brand.example", body="x" * 70 + "\r\n" + "y\r\n" * 200000))
            equal(outcomes(child, 1), [(1, TEMPORARY, 0, "")])
            equal(s.net.settle("m1@brand.example")[0][0], NONE)


@test
def a_kept_connection_that_ends_costs_nothing():
    server = Smtp(MAIL=["usual", "421 4.7.0 too many messages on this connection", "usual", None])
    with Stage() as s:
        child = s.sender(server)
        for n in range(1, 4):
            send(child, n, f"m{n}@brand.example")
            equal(outcomes(child, 1), [(n, OK, 250, "2.0.0")])
        equal(server.connections, 3)
        equal(len(server.messages), 3)


@test
def a_421_answer_to_the_final_dot_is_an_answer():
    server = Smtp(END=["421 4.3.2 shutting down"])
    with Stage() as s:
        child = s.sender(server)
        send(child, 1, "m1@brand.example")
        equal(outcomes(child, 1), [(1, TEMPORARY, 421, "4.3.2")])
        equal([x[:2] for x in s.net.settle("m1@brand.example")], [(ANSWER, 421)])


@test
def a_closed_port_is_trouble_with_a_name_and_its_end_is_said():
    server = Smtp()
    port = server.port
    server.close()
    with Stage() as s:
        child = s.sender(server)
        send(child, 1, "m1@brand.example")
        number, kind, code, _, said = sent(child)
        equal((number, kind, code), (1, TEMPORARY, 0))
        assert str(port) in said, said
        equal(health(child)[:2], (1, "connect"))


@test
def trouble_ends_with_a_word_too():
    server = Smtp(BANNER=["421 4.3.2 not now"])
    with Stage() as s:
        child = s.sender(server)
        send(child, 1, "m1@brand.example")
        equal(outcomes(child, 1)[0][:3], (1, TEMPORARY, 421))
        equal(health(child)[0], 1)
        send(child, 2, "m2@brand.example")
        equal(outcomes(child, 1)[0][:2], (2, OK))
        equal(health(child)[0], 0)


@test
def private_addresses_are_spoken_to_only_if_listed():
    server = Smtp()
    with Stage() as s:
        child = s.sender(server, allow=[])
        send(child, 1, "m1@brand.example")
        _, kind, _, _, said = sent(child)
        equal(kind, CONFIG)
        assert "allow_addresses" in said, said
        equal(server.connections, 0)


@test
def a_refused_sign_in_says_what_the_server_said():
    server = Smtp(offer=("AUTH PLAIN",), AUTH="535 5.7.8 bad credentials")
    with Stage("--key-file", key_file()) as s:
        secret(s, "set", "pw", value="wrong-password")
        s.net.peer.send(N_RELOAD, 0)
        child = s.sender(server, user="lea", password="pw")
        send(child, 1, "m1@brand.example")
        _, kind, code, _, said = sent(child)
        equal((kind, code), (AUTH, 535))
        assert "bad credentials" in said and "wrong-password" not in said, said
        equal(health(child)[:2], (1, "auth"))


@test
def a_token_signs_in_by_xoauth2():
    server = Smtp(offer=("AUTH PLAIN LOGIN XOAUTH2",), AUTH="235 2.7.0 ok")
    with Stage("--key-file", key_file()) as s:
        secret(s, "set", "token", "--as", "bearer", value="ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg")
        s.net.peer.send(N_RELOAD, 0)
        child = s.sender(server, user="someuser@example.com", password="token", auth="xoauth2")
        send(child, 1, "m1@brand.example")
        equal(outcomes(child, 1), [(1, OK, 250, "2.0.0")])
        # Google's own example
        assert ("AUTH XOAUTH2 dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMj"
                "l0Q2cBAQ==") in server.commands, server.commands


@test
def tls_is_required_unless_said_otherwise():
    server = Smtp()
    with Stage() as s:
        child = s.sender(server, tls="required")
        send(child, 1, "m1@brand.example")
        _, kind, _, _, said = sent(child)
        equal(kind, CONFIG)
        assert "STARTTLS" in said, said


@test
def what_must_not_leave_does_not():
    server = Smtp(offer=("PIPELINING", "SIZE 2000"))
    with Stage() as s:
        child = s.sender(server)
        bad = [dict(raw=message("m1@brand.example", extra="Bcc: spy@evil.example\r\n")),
               dict(raw=message("other@brand.example")),
               dict(raw=message("m1@brand.example", body="a\n.\nMAIL FROM:<x@y.z>\n")),
               dict(to=("bob@example.org>\r\nDATA",)),
               dict(to=()),
               dict(raw=message("m1@brand.example", body="x" * 60 + "\r\n" + "y\r\n" * 2000))]
        for n, wrong in enumerate(bad):
            send(child, n, "m1@brand.example", **wrong)
        equal([(n, kind) for n, kind, _, _ in outcomes(child, len(bad))], [(n, PERMANENT) for n in range(len(bad))])
        equal(server.messages, [])
        send(child, 50, "m1@brand.example")
        equal(outcomes(child, 1), [(50, OK, 250, "2.0.0")])


@test
def a_killed_host_leaves_nothing_in_doubt():
    server = Smtp(END=slowly(1.5, "250 2.0.0 late"))
    with Stage() as s:
        child = s.sender(server)
        send(child, 1, "m1@brand.example")
        send(child, 2, "m2@brand.example")
        wait(lambda: s.log(), "a mark")
        equal(s.net.close(), 0)
        equal([line[:2] for line in s.log()], [["mark", "m1@brand.example"], ["answer", "m1@brand.example"]])
        s.start()
        equal([x[:2] for x in s.net.settle("m1@brand.example", "m2@brand.example")], [(ANSWER, 250), (NONE, 0)])


@test
def a_killed_parent_lets_its_senders_finish_before_another_begins():
    server = Smtp(END=slowly(1.5, "250 2.0.0 late"))
    with Stage() as s:
        child = s.sender(server)
        send(child, 1, "m1@brand.example")
        wait(lambda: s.log(), "a mark")
        s.net.kill()
        began = time.monotonic()
        s.start()
        assert time.monotonic() - began > 0.5, "the new net waits for the old one's last answer"
        equal([x[:2] for x in s.net.settle("m1@brand.example")], [(ANSWER, 250)])


@test
def a_killed_sender_leaves_at_most_a_mark():
    server = Smtp(END=slowly(3, "250 2.0.0 late"))
    with Stage() as s:
        child = s.sender(server)
        send(child, 1, "m1@brand.example")
        send(child, 2, "m2@brand.example")
        wait(lambda: s.log(), "a mark")
        s.net.peer.send(F_KILL, child.number)
        equal(s.net.ended(child), signal.SIGKILL)
        equal([x[0] for x in s.net.settle("m1@brand.example", "m2@brand.example")], [MARK, NONE])
        child.close()
        s.net.children.clear()
        s.net.trim("m1@brand.example")
        equal([x[0] for x in s.net.settle("m1@brand.example")], [MARK])


@test
def a_full_disk_holds_messages_back():
    server = Smtp()
    with Stage() as s:
        log = Path(s.workspace, "run/send.log")
        s.net.close()
        log.unlink()
        log.symlink_to("/dev/full")
        s.start()
        child = s.sender(server)
        send(child, 1, "m1@brand.example")
        _, kind, _, _, said = sent(child)
        equal(kind, TEMPORARY)
        assert "send log" in said, said
        equal(health(child)[:2], (1, "send_log"))
        equal(server.messages, [])


# ---- reading ----

def mails(count, start=1):
    return [message(f"in{n}@outside.example", to="lea@brand.example") for n in range(start, start + count)]


@test
def a_mailbox_is_read_once_and_in_order():
    server = Imap()
    for raw in mails(45):
        server.add("INBOX", raw)
    server.add("Sent", message("hand@brand.example"))
    with Stage() as s:
        child = s.reader(server)
        got, boxes = read(child)
        equal([(role, uid) for role, uid, _ in got], [("sent", 1)] + [("inbox", n) for n in range(1, 46)])
        equal([raw for role, _, raw in got if role == "inbox"], mails(45))
        equal(boxes, {"sent": (101, 1), "inbox": (100, 45)})
        equal(read(child)[0], [])
        equal([c for c in server.commands if c.startswith(("SELECT", "STORE"))], [])


@test
def new_mail_is_pushed():
    server = Imap()
    with Stage() as s:
        child = s.reader(server)
        read(child)
        wait(lambda: "IDLE" in server.commands, "IDLE")
        server.add("INBOX", mails(1)[0])
        _, _, fields = child.expect(N_MAIL, 5)
        equal(fields.text(), "inbox")


@test
def reading_goes_on_where_the_host_says():
    server = Imap()
    for raw in mails(5):
        server.add("INBOX", raw)
    with Stage() as s:
        child = s.reader(server, [{"folder": "INBOX", "role": "inbox", "uidvalidity": 100, "uid": 3, "modseq": 0, "since": "01-Nov-2026"}])
        equal([uid for _, uid, _ in read(child)[0]], [4, 5])
        child = s.reader(server, [{"folder": "INBOX", "role": "inbox", "uidvalidity": 100, "uid": 5, "modseq": 0}])
        equal(read(child)[0], [])
        child = s.reader(server, [{"folder": "INBOX", "role": "inbox", "uidvalidity": 99, "uid": 5, "modseq": 7, "since": "01-Nov-2026"}])
        equal([uid for _, uid, _ in read(child)[0]], [1, 2, 3, 4, 5])


@test
def a_sent_folder_by_another_name_is_found_and_a_missing_one_is_said_once():
    server = Imap(folders=("INBOX", "Outbox Items"), special={"Outbox Items": "\\Sent"})
    server.add("Outbox Items", message("hand@brand.example"))
    with Stage() as s:
        child = s.reader(server)
        equal([role for role, _, _ in read(child)[0]], ["sent"])
        none = Imap(folders=("INBOX",))
        child = s.reader(none)
        equal(read(child)[1], {"inbox": (100, 0)})
        state, code, said = health(child)
        equal((state, code), (0, "sent_missing"))
        assert "Sent" in said, said
        read(child)
        equal([f for f in child.frames if f[0] == N_HEALTH], [])


@test
def a_message_in_the_sent_folder_is_found():
    server = Imap()
    server.add("Sent", message("hand@brand.example"))
    with Stage() as s:
        child = s.reader(server)
        for ident, wanted in (("hand@brand.example", 1), ("<hand@brand.example>", 1), ("other@brand.example", 0), ("no\r\nA1 LOGOUT", 2)):
            child.send(N_FIND, 5, text(ident))
            equal(child.expect(N_FOUND)[2].number("B"), wanted)
        equal(read(child)[0], [])  # both folders had been read before
        gone = s.reader(Imap(folders=("INBOX",)))
        gone.send(N_FIND, 6, text("hand@brand.example"))
        equal(gone.expect(N_FOUND)[2].number("B"), 2)


@test
def a_connection_that_ends_is_made_anew_unseen():
    server = Imap()
    with Stage() as s:
        child = s.reader(server)
        read(child)
        wait(lambda: server.idling, "IDLE")
        for sock in list(server.open):
            try:
                sock.shutdown(2)
            except OSError:
                pass
        server.add("INBOX", mails(1)[0])
        equal(child.expect(N_MAIL, 5)[2].text(), "inbox")
        equal([f for f in child.frames if f[0] == N_HEALTH], [])


@test
def a_mailbox_that_cannot_be_read_is_said_and_its_end_too():
    broken = threading.Event()
    broken.set()
    server = Imap(wrong=lambda line: "NO [UNAVAILABLE] later" if broken.is_set() and "INBOX" in line else None)
    with Stage() as s:
        child = s.reader(server)
        child.send(N_READ, 1)
        finish(child, ok=0)
        state, code, said = health(child)
        equal((state, code), (1, "mailbox"))
        assert "later" in said, said
        broken.clear()
        read(child)
        equal(health(child)[0], 0)


@test
def a_message_that_cannot_be_fetched_is_passed_over_in_the_end():
    server = Imap(wrong=lambda line: "close" if "FETCH" in line and "3" in line.split(" ")[2].split(",") else None)
    for raw in mails(5):
        server.add("INBOX", raw)
    with Stage() as s:
        child = s.reader(server)
        seen = set()
        for _ in range(8):
            child.send(N_READ, 9)
            while True:
                kind, _, fields = child.take(30)
                if kind == N_MAIL:
                    fields.text(), fields.number("I")
                    seen.add(fields.number("I"))
                elif kind == N_HEALTH:
                    child.frames.append((kind, 0, fields))
                elif kind == N_PASSED:
                    break
            if 5 in seen:
                break
        equal(seen, {1, 2, 4, 5})
        codes = [f[2] for f in child.frames if f[0] == N_HEALTH]
        assert any(b"message_skipped" in c.data for c in codes)


@test
def a_wrong_password_of_a_mailbox_is_said():
    server = Imap(wrong=lambda line: "NO [AUTHENTICATIONFAILED] bad" if line.startswith(("LOGIN", "AUTHENTICATE")) else None)
    with Stage("--key-file", key_file()) as s:
        secret(s, "set", "pw", value="wrong-password")
        s.net.peer.send(N_RELOAD, 0)
        child = s.reader(server, user="lea", password="pw")
        child.send(N_READ, 1)
        finish(child, ok=0)
        state, code, said = health(child)
        equal((state, code), (1, "auth"))
        assert "bad" in said and "wrong-password" not in said, said


@test
def a_reader_ends_with_its_host_whatever_the_server_does():
    server = Imap(wrong=lambda line: "hang" if line.startswith("EXAMINE") else None)
    with Stage() as s:
        s.reader(server)
        wait(lambda: any(c.startswith("EXAMINE") for c in server.commands), "EXAMINE")
        began = time.monotonic()
        s.net.close()
        assert time.monotonic() - began < 3


# ---- signing, and addresses that are not ASCII ----

LONG = "A long line of text, with  two blanks and a tab\there. " * 15
FULL = ("From: Lea <lea@brand.example>\r\nTo: bob@example.org\r\nCc: tom@example.org,\r\n eve@example.org\r\n"
        "Subject: =?UTF-8?Q?Une_question_=C3=A0?=\r\n =?UTF-8?Q?Bob?=\r\nDate: Mon, 23 Nov 2026 08:00:00 +0000\r\nMessage-ID: <%s>\r\n"
        "In-Reply-To: <a@b>\r\nReferences: <x@b>\r\n <a@b>\r\nList-Unsubscribe: <https://brand.example/u/1>,\r\n <mailto:lea@brand.example>\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 7bit\r\nX-Mailer: Perigee\r\n\r\n.one dot\r\n..two\r\n" + LONG + "\r\n \r\n\r\nBye  \r\n\r\n\r\n")


def pem(*words):
    return subprocess.run(["openssl", "genpkey", "-quiet", *words], check=True, capture_output=True, text=True).stdout


def signer(s, server, *names, domain="brand.example"):
    config = {"name": "lea", "channel": "email", "from_address": "lea@brand.example",
              "smtp": {"url": f"smtp://{server.address}", "tls": "none", "user": "", "password": ""},
              "dkim": [{"domain": domain, "selector": f"s-{name}", "key": name} for name in names]}
    s.net.peer.send(N_RELOAD, 0)
    return s.net.fork("lea", "sender", config, [server.address])


FOREIGN = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
VERIFY = """
import dkim, json, sys
records, raw = json.loads(sys.argv[1]), sys.stdin.buffer.read()
def holds(i):
    try:
        return dkim.DKIM(raw, minkey=1024).verify(idx=i, dnsfunc=lambda name, timeout=5: records[name.decode()].encode())
    except dkim.ValidationError:
        return False
print(json.dumps([holds(i) for i in range(raw.count(b"DKIM-Signature:"))]))
"""


def verifies(raw, records):
    """Does each signature of the message hold? By dkimpy (of Debian's Python), with these records instead of the DNS."""
    done = subprocess.run(["/usr/bin/python3", "-c", VERIFY, json.dumps(records)], input=raw, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@test
def mail_is_signed_and_another_program_verifies_it():
    server = Smtp()
    with Stage("--key-file", key_file()) as s:
        secret(s, "set", "ed", value=pem("-algorithm", "ed25519"))
        secret(s, "set", "rsa", value=pem("-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048"))
        records = {f"s-{name}._domainkey.brand.example.": secret(s, "dkim", name).strip() for name in ("ed", "rsa")}
        child = signer(s, server, "ed", "rsa")
        raw = (FULL % "m1@x").encode()
        send(child, 1, "m1@x", raw=raw)
        equal(outcomes(child, 1), [(1, OK, 250, "2.0.0")])
        whole = server.messages[0][2]
        assert whole.startswith(b"DKIM-Signature: v=1; a=ed25519-sha256;"), whole[:100]
        assert whole.endswith(raw), "the message itself has changed"
        size = next(c for c in server.commands if c.startswith("MAIL")).split("SIZE=")[1].split(" ")[0]
        equal(int(size), len(whole))
        equal(verifies(whole, records), [True, True])
        equal(verifies(whole, {**records, "s-ed._domainkey.brand.example.": FOREIGN}), [False, True])
        spoilt = [whole.replace(b"Bye", b"Buy"), whole.replace(b"From: Lea", b"From: Eve"), b"From: Eve <eve@brand.example>\r\n" + whole,
                  whole.replace(b"/u/1>", b"/u/2>"), whole.replace(b"=One-Click", b"=Two-Click")]
        for other in spoilt:
            equal(verifies(other, records), [False, False])
        check_with_opendkim(whole, records, s)


def check_with_opendkim(whole, records, s):
    """opendkim-testmsg looks for keys in the DNS alone: it gets a configuration that reads them from a file."""
    import shutil
    if not shutil.which("opendkim"):
        return
    table = Path(s.workspace, "records")
    table.write_text("".join(f"{name.rstrip('.')} {value}\n" for name, value in records.items()))


@test
def a_retry_is_signed_anew_and_what_waits_is_unsigned():
    server = Smtp(DATA=[None, "usual"])
    with Stage("--key-file", key_file()) as s:
        secret(s, "set", "ed", value="nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\n")
        record = secret(s, "dkim", "ed").strip()
        equal(record, "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
        equal(json.loads(secret(s, "dkim", "ed", "--json")), {"name": "ed", "algorithm": "ed25519-sha256", "bits": 256, "record": record})
        child = signer(s, server, "ed", domain="example")
        send(child, 1, "m1@x")
        equal(outcomes(child, 1)[0][1], TEMPORARY)
        send(child, 2, "m2@x")
        equal(outcomes(child, 1), [(2, OK, 250, "2.0.0")])
        equal(len(server.messages), 1)
        equal(verifies(server.messages[0][2], {"s-ed._domainkey.example.": record}), [True])
        assert b"nWGxne" not in Path(s.workspace, "run/send.log").read_bytes()


@test
def without_its_key_nothing_is_sent():
    server = Smtp()
    short = pem("-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:768") if False else None
    cases = [("none", None, (), "perigee secret set none"), ("words", "hunter2-hunter2", (), "no key in PEM"),
             ("bound", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=", ("--host", "x.example"), "without --host"),
             ("token", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=", ("--as", "bearer"), "without --host and --as"),
             ("curve", pem("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"), (), "RSA or Ed25519"),
             ("locked", pem("-algorithm", "ed25519", "-aes-128-cbc", "-pass", "pass:x"), (), "without a passphrase")]
    assert short is None
    with Stage("--key-file", key_file()) as s:
        secret(s, "set", "ed", value="nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
        for name, value, words, says in cases:
            if value:
                secret(s, "set", name, *words, value=value)
            child = signer(s, server, "ed", name)
            send(child, 1, "m1@x")
            number, kind, code, _, said = sent(child)
            equal((number, kind, code), (1, CONFIG, 0))
            assert says in said, (name, said)
            assert not value or value.strip().split("\n")[-2 if "PEM" in value else 0][:12] not in said
            assert says in secret(s, "dkim", name, status=1)
    equal(server.messages, [])


@test
def an_address_that_is_not_ascii_goes_where_smtputf8_is_offered():
    server = Smtp(offer=("PIPELINING", "SIZE 1000000", "8BITMIME", "SMTPUTF8"))
    with Stage("--key-file", key_file()) as s:
        secret(s, "set", "ed", value=pem("-algorithm", "ed25519"))
        record = secret(s, "dkim", "ed").strip()
        child = signer(s, server, "ed")
        send(child, 1, "m1@x", to=("josé@bücher.example",), raw=message("m1@x", to="josé@xn--bcher-kva.example"))
        send(child, 2, "m2@x", to=("bob@bücher.example",), raw=message("m2@x", to="bob@xn--bcher-kva.example"))
        send(child, 3, "m3@x", to=("bob@example.org",), raw=message("m3@x", to="josé@x.example"))
        equal([o[1] for o in outcomes(child, 3)], [OK] * 3)
        mails = [c for c in server.commands if c.startswith("MAIL")]
        equal([m.endswith(" BODY=8BITMIME SMTPUTF8") for m in mails], [True, False, True])
        equal([m[1] for m in server.messages], [["RCPT TO:<josé@xn--bcher-kva.example>"], ["RCPT TO:<bob@xn--bcher-kva.example>"],
                                                ["RCPT TO:<bob@example.org>"]])
        assert "To: josé@xn--bcher-kva.example\r\n".encode() in server.messages[0][2]
        equal(verifies(server.messages[0][2], {"s-ed._domainkey.brand.example.": record}), [True])


@test
def where_smtputf8_is_not_offered_such_an_address_is_refused_for_good():
    server = Smtp()
    with Stage() as s:
        child = s.sender(server)
        send(child, 1, "m1@x", to=("josé@x.example",), raw=message("m1@x", to="josé@x.example"))
        send(child, 2, "m2@x", to=("bob@example.org",), raw=message("m2@x", to="josé@x.example"))
        send(child, 3, "m3@x", to=("bob@bücher.example",), raw=message("m3@x", to="bob@xn--bcher-kva.example"))
        got = [sent(child) for _ in range(3)]
        equal([g[:4] for g in got], [(1, PERMANENT, 553, "5.6.7"), (2, PERMANENT, 553, "5.6.7"), (3, OK, 250, "2.0.0")])
        assert "SMTPUTF8" in got[0][4] and "josé@x.example" in got[0][4] and "SMTPUTF8" in got[1][4], got
        equal(len(server.messages), 1)
        assert not any("josé" in c for c in server.commands)


# ---- secrets ----

def key_file():
    handle, path = tempfile.mkstemp(prefix="perigee-key-")
    os.write(handle, os.urandom(32))
    os.close(handle)
    keys.append(path)
    return path


keys = []


def secret(stage, *words, value="", key=None, status=0, env=None):
    """Runs `net secret ...` on the stage's workspace; its key file is the net's own unless key says another ("" : none)."""
    key = stage.args[1] if key is None and stage.args else key
    command = [NET, "secret", *words, "--workspace", stage.workspace, *(["--key-file", key] if key else [])]
    done = subprocess.run(command, input=value.encode(), capture_output=True, env={**os.environ, **(env or {})})
    assert done.returncode == status, (words, done.returncode, done.stderr)
    return done.stdout.decode() if status == 0 else done.stderr.decode()


@test
def secrets_are_set_listed_rotated_and_removed():
    s = Stage("--key-file", key_file())
    secret(s, "set", "mail", "--host", "smtp.example", "--host", "IMAP.example", "--as", "login", value="first\n")
    secret(s, "set", "api", "--as", "header X-Key", value="t0ken")
    rows = [json.loads(line) for line in secret(s, "list", "--json").splitlines()]
    equal([(r["name"], r["hosts"], r["place"]) for r in rows], [("api", [], "header X-Key"), ("mail", ["smtp.example", "imap.example"], "login")])
    raw = Path(s.workspace, "perigee.vault").read_bytes()
    assert b"first" not in raw and b"t0ken" not in raw
    assert "t0ken" not in secret(s, "list")
    secret(s, "rotate", "mail", value="second")
    equal(json.loads(secret(s, "list", "--json").splitlines()[1])["hosts"], ["smtp.example", "imap.example"])
    new = key_file()
    secret(s, "rotate", "--master", "--new-key-file", new)
    assert "wrong key" in secret(s, "rm", "api", status=1)
    secret(s, "rm", "api", key=new)
    assert "not in the vault" in secret(s, "rm", "api", key=new, status=1)
    assert "not in the vault" in secret(s, "rotate", "api", key=new, value="x", status=1)
    equal(len(secret(s, "list").splitlines()), 1)
    s.folder.cleanup()


@test
def wrong_use_of_secret_is_told():
    s = Stage("--key-file", key_file())
    assert "usage" in secret(s, "frobnicate", status=2)
    assert "usage" in secret(s, "set", status=2)
    assert "--as" in secret(s, "set", "x", "--as", "nowhere", value="v", status=2)
    assert "letters" in secret(s, "set", "a b", value="v", status=2)
    assert "rotate" in secret(s, "rotate", status=2)
    assert "empty" in secret(s, "set", "x", value="\n", status=1)
    assert not Path(s.workspace, "perigee.vault").exists()
    assert "--key-file" in secret(s, "set", "x", value="v", key="", status=1, env={"PERIGEE_KEY_FILE": ""})
    assert "head -c 32" in secret(s, "set", "x", value="v", key="/nonexistent/key", status=1)
    secret(s, "set", "x", value="v")
    Path(s.workspace, "perigee.vault").write_bytes(Path(s.workspace, "perigee.vault").read_bytes()[:-3])
    assert "garbled" in secret(s, "set", "y", value="v", status=1)
    s.folder.cleanup()


@test
def the_key_is_found_in_the_order_of_the_manual():
    s = Stage("--key-file", key_file())
    secret(s, "set", "x", value="v")
    right, wrong = s.args[1], key_file()
    with tempfile.TemporaryDirectory() as credentials:
        Path(credentials, "perigee.key").write_bytes(Path(right).read_bytes())
        secret(s, "set", "y", value="v", key=wrong, env={"CREDENTIALS_DIRECTORY": credentials})
    secret(s, "set", "z", value="v", key="", env={"PERIGEE_KEY_FILE": right})
    secret(s, "set", "z", value="v", key="", env={"PERIGEE_KEY_FILE": wrong}, status=1)
    s.folder.cleanup()


def at_terminal(command, answers):
    """Runs a command whose terminal is ours, typing each answer after its question; (status, what the terminal showed)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(command[0], command)
    shown = b""
    try:
        for question, answer in answers:
            while question not in shown:
                shown += os.read(terminal, 1024)
            shown = shown.split(question, 1)[1]
            time.sleep(0.1)
            os.write(terminal, answer + b"\n")
        while True:
            shown += os.read(terminal, 1024)
    except OSError:
        pass
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown


@test
def a_passphrase_is_typed_at_the_terminal_without_echo():
    s = Stage()
    place = ["--workspace", s.workspace]
    status, shown = at_terminal([NET, "secret", "set", "mail", *place],
                                [(b"New passphrase", b"moon and stars"), (b"same again", b"moon and stars"), (b"Value of", b"the-value")])
    equal(status, 0)
    assert b"moon" not in shown and b"the-value" not in shown
    status, shown = at_terminal([NET, "secret", "rm", "mail", *place], [(b"Passphrase", b"wrong one")])
    equal(status, 1)
    assert b"not the passphrase" in shown, shown
    status, _ = at_terminal([NET, "secret", "rm", "mail", *place], [(b"Passphrase", b"moon and stars")])
    equal(status, 0)
    s.start()  # without a terminal nothing asks; accounts without a password work still
    s.net.close()
    s.folder.cleanup()


@test
def a_child_says_which_secret_it_lacks():
    with Stage("--key-file", key_file()) as s:
        server = Smtp(offer=("AUTH PLAIN",))
        child = s.sender(server, user="lea", password="nosuch")
        equal(health(child)[:2], (1, "config"))
        send(child, 1, "m1@brand.example")
        _, kind, _, _, said = sent(child)
        equal(kind, CONFIG)
        assert "perigee secret set nosuch" in said, said
        secret(s, "set", "elsewhere", "--host", "other.example", value="v")
        s.net.peer.send(N_RELOAD, 0)
        child = s.sender(server, user="lea", password="elsewhere")
        assert "--host 127.0.0.1" in health(child)[2]


@test
def a_child_has_only_its_own_secret():
    server = Smtp(offer=("AUTH PLAIN",), AUTH="235 2.7.0 ok")
    with Stage("--key-file", key_file()) as s:
        secret(s, "set", "mine", value="my-own-secret-value")
        secret(s, "set", "other", value="another-secret-value")
        s.net.peer.send(N_RELOAD, 0)
        child = s.sender(server, user="lea", password="mine")
        send(child, 1, "m1@brand.example")
        equal(outcomes(child, 1), [(1, OK, 250, "2.0.0")])
        key = Path(s.args[1]).read_bytes()
        import hashlib
        master = hashlib.blake2b(key, digest_size=32).digest()
        memory = memory_of(child.pid)
        if memory is None:
            return
        assert b"my-own-secret-value" in memory, "the test can see the child's memory"
        assert b"another-secret-value" not in memory
        assert master not in memory
        fds = sorted(int(n) for n in os.listdir(f"/proc/{child.pid}/fd"))
        targets = [os.readlink(f"/proc/{child.pid}/fd/{n}") for n in fds if n > 3]
        extra = [t for t in targets if not t.startswith(("socket:", "anon_inode:", "pipe:")) and not t.endswith(("run/send.log", "run/net.lock"))]
        equal(extra, [])


def memory_of(pid):
    """All that the process can read of its own memory; None if we may not look."""
    found = b""
    try:
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                place, rights = line.split()[:2]
                low, high = (int(x, 16) for x in place.split("-"))
                if not rights.startswith("rw") or high - low > 1 << 30:
                    continue
                try:
                    memory.seek(low)
                    found += memory.read(high - low)
                except OSError:
                    continue
    except PermissionError:
        return None
    return found


def wait(what, name):
    until = time.monotonic() + 10
    while not what():
        assert time.monotonic() < until, f"{name} did not come"
        time.sleep(0.02)


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
    for path in keys:
        os.unlink(path)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
