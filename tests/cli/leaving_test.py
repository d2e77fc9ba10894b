#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How messages leave, besides being refused: all to one address (redirect_all_to), not before they can no longer be taken back (undo), and
by another channel when the server refuses (reach)."""
import email
import email.policy
import json
import sys
import tempfile
import time
from pathlib import Path

import commands_test as cli
from commands_test import ok, run, write

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "net"))
from servers import Smtp  # noqa: E402

CONFIG = """workspace {{ timezone = "Europe/Paris", hours = "always", {more} allow_addresses = {{ "{smtp}" }} }}
account "main" {{ channel = "email", from = "Léa Martin <lea@brand.example>", smtp = {{ url = "smtp://{smtp}", tls = "none" }} }}
"""
SCRIPT = """local perigee = require "perigee"
return perigee.sequence {{ name = "{name}", needs = {{ send = {{ "email", "instagram" }} }},
  run = function(contact) {body} end }}
"""


class World:
    def __init__(self, folder, smtp, more):
        self.dir = Path(folder)
        write(self.dir, "perigee.lua", CONFIG.format(more=more, smtp=smtp.address))
        write(self.dir, "templates/hello.md", "---\nsubject: About {{ city }}\n---\nHello from {{ city }}\n")
        write(self.dir, "contacts.csv", "id,name,email,city,instagram\nana,Ana Blum,ana@there.example,Basel,anab\nbo,Bo Kern,bo@there.example,Bern,bok\n")
        self.do("contacts", "import", "contacts.csv")

    def do(self, *words):
        got = run(*words, cwd=self.dir)
        if got.code:
            raise RuntimeError(f"{words}: {got}")
        return got.out

    def rows(self, *words):
        return [json.loads(line) for line in run(*words, "--json", cwd=self.dir).out.splitlines()]

    def serve(self):
        return self.do("serve", "--until-idle")


def world(folder, smtp, more):
    w = World(folder, smtp, more)
    for name, body in (("mail", 'contact:send("email", "hello", { cc = { "boss@there.example" } })'), ("insta", 'contact:send("instagram", "hello")'),
                       ("both", 'local m = contact:reach({ "instagram", "email" }, "hello") return "by " .. m.channel'),
                       ("server", 'local m = contact:reach({ "email", "instagram" }, "hello") return "by " .. m.channel')):
        write(w.dir, f"sequences/{name}.lua", SCRIPT.format(name=name, body=body))
    return w


def redirected(folder):
    smtp = Smtp()
    w = world(folder, smtp, 'redirect_all_to = "me@brand.example", ')
    simmed = w.rows("sim", "insta", "--contacts", "contacts.csv", "--for", "1d")
    ok(any(e["event"] == "task" for e in simmed) and not any(e["event"] == "refused" for e in simmed), "a simulation redirects nothing", simmed)
    w.do("enrol", "mail", "ana", "--yes")
    w.do("enrol", "insta", "ana", "--yes")
    w.do("enrol", "both", "bo", "--yes")
    w.serve()
    sent = {mail["X-Perigee-To"]: (envelope, rcpt, mail) for envelope, rcpt, raw in smtp.messages
            for mail in [email.message_from_bytes(raw, policy=email.policy.default)]}
    ok(sorted(sent) == ["ana@there.example", "bo@there.example"], "a header says whose each mail was", smtp.commands)
    _, rcpt, mail = sent["ana@there.example"]
    ok(rcpt == ["RCPT TO:<me@brand.example>"] and not any("there.example" in c for c in smtp.commands), "the envelope names the one address alone", smtp.commands)
    ok(mail["To"] == "me@brand.example" and mail["Cc"] is None and mail["X-Perigee-Cc"] == "boss@there.example", "so does To, and copies go nowhere", mail.as_string())
    ok(mail["Subject"] == "[to ana@there.example] About Basel", "the subject says whose it was", mail["Subject"])
    rows = {(m["contact"], m["channel"]): m for m in w.rows("messages")}
    ok(rows["ana", "email"]["subject"] == "About Basel" and rows["ana", "email"]["state"] == "accepted", "the ledger keeps what it says to them", rows)
    refused = rows["ana", "instagram"]
    ok(refused["state"] == "refused" and "all mail goes to me@brand.example" in refused["error"] and "nothing goes by instagram" in refused["error"],
       "what would go by another channel is refused, and nobody gets a task for it", refused)
    ok(not w.rows("tasks"), "there is no task", w.rows("tasks"))
    ok([r["outcome"] for r in w.rows("runs") if r["sequence"] == "both"] == ["by email"], "reach passes it over", w.rows("runs"))
    smtp.close()


def undone(folder):
    smtp = Smtp()
    w = world(folder, smtp, 'undo = "4s", ')
    w.do("enrol", "mail", "ana", "bo", "--yes")
    begun = time.time()
    w.serve()
    rows = {m["contact"]: m for m in w.rows("messages")}
    early = time.time() - begun < 3.5
    ok(not early or (not smtp.messages and {m["state"] for m in rows.values()} == {"queued"}), "a message waits while it can be taken back", rows)
    ok(not early or all("can be cancelled until" in m["reason"] for m in rows.values()), "and says until when", rows)
    why = [r for r in w.rows("why", "ana", "mail") if r["rule"] == "undo"]
    ok(not early or (why and why[0]["answer"] == "defer" and "cancel" in why[0]["reason"] and why[0]["until"]), "so does why", why)
    w.do("messages", "cancel", str(rows["bo"]["id"]))
    time.sleep(max(0, begun + 4.5 - time.time()))
    w.serve()
    ok([rcpt[0] for _, rcpt, _ in smtp.messages] == ["RCPT TO:<ana@there.example>"], "then it leaves; what was cancelled never does", smtp.commands)
    ok({m["contact"]: m["state"] for m in w.rows("messages")} == {"ana": "accepted", "bo": "cancelled"}, "and its state says so")
    smtp.close()


def refused_by_server(folder):
    answers = {"ana@there.example": "550 5.7.1 not from you", "bo@there.example": "550 5.1.1 no such user"}
    smtp = Smtp(RCPT=lambda line: next((a for address, a in answers.items() if address in line), "250 ok"))
    w = world(folder, smtp, "")
    w.do("enrol", "server", "ana", "bo", "--yes")
    w.serve()
    rows = {m["contact"]: m for m in w.rows("messages")}
    ok(all(m["channel"] == "instagram" and m["state"] == "handed" and m["account"] is None for m in rows.values()),
       "what the server refuses goes by the next channel, by hand here", rows)
    tasks = {t["contact"]: t["id"] for t in w.rows("tasks")}
    ok(sorted(tasks) == ["ana", "bo"], "as a task", tasks)
    w.do("tasks", "done", str(tasks["ana"]), "--outcome", "sent")
    w.do("tasks", "done", str(tasks["bo"]), "--outcome", "not sent")
    w.serve()
    ends = {r["contact"]: (r["state"], r["outcome"]) for r in w.rows("runs")}
    ok(ends == {"ana": ("done", "by instagram"), "bo": ("done", "refused")}, "the script hears which channel it was; a person's no is a no", ends)
    smtp.close()


def tested(folder):
    """A test message is real mail: whose address is left alone gets none."""
    smtp = Smtp()
    w = world(folder, smtp, "")
    w.do("contacts", "erase", "ana", "--yes")
    got = run("send", "hello", "--to", "Ana@there.example", "--as", "bo", cwd=w.dir)
    ok(got.code and "was not sent to Ana@there.example: their data was erased" in got.err and not smtp.messages, "nobody who is left alone gets a test message", got)
    w.do("send", "hello", "--to", "me@brand.example", "--as", "bo")
    ok([rcpt for _, rcpt, _ in smtp.messages] == [["RCPT TO:<me@brand.example>"]], "others do", smtp.commands)
    smtp.close()


def main():
    for part in (redirected, undone, refused_by_server, tested):
        with tempfile.TemporaryDirectory(prefix="perigee-leaving-") as folder:
            part(folder)
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
