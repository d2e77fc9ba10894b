#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The servers themselves: what the scenarios build on holds before anything of ours is tried."""
import smtplib
import ssl
from email.message import EmailMessage

import harness
from harness import CREATORS, OURS, PASSWORD


def plain(sender, recipient, subject, text, **headers):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, recipient, subject
    message["Message-ID"] = headers.pop("message_id")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def scenario(tap):
    ana = f"ana@{CREATORS}"
    with harness.mail() as mail:
        mail.add_users([ana])
        with smtplib.SMTP("127.0.0.1", mail.submission_port) as smtp:
            smtp.ehlo("test.example")
            tap.ok(smtp.has_extn("starttls") and smtp.has_extn("auth") and smtp.has_extn("pipelining"),
                   "submission offers STARTTLS, AUTH and PIPELINING", smtp.esmtp_features)
            try:
                smtp.sendmail(OURS, [ana], b"Subject: no\r\n\r\nno\r\n")
                tap.ok(False, "submission without signing in is refused")
            except smtplib.SMTPRecipientsRefused:
                tap.ok(True, "submission without signing in is refused")
            try:
                smtp.login(OURS, "wrong")
                tap.ok(False, "a wrong password is refused")
            except smtplib.SMTPAuthenticationError as error:
                tap.equal(error.smtp_code, 535, "a wrong password is refused")
        context = ssl.create_default_context(cafile=mail.dir / "cert.pem")
        with smtplib.SMTP("localhost", mail.submission_port) as smtp:
            smtp.starttls(context=context)
            smtp.login(OURS, PASSWORD)
            first = plain(OURS, ana, "Hello", "Hello Ana", message_id="<1@brand.example>")
            smtp.send_message(first, OURS, [ana])
            second = plain(OURS, ana, "Re: Hello", "And again", message_id="<2@brand.example>",
                           In_Reply_To="<1@brand.example>", References="<1@brand.example>")
            smtp.send_message(second, OURS, [ana])
            smtp.send_message(plain(OURS, ana, "Another", "Else", message_id="<3@brand.example>"), OURS, [ana])
            nobody = plain(OURS, f"nobody@{CREATORS}", "Hello", "Hello?", message_id="<4@brand.example>")
            smtp.send_message(nobody, OURS, [f"nobody@{CREATORS}"])
        tap.ok(harness.wait_for(lambda: len(mail.files(ana)) == 3), "mail for a known address lands in its mailbox",
               (mail.dir / "mail.log").read_text()[-3000:])
        tap.equal(sorted(m["Message-ID"] for m in mail.messages(ana)),
                  ["<1@brand.example>", "<2@brand.example>", "<3@brand.example>"], "mails are counted as files")
        bounces = harness.wait_for(lambda: mail.messages(OURS))
        if tap.equal(len(bounces), 1, "mail for an unknown address comes back", (mail.dir / "mail.log").read_text()[-3000:]):
            tap.equal(bounces[0].get_content_type(), "multipart/report", "as a delivery status notification")
            tap.ok("5.1.1" in bounces[0].as_string() and "<4@brand.example>" in bounces[0].as_string(),
                   "which says unknown user and cites our Message-ID", bounces[0].as_string()[:3000])
        tap.equal(sorted(mail.threads(ana)), [1, 2], "Dovecot threads a mail with the one it answers")
        mail.append("Sent", first)
        tap.equal(len(mail.messages(OURS, "Sent")), 1, "a mail can be filed in Sent")
        imap = mail.imap()
        features = imap.capability()[1][0].decode()
        imap.logout()
        tap.ok(all(f in features for f in ("IDLE", "CONDSTORE", "QRESYNC", "THREAD=REFERENCES")),
               "IMAP offers IDLE, CONDSTORE, QRESYNC and THREAD", features)
        mail.refuse_recipients([f"{ana} 550 5.2.1 closed"])
        try:
            mail.deliver("x@outside.example", ana, b"Subject: no\r\n\r\nno\r\n")
            tap.ok(False, "an address can be made to refuse mail at once")
        except smtplib.SMTPRecipientsRefused as error:
            tap.ok("5.2.1" in str(error), "an address can be made to refuse mail at once", error)
        processes = list(mail.processes)
        folder = mail.dir
    tap.ok(all(p.poll() is not None for p in processes), "both servers are gone afterwards")
    tap.ok(not folder.exists(), "and so is their folder")


if __name__ == "__main__":
    harness.run(scenario)
