# SPDX-License-Identifier: MIT
"""The other side of the conversation: creators who answer the first mail as people's mail programs do."""
import email.utils
import html
import threading
import time
from email.message import EmailMessage

from harness import OURS


def quoted(first, mark="> "):
    text = first.get_body(("plain",)).get_content()
    return "".join(f"{mark}{line}\n" for line in text.rstrip().splitlines())


def answer_to(first, sender, **headers):
    """A mail of sender to us with the headers that tie it to our first mail."""
    message = EmailMessage()
    message["From"] = email.utils.formataddr((sender.split("@")[0].capitalize(), sender))
    message["To"] = OURS
    message["Subject"] = headers.pop("Subject", "Re: " + first["Subject"])
    message["Date"] = email.utils.formatdate(localtime=True)
    message["Message-ID"] = email.utils.make_msgid(domain=sender.split("@")[1])
    if headers.pop("tied", True):
        message["In-Reply-To"] = first["Message-ID"]
        message["References"] = ((first["References"] or "") + " " + first["Message-ID"]).strip()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return message


def gmail(first, sender, text):
    """Gmail's web page: two parts, the quotation under 'On ... wrote:' in both."""
    message = answer_to(first, sender)
    line = f"On Mon, Nov 23, 2026 at 9:02 AM Léa Martin <{OURS}> wrote:"
    message.set_content(f"{text}\n\n{line}\n\n{quoted(first)}")
    message.add_alternative(
        f'<div dir="ltr">{html.escape(text)}</div><br><div class="gmail_quote gmail_quote_container">'
        f'<div dir="ltr" class="gmail_attr">{html.escape(line)}<br></div><blockquote class="gmail_quote" '
        f'style="margin:0px 0px 0px 0.8ex">{html.escape(quoted(first, ""))}</blockquote></div>', subtype="html")
    return message


def outlook(first, sender, text):
    """Outlook on the web: HTML alone, the quotation is the old mail's header in bold under a rule."""
    message = answer_to(first, sender, Thread_Topic=first["Subject"], Thread_Index="AQHb5Xk3")
    message.set_content(
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body dir="ltr">'
        f'<div class="elementToProof" style="font-family: Aptos;">{html.escape(text)}</div><div id="appendonsend"></div>'
        '<hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri">'
        f'<b>From:</b> Léa Martin &lt;{OURS}&gt;<br><b>Sent:</b> Monday, November 23, 2026 9:02 AM<br>'
        f'<b>To:</b> {sender}<br><b>Subject:</b> {html.escape(first["Subject"])}</font><div>&nbsp;</div></div>'
        f'<div>{html.escape(quoted(first, ""))}</div></body></html>', subtype="html")
    return message


def plain(first, sender, text):
    """A plain mail program: one part, quoted lines."""
    message = answer_to(first, sender)
    message.set_content(f"{text}\n\nOn 2026-11-23 09:02, Léa Martin wrote:\n{quoted(first)}")
    return message


def untied(first, sender, text):
    """A mail that says nothing of what it answers: it has to be matched by its sender."""
    message = answer_to(first, sender, tied=False, Subject="your mail")
    message.set_content(f"{text}\n")
    return message


def out_of_office(first, sender, text):
    message = answer_to(first, sender, Subject="Automatic reply: " + first["Subject"], Auto_Submitted="auto-replied",
                        X_Auto_Response_Suppress="All")
    message.set_content(f"{text}\n")
    return message


def by_hand(first, contact, text):
    """What we ourselves wrote to the contact from a mail program, as it is filed in Sent."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Léa Martin <{OURS}>", contact, "Re: " + first["Subject"]
    message["Date"] = email.utils.formatdate(localtime=True)
    message["Message-ID"] = email.utils.make_msgid(domain="mua.brand.example")
    message["In-Reply-To"] = message["References"] = first["Message-ID"]
    message.set_content(f"{text}\n\n{quoted(first)}")
    return message


STYLES = [gmail, outlook, plain, untied]


class Creators(threading.Thread):
    """Watches the creators' mailboxes and does for each what its plan says when the first mail is there: a function
    (first mail) -> None. Each plan is followed once."""

    def __init__(self, mail, plans):
        super().__init__(daemon=True)
        self.mail, self.plans = mail, dict(plans)
        self.stopping = threading.Event()
        self.done = {}
        self.error = None

    def run(self):
        try:
            while not self.stopping.is_set():
                for address in list(self.plans):
                    messages = self.mail.messages(address)
                    if messages:
                        self.plans.pop(address)(messages[0])
                        self.done[address] = time.time()
                self.stopping.wait(0.05)
        except Exception as error:
            self.error = error
            raise

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.join()


def plans_for(mail, roles):
    """Plans for Creators from {address: role}; a role is 'reply', 'away', 'handled' or anything else (silence)."""
    plans = {}
    for number, (address, role) in enumerate(sorted(roles.items())):
        if role == "reply":
            style = STYLES[number % len(STYLES)]
            plans[address] = (lambda first, a=address, s=style:
                              mail.deliver(a, OURS, s(first, a, f"Yes, tell me more. ({a.split('@')[0]})")))
        elif role == "away":
            plans[address] = (lambda first, a=address:
                              mail.deliver("", OURS, out_of_office(first, a, "I am out of the office and will read mail later.")))
        elif role == "handled":
            plans[address] = (lambda first, a=address: mail.append("Sent", by_hand(first, a, "Good to see you yesterday!")))
    return plans
