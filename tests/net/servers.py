# SPDX-License-Identifier: MIT
"""Small scripted mail servers on loopback: they say what the test tells them, at the wrong moments too."""
import re
import socket
import threading
import time


class Listener:
    """Accepts connections on a loopback port of its own and calls handle(socket) for each in a thread."""

    def __init__(self, handle, host="127.0.0.1", port=0):
        self.handle, self.host = handle, host
        self.socket = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port = self.socket.getsockname()[1]
        self.connections = 0
        self.open = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def _accept(self):
        while True:
            try:
                sock, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(sock)
            threading.Thread(target=self._run, args=(sock,), daemon=True).start()

    def _run(self, sock):
        try:
            self.handle(sock)
        except (OSError, EOFError):
            pass
        finally:
            sock.close()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes accept, which would take one more
        self.socket.close()
        for sock in self.open:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Smtp(Listener):
    """replies: command word (MAIL, RCPT, DATA, END, EHLO, AUTH, BANNER) → reply, a function of the line, or a list used up
    one by one; None closes the connection instead. Takes and keeps messages otherwise."""

    def __init__(self, offer=("PIPELINING", "SIZE 1000000", "8BITMIME", "ENHANCEDSTATUSCODES"), **replies):
        self.offer, self.replies = offer, replies
        self.messages, self.commands, self.writes = [], [], []
        super().__init__(self._session)

    def _reply(self, word, line, usual):
        said = self.replies.get(word, usual)
        if isinstance(said, list):
            said = said.pop(0) if said else usual
        if callable(said):
            said = said(line)
        return usual if said == "usual" else said

    def _session(self, sock):
        self.buffer = b""
        sock.sendall((self._reply("BANNER", "", "220 test ESMTP") + "\r\n").encode())
        mail, rcpt, buffer = None, [], b""
        while True:
            while b"\r\n" not in buffer:
                got = sock.recv(65536)
                if not got:
                    return
                self.writes.append(got)
                buffer += got
            raw, buffer = buffer.split(b"\r\n", 1)
            line = raw.decode("utf-8", "replace")
            word = line.split(" ")[0].upper().rstrip()
            self.commands.append(line)
            usual = "250 2.0.0 Ok"
            if word == "EHLO":
                usual = "\r\n".join(["250-test"] + [f"250-{o}" for o in self.offer] + ["250 HELP"])
            elif word == "DATA":
                usual = "354 go on" if rcpt else "554 5.5.1 no valid recipients"
            elif word == "RCPT" and mail is None:
                usual = "503 5.5.1 MAIL first"
            elif word == "QUIT":
                usual = "221 2.0.0 bye"
            said = self._reply(word, line, usual)
            if said is None:
                return
            sock.sendall((said + "\r\n").encode())
            if word == "QUIT":
                return
            if word == "MAIL" and said[0] == "2":
                mail, rcpt = line, []
            elif word == "RCPT" and said[0] == "2":
                rcpt.append(line)
            elif word == "RSET":
                mail, rcpt = None, []
            elif word == "DATA" and said[0] == "3":
                while b"\r\n.\r\n" not in b"\r\n" + buffer:
                    if self.replies.get("CONTENT", "") is None:
                        return
                    got = sock.recv(65536)
                    if not got:
                        return
                    self.writes.append(got)
                    buffer += got
                whole = b"\r\n" + buffer
                content, buffer = whole.split(b"\r\n.\r\n", 1)
                said = self._reply("END", line, "250 2.0.0 Ok: queued as 1A2B")
                if said is None:
                    return
                if said[0] == "2":
                    self.messages.append((mail, rcpt, (content[2:] + b"\r\n").replace(b"\r\n..", b"\r\n.")))
                mail, rcpt = None, []
                sock.sendall((said + "\r\n").encode())


def slowly(seconds, reply):
    def say(_):
        time.sleep(seconds)
        return reply
    return say


class Imap(Listener):
    """A small IMAP server over mailboxes in memory: folders["INBOX"] is a list of [uid, raw]. wrong(command line) may
    return a reply to give instead ("NO [X] text"), or None for the usual; "close" ends the connection, "hang" says nothing."""

    def __init__(self, capabilities="IMAP4rev1 IDLE UIDPLUS", folders=("INBOX", "Sent"), special=None, wrong=lambda line: None):
        self.capabilities, self.wrong, self.special = capabilities, wrong, special or {}
        self.folders = {name: [] for name in folders}
        self.validity = {name: 100 + i for i, name in enumerate(folders)}
        self.commands, self.changed, self.idling = [], threading.Event(), False
        self.lock = threading.Lock()
        super().__init__(self._session)

    def add(self, folder, raw):
        with self.lock:
            mails = self.folders[folder]
            mails.append([(mails[-1][0] if mails else 0) + 1, raw])
        self.changed.set()

    def _session(self, sock):
        stream = sock.makefile("rb")
        self._say(sock, f"* OK [CAPABILITY {self.capabilities}] ready")
        selected = None
        while True:
            line = stream.readline()
            if not line:
                return
            tag, command = line.decode().rstrip("\r\n").split(" ", 1)
            self.commands.append(command)
            wrong = self.wrong(command)
            if wrong == "close":
                return
            if wrong == "hang":
                continue
            if wrong:
                self._say(sock, wrong if wrong.startswith("*") else f"{tag} {wrong}")
                continue
            word = command.split(" ")[0].upper()
            if word == "UID":
                self._uid(sock, tag, command, selected)
            elif word == "EXAMINE":
                selected = self._examine(sock, tag, command)
            elif word == "IDLE":
                self._idle(sock, stream, tag, selected)
            elif word == "CAPABILITY":
                self._say(sock, f"* CAPABILITY {self.capabilities}", f"{tag} OK done")
            elif word == "LIST":
                for name in self.folders:
                    self._say(sock, f"* LIST (\\HasNoChildren{' ' + self.special[name] if name in self.special else ''}) \"/\" \"{name}\"")
                self._say(sock, f"{tag} OK done")
            else:
                self._say(sock, f"{tag} OK done")
            if word == "LOGOUT":
                return

    def _say(self, sock, *lines):
        sock.sendall("".join(line + "\r\n" for line in lines).encode())

    def _examine(self, sock, tag, command):
        name = re.search(r'"([^"]*)"', command).group(1)
        if name not in self.folders:
            self._say(sock, f"{tag} NO [NONEXISTENT] no such mailbox")
            return None
        mails = self.folders[name]
        self._say(sock, f"* {len(mails)} EXISTS", f"* OK [UIDVALIDITY {self.validity[name]}] ok",
                  f"* OK [UIDNEXT {(mails[-1][0] if mails else 0) + 1}] ok", f"{tag} OK [READ-ONLY] done")
        return name

    def _uid(self, sock, tag, command, selected):
        with self.lock:
            mails = list(self.folders[selected])
        if command.startswith("UID SEARCH"):
            found = [u for u, _ in mails]
            since = re.match(r"UID SEARCH UID (\d+):\*", command)
            if since:  # n:* names the last message always
                found = [u for u in found if u >= int(since.group(1))] or found[-1:]
            header = re.match(r'UID SEARCH HEADER Message-ID "(.*)"', command)
            if header:
                found = [u for u, raw in mails if header.group(1).encode() in raw]
            self._say(sock, "* SEARCH" + "".join(f" {u}" for u in found), f"{tag} OK done")
            return
        wanted = {int(u) for u in command.split(" ")[2].split(",")}
        for number, (uid, raw) in enumerate(mails, 1):
            if uid in wanted:
                raw = raw[:1 << 20]
                sock.sendall(f'* {number} FETCH (UID {uid} INTERNALDATE "22-Nov-2026 10:00:00 +0000" FLAGS () BODY[]<0> {{{len(raw)}}}\r\n'.encode()
                             + raw + b")\r\n")
        self._say(sock, f"{tag} OK done")

    def _idle(self, sock, stream, tag, selected):
        self.changed.clear()
        known = len(self.folders[selected])
        self._say(sock, "+ idling")
        self.idling = True
        sock.settimeout(0.05)
        while True:
            try:
                if stream.readline().strip() == b"DONE":
                    break
                return
            except TimeoutError:
                stream = sock.makefile("rb")
            if len(self.folders[selected]) != known:
                known = len(self.folders[selected])
                sock.settimeout(None)
                self._say(sock, f"* {known} EXISTS")
                sock.settimeout(0.05)
        sock.settimeout(None)
        self._say(sock, f"{tag} OK idle done")
