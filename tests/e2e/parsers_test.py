#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mails that we send are read the same by GMime, Python's email package and npm's mailparser: subject, addresses, words, files."""
import csv
import email
import email.policy
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from email.header import decode_header, make_header
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "net"))
from servers import Smtp  # noqa: E402

PERIGEE = os.environ.get("PERIGEE") or str(ROOT / "build" / "perigee")
BUILD = Path(PERIGEE).parent
MAILPARSER = "mailparser@3.9.0"
ALL_BYTES = bytes(range(256)) * 40
FILES = {
    "contract.pdf": b"%PDF-1.4\r\n" + ALL_BYTES, "logo.png": b"\x89PNG\r\n\x1a\n" + ALL_BYTES, "photo.jpg": b"\xff\xd8\xff" + ALL_BYTES,
    "empty.csv": b"", "one.txt": b"x", "lines.txt": b".\r\n..\r\nFrom me\r\n--=m\r\n", "Ünïcode für Zoë.pdf": b"u", "naïve résumé.docx": b"PK\3\4",
    "契約書.pdf": b"j", "عقد.pdf": b"a", "🎉 party.gif": b"GIF89a", 'a "quoted" name.txt': b"q", "semi; colon=eq.txt": b"s", "50% off, 'now' (v2).txt": b"p",
    "ends with dots.. .txt": b"d", "x" * 120 + ".txt": b"l", "Straße-" * 14 + ".txt": b"ll", "契約" * 30 + ".pdf": b"lll", "no-ending": b"n", "UPPER.PDF": b"U",
}
NAMES = ["Ana Blum", "Zoë Müller-Lüdenscheid", "O'Brien, Pat", 'Bo "the Kern" Kern', "عمر الخيام", "山田 太郎", "🎉 Party 🎉", "Dr. Anna (Annie) Frank",
         "a@b.example", "Jean-François de la Très-Longue-Famille du Château d'Eau-sur-Mer-et-de-la-Montagne-Noire", "X", "Semi; Colon: <Angle>"]
OURS = {"plain": ["Lea", "plain@brand.example"], "quoted": ["Martin, Léa (PR)", "quoted@brand.example"], "wide": ["Müller & Söhne 🎉", "wide@brand.example"]}
SUBJECTS = ["Plain", "Grüße aus Köln", "🎉🎊 A party 🎈", "שלום עולם", "مرحبا بالعالم and English", "日本語の件名", 'Quotes "here" and \'there\'', "=?UTF-8?Q?not_encoded?=",
            "100% = a_b?", "Long" + " subject words" * 20, "Lang" + " größer" * 30, "日a本é" * 60, "W" * 200, "é" * 300, "a  b   c", "Re: Fwd: [list] x", "comma, semi; colon: dot.",
            "日本" * 60, "(paren) <angle> @ at \\ back", "combining e\u0301 and zero\u200bwidth", "Tom &amp; Jerry & <b>"]
BODIES = {
    "plain": "Hello there.\n\nBye.", "umlauts": "Grüße & Küsse aus Köln – „so“.", "emoji": "🎉 party 🎈 👩‍👩‍👧‍👦", "rtl": "שלום עולם\n\nمرحبا بالعالم",
    "long-word": "x" * 2500, "long-line": "many words " * 300, "long-wide": "ü" * 1200, "dots": ".\n\n.. two\n\n.leading dot\n\nend .", "from": "From me to you\n\n>From quoted\n\nFrom again",
    "spaces": "trailing   \nspaces\t\nand tabs\t\there", "equals": "a=b=3D=20=\n\n=C3=BC", "boundary": "--=_0123456789abcdef\n\n--\n\n-- \n\nsig", "html-ish": "1 < 2 && 3 > 2 &lt; \"q\"",
    "url": "https://example.org/" + "a/" * 150 + "?x=1&y=2", "controls": "a\u00a0b\u2028c\u200d", "cjk": "契約書をお送りします。" * 40,
}


def cases():
    """(template's file, its text, contact's name, account, subject, names of files, names of images)"""
    bodies, names = list(BODIES.values()), list(NAMES)
    for i, subject in enumerate(SUBJECTS):
        yield "md", bodies[i % len(bodies)], names[i % len(names)], ("plain", "quoted", "wide")[i % 3], subject, [], []
    for i, body in enumerate(bodies):
        yield "txt", body, names[(i + 5) % len(names)], "plain", f"Text {i}", [], []
    for i, name in enumerate(FILES):
        yield ("md", "txt", "html")[i % 3], "With a file", "Ana Blum", "wide", f"File {i}", [name], []
    yield "html", "<html><body><p>Only <b>HTML</b>, grüezi</p></body></html>", "Ana Blum", "plain", "HTML alone", [], []
    yield "html", '<p>Look: <img src="cid:logo.png" alt="logo"> <img alt=x src=\'cid:photo.jpg\'></p>', "Ana Blum", "plain", "Images in HTML", [], ["logo.png", "photo.jpg"]
    yield "md", "Look: ![logo](cid:logo.png) ![](<cid:Ünïcode für Zoë.pdf>)", "Ana Blum", "plain", "Images in Markdown", [], ["logo.png", "Ünïcode für Zoë.pdf"]
    yield "md", "All: ![logo](cid:logo.png)", "Zoë Müller", "quoted", "All of them", ["contract.pdf", "empty.csv", "lines.txt", "契約書.pdf"], ["logo.png"]
    yield "txt", "Hello", "Ana Blum", "plain", "Text with many files", list(FILES)[:12], []


def send(folder, all_cases, smtp):
    """What arrives, by the contact's address."""
    settings = f'workspace {{ timezone = "Europe/Paris", hours = "always", allow_addresses = {{ "{smtp.address}" }} }}\n'
    for name, (ours, address) in OURS.items():
        quoted = f'\\"{ours}\\" <{address}>'
        settings += f'account "{name}" {{ channel = "email", from = "{quoted}", smtp = {{ url = "smtp://{smtp.address}", tls = "none" }}, cap = {{ per_day = 1000, gap = "0s" }} }}\n'
    for sub in ("templates", "sequences", "attachments"):
        (folder / sub).mkdir(parents=True)
    (folder / "perigee.lua").write_text(settings)
    for name, data in FILES.items():
        (folder / "attachments" / name).write_bytes(data)
    with (folder / "people.csv").open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["id", "name", "email", "template", "account"])
        for i, (kind, body, name, account, _, _, _) in enumerate(all_cases):
            (folder / f"templates/t{i}.{kind}").write_text(f"---\nsubject: {{{{ the_subject }}}}\npurpose: service\n---\n{body}\n")
            rows.writerow([f"c{i:03}", name, f"c{i:03}@there.example", f"t{i}", account])
    scripts = "".join(f"  c{i:03} = {{ subject = {lua(case[4])}, attach = {{ {', '.join(map(lua, case[5]))} }} }},\n" for i, case in enumerate(all_cases))
    (folder / "sequences/mail.lua").write_text(f"""local perigee = require "perigee"
local what = {{
{scripts}}}
return perigee.sequence {{ name = "mail", needs = {{ send = {{ "email" }} }}, run = function(contact)
  local it = what[contact.id]
  contact:send("email", contact.fields.template, {{ from = contact.fields.account, vars = {{ the_subject = it.subject }}, attach = #it.attach > 0 and it.attach or nil }})
end }}
""")
    for words in (["contacts", "import", "people.csv"], ["enrol", "mail", "--all", "--yes"], ["serve", "--until-idle"]):
        done = subprocess.run([PERIGEE, *words], cwd=folder, capture_output=True, text=True, timeout=240)
        if done.returncode:
            raise RuntimeError(f"{words}: {done.stdout}{done.stderr}")
    rows = subprocess.run([PERIGEE, "messages", "--json"], cwd=folder, capture_output=True, text=True).stdout
    for row in map(json.loads, rows.splitlines()):
        if row["state"] != "accepted":
            print("#", row["contact"], row["state"], row["error"])
    return {rcpt[0].split("<")[1].split("@")[0]: raw for _, rcpt, raw in smtp.messages}


def lua(text):
    return '"' + "".join(f"\\{b:03}" if b < 32 or b > 126 or b in b'"\\' else chr(b) for b in text.encode()) + '"'


# ---- the readers ----------------------------------------------------------------------------------------------------

def name_of(mail, field):
    """A name in several encoded words, as the package's older half reads it: the newer keeps the white space between them, which RFC
    2047, 6.2, tells to ignore."""
    raw = next(value for name, value in mail.raw_items() if name.lower() == field)
    name = raw.rpartition("<")[0]
    return str(make_header(decode_header(name.strip()))) if name.count("=?UTF-8?") > 1 else None


def by_python(paths):
    for path in paths:
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        row = {"subject": str(mail["Subject"]), "text": None, "html": None, "files": []}
        for field in ("from", "to"):
            row[field] = [[name_of(mail, field) or a.display_name, a.addr_spec] for a in mail[field].addresses]
        for part in mail.walk():
            if part.is_multipart():
                continue
            if part.get_content_disposition():
                row["files"].append({"name": part.get_filename(), "type": part.get_content_type(), "cid": part["Content-ID"],
                                     "hash": hashlib.sha256(part.get_payload(decode=True)).hexdigest()})
            else:
                row["html" if part.get_content_subtype() == "html" else "text"] = part.get_payload(decode=True).decode()
        yield row


def lines_of(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr[:2000]}")
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def by_gmime(paths):
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "gmime-3.0", "jansson"], capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["cc", "-o", BUILD / "parsers_gmime", Path(__file__).with_name("parsers_gmime.c"), *flags], check=True)
    return lines_of(BUILD / "parsers_gmime", *paths)


def by_mailparser(paths):
    """None where npm is not, or can't get it."""
    folder = BUILD / "npm"
    if not (folder / "node_modules/mailparser").exists():
        if not shutil.which("npm"):
            return None
        folder.mkdir(exist_ok=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", MAILPARSER], cwd=folder, capture_output=True, timeout=300)
    if not (folder / "node_modules/mailparser").exists():
        return None
    return lines_of("node", Path(__file__).with_name("parsers_node.js"), folder, *paths)


def normal(row):
    """What readers may differ in: line ends, ends of the text, the angle brackets of a Content-ID, the case of types."""
    def text(value):
        return value and value.replace("\r\n", "\n").rstrip("\n")
    return {**row, "text": text(row["text"]), "html": text(row["html"]),
            "files": [{**f, "cid": (f.get("cid") or "").strip("<>") or None, "type": f["type"].lower()} for f in row["files"]]}


def faults(case, row):
    """How this reading differs from what was written."""
    kind, body, name, account, subject, files, images = case
    if row["from"] != [OURS[account]]:
        yield f"from {row['from']}, not {OURS[account]}"
    if row["subject"] != subject:
        yield f"subject {row['subject']!r}, not {subject!r}"
    if row["to"][0][0] != name:
        yield f"to {row['to']}, not {name!r}"
    wanted = [[n, hashlib.sha256(FILES[n]).hexdigest()] for n in images + files]
    got = [[f["name"], f["hash"]] for f in row["files"]]
    if got != wanted:
        yield f"files {got}, not {wanted}"
    shown = re.findall(r'src=["\']cid:([^"\']+)', row["html"] or "")
    if shown != [f["cid"] for f in row["files"] if f["cid"]]:
        yield f"images {shown} are not among the files"
    if kind == "txt" and "".join(row["text"].split()) != "".join(body.split()):
        yield f"text {row['text'][:200]!r}"
    if (kind == "txt") != (row["html"] is None):
        yield "the HTML"


def main():
    all_cases = list(cases())
    smtp = Smtp(offer=("PIPELINING", "SIZE 30000000", "8BITMIME", "ENHANCEDSTATUSCODES"))
    count, bad = 0, 0
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        got = send(work / "workspace", all_cases, smtp)
        missing = [i for i in range(len(all_cases)) if f"c{i:03}" not in got]
        all_cases = [case for i, case in enumerate(all_cases) if i not in missing]
        paths = []
        for ident in sorted(got):
            paths.append(work / f"{ident}.eml")
            paths[-1].write_bytes(got[ident])
        keep = os.environ.get("KEEP_MAILS")
        if keep:
            shutil.copytree(work, keep, dirs_exist_ok=True)
        count += 1
        bad += bool(missing) or len(got) < 40
        print("not ok" if missing or len(got) < 40 else "ok", count, "- all", len(got), "messages arrive", *missing)
        strict = [p.name for p in paths for line in p.read_bytes().split(b"\r\n") if len(line) > 998 or b"\n" in line or b"\r" in line or max(line, default=0) > 126]
        count += 1
        bad += bool(strict)
        print("not ok" if strict else "ok", count, "- every line is 7-bit, ends with CRLF and is at most 998 long", *strict)
        readers = {"Python's email": list(by_python(paths)), "GMime": by_gmime(paths), "mailparser": by_mailparser(paths)}
        reference = [normal(row) for row in readers["Python's email"]]
        for reader, rows in readers.items():
            count += 1
            if rows is None:
                print(f"ok {count} - {reader} reads what was written # skip npm can't get {MAILPARSER} here")
                continue
            found = []
            for case, row, other, path in zip(all_cases, map(normal, rows), reference, paths):
                found += [f"{path.name}: {fault}" for fault in faults(case, row)]
                found += [f"{path.name}: {key} {str(row[key])[:300]!r}, Python: {str(other[key])[:300]!r}" for key in other if row[key] != other[key]]
            bad += bool(found) or len(rows) != len(paths)
            print("not ok" if found else "ok", count, "-", reader, "reads what was written, and as Python does")
            for fault in found[:40]:
                print("#  ", fault[:700])
    print(f"1..{count}")
    sys.exit(bad > 0)


main()
