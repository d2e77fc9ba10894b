#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The modules of the library that share something among many people, while several workers run those people's scripts at once."""
import collections
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402
from tap import ok  # noqa: E402
from program import Workspace  # noqa: E402

PEOPLE, PLACES = 240, 30

CLAIM = """-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local offer = require "perigee.offer"
local affiliate = require "perigee.affiliate"
local score = require "perigee.score"

return perigee.sequence {
  name  = "claim",
  needs = { store = true },
  run   = function(contact)
    local code = affiliate.code(contact, { suffix = 15 })
    local _, _, again = affiliate.sale(contact, { order = "of all", amount = 10, currency = "EUR" })
    score.add("everybody", { network = "x", kind = "retweet" })
    local place, _, full = offer.claim(contact, { name = "rush", places = %d })
    return ("%%s %%s %%s"):format(code, place and "in" or full, again or "counted")
  end,
}
""" % PLACES

COUNT = """-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local offer = require "perigee.offer"
local score = require "perigee.score"

return perigee.sequence {
  name  = "count",
  needs = { store = true },
  run   = function()
    local line = offer.line "rush"
    return ("%d %d %d %d"):format(#line.places, #line.waiting, offer.left "rush", score.read("everybody").kinds["x.retweet"].n)
  end,
}
"""


with tempfile.TemporaryDirectory() as folder:
    workspace = Workspace(folder)

    def outcomes(sequence, *who):
        started = workspace.run("enrol", sequence, *who)
        ok(started.code == 0, f"{sequence} is started", started)
        workspace.serve()
        return [row["outcome"] for row in workspace.run("runs", "--sequence", sequence, "--json").rows()]

    workspace.write("perigee.lua", 'workspace { timezone = "UTC", hours = "always" }\n')
    workspace.write("sequences/claim.lua", CLAIM)
    workspace.write("sequences/count.lua", COUNT)
    workspace.write("people.csv", "id,name,email\n" + "".join(f"p{i},Ana S{i},p{i}@example.com\n" for i in range(PEOPLE)))
    workspace.run("contacts", "import", workspace.dir / "people.csv")
    said = [str(outcome).split(" ") for outcome in outcomes("claim", "--all", "--yes")]
    codes, places, sales = (collections.Counter(part) for part in zip(*said))
    ok(len(codes) == PEOPLE, f"{PEOPLE} people of one name have as many codes", codes.most_common(3))
    ok(places == {"in": PLACES, "full": PEOPLE - PLACES}, f"of {PEOPLE} who claim at once {PLACES} have a place", places)
    ok(sales == {"counted": 1, "already": PEOPLE - 1}, "an order that many report counts once", sales)
    counted = outcomes("count", "p0")
    ok(counted == [f"{PLACES} {PEOPLE - PLACES} 0 {PEOPLE}"], "the line holds them all, and no count is lost", counted)
sys.exit(tap.finish())
