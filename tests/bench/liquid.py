#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How fast templates render, beside npm's liquidjs on the same ones, parsed once by both: one line for each, with the ratio."""
import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
LIQUIDJS = "liquidjs@10.30.1"
TEMPLATES = {
    "a short mail": "Hi {{ first_name | default: 'there' }},\n\nI watched \"{{ latest_video }}\" and liked it. Shall we talk this week?\n\n{{ account.name }}\n",
    "a mail with conditions": """Hi {{ first_name | default: 'there' }},
{% if followers > 10000 and platform == 'youtube' %}your {{ followers }} subscribers{% elsif platform == 'twitch' %}your stream{% else %}your work{% endif %}
{% unless replied %}{% case country %}{% when 'FR' %}à Paris{% when 'DE', 'CH' %}in Köln{% else %}in London{% endcase %}{% endunless %}
{% assign fee = followers | divided_by: 100 | plus: 50 %}We offer {{ fee }} EUR{% if videos.size > 3 %} for {{ videos.size }} videos{% endif %}.
""",
    "filters": "{{ name | upcase }} {{ name | split: ' ' | first | capitalize }} {{ text | strip | truncate: 40 }} {{ text | replace: 'video', 'film' | escape }}\n"
               "{{ videos | map: 'title' | join: ', ' | downcase }} {{ price | times: 1.2 | round: 2 }} {{ text | size }} {{ name | append: '!' | prepend: '>' }}\n",
    "a list of 50": "{% for v in videos %}{{ forloop.index }}. {{ v.title }} ({{ v.views }}){% if v.sponsored %} *{% endif %}{% unless forloop.last %};\n{% endunless %}{% endfor %}\n",
    "plain text of 20 kB": "All work and no play makes {{ first_name }} a dull person.\n" + "Lorem ipsum dolor sit amet, consectetur adipiscing elit.\n" * 350,
}
DATA = {
    "first_name": "Zoë", "name": "Zoë de la Tour", "latest_video": "How to & why", "followers": 25300, "platform": "youtube", "country": "DE", "price": 19.9,
    "account": {"name": "Léa"}, "text": "  A long text about a video, and another video, that somebody <b>made</b>.  ",
    "videos": [{"title": f"Video {i}", "views": i * 997, "sponsored": i % 7 == 0} for i in range(50)],
}


def measure(*command):
    done = subprocess.run(list(map(str, command)), cwd=ROOT, input=json.dumps({"templates": list(TEMPLATES.values()), "data": DATA}), capture_output=True,
                          text=True, timeout=300)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr[:2000]}")
    return [(float(took), text) for took, text in (line.split(" ", 1) for line in done.stdout.split("\n") if line)]


def liquidjs():
    """Its folder; None where npm is not, or can't get it."""
    folder = BUILD / "npm"
    if not (folder / "node_modules/liquidjs").exists() and shutil.which("npm"):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", LIQUIDJS], cwd=folder, capture_output=True, timeout=300)
    return folder if (folder / "node_modules/liquidjs").exists() else None


def main():
    ours, folder = measure("lua5.4", "tests/bench/liquid.lua"), liquidjs()
    theirs = measure("node", "tests/bench/liquid.js", folder) if folder else [None] * len(ours)
    ratios, differ = [], []
    for name, mine, other in zip(TEMPLATES, ours, theirs):
        line = f"liquid, {name}: {mine[0] * 1e6:.1f} us a rendering"
        if other:
            ratios.append(mine[0] / other[0])
            line += f", liquidjs {other[0] * 1e6:.1f} us: {ratios[-1]:.2f} times its time"
            differ += [name] if mine[1] != other[1] else []
        print(line, flush=True)
    if not folder:
        print(f"liquid: npm can't get {LIQUIDJS} here, so there is no ratio")
    else:
        print(f"liquid: {math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f} times the time of {LIQUIDJS} (geometric mean)")
    if differ:
        print("liquid: what comes out differs:", ", ".join(differ))
    sys.exit(bool(differ))


main()
