#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A mail server that repeats an account's secret, in any of its forms and in any of its answers, tells it to nobody else.

Prints TAP. Expects BUILD in the environment (default: build). `echo_test.py WORD` runs only the tests whose name has it.
"""
import base64
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import net_test  # noqa: E402
from host import N_HEALTH, N_PASSED, N_READ, N_RELOAD, send, sent  # noqa: E402
from net_test import Stage, key_file, secret  # noqa: E402
from servers import Imap, Smtp  # noqa: E402

VALUE = "9vK2mQ7xT4wB8nR5cL1zH6jF3dS0gPaYeUiO"
net_test.tests.clear()
test = net_test.test


def forms(user="lea"):
    """The value as servers are likely to repeat it, each with a word that has to come through."""
    plain = base64.b64encode(f"\0{user}\0{VALUE}".encode()).decode()
    bearer = base64.b64encode(f"user={user}\x01auth=Bearer {VALUE}\x01\x01".encode()).decode()
    return [VALUE, base64.b64encode(VALUE.encode()).decode(), plain, bearer, VALUE.encode().hex(), VALUE.encode().hex().upper(),
            f'"{VALUE}"', f"user={user}&pass={VALUE}", f"AUTH PLAIN {plain}"]


def traces(raw):
    """Pieces of the value in these bytes: also a half of it, and any of its base64."""
    needles = [VALUE[:18], VALUE[18:], VALUE.encode().hex()[:24], VALUE.encode().hex().upper()[:24]]
    for shift in range(3):  # what stands before it moves its digits
        coded = base64.b64encode(b"x" * shift + VALUE.encode()).decode()
        needles.append(coded[4:24])
    return [n for n in needles if n.encode() in raw]


@test
def the_test_sees_every_form():
    for form in forms():
        assert traces(f"535 no {form} end".encode()), form


class Echo:
    """A stage whose standard error is kept, with the secret `pw` set; at its end nothing of the value was told to anybody."""

    def __init__(self):
        self.errors = tempfile.NamedTemporaryFile(prefix="perigee-errors-")
        self.kept = os.dup(2)
        self.said = []

    def __enter__(self):
        os.dup2(self.errors.fileno(), 2)
        self.stage = Stage("--key-file", key_file())
        self.stage.start()
        secret(self.stage, "set", "pw", "--host", "127.0.0.1", value=VALUE)
        self.stage.net.peer.send(N_RELOAD, 0)
        return self

    def __exit__(self, kind, value, trace):
        os.dup2(self.kept, 2)
        os.close(self.kept)
        self.stage.net.close()
        log = Path(self.stage.workspace, "run/send.log").read_bytes()
        errors = Path(self.errors.name).read_bytes()
        self.stage.folder.cleanup()
        self.errors.close()
        if kind is None:
            for where, raw in (("the host", "\n".join(self.said).encode()), ("the send log", log), ("standard error", errors)):
                assert not traces(raw), f"{where}: {traces(raw)} in {raw!r}"

    def send(self, **replies):
        """What the host is told of one message to a server with these replies: its outcome's text first."""
        server = Smtp(offer=("AUTH PLAIN LOGIN XOAUTH2",), **replies)
        child = self.stage.sender(server, user="lea", password="pw")
        send(child, 1, "m1@brand.example")
        said = [sent(child)[4], *health_texts(child)]
        child.close()
        server.close()
        self.said += said
        return said

    def read(self, wrong):
        server = Imap(capabilities="IMAP4rev1 AUTH=PLAIN SASL-IR UIDPLUS", wrong=wrong)
        child = self.stage.reader(server, user="lea", password="pw")
        child.send(N_READ, 9)
        fields = child.expect(N_PASSED, 30)[2]
        fields.number("B")
        said = [fields.text(), *health_texts(child)]
        child.close()
        server.close()
        self.said += said
        return said


def health_texts(child):
    """The texts of the N_HEALTH that came meanwhile."""
    found = []
    for kind, _, fields in child.frames:
        if kind == N_HEALTH:
            fields.number("B")
            fields.text()
            found.append(fields.text())
    return found


@test
def a_refused_sign_in_does_not_repeat_the_secret():
    with Echo() as e:
        for form in forms():
            said = e.send(AUTH=f"535 5.7.8 before {form} behind")
            assert len(said) > 1, "the account's trouble is told too"
            assert all("before" in s and "[secret pw]" in s for s in said), said


@test
def no_later_answer_repeats_the_secret():
    with Echo() as e:
        for form in forms():
            for word, code in (("MAIL", 550), ("RCPT", 550), ("DATA", 554), ("END", 550), ("END", 250)):
                said = e.send(AUTH="235 2.7.0 ok", **{word: f"{code} before {form} behind"})
                assert "before" in said[0] and "[secret pw]" in said[0], said


@test
def a_secret_that_a_cut_answer_ends_in_is_not_repeated():
    with Echo() as e:
        cuts = 0
        for size in range(955, 1000, 4):
            said = e.send(AUTH="235 2.7.0 ok", MAIL="550 5.7.1 " + "x" * size + VALUE)[0]
            tail = said.split("x")[-1].removeprefix("[secret pw]")
            assert len(tail) < 4, (size, tail)
            cuts += "[secret pw]" not in said
        assert cuts, "some of these answers are cut amid the value"


@test
def a_mailbox_does_not_repeat_the_secret():
    with Echo() as e:
        for command in "AUTHENTICATE", "EXAMINE", "UID SEARCH", "CAPABILITY":
            for form in forms():
                said = e.read(lambda line, c=command, f=form: f"NO before {f} behind" if line.upper().startswith(c) else None)
                if command in ("AUTHENTICATE", "EXAMINE"):
                    assert any("before" in s and "[secret pw]" in s for s in said), (command, said)


if __name__ == "__main__":
    sys.exit(net_test.main())
