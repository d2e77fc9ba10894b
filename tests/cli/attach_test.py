#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Attachments and inline images: found, sent whole, kept for a second try, never left out, and gone with the person."""
import email
import email.policy
import hashlib
import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "net"))
from servers import Smtp  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402
from tap import ok  # noqa: E402

PERIGEE = os.environ.get("PERIGEE") or str(Path(__file__).resolve().parents[2] / "build" / "perigee")
PDF, PNG = b"%PDF-1.4\n" + bytes(range(256)) * 700, b"\x89PNG\r\n\x1a\n" + b"\0\xff" * 999


class World:
    """A workspace whose account writes to a sink."""

    def __init__(self, folder, smtp):
        self.dir = Path(folder)
        self.write("perigee.lua", f"""workspace {{ timezone = "Europe/Paris", hours = "always", allow_addresses = {{ "{smtp.address}" }} }}
account "main" {{ channel = "email", from = "Léa Martin <lea@brand.example>", smtp = {{ url = "smtp://{smtp.address}", tls = "none" }},
  cap = {{ per_day = 1000, gap = "0s" }} }}
""")
        self.write("contacts.csv", "id,name,email,city\nana,Ana Blum,ana@there.example,Basel\nbo,Bo Kern,bo@there.example,Bern\n")
        self.do("contacts", "import", "contacts.csv")

    def write(self, name, what):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(what if isinstance(what, bytes) else what.encode())

    def template(self, name, text, attach="", script=""):
        self.write(f"templates/{name}.md", f"---\nsubject: About {{{{ city }}}}\n{attach}---\n{text}\n")
        self.write(f"sequences/{name}.lua", f"""local perigee = require "perigee"
return perigee.sequence {{ name = "{name}", needs = {{ send = {{ "email" }} }},
  run = function(contact) contact:send("email", "{name}"{script}) return "sent" end }}
""")

    def run(self, *words):
        return subprocess.run([PERIGEE, *words], cwd=self.dir, capture_output=True, text=True, timeout=60)

    def do(self, *words):
        got = self.run(*words)
        if got.returncode:
            raise RuntimeError(f"{words}: {got.stdout}{got.stderr}")
        return got.stdout

    def rows(self, *words):
        return [json.loads(line) for line in self.run(*words, "--json").stdout.splitlines()]

    def serve(self, *more):
        return self.do("serve", "--until-idle", *more)

    def kept(self):
        return sorted(p.name for p in (self.dir / "run" / "attachments").glob("*"))


def parts(raw):
    """Names, types, bytes of what is attached, and of what is inline with its Content-ID."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    found = [p for p in mail.walk() if not p.is_multipart() and p.get_content_disposition()]
    return mail, [(p.get_filename(), p.get_content_type(), p.get_payload(decode=True), p["Content-ID"]) for p in found]


def sending(w, smtp):
    w.write("attachments/contract.pdf", PDF)
    w.write("attachments/ana/contract.pdf", PDF + b"Ana")
    w.write("attachments/für Bo, 2026.txt", "Grüße\r\n".encode() * 3)
    w.write("attachments/logo.png", PNG)
    w.write("attachments/empty.csv", b"")
    w.template("deal", "Hello from {{ city }}. ![our logo](cid:logo.png) and again ![](cid:logo.png)", "attach: contract.pdf\n",
               ', { attach = { "für Bo, 2026.txt", "empty.csv", "contract.pdf" } }')
    checked = w.run("check")
    ok(checked.returncode == 0, "check finds nothing wrong where all files are there", checked.stdout, checked.stderr)
    simmed = [e for e in w.rows("sim", "deal", "--contacts", "contacts.csv") if e["event"] == "sent"]
    wanted = ["contract.pdf", "für Bo, 2026.txt", "empty.csv", "logo.png"]
    ok([e.get("attach") for e in simmed] == [wanted, wanted], "sim says what is attached to a message, each file once", simmed)
    ok(not w.kept(), "and copies nothing")
    shown = w.do("render", "deal", "--contact", "ana")
    ok("Attachment: contract.pdf (179.2" in shown and "Inline: logo.png (2.0" in shown, "render lists files with their size", shown)
    row = w.rows("render", "deal", "--contact", "bo")[0]
    ok(row["attachments"][0] == {"name": "contract.pdf", "type": "application/pdf", "size": len(PDF), "inline": False} and "inline" not in row,
       "and with --json their type and size", row)
    w.do("enrol", "deal", "ana", "bo", "--yes")
    w.serve()
    got = {rcpt[0]: parts(raw) for _, rcpt, raw in smtp.messages}
    ok(len(got) == 2, "both are sent", smtp.commands)
    for address, own in (("RCPT TO:<ana@there.example>", PDF + b"Ana"), ("RCPT TO:<bo@there.example>", PDF)):
        mail, found = got.get(address, (None, []))
        ok([f[:3] for f in found if not f[3]] == [("contract.pdf", "application/pdf", own), ("für Bo, 2026.txt", "text/plain", "Grüße\r\n".encode() * 3),
           ("empty.csv", "text/csv", b"")], f"{address}: their own file before the common one; names, types and bytes arrive", [(f[0], f[1], len(f[2]), f[3]) for f in found])
        images = [f for f in found if f[3]]
        html = mail.get_body(("html",)).get_content()
        ok(len(images) == 1 and images[0][:3] == ("logo.png", "image/png", PNG) and html.count(f'src="cid:{images[0][3][1:-1]}"') == 2,
           "an image is there once, and the HTML shows it by its Content-ID", images, html)
        ok("cid:" not in mail.get_body(("plain",)).get_content() and "our logo" in mail.get_body(("plain",)).get_content(), "the text has its words instead")
    ok(all(len(line) <= 76 for _, _, raw in smtp.messages for line in raw.split(b"\r\n\r\n", 1)[1].split(b"\r\n")), "no line of a body is longer than 76")
    ok(w.kept() == [], "nothing is kept once they have gone", w.kept())


def refusals(w, smtp):
    for name, attach, words in (("gone", "nowhere.pdf", "attachments/nowhere.pdf is missing"), ("up", "../perigee.lua", "no name of an attachment"),
                                ("root", "/etc/passwd", "no name of an attachment"), ("link", "link.pdf", "is a link"), ("dir", "folder", "no regular file"),
                                ("through", "loop/perigee.lua", "loop/perigee.lua"), ("theirs", "bo/secret.pdf", "another contact's folder"),
                                ("big", "big1.bin, big2.bin", "larger than 10 MiB"), ("many", ", ".join(f"{i}.txt" for i in range(17)), "more than 16")):
        w.template(name, "Hello {{ city }}", f"attach: {attach}\n")
        if name == "link":
            os.symlink(w.dir / "perigee.lua", w.dir / "attachments" / "link.pdf")
            os.symlink(w.dir, w.dir / "attachments" / "loop")
            (w.dir / "attachments" / "folder").mkdir()
            w.write("attachments/bo/secret.pdf", b"Bo's")
            for big in ("big1.bin", "big2.bin"):
                w.write(f"attachments/{big}", b"\0" * (5 * 1024 * 1024 + (big == "big2.bin")))
            for i in range(17):
                w.write(f"attachments/{i}.txt", b"x")
        before = len(smtp.messages)
        w.do("enrol", name, "ana", "--yes")
        w.serve()
        row = w.rows("messages")[0] if w.rows("messages") else {}
        rows = [r for r in w.rows("messages") if r["template"] == name]
        ok(len(rows) == 1 and rows[0]["state"] == "refused" and words in rows[0]["error"] and len(smtp.messages) == before,
           f"attach: {attach[:20]}: the message is refused and says why", rows or row)
        (w.dir / "sequences" / f"{name}.lua").unlink()
        if name != "gone":
            (w.dir / "templates" / f"{name}.md").unlink()
    w.template("gone", "Hello {{ city }} ![](cid:no%20logo.png) {% comment %}x{% endcomment %}", "attach: contract.pdf, nowhere.pdf, x-{{ city }}.pdf\n")
    checked = w.run("check")
    ok(checked.returncode == 1 and "templates/gone.md:3: there is no attachments/nowhere.pdf" in checked.stderr and
       "templates/gone.md:5: there is no attachments/no logo.png" in checked.stderr and "x-" not in checked.stderr,
       "check finds the files that are there for nobody, with their places", checked.stderr)
    every = w.run("render", "gone", "--all")
    ok(every.returncode == 1 and "attachments/nowhere.pdf is missing" in every.stdout, "render --all finds it too", every.stdout)
    w.template("lua", "Hello {{ city }}", "", ', { attach = "../x.pdf" }')
    w.do("enrol", "lua", "ana", "--yes")
    w.serve()
    runs = [r for r in w.rows("runs") if r["sequence"] == "lua"]
    ok(runs and "no name of an attachment" in (runs[0]["error"] or ""), "a name that is none is misuse of send, and it says so", runs)
    for name in ("gone", "lua"):
        (w.dir / "sequences" / f"{name}.lua").unlink()
        (w.dir / "templates" / f"{name}.md").unlink()


def again(w, smtp):
    """A try that is repeated sends what the first one sent, though the file has changed and the program was killed."""
    smtp.replies["END"] = ["451 4.3.0 later", "usual"]
    smtp.messages.clear()
    w.write("attachments/offer.pdf", PDF)
    w.template("again", "Hello {{ city }}", "attach: offer.pdf\n")
    w.do("enrol", "again", "ana", "--yes")
    # A sink that takes the bytes and says no keeps nothing of them: the writes are looked at instead.
    smtp.writes.clear()
    serving = subprocess.Popen([PERIGEE, "serve"], cwd=w.dir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.time() + 20
    while time.time() < until and not any(m["template"] == "again" and m["state"] == "queued" and m["error"] for m in w.rows("messages")):
        time.sleep(0.1)
    first = b"".join(smtp.writes)
    serving.send_signal(signal.SIGKILL)
    serving.wait()
    ok(w.kept() == [hashlib.sha256(PDF).hexdigest()], "between two tries a copy is kept under its hash", w.kept())
    w.write("attachments/offer.pdf", b"another offer")
    tar = w.dir.parent / "b.tar"
    scripts = [f"{folder}/late.lua" for folder in ("sequences", "jobs", "hooks", "lib")]
    for name in scripts:
        w.write(name, "-- SPDX-License-Identifier: MIT\n")
    w.do("backup", str(tar))
    names = tarfile.open(tar).getnames()
    ok(set(scripts) <= set(names), "backup has the scripts of each folder, and their modules", names)
    for name in scripts:
        (w.dir / name).unlink()
    ok("attachments/offer.pdf" in names and "run/attachments/" + hashlib.sha256(PDF).hexdigest() in names, "backup has the files and the copies", names)
    w.serve("--fast-forward", "1s")
    ok(len(smtp.messages) == 1, "it goes at the second try", w.rows("messages")[:1])
    raw = smtp.messages[0][2] if smtp.messages else b""
    ok(raw and parts(raw)[1][0][2] == PDF and raw in first.replace(b"\r\n..", b"\r\n."), "with the bytes of the first")
    ok(w.kept() == [], "and then the copy is gone", w.kept())


def erased(w):
    ok((w.dir / "attachments/ana/contract.pdf").exists(), "a contact has files of their own")
    os.symlink(w.dir / "attachments", w.dir / "attachments/ana/loop")
    w.do("contacts", "erase", "ana", "--yes")
    ok(not (w.dir / "attachments/ana").exists() and (w.dir / "attachments/contract.pdf").exists() and (w.dir / "attachments/bo/secret.pdf").exists(),
       "erasing them takes the folder along, and nothing else", list((w.dir / "attachments").iterdir()))


def main():
    smtp = Smtp(offer=("PIPELINING", "SIZE 30000000", "8BITMIME", "ENHANCEDSTATUSCODES"))
    with tempfile.TemporaryDirectory() as folder:
        w = World(Path(folder) / "w", smtp)
        sending(w, smtp)
        refusals(w, smtp)
        again(w, smtp)
        erased(w)
    sys.exit(tap.finish())


main()
