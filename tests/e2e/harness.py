# SPDX-License-Identifier: MIT
"""Real mail servers for the end-to-end tests, a workspace that uses them, and counting in the mailboxes.

Postfix and Dovecot run on loopback ports of their own, out of a temporary folder: no file of the machine's own mail
set-up is read or written. They are stopped by process id when the test ends, however it ends. Root is needed, because
Postfix insists; otherwise the test is skipped.

    with harness.mail() as mail:
        mail.deliver("ana@creators.example", "lea@brand.example", raw)
        mail.messages("lea@brand.example")
"""
import atexit
import contextlib
import email
import email.policy
import imaplib
import os
import pwd
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PERIGEE = os.environ.get("PERIGEE") or str(ROOT / "build" / "perigee")
OURS = "lea@brand.example"
PASSWORD = "correct-horse-battery-staple"
CREATORS = "creators.example"
POSTFIX_PROGRAMS = next((d for d in ("/usr/lib/postfix/sbin", "/usr/libexec/postfix") if os.path.isdir(d)), None)


# ---- TAP ------------------------------------------------------------------------------------------------------------

class Tap:
    """Points are sentences; what a failed one found stands below it as comments."""

    def __init__(self):
        self.points = 0
        self.failed = 0

    def ok(self, held, sentence, *found):
        self.points += 1
        self.failed += not held
        print("ok" if held else "not ok", self.points, "-", sentence, flush=True)
        if not held:
            for line in "\n".join(str(f) for f in found).splitlines()[:60]:
                print("#  ", line, flush=True)
        return held

    def equal(self, got, wanted, sentence, *found):
        return self.ok(got == wanted, sentence, f"got {got!r}, wanted {wanted!r}", *found)

    def skip(self, sentence, why):
        self.points += 1
        print(f"ok {self.points} - {sentence} # SKIP {why}", flush=True)

    def note(self, text):
        for line in str(text).splitlines():
            print("#", line, flush=True)


def run(scenario):
    """Runs scenario(tap) as a test file: skips without root, reports an exception as a failed point, prints the plan."""
    tap = Tap()
    why = unable()
    if why:
        print(f"1..0 # SKIP {why}")
        sys.exit(0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        scenario(tap)
    except Exception as error:  # a scenario that stumbles has failed, and its servers still have to go
        import traceback
        tap.ok(False, "the scenario runs to its end", traceback.format_exc(), error)
    print(f"1..{tap.points}", flush=True)
    sys.exit(1 if tap.failed else 0)


def unable():
    if os.geteuid() != 0:
        return "Postfix starts only as root"
    if not POSTFIX_PROGRAMS or not shutil.which("dovecot", path=os.environ["PATH"] + ":/usr/sbin"):
        return "Postfix or Dovecot is not installed"
    return None


def wait_for(what, seconds=30, every=0.05):
    """Waits until what() is true and returns its value, or the last one when the time is up."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value or time.monotonic() > end:
            return value
        time.sleep(every)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as s:
            return bool(s.recv(1))
    except OSError:
        return False


# ---- the servers ----------------------------------------------------------------------------------------------------

POSTFIX_MAIN = """\
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.brand.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
local_transport = error:no local users here
alias_maps =
alias_database =
virtual_mailbox_domains = brand.example, {creators}
virtual_mailbox_base = {dir}/mail
virtual_mailbox_maps = texthash:{dir}/mailboxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
# An unknown user is found out after the mail was taken: so the sender gets a real bounce, not a refusal.
smtpd_reject_unlisted_recipient = no
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access texthash:{dir}/recipients
smtpd_sasl_type = dovecot
smtpd_sasl_path = {dir}/auth
smtpd_sasl_security_options = noanonymous
smtpd_tls_cert_file = {dir}/cert.pem
smtpd_tls_key_file = {dir}/key.pem
smtpd_client_connection_count_limit = 0
default_transport = error:nothing leaves this machine
recipient_delimiter = +
append_dot_mydomain = no
biff = no
in_flow_delay = 0
minimal_backoff_time = 5s
maximal_backoff_time = 30s
queue_run_delay = 5s
bounce_queue_lifetime = 1h
default_process_limit = 20
"""

POSTFIX_MASTER = """\
127.0.0.1:{smtp} inet n - n - - smtpd
 -o smtpd_tls_security_level=none -o smtpd_sasl_auth_enable=no
127.0.0.1:{submission} inet n - n - - smtpd
 -o smtpd_tls_security_level=may -o smtpd_sasl_auth_enable=yes -o mynetworks=
 -o smtpd_sender_restrictions=check_sender_access,texthash:{dir}/senders
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

DOVECOT = """\
base_dir = {dir}/dovecot
state_dir = {dir}/dovecot-state
log_path = {dir}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{dir}/cert.pem
ssl_key = <{dir}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 1 secs
first_valid_uid = 1
mail_uid = {uid}
mail_gid = {gid}
mail_location = maildir:{dir}/mail/%d/%n
mail_fsync = never
default_internal_user = dovecot
default_login_user = dovenull
default_client_limit = 1000
mail_max_userip_connections = 100
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    auto = subscribe
    special_use = \\Sent
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={dir}/mail/%d/%n
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service auth {{
  unix_listener {dir}/auth {{
    mode = 0666
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


class Mail:
    """A running Postfix and Dovecot. Mailboxes are made by add_users; mail to anyone else at our domains bounces."""

    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="perigee-e2e-"))
        self.dir.chmod(0o755)  # Postfix's own user has to pass
        self.smtp_port, self.submission_port, self.imap_port, self.imaps_port = (free_port() for _ in range(4))
        self.processes = []
        nobody = pwd.getpwnam("nobody")
        self.values = dict(dir=self.dir, uid=nobody.pw_uid, gid=nobody.pw_gid, creators=CREATORS, password=PASSWORD,
                           smtp=self.smtp_port, submission=self.submission_port, imap=self.imap_port,
                           imaps=self.imaps_port)
        self.users = set()

    def start(self):
        for name in ("postfix", "queue", "data", "mail", "dovecot", "dovecot-state"):
            (self.dir / name).mkdir(exist_ok=True)
        shutil.chown(self.dir / "data", "postfix")
        os.chown(self.dir / "mail", self.values["uid"], self.values["gid"])
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.dir / "key.pem",
                        "-out", self.dir / "cert.pem"], check=True, capture_output=True)
        (self.dir / "recipients").write_text("")
        (self.dir / "senders").write_text("")
        self.add_users([OURS])
        (self.dir / "postfix" / "main.cf").write_text(POSTFIX_MAIN.format(**self.values))
        (self.dir / "postfix" / "master.cf").write_text(POSTFIX_MASTER.format(**self.values))
        (self.dir / "dovecot.conf").write_text(DOVECOT.format(**self.values))
        self.start_dovecot()
        self.start_postfix()

    def start_dovecot(self):
        dovecot = shutil.which("dovecot", path=os.environ["PATH"] + ":/usr/sbin")
        self.dovecot = self.spawn([dovecot, "-F", "-c", self.dir / "dovecot.conf"], "dovecot.out")
        self.require(self.imap_port, "Dovecot", "dovecot.log")

    def start_postfix(self):
        config = self.dir / "postfix"
        subprocess.run(["/usr/sbin/postfix", "-c", config, "check"], check=True, capture_output=True,
                       env={**os.environ, "MAIL_CONFIG": str(config)})
        self.postfix = self.spawn([POSTFIX_PROGRAMS + "/master", "-c", config, "-d"], "postfix.out")
        self.require(self.smtp_port, "Postfix", "mail.log")
        self.require(self.submission_port, "Postfix", "mail.log")

    def spawn(self, command, log):
        with open(self.dir / log, "ab") as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        self.processes.append(process)
        return process

    def require(self, port, name, log):
        if not wait_for(lambda: answers(port), 30):
            text = (self.dir / log).read_text() if (self.dir / log).exists() else ""
            raise RuntimeError(f"{name} does not answer on port {port}:\n{text[-2000:]}")

    def stop_process(self, process):
        if process not in self.processes:
            return
        self.processes.remove(process)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        # Children that outlived their master are of its session, and so are ours to end.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)

    def stop(self):
        for process in list(self.processes):
            self.stop_process(process)
        if os.environ.get("KEEP"):
            print("# kept", self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    # -- mailboxes

    def path(self, address):
        user, domain = address.split("@")
        return self.dir / "mail" / domain / user

    def add_users(self, addresses):
        self.users.update(addresses)
        lines = "".join(f"{a} {a.split('@')[1]}/{a.split('@')[0]}/\n" for a in sorted(self.users))
        (self.dir / "mailboxes").write_text(lines)
        if hasattr(self, "postfix"):
            self.postfix_command("reload")

    def postfix_command(self, *words):
        config = self.dir / "postfix"
        return subprocess.run(["/usr/sbin/postfix", "-c", config, *words], capture_output=True, text=True,
                              env={**os.environ, "MAIL_CONFIG": str(config)})

    def refuse_recipients(self, lines):
        """Lines of an access table, such as 'ana@creators.example 450 4.2.1 later': answers to RCPT TO."""
        (self.dir / "recipients").write_text("".join(line + "\n" for line in lines))
        self.postfix_command("reload")

    def queue_is_empty(self):
        folders = ("incoming", "active", "maildrop", "deferred")
        return not any(f for name in folders for _, _, files in os.walk(self.dir / "queue" / name) for f in files)

    def files(self, address, folder="INBOX"):
        """The mails of a mailbox as files, oldest first. Reading them marks nothing as seen."""
        base = self.path(address)
        if folder != "INBOX":
            base = base / ("." + folder)
        found = [p for sub in ("new", "cur") for p in (base / sub).glob("*")]
        return sorted(found, key=lambda p: (p.stat().st_mtime_ns, p.name))

    def messages(self, address, folder="INBOX"):
        return [parse(p.read_bytes()) for p in self.files(address, folder)]

    # -- talking to the servers

    def deliver(self, sender, recipient, raw):
        """Hands a mail to Postfix as the outside world would."""
        self.deliver_all([(sender, recipient, raw)])

    def deliver_all(self, mails):
        with smtplib.SMTP("127.0.0.1", self.smtp_port, local_hostname="outside.example") as smtp:
            for sender, recipient, raw in mails:
                smtp.sendmail(sender, [recipient], raw if isinstance(raw, bytes) else raw.as_bytes(policy=email.policy.SMTP))

    def imap(self, address=OURS):
        imap = imaplib.IMAP4("127.0.0.1", self.imap_port)
        imap.login(address, PASSWORD)
        return imap

    def append(self, folder, raw, address=OURS):
        """Files a mail as a mail program does with what its user has sent."""
        imap = self.imap(address)
        try:
            status, text = imap.append(folder, "(\\Seen)", None, raw if isinstance(raw, bytes) else raw.as_bytes(policy=email.policy.SMTP))
            assert status == "OK", text
        finally:
            imap.logout()

    def threads(self, address, folder="INBOX"):
        """Dovecot's THREAD=REFERENCES of a mailbox: a list of threads, each the count of its mails."""
        imap = self.imap(address)
        try:
            imap.select(folder, readonly=True)
            _, data = imap.thread("REFERENCES", "UTF-8", "ALL")
            line = (data[0] or b"").decode()
            return [len(re.findall(r"\d+", t)) for t in top_level(line)]
        finally:
            imap.logout()


def top_level(text):
    """The outermost bracketed parts of an IMAP THREAD answer."""
    depth, start, parts = 0, 0, []
    for i, c in enumerate(text):
        if c == "(":
            if depth == 0:
                start = i
            depth += 1
        elif c == ")":
            depth -= 1
            if depth == 0:
                parts.append(text[start:i + 1])
    return parts


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


@contextlib.contextmanager
def mail():
    servers = Mail()
    atexit.register(servers.stop)
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()
        atexit.unregister(servers.stop)
