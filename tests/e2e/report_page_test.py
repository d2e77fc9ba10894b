#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The page of sim --html in a real browser: it fits a telephone and a desk without scrolling sideways, breaks no policy, asks for
nothing, and can be read in light and in dark. SHOTS=FOLDER keeps the pictures."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
import chromium
import report_test
from commands_test import write
from harness import PERIGEE, ROOT, Tap

LONG = "Wolfeschlegelsteinhausenbergerdorff" * 4
# What of the text has too little contrast with what stands behind it (WCAG AA: 4.5, large text 3).
CONTRAST = """(() => {
  const rgb = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m }
  const light = ([r, g, b]) => { const f = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; return .2126 * f(r) + .7152 * f(g) + .0722 * f(b) }
  const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3]) return c } return [255, 255, 255, 1] }
  const faults = []
  const look = (e, ink, paper) => {
    const [a, b] = [light(rgb(ink)), light(paper)].sort((x, y) => y - x), ratio = (a + .05) / (b + .05), s = getComputedStyle(e)
    const large = parseFloat(s.fontSize) >= 24 || (parseFloat(s.fontSize) >= 18.66 && s.fontWeight >= 700)
    if (ratio < (large ? 3 : 4.5)) faults.push(`${ratio.toFixed(2)} ${e.tagName}.${e.getAttribute("class")} ${e.textContent.slice(0, 30)}`)
  }
  let seen = 0
  for (const e of document.querySelectorAll("body *")) {
    if (e.closest("svg") && e.tagName !== "text") continue
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.getClientRects().length) continue
    seen++
    const cell = e.tagName === "text" && e.parentElement.querySelector("rect"), s = getComputedStyle(e)
    if (e.tagName === "text") look(e, s.fill, e.parentElement.tagName === "g" && cell ? rgb(getComputedStyle(cell).fill) : behind(e))
    else look(e, s.color, behind(e))
  }
  return { seen, faults: [...new Set(faults)] }
})()"""
# What stands out of the window, but in boxes that scroll by themselves.
OUTSIDE = """[...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll table") && e.getClientRects().length
  && (e.getBoundingClientRect().right > innerWidth + .5 || e.getBoundingClientRect().left < -.5)).slice(0, 5).map(e => e.outerHTML.slice(0, 120))"""


def sim(folder, page, script, *args):
    done = subprocess.run([PERIGEE, "-C", folder, "sim", script, *args, "--html", page], capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return page


def pages(work):
    """Name → page: the workspace of init, a crowd with all kinds of names, nobody, a job, two years."""
    subprocess.run([PERIGEE, "init", work / "init"], check=True, capture_output=True)
    crowd = report_test.workspace(work / "crowd", 238)
    write(crowd, "none.csv", "id,name,email\n")
    rows = (crowd / "people.csv").read_text().splitlines()
    write(crowd, "names.csv", "\n".join(rows[:1] + [f"long,{LONG},long@example.com,@long,,,{LONG}", "rtl,محمد بن عبد الله,rtl@example.com,,Asia/Dubai,,تصوير"] + rows[1:30]) + "\n")
    intro = work / "intro"
    shutil.copytree(ROOT / "scripts" / "creator-intro", intro)
    return {
        "init": sim(work / "init", work / "init.html", "welcome", "--contacts", work / "init" / "contacts.csv"),
        "intro": sim(intro, work / "intro.html", "creator-intro", "--contacts", intro / "contacts.csv", "--replies", intro / "replies.csv"),
        "crowd": sim(crowd, work / "crowd.html", "walk", "--contacts", crowd / "people.csv", "--replies", crowd / "answers.csv", "--for", "60d"),
        "names": sim(crowd, work / "names.html", "walk", "--contacts", crowd / "names.csv", "--for", "2 years"),
        "none": sim(crowd, work / "none.html", "walk", "--contacts", crowd / "none.csv"),
        "job": sim(crowd, work / "job.html", "weekly", "--contacts", crowd / "names.csv"),
    }


def look(tap, browser, name, path, width, scheme):
    about = f"{name}, {width} px, {scheme}"
    page = browser.open(path, width=width, scheme=scheme)
    if os.environ.get("SHOTS"):
        page.picture(Path(os.environ["SHOTS"]) / f"{name}-{width}-{scheme}.png")
    page.value("document.querySelectorAll('details').forEach(d => { d.open = true })")
    sizes = page.value("[document.documentElement.scrollWidth, innerWidth]")
    outside = page.value(OUTSIDE)
    tap.ok(sizes[0] <= sizes[1] == width and not outside, f"{about}: nothing stands out sideways, all opened", sizes, outside)
    contrast = page.value(CONTRAST)
    tap.ok(contrast["seen"] > 10 and not contrast["faults"], f"{about}: all text has contrast enough", *contrast["faults"][:12])
    small = page.value("[...document.querySelectorAll('svg text')].map(t => t.getBoundingClientRect().height).filter(h => h < 9).length")
    tap.ok(small == 0, f"{about}: no text of a drawing is too small to read", small)
    tap.ok(not page.complaints, f"{about}: the console is quiet", *page.complaints)
    asked = [url for url in page.requests if url != Path(path).resolve().as_uri()]
    tap.ok(not asked, f"{about}: nothing else is asked for", *asked)


def guards(tap, browser, work):
    """The watchers themselves: what they look for is seen where it is."""
    bad = work / "bad.html"
    bad.write_text("<!doctype html><html lang='en'><head><meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\"></head>"
                   "<body><p style='color:#fff'>pale</p><script>alert(1)</script><table width='900'><tr><td>wide</td></tr></table></body></html>")
    page = browser.open(bad, width=360)
    found = page.value("document.documentElement.scrollWidth > innerWidth")
    tap.ok(found and page.value(OUTSIDE) and any("Content Security Policy" in str(c) for c in page.complaints), "a page that is too wide and breaks its policy is seen", page.complaints)


def main():
    tap = Tap()
    if not chromium.program():
        print("1..0 # SKIP there is no Chromium here")
        return 0
    work = Path(tempfile.mkdtemp(prefix="perigee-page-"))
    try:
        made = pages(work)
        with chromium.browser() as browser:
            guards(tap, browser, work)
            for name, path in made.items():
                for width in (360, 1440):
                    for scheme in ("light", "dark"):
                        look(tap, browser, name, path, width, scheme)
            page = browser.open(made["crowd"], width=800, media="print", scheme="dark")
            tap.equal(page.value("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)", "on paper it is black on white, also in the dark")
            tap.equal(page.value("document.querySelectorAll('script').length"), 0, "a stranger's <script> is no element")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"1..{tap.points}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
