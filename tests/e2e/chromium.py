# SPDX-License-Identifier: MIT
"""A page in a real browser: Chromium without a window, spoken to by its DevTools protocol over a pipe.

    with chromium.browser() as browser:
        page = browser.open(path, width=360, scheme="dark")
        page.value("document.title"); page.complaints; page.picture("page.png")
"""
import base64
import contextlib
import itertools
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

PATIENCE = 60  # seconds for an answer


def program():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    def __init__(self, process, orders, answers):
        self.process, self.orders, self.answers = process, orders, answers
        self.numbers = itertools.count(1)
        self.rest, self.events = b"", []

    def message(self):
        """The next message of the browser, whatever it is."""
        until = time.monotonic() + PATIENCE
        while b"\0" not in self.rest:
            if not select.select([self.answers], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError("the browser says nothing")
            got = os.read(self.answers, 1 << 20)
            if not got:
                raise EOFError("the browser is gone")
            self.rest += got
        line, self.rest = self.rest.split(b"\0", 1)
        return json.loads(line)

    def ask(self, method, session=None, **params):
        number = next(self.numbers)
        order = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        left = json.dumps(order).encode() + b"\0"
        while left:
            left = left[os.write(self.orders, left):]
        while True:
            got = self.message()
            if got.get("id") != number:
                self.events.append(got)
            elif "error" in got:
                raise RuntimeError(f"{method}: {got['error']}")
            else:
                return got["result"]

    def wait(self, method, session):
        """Until this event has come (or had come before)."""
        seen = 0
        while True:
            for event in self.events[seen:]:
                if event.get("method") == method and event.get("sessionId") == session:
                    return event["params"]
            seen = len(self.events)
            self.events.append(self.message())

    def open(self, path, width=1440, height=900, scheme="light", media="screen"):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        page = Page(self, self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.ask(f"{domain}.enable")
        page.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        page.ask("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])
        page.ask("Page.navigate", url=Path(path).resolve().as_uri())
        self.wait("Page.loadEventFired", page.session)
        return page


class Page:
    def __init__(self, browser, session):
        self.browser, self.session = browser, session

    def ask(self, method, **params):
        return self.browser.ask(method, self.session, **params)

    def value(self, expression):
        got = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in got:
            raise RuntimeError(got["exceptionDetails"])
        return got["result"].get("value")

    def happened(self, *methods):
        return [e["params"] for e in self.browser.events if e.get("sessionId") == self.session and e.get("method") in methods]

    @property
    def complaints(self):
        """What the console shows: errors, warnings, breaches of the content security policy."""
        self.value("1")  # what was on its way has come by then
        return ([e["entry"] for e in self.happened("Log.entryAdded")] + self.happened("Runtime.consoleAPICalled", "Runtime.exceptionThrown"))

    @property
    def requests(self):
        return [e["request"]["url"] for e in self.happened("Network.requestWillBeSent")]

    def picture(self, path):
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16000), "scale": 1}
        Path(path).write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]))


@contextlib.contextmanager
def browser(arguments=()):
    ours, theirs = os.pipe(), os.pipe()
    profile = tempfile.mkdtemp(prefix="perigee-chromium-")
    # The browser reads orders from descriptor 3 and answers on 4.
    shell = f'exec "$0" "$@" 3<&{ours[0]} 4>&{theirs[1]}'
    flags = ["--headless=new", "--remote-debugging-pipe", f"--user-data-dir={profile}", "--no-first-run", "--disable-gpu", "--disable-extensions",
             "--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--disable-dev-shm-usage", *arguments]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    process = subprocess.Popen(["bash", "-c", shell, program(), *flags], pass_fds=(ours[0], theirs[1]), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    os.close(ours[0])
    os.close(theirs[1])
    try:
        yield Browser(process, ours[1], theirs[0])
    finally:
        os.close(ours[1])
        os.close(theirs[0])
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        shutil.rmtree(profile, ignore_errors=True)
