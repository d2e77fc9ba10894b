#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Documents: rendered for each person, attached whole, kept for a second try; and signed links and buttons over HTTP, from the mail at a sink
to what the run and the contact have of it."""
import email
import email.policy
import hashlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "net"), str(HERE.parent / "web")]

import commands_test as cli
from commands_test import PERIGEE, exits, ok, run, write
from servers import Smtp
from unsubscribe_test import Page, Place, is_guarded, wait_for

CONTRACT = """---
title: Contract {{ number }}
---
# Contract {{ number }}

Between **Brand** and {{ name }}, on {{ start | localized_date }}.

| What | Fee |
| :-- | --: |
| {{ product }} | {{ fee | money: "EUR" }} |

---

<script>alert(1)</script> is no markup, nor is <b>this</b>.
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>Contract 2026-0007</title>
<style>
"""
BODY = """<body>
<main>
<h1>Contract 2026-0007</h1>
<p>Between <strong>Brand</strong> and Zoé O&#39;Neil &amp; Söhne, on 1 February 2027.</p>
<table>
<thead>
<tr><th style="text-align:left">What</th><th style="text-align:right">Fee</th></tr>
</thead>
<tbody>
<tr><td style="text-align:left">&lt;b&gt;pan&lt;/b&gt; | pot</td><td style="text-align:right">€1,234.50</td></tr>
</tbody>
</table>
<hr>
<p>&lt;script&gt;alert(1)&lt;/script&gt; is no markup, nor is &lt;b&gt;this&lt;/b&gt;.</p>
</main>
</body>
</html>
"""
SEQUENCE = """local perigee = require "perigee"
return perigee.sequence { name = "%s", needs = { send = { "email" } },
  run = function(contact)
    contact:send("email", "%s"%s)
    local event = contact:wait({ "opt_in", "click" }, "2 hours")
    return event and event.event .. " " .. tostring(event.url) or "nothing"
  end }
"""


def settings(sink):
    return f"""workspace {{ timezone = "Europe/Paris", hours = "always", allow_addresses = {{ "{sink.address}" }} }}
account "main" {{ channel = "email", from = "Léa Martin <lea@brand.example>", smtp = {{ url = "smtp://{sink.address}", tls = "none" }},
  cap = {{ per_day = 1000, gap = "0s" }} }}
"""


def begin(folder, sink):
    write(folder, "perigee.lua", settings(sink))
    write(folder, "contacts.csv", "id,name,email,country,product,fee,start\nzoe,Zoé O'Neil & Söhne,zoe@there.example,FR,<b>pan</b> | pot,1234.5,2027-02-01\n"
          "ben,Ben Carter,ben@there.example,US,knife,900,2027-02-01\nlu,Lu,lu@there.example,FR,pan,,2027-02-01\n")
    write(folder, "templates/deal.md", "---\nsubject: Our deal about {{ product }}\npurpose: service\ndocument: contract\n---\nHi {{ name }}, here it is.\n")
    write(folder, "templates/contract.md", CONTRACT)
    write(folder, "templates/page.html", "---\nfilename: One page for {{ name }}\n---\n<!DOCTYPE html><html><body><p>{{ product }}</p></body></html>\n")
    write(folder, "sequences/deal.lua", SEQUENCE % ("deal", "deal", ', { documents = { "contract", "page" }, vars = { number = "2026-0007" } }'))
    run("contacts", "import", "contacts.csv", cwd=folder)


def attached(raw):
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    return [(p.get_filename(), p.get_content_type(), p.get_content_charset(), p.get_content_disposition(), p.get_payload(decode=True))
            for p in mail.walk() if p.get_content_disposition() == "attachment"]


def sending(folder, sink):
    checked = exits("check finds nothing wrong with documents that are there", 0, "check", cwd=folder)
    ok("no faults" in checked.out, "and says so", checked)
    enrolled = run("enrol", "deal", "zoe", "ben", "lu", "--yes", cwd=folder)
    ok("3 started" in enrolled.out, "what a script gives is not missed by enrol", enrolled)
    run("serve", "--until-idle", cwd=folder)
    got = {rcpt[0]: raw for _, rcpt, raw in sink.messages}
    raw = got.get("RCPT TO:<zoe@there.example>", b"")
    files = attached(raw)
    ok([f[:4] for f in files] == [("contract-2026-0007-zoé-oneil-söhne.html", "text/html", "utf-8", "attachment"),
                                  ("one-page-for-zoé-oneil-söhne.html", "text/html", "utf-8", "attachment")],
       "two documents are attached, under names that Python's reader of mail understands", files)
    page = files[0][4].decode() if files else ""
    ok(page.startswith(PAGE) and page.endswith(BODY), "a page is whole, escapes what a person's data hold, and has tables", page)
    ok(re.search(r"@page\{size:A4;", page) and "http" not in re.sub(r'http-equiv="', "", page), "it is for paper of A4, and asks nothing of anybody else", page)
    ok(files and files[1][4].decode() == "<!DOCTYPE html><html><body><p>&lt;b&gt;pan&lt;/b&gt; | pot</p></body></html>\n", "an .html template is taken as it is", files[1:])
    ok(b'filename="contract-2026-0007-zoe-oneil-sohne.html"' in raw and b"filename*=utf-8''contract-2026-0007-zo%C3%A9-oneil-s%C3%B6hne.html" in raw.replace(b"\r\n ", b" "),
       "with an ASCII name for readers that know no other", raw[:3000])
    ok(all(len(line) <= 76 for line in raw.split(b"\r\n\r\n", 1)[1].split(b"\r\n")), "no line of the body is too long")
    ben = attached(got.get("RCPT TO:<ben@there.example>", b""))
    ok(ben and "@page{size:Letter;" in ben[0][4].decode(), "in the United States paper is Letter", ben)
    ok("RCPT TO:<lu@there.example>" not in got, "who lacks a field of the contract gets no mail")
    why = [r for r in run("runs", "--json", cwd=folder).rows() if r["contact"] == "lu"]
    ok(why and "document contract: templates/contract.md:10: fee is missing" in str(why[0]), "and the run names document, file, line and field", why)


def commands(folder):
    printed = run("render", "contract", "--contact", "zoe", "--var", "number=2026-0007", cwd=folder)
    ok(printed.code == 0 and printed.out.startswith(PAGE) and printed.out.endswith(BODY), "render prints a document", printed)
    shown = run("render", "deal", "--contact", "zoe", "--var", "number=2026-0007", cwd=folder)
    ok(re.search(r"^Document: contract-2026-0007-zoé-oneil-söhne\.html \(\d\.\d.kB\)$", shown.out, re.M), "and lists those of a message, with their size", shown)
    row = run("render", "deal", "--contact", "ben", "--var", "number=1", "--json", cwd=folder).rows()[0]
    ok([(f["document"], f["name"], f["type"]) for f in row["attachments"]] == [("contract", "contract-1-ben-carter.html", "text/html; charset=utf-8")] and
       row["documents"] == ["contract"] and row["attachments"][0]["size"] > 1000, "with --json their template and type", row)
    every = run("render", "deal", "--all", "--var", "number=1", cwd=folder)
    ok(every.code == 1 and "document contract: templates/contract.md:10: fee is missing" in every.out and "2 of 3" in every.out, "render --all finds who would get none", every)
    simmed = [e for e in run("sim", "deal", "--contacts", "contacts.csv", "--json", cwd=folder).rows() if e["event"] == "sent"]
    ok(simmed and simmed[0]["attach"] == ["contract-2026-0007-zoé-oneil-söhne.html", "one-page-for-zoé-oneil-söhne.html"], "sim says what is attached", simmed)
    write(folder, "templates/slip.md", "---\nsubject: {{ product }}\ndocument: contrakt, brief-{{ product }}\n---\nHi {{ name }}\n")
    exits("check finds a document that there is not", 1, "check", "templates/slip.md", cwd=folder, says="templates/slip.md:3: no template 'contrakt' for the document; did you mean 'contract'?")
    os.unlink(folder / "templates/slip.md")


def missing(folder, sink):
    """A document that is named outright and is not there yet holds its mails, as a template does; one that a person's data name is theirs to lack."""
    cases = {"by-script": ("plain", ', { documents = { "later" } }', "held"), "by-template": ("fixed", "", "held"), "by-data": ("each", "", "refused")}
    write(folder, "templates/plain.md", "---\nsubject: Yours {{ product }}\npurpose: service\n---\nHi {{ name }}.\n")
    write(folder, "templates/fixed.md", "---\nsubject: Yours {{ product }}\npurpose: service\ndocument: page , later\n---\nHi {{ name }}.\n")
    write(folder, "templates/each.md", "---\nsubject: Yours {{ product }}\npurpose: service\ndocument: page, for-{{ product }}\n---\nHi {{ name }}.\n")
    for there in ("later", "for-knife"):
        write(folder, f"templates/{there}.md", "---\ntitle: Later\n---\n# Later\n")
    for name, (template, options, _) in cases.items():
        write(folder, f"sequences/{name}.lua", SEQUENCE % (name, template, options))
        write(folder, "more.csv", f"id,name,email,product\n{name},Ben Carter,{name}@there.example,knife\n")
        run("contacts", "import", "more.csv", cwd=folder)
        run("enrol", name, name, "--yes", cwd=folder)
    for there in ("later", "for-knife"):  # enrol has seen them; then they go
        os.unlink(folder / f"templates/{there}.md")
    sink.messages.clear()
    run("serve", "--until-idle", cwd=folder)
    rows = {m["template"]: m for m in run("messages", "--json", cwd=folder).rows() if m["template"] in ("plain", "fixed", "each")}
    for name, (template, _, state) in cases.items():
        m = rows.get(template, {})
        ok(m.get("state") == state and "no template " + ("for-knife" if name == "by-data" else "later") in str(m.get("reason")) + str(m.get("error")),
           f"a document that is missing, named {name}: {state}", m)
    write(folder, "templates/later.md", "---\ntitle: Later\n---\n# Later\n")
    run("serve", "--until-idle", cwd=folder)
    got = sorted(tuple(f[0] for f in attached(raw)) for _, _, raw in sink.messages)
    ok(got == [("later-ben-carter.html",), ("one-page-for-ben-carter.html", "later-ben-carter.html")], "and go when it is there", got)
    for name in cases:
        os.unlink(folder / f"sequences/{name}.lua")


def again(folder, sink):
    """A try that is repeated sends what the first one sent, though the template has changed and the program was killed."""
    sink.replies["END"] = ["451 4.3.0 later", "usual"]
    sink.messages.clear()
    sink.writes.clear()
    run("enrol", "deal", "ben", "--again", "--yes", cwd=folder)
    serving = subprocess.Popen([PERIGEE, "serve"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: any(m["state"] == "queued" and m["reason"] for m in run("messages", "--json", cwd=folder).rows()))
    serving.send_signal(signal.SIGKILL)
    serving.wait()
    first = b"".join(sink.writes)
    write(folder, "templates/contract.md", CONTRACT.replace("Between", "Between other people,"))
    run("serve", "--until-idle", "--fast-forward", "1s", cwd=folder)
    raw = sink.messages[0][2] if sink.messages else b""
    ok(raw and raw in first.replace(b"\r\n..", b"\r\n.") and b"other people" not in attached(raw)[0][4], "a second try sends the bytes of the first", sink.messages)
    ok(list((folder / "run" / "attachments").glob("*")) == [], "and then no copy is left")


# ---- links over HTTP ------------------------------------------------------------------------------------------------

class Still(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def looked_at(url, method="GET", data=None):
    try:
        got = urllib.request.build_opener(Still).open(urllib.request.Request(url, data=data, method=method), timeout=15)
    except urllib.error.HTTPError as error:
        got = error
    return got.status, got.headers, got.read().decode()


def links(work):
    place = Place(work, name="L")
    guide = "https://brand.example/guide.pdf?a=1&b=%20#page=2"
    try:
        write(place.dir, "templates/offer.md", "---\nsubject: For {{ name }}\npurpose: service\n---\nYes, {{ dish }}: {{ confirm_url }}\n\n"
              f"Guide: {{{{ \"{guide}\" | link: \"7 days\" }}}} and short: {{{{ \"https://brand.example/short\" | link: \"3 seconds\" }}}}\n")
        write(place.dir, "sequences/offer.lua", SEQUENCE % ("offer", "offer", ""))
        place.typed("enrol", "offer", "ana", "bob", "cleo", "dora", "--yes")
        ok(place.serve("--public", f"127.0.0.1:{place.port}") and wait_for(lambda: len(place.mails()) == 4), "four mails with links leave", place.log())
        sent_at = time.monotonic()
        found = {p: re.findall(r"http://127\.0\.0\.1:\d+/([cl]/[a-z2-7]{52})", place.mail_to(p, "For").get_body(("plain",)).get_content()) for p in ("ana", "bob", "cleo", "dora")}
        base = place.url + "/"
        ok(all([w[0] for w in f] == ["c", "l", "l"] for f in found.values()) and len({w for f in found.values() for w in f}) == 12, "each has its own, and none says where it leads", found)
        short = base + found["ana"][2]

        status, headers, text = looked_at(base + found["ana"][1], "HEAD")
        ok(status == 303 and headers["Location"] == guide and not text and place.events("click") == [], "a HEAD is told where a link leads, and counts for nothing", status, headers)
        status, headers, text = looked_at(base + found["ana"][1])
        ok(status == 303 and headers["Location"] == guide and not text and headers["Referrer-Policy"] == "no-referrer" and headers["Cache-Control"] == "no-store",
           "opened, it shows nothing but the way", status, headers, text)
        ok(place.events("click") == ["ana"] and wait_for(lambda: place.run_of("ana", "offer") == ("done", "click " + guide)), "and the run is told which", place.run_of("ana", "offer"))
        looked_at(base + found["ana"][1])
        ok(place.events("click") == ["ana"], "once")
        status, headers, _ = looked_at(base + found["ana"][1], "POST", b"confirm=yes")
        ok(status == 405 and headers["Allow"] == "GET, HEAD", "it is nothing to post to", status, headers)
        time.sleep(max(0, sent_at + 4 - time.monotonic()))
        late = Page(short)
        ok(late.status == 410 and "Ce lien n’est plus valable" in late.text and "brand.example/short" not in str(late) and is_guarded(late), "after its time it says so, in their language", late)
        token = found["bob"][1][2:]
        forged = [token[:-1] + ("a" if token[-1] != "a" else "b"), token[:26] + found["ana"][1][28:], "a" * 52]
        ok(all(looked_at(base + "l/" + t)[0] == 404 for t in forged) and looked_at(base + "u/" + token)[0] == 404 and looked_at(base + "c/" + token)[0] == 404,
           "what is forged, or meant for something else, leads nowhere")

        page = Page(base + found["bob"][0])
        ok(page.status == 200 and "Yes, write to me" in page.text and page.text.count("<form") == 1 and is_guarded(page) and "b***@people.example" in page.text,
           "the page to confirm has one button", page)
        Page(base + found["bob"][0], method="HEAD")
        refused = [Page(base + found["bob"][0], data).status for data in (b"", b"confirm=no", b"List-Unsubscribe=One-Click", b"x=yes")]
        ok(refused == [400] * 4 and place.events("opt_in") == [] and consent(place, "bob") == (None, None), "looking, or any other word, confirms nothing", refused)
        page = Page(base + found["bob"][0], b"confirm=yes")
        ok(page.status == 200 and "it is confirmed" in page.text and place.events("opt_in") == ["bob"], "a press of it does", page)
        said, source = consent(place, "bob")
        ok(said == "email: double opt-in" and re.fullmatch(r"double opt-in: template offer, \d{4}-\d\d-\d\d \d\d:\d\d", source or ""), "what was confirmed, by which mail and when stands with the contact", said, source)
        ok(wait_for(lambda: place.run_of("bob", "offer") == ("done", "opt_in nil")), "and the run goes on", place.run_of("bob", "offer"))
        again_ = Page(base + found["bob"][0], b"confirm=yes")
        ok("confirmed this already" in again_.text and place.events("opt_in") == ["bob"], "twice is as once", again_)

        place.typed("contacts", "set", "cleo", "consent=sms: opt-in; email: legitimate interest", "consent_source=the fair")
        Page(base + found["cleo"][0], b"confirm=yes")
        said, source = consent(place, "cleo")
        ok(said == "email: double opt-in; sms: opt-in" and source.endswith("; the fair"), "what is recorded for other channels stays, with its source", said, source)

        place.typed("enrol", "intro", "dora", "--yes")
        ok(wait_for(lambda: place.mail_to("dora", "Hello")), "another mail leaves", place.log())
        Page(place.link("dora"), b"List-Unsubscribe=One-Click")
        page = Page(base + found["dora"][0], b"confirm=yes")
        ok(page.status == 410 and "Este enlace ha caducado" in page.text and consent(place, "dora") == (None, None) and place.events("opt_in") == ["bob", "cleo"],
           "a link that was sent before they left brings nobody back", page)
        ok(any(r["rule"] == "suppressed" and r["answer"] == "refuse" for r in place.typed("why", "dora", "--json").rows()), "they may not be written to")
        exported = place.typed("contacts", "show", "bob")
        ok("double opt-in" in exported.out, "contacts show tells the consent", exported)
        ok(not re.search(r"[a-z2-7]{52}", place.log()), "the log holds no token", place.log()[-1000:])
    finally:
        place.stop(signal.SIGKILL)
        place.sink.close()


def consent(place, person):
    with sqlite3.connect(f"file:{place.dir}/perigee.db?mode=ro", uri=True) as db:
        return db.execute("SELECT consent, consent_source FROM contacts WHERE id = ?", (person,)).fetchone()


def main():
    sink = Smtp(offer=("PIPELINING", "SIZE 30000000", "8BITMIME", "ENHANCEDSTATUSCODES"))
    with tempfile.TemporaryDirectory(prefix="perigee-documents-") as work:
        folder = Path(work) / "w"
        begin(folder, sink)
        sending(folder, sink)
        commands(folder)
        missing(folder, sink)
        again(folder, sink)
        sink.close()
        links(Path(work))
    print(f"1..{cli.points}")
    return 1 if cli.failed else 0


if __name__ == "__main__":
    sys.exit(main())
