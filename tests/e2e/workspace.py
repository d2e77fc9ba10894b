# SPDX-License-Identifier: MIT
"""A workspace that writes through the harness's servers, and the commands typed in it."""
import csv
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

import harness
from harness import OURS, PASSWORD, PERIGEE, ROOT

PLACES = [("FR", "Europe/Paris"), ("GB", "Europe/London"), ("DE", "Europe/Berlin"), ("US", "America/New_York")]


class Workspace:
    def __init__(self, mail, name="workspace", smtp_port=None, tls=False):
        """tls: STARTTLS to Postfix and TLS from the first byte to Dovecot, with the certificate that the harness made."""
        self.mail, self.name, self.tls = mail, name, tls
        self.dir = mail.dir / name
        self.smtp_port = smtp_port or mail.submission_port
        self.imap_port = mail.imaps_port if tls else mail.imap_port
        self.keys = mail.dir / (name.replace("/", "-") + "-keys")
        self.keys.mkdir()
        (self.keys / "perigee.key").write_bytes(secrets.token_bytes(32))
        (self.keys / "perigee.key").chmod(0o600)
        shutil.copytree(ROOT / "scripts" / "creator-intro" / "templates", self.dir / "templates")
        (self.dir / "sequences").mkdir()
        shutil.copy(ROOT / "scripts" / "creator-intro" / "sequences" / "creator-intro.lua", self.dir / "sequences")
        self.configure()
        self.server = None
        self.log_path = mail.dir / (name.replace("/", "-") + ".log")

    def configure(self):
        tls = "" if self.tls else 'tls = "none", '
        (self.dir / "perigee.lua").write_text(f"""\
workspace {{
  timezone = "Europe/Paris",
  hours = "always",
  allow_addresses = {{ "127.0.0.1:{self.smtp_port}", "127.0.0.1:{self.imap_port}" }},
}}

account "partnerships" {{
  channel = "email",
  from = "Léa Martin <{OURS}>",
  smtp = {{ url = "smtp://127.0.0.1:{self.smtp_port}", {tls}user = "{OURS}", password = secret "partnerships" }},
  imap = {{ url = "imap{'s' if self.tls else ''}://127.0.0.1:{self.imap_port}", {tls}user = "{OURS}", password = secret "partnerships" }},
  cap = {{ per_day = 10000, gap = "0s" }},
}}
""")

    def sequence(self, name, source):
        (self.dir / "sequences" / (name + ".lua")).write_text(source)

    # -- commands

    @property
    def environment(self):
        return {**os.environ, "CREDENTIALS_DIRECTORY": str(self.keys), "NO_COLOR": "1",
                **({"SSL_CERT_FILE": str(self.mail.dir / "cert.pem")} if self.tls else {})}

    def command(self, *words):
        return [PERIGEE, "-C", str(self.dir), *map(str, words)]

    def run(self, *words, stdin="", timeout=60):
        """Types a command; the result has returncode, stdout, stderr."""
        return subprocess.run(self.command(*words), input=stdin, capture_output=True, text=True, timeout=timeout,
                              env=self.environment)

    def do(self, *words, **more):
        """A command that has to work; its standard output."""
        result = self.run(*words, **more)
        if result.returncode != 0:
            raise RuntimeError(f"perigee {' '.join(map(str, words))}: exit {result.returncode}\n{result.stdout}{result.stderr}")
        return result.stdout

    def rows(self, *words):
        """The objects that a command prints with --json."""
        return [json.loads(line) for line in self.do(*words, "--json").splitlines() if line.strip()]

    def messages(self, *words):
        return [m for m in self.rows("messages", *words) if m["direction"] == "out"]

    def set_secret(self, value=PASSWORD):
        return self.do("secret", "set", "partnerships", "--host", "127.0.0.1", stdin=value + "\n")

    def import_contacts(self, people):
        """people: {id: address}."""
        path = self.dir / "contacts.csv"
        with open(path, "w", newline="", encoding="utf-8") as f:
            out = csv.writer(f)
            out.writerow(["id", "name", "first_name", "email", "timezone", "country", "niche", "latest_video"])
            for number, (id, address) in enumerate(sorted(people.items())):
                country, zone = PLACES[number % len(PLACES)]
                out.writerow([id, f"{id.capitalize()} Example", id.capitalize(), address, zone, country, "sourdough",
                              f"Loaf number {number}, \"the {'crisp' if number % 2 else 'soft'} one\""])
        return self.do("contacts", "import", path)

    def set_up(self, people):
        self.set_secret()
        self.import_contacts(people)

    # -- serve

    def serve(self, *words):
        """Starts `perigee serve` in the background; its output goes to the workspace's log."""
        assert self.server is None or self.server.poll() is not None
        with open(self.log_path, "ab") as log:
            self.server = subprocess.Popen(self.command("serve", *words), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                           env=self.environment, start_new_session=True)
        self.mail.processes.append(self.server)
        return self.server

    def wait(self, seconds):
        """Waits for serve to end by itself; its exit status, or None when the time is up (and it is stopped)."""
        try:
            status = self.server.wait(seconds)
        except subprocess.TimeoutExpired:
            self.stop()
            return None
        self.mail.processes.remove(self.server)
        return status

    def serve_until_idle(self, *words, seconds=300):
        self.serve("--until-idle", *words)
        return self.wait(seconds)

    def stop(self, how=signal.SIGTERM, seconds=20):
        """Ends serve, and waits until the roles it started are gone too."""
        if self.server is None or self.server.poll() is not None:
            return
        family = descendants(self.server.pid)
        self.server.send_signal(how)
        try:
            self.server.wait(seconds)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
        self.mail.processes.remove(self.server)
        harness.wait_for(lambda: not any(alive(pid) for pid in family), 10)

    def log(self, tail=4000):
        return self.log_path.read_text(errors="replace")[-tail:] if self.log_path.exists() else ""


# ---- processes ------------------------------------------------------------------------------------------------------

def stat_of(pid):
    """(state, parent, start time) of a process, or None."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2:].split()
    return fields[0], int(fields[1]), int(fields[19])


def alive(pid):
    stat = stat_of(pid)
    return stat is not None and stat[0] not in "ZX"


def descendants(pid):
    """Process ids below pid."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            stat = stat_of(int(entry))
            if stat:
                parents.setdefault(stat[1], []).append(int(entry))
    found, look = [], [pid]
    while look:
        below = parents.get(look.pop(), [])
        found += below
        look += below
    return found


def role_of(pid):
    """'host', 'net' or 'worker' by the program that a process runs; None if it is gone or something else."""
    try:
        name = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return None
    return {"perigee": "host", "net": "net", "worker": "worker"}.get(name.replace(" (deleted)", ""))


def first_mails(messages):
    return [m for m in messages if not m["In-Reply-To"]]


def follow_ups(messages):
    return [m for m in messages if m["In-Reply-To"]]


def clean(identifier):
    return (identifier or "").strip().strip("<>")


def final_recipients(bounces):
    """Whom the delivery status notifications among these mails are about."""
    found = []
    for message in bounces:
        if message.get_content_type() == "multipart/report":
            found += re.findall(r"(?im)^Final-Recipient:\s*rfc822;\s*(\S+)", message.as_string())
    return found


def settle_down(mail, seconds=60):
    """Waits until Postfix has delivered all that it holds."""
    quiet = harness.wait_for(mail.queue_is_empty, seconds)
    time.sleep(0.2)
    return quiet
