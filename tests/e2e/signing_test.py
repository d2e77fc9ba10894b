#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Postfix takes what we sign, and names outside ASCII; what arrives verifies; a bounce comes back to its return path."""
import json
import re
import subprocess

import harness
from harness import CREATORS, OURS, PASSWORD
from workspace import Workspace

VERIFY = """
import dkim, json, sys
records, raw = json.loads(sys.argv[1]), sys.stdin.buffer.read()
print([dkim.DKIM(raw).verify(idx=i, dnsfunc=lambda name, timeout=5: records[name.decode()].encode()) for i in range(2)])
"""


def configure(w, mail):
    (w.dir / "perigee.lua").write_text(f"""\
workspace {{ timezone = "Europe/Paris", hours = "always", allow_addresses = {{ "127.0.0.1:{mail.smtp_port}", "127.0.0.1:{mail.imap_port}" }} }}
account "partnerships" {{
  channel = "email", from = "Léa Martin <{OURS}>", cap = {{ per_day = 10000, gap = "0s" }},
  smtp = {{ url = "smtp://127.0.0.1:{mail.smtp_port}", tls = "none" }},
  imap = {{ url = "imap://127.0.0.1:{mail.imap_port}", tls = "none", user = "{OURS}", password = secret "partnerships" }},
  dkim = {{ domain = "brand.example", selector = {{ "r", "e" }}, key = {{ secret "rsa", secret "ed" }} }},
  return_path = "plus",
}}
""")
    w.do("secret", "set", "partnerships", stdin=PASSWORD)
    for name, kind in (("rsa", ["rsa", "-pkeyopt", "rsa_keygen_bits:2048"]), ("ed", ["ed25519"])):
        key = subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", *kind], check=True, capture_output=True, text=True).stdout
        w.do("secret", "set", name, stdin=key)
    (w.dir / "templates/long.md").write_text("---\nsubject: Für {{ first_name }}\npurpose: ask\npersonal: no\n---\n" + "{{ first_name }}, ünd "
                                             + "ein langes Wort nach dem anderen, " * 80 + "x" * 1500 + "\n\n.\n\nfrom here\n")
    w.sequence("long", """local perigee = require "perigee"
return perigee.sequence { name = "long", needs = { send = { "email" } },
  run = function(contact) contact:send("email", "long") contact:wait { "reply", timeout = "1 day" } return "over" end }
""")
    (w.dir / "c.csv").write_text(f"id,first_name,email\nana,Ana,ana@{CREATORS}\njo,José,josé@{CREATORS}\nno,Nobody,nobody@{CREATORS}\n")
    w.do("contacts", "import", str(w.dir / "c.csv"))


def scenario(tap):
    ana, jo = f"ana@{CREATORS}", f"josé@{CREATORS}"
    with harness.mail() as mail:
        mail.add_users([ana, jo])
        w = Workspace(mail)
        configure(w, mail)
        records = {f"{s}._domainkey.brand.example.": w.do("secret", "dkim", name).strip() for s, name in (("r", "rsa"), ("e", "ed"))}
        w.do("enrol", "long", "ana", "jo", "no", "--yes")
        w.do("serve", "--until-idle")
        log = (mail.dir / "mail.log").read_text()
        tap.ok(harness.wait_for(lambda: mail.files(ana) and mail.files(jo)), "Postfix delivers both, the name outside ASCII too", log[-3000:])
        for address in (ana, jo):
            raw = b"".join(p.read_bytes() for p in mail.files(address)[:1])
            wire = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            wire = wire[wire.index(b"DKIM-Signature:"):] if b"DKIM-Signature:" in wire else wire
            held = subprocess.run(["/usr/bin/python3", "-c", VERIFY, json.dumps(records)], input=wire, capture_output=True)
            tap.ok(held.stdout == b"[True, True]\n", f"what arrives at {address} verifies with both keys", held.stdout, held.stderr.decode(), raw[:3000])
            tap.ok(max(len(line) for line in raw.split(b"\n")) < 999, "no line is longer than mail may have")
            token = re.search(rb"Message-ID: <(\w+)@", raw)
            tap.ok(token and b"Return-Path: <lea+".replace(b"lea", OURS.split("@")[0].encode()) + token.group(1) in raw,
                   "its return path is the token of its Message-ID", raw[:600])
        for address in (ana, jo):  # the same bytes, by another hand
            again = subprocess.run(["swaks", "--silent", "2", "--server", "127.0.0.1", "--port", str(mail.smtp_port), "--from", OURS, "--to", address,
                                    "--data", "-"], input=mail.files(address)[0].read_bytes(), capture_output=True)
            tap.ok(again.returncode == 0 and harness.wait_for(lambda: len(mail.files(address)) == 2), f"swaks hands it to Postfix for {address}, long lines and all",
                   again.stdout.decode(), again.stderr.decode())
        came = harness.wait_for(lambda: mail.files(OURS))
        if tap.ok(came, "the bounce of an unknown address comes back through plus addressing", (mail.dir / "mail.log").read_text()[-3000:]):
            tap.ok(re.search(rb"To: \S+\+[a-z2-7]{26}@", mail.files(OURS)[0].read_bytes()), "to the return path", mail.files(OURS)[0].read_bytes()[:900])
            w.do("serve", "--until-idle")
            states = {row["contact"]: row["state"] for row in map(json.loads, w.do("messages", "--json").splitlines())}
            tap.equal(states.get("no"), "bounced", "and the message is bounced", states)


if __name__ == "__main__":
    harness.run(scenario)
