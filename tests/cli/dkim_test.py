#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mail that the workspace signs itself, return paths that cite, addresses outside ASCII: from perigee.lua to the server."""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "net"))
from servers import Smtp  # noqa: E402
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402
from tap import ok  # noqa: E402

PERIGEE = os.environ.get("PERIGEE") or str(Path(__file__).resolve().parents[2] / "build" / "perigee")
VERIFY = """
import dkim, json, sys
records, raw = json.loads(sys.argv[1]), sys.stdin.buffer.read()
print([dkim.DKIM(raw, minkey=1024).verify(idx=i, dnsfunc=lambda name, timeout=5: records[name.decode()].encode()) for i in range(2)])
"""


class World:
    """A workspace whose account writes to a sink; keys go into the vault by the command."""

    def __init__(self, folder, smtp):
        self.dir, self.smtp = Path(folder), smtp
        self.key = self.dir / "perigee.key"
        self.key.write_bytes(os.urandom(32))
        self.key.chmod(0o600)
        (self.dir / "templates").mkdir()
        (self.dir / "sequences").mkdir()
        self.account("")
        (self.dir / "templates/hello.md").write_text("---\nsubject: Hello {{ first_name }}\npurpose: ask\nattach: plan.pdf\n---\nHow is {{ city }}?  \n\n.\n")
        (self.dir / "attachments").mkdir()
        (self.dir / "attachments/plan.pdf").write_bytes(b"%PDF-1.4\n" + bytes(range(256)) * 40)
        (self.dir / "sequences/hello.lua").write_text("""local perigee = require "perigee"
return perigee.sequence { name = "hello", needs = { send = { "email" } },
  run = function(contact) contact:send("email", "hello") return "sent" end }
""")
        (self.dir / "contacts.csv").write_text("id,first_name,email,city\nana,Ana,ana@münchen.example,Basel\njo,José,josé@bücher.example,Bern\n")

    def account(self, more, sender="Léa Martin <lea@brand.example>"):
        (self.dir / "perigee.lua").write_text(f"""workspace {{ timezone = "Europe/Paris", hours = "always", allow_addresses = {{ "{self.smtp.address}" }} }}
account "main" {{
  channel = "email", from = "{sender}", smtp = {{ url = "smtp://{self.smtp.address}", tls = "none" }}, cap = {{ per_day = 1000, gap = "0s" }},
{more}
}}
""")

    def run(self, *words, value=""):
        return subprocess.run([PERIGEE, *words], cwd=self.dir, input=value, capture_output=True, text=True, timeout=60,
                              env={**os.environ, "PERIGEE_KEY_FILE": str(self.key)})

    def do(self, *words, value=""):
        got = self.run(*words, value=value)
        if got.returncode:
            raise RuntimeError(f"{words}: {got.stdout}{got.stderr}")
        return got.stdout

    def rows(self, *words):
        return [json.loads(line) for line in self.do(*words, "--json").splitlines()]


def wrong_accounts(w):
    cases = [
        ('  dkim = { domain = "other.example", selector = "s", key = secret "k" },', "must be the domain of the from address"),
        ('  dkim = { domain = "brand.example", selector = "s", key = "PRIVATE" },', "a key does not stand in this file"),
        ('  dkim = { domain = "brand.example", selector = "s", key = { secret "a", secret "b" } },', "1 selectors and 2 keys"),
        ('  dkim = { domain = "brand.example", selector = {}, key = secret "k" },', "the list is empty"),
        ('  dkim = { domain = "brand.example", key = secret "k" },', "'selector' is missing"),
        ('  dkim = { domain = "brand.example", selektor = "s", key = secret "k" },', "selector"),
        ('  return_path = "verp",', "plus"),
    ]
    for more, says in cases:
        w.account(more)
        got = w.run("check")
        ok(got.returncode == 1 and says in got.stdout + got.stderr, f"check says of{more}: {says}", got.returncode, got.stdout, got.stderr)


def signed(w, smtp):
    w.account("""  dkim = { domain = "brand.example", selector = { "r", "e" }, key = { secret "dkim-rsa", secret "dkim-ed" } },
  return_path = "plus",""")
    for name, kind in (("dkim-rsa", ["rsa", "-pkeyopt", "rsa_keygen_bits:2048"]), ("dkim-ed", ["ed25519"])):
        key = subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", *kind], check=True, capture_output=True, text=True).stdout
        w.do("secret", "set", name, value=key)
    records = {f"{s}._domainkey.brand.example.": w.do("secret", "dkim", name).strip() for s, name in (("r", "dkim-rsa"), ("e", "dkim-ed"))}
    row = w.rows("secret", "dkim", "dkim-rsa")[0]
    ok(row["record"] == records["r._domainkey.brand.example."] and row["bits"] == 2048 and row["algorithm"] == "rsa-sha256",
       "secret dkim prints the record for the DNS", row)
    ok(w.run("check").returncode == 0, "check takes an account that signs", w.run("check").stderr)
    w.do("contacts", "import", "contacts.csv")
    w.do("enrol", "hello", "ana", "jo", "--yes")
    served = w.run("serve", "--until-idle")
    ok(len(smtp.messages) == 2, "both contacts are written to", served.stderr, smtp.commands)
    for mail, rcpt, raw in smtp.messages:
        head = raw.split(b"\r\n\r\n")[0].decode()
        token = re.search(r"\r\nMessage-ID: <([a-z2-7]{26})@brand\.example>", head)
        ok(token and f"MAIL FROM:<lea+{token.group(1)}@brand.example>" in mail, "the envelope's sender is the token of the Message-ID", mail, head)
        held = subprocess.run(["/usr/bin/python3", "-c", VERIFY, json.dumps(records)], input=raw, capture_output=True)
        ok(held.stdout == b"[True, True]\n", "both signatures of it hold, of its attachment too", held.stdout, held.stderr.decode(), head)
    by = {rcpt[0]: (mail, raw.decode()) for mail, rcpt, raw in smtp.messages}
    mail, raw = by.get("RCPT TO:<ana@xn--mnchen-3ya.example>", ("", ""))
    ok("\r\nTo: ana@xn--mnchen-3ya.example\r\n" in raw and "SMTPUTF8" not in mail, "a domain outside ASCII is written in ASCII", by.keys())
    mail, raw = by.get("RCPT TO:<josé@xn--bcher-kva.example>", ("", ""))
    ok("\r\nTo: josé@xn--bcher-kva.example\r\n" in raw and mail.endswith(" SMTPUTF8"), "a name outside ASCII goes by SMTPUTF8", by.keys())
    used = {(r["secret"], r["account"]) for r in w.rows("secret", "audit")}
    ok({("dkim-rsa", "main"), ("dkim-ed", "main")} <= used, "the audit has the use of both keys", used)
    kept = w.dir.joinpath("perigee.db").read_bytes()
    ok(b"How is Basel" in kept and b"DKIM-Signature" not in kept, "what is kept is unsigned")


def refused(w, smtp):
    smtp.offer = ("PIPELINING", "8BITMIME")
    before = len(smtp.messages)
    w.do("enrol", "hello", "jo", "--again", "--yes")
    w.do("serve", "--until-idle")
    last = [m for m in w.rows("messages") if m["contact"] == "jo"][-1]
    states = [m["state"] for m in w.rows("messages") if m["contact"] == "jo"]
    ok(len(smtp.messages) == before and any("SMTPUTF8" in str(m["error"]) for m in w.rows("messages")),
       "without SMTPUTF8 the server gets nothing, and the message says why", states, last)


def main():
    smtp = Smtp(offer=("PIPELINING", "SIZE 1000000", "8BITMIME", "SMTPUTF8"))
    with tempfile.TemporaryDirectory(prefix="perigee-dkim-") as folder:
        w = World(folder, smtp)
        wrong_accounts(w)
        signed(w, smtp)
        refused(w, smtp)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
