#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A failed expectation is told so that it is understood: the line of the test, and the timeline of its world with what was not
expected (+), what was missed (-) and in what the nearest one differs."""
import sys
import tempfile
from pathlib import Path

from program import Workspace, ok  # first: it finds tests/tap.py
import tap

HEAD = """local ana = { id = "ana", name = "Ana Silva", email = "ana@example.com", country = "PT", interest = "photos" }
test("it", function(t)
  t:enrol { sequence = "welcome", contact = ana }
"""
# What the test does after it enrolled Ana; lines that its story holds; lines that it must not hold.
CASES = [
    ("a message with another template is the nearest, with what differs",
     't:advance "1 business day"\n  t:expect_sent { template = "welcome" }\n  t:advance "4 business days"\n'
     '  t:expect_sent { channel = "email", template = "follow-upp" }',
     ['# tests/a_test.lua:7: expected to be sent: { channel = "email", template = "follow-upp" }',
      '#     t:expect_sent { channel = "email", template = "follow-upp" }',
      '#     Mon  6 Jan 10:00  Ana Silva  sent by email: welcome "Photos, and how we can help"',
      '#   + Thu  9 Jan 10:00  Ana Silva  sent by email: follow-up "Re: Photos, and how we can help"',
      '#                                    template: follow-up, expected follow-upp',
      '#   - Mon 13 Jan 01:00             sent by email: follow-upp',
      '#     Mon 13 Jan 01:00             now'], []),
    ("of a text it says what it should hold", 't:advance "1 day"\n  t:expect_sent { text = "Dear Ana" }',
     ["expected to hold Dear Ana", "#   - Tue  7 Jan 00:00             sent, text: Dear Ana"], []),
    ("a member that no message has is told, with the one that was meant", 't:advance "1 day"\n  t:expect_sent { tempalte = "welcome" }',
     ["tempalte: there is no such member; did you mean template?"], []),
    ("a message that waits is told with what the run stands at", 't:expect_sent { template = "welcome" }',
     ["email waits until 2025-01-06 10:00 (their sending hours)", "#   - Mon  6 Jan 00:00             sent: welcome",
      "run 1 of welcome stands at send email welcome: queued"], ["#   +"]),
    ("one that an earlier expectation was met by is no surprise",
     't:advance "1 day"\n  t:expect_sent { template = "welcome" }\n  t:expect_sent { template = "welcome" }',
     ["an earlier expectation was met by it", "#   - Tue"], ["#   +"]),
    ("a message that nobody expected is marked", 't:advance "1 day"\n  t:expect_nothing_sent()',
     ["expected nothing to be sent; 1 sent since the last look", "#   + Mon  6 Jan 10:00  Ana Silva  sent by email: welcome"], ["#   -"]),
    ("a task of another kind is the nearest",
     't:advance "1 day"\n  t:reply { text = "A price, please." }\n  t:expect_task { kind = "video", contact = "ana" }',
     ["#   + Tue  7 Jan 00:00  Ana Silva  task: call: Answered: A price, please.", "kind: call, expected video",
      "#   - Tue  7 Jan 00:00             task: video, contact: ana"], []),
    ("a task where there is none", 't:advance "1 day"\n  t:expect_task { kind = "call" }', ["#   - Tue  7 Jan 00:00             task: call"], ["#   +"]),
    ("a run that has not ended says what it waits for, and until when", 't:advance "1 day"\n  t:expect_outcome "replied"',
     ["the run has not ended", "#   - Tue  7 Jan 00:00  Ana Silva  finished: replied",
      "run 1 of welcome stands at wait_reply 3 business days: waits until 2025-01-09 10:00"], []),
    ("one that has ended otherwise says when", 't:advance "1 day"\n  t:event { kind = "unsubscribe" }\n  t:expect_outcome "replied"',
     ['it is "unsubscribed"', "#   + Tue  7 Jan 00:00  Ana Silva  finished: unsubscribed", "finished: replied"], ["stands at"]),
    ("a value that is another comes with what happened until then",
     't:advance "1 day"\n  local m = t:expect_sent()\n  t:expect(m.subject, "Photos")',
     ['expected "Photos", got "Photos, and how we can help"', "sent by email: welcome", "now"], ["#   +", "#   -"]),
    ("what lies long before the last look is left out",
     't:advance "1 day"\n  t:expect_sent()\n  t:advance "30 days"\n  t:expect_sent()\n  t:advance "1 day"\n  t:expect_sent { template = "third" }',
     ["#                                  ..."], ["enrolled in"]),
    ("a run that failed is always told", 't:advance "40 days"\n  t:expect_outcome "silent"\n  t:expect(1, 2)', ["expected 2, got 1"], []),
]
ORDER = """local perigee = require "perigee"
return perigee.sequence {
  name = "order",
  needs = { net = { "gifts.example.com" }, secret = { "gifts" } },
  run = function(contact)
    perigee.http { method = "POST", url = "https://gifts.example.com/orders", auth = perigee.secret "gifts", json = { to = contact.name, item = "book" } }
    return "ordered"
  end,
}
"""
ORDERS = [
    ("a request that was not made is told beside the nearest",
     't:enrol { sequence = "order", contact = "ana" }\n  t:expect_request { method = "POST", json = { item = "cup" } }',
     ['expected a request: { json = { item = "cup" }, method = "POST" }', "#   + Mon  6 Jan 00:00  Ana Silva  request: POST https://gifts.example.com/orders",
      'json: {"item":"book","to":"Ana Silva"}, expected {"item":"cup"}', '#   - Mon  6 Jan 00:00             request: POST, json: {"item":"cup"}'], []),
    ("so is a secret that did not go along",
     't:enrol { sequence = "order", contact = "ana" }\n  t:expect_request { url = "https://gifts.example.com/*", secret = "shop" }',
     ["secret: gifts, expected shop", "request https://gifts.example.com/*, secret: shop"], []),
    ("a request that nobody expected is marked",
     't:enrol { sequence = "order", contact = "ana" }\n  t:expect_request()\n  t:enrol { sequence = "order", contact = "ana", key = "2" }\n  t:expect_no_request()',
     ["expected no request: {}", "#   + Mon  6 Jan 00:00  Ana Silva  request: POST"], ["#   -"]),
    ("an expectation takes the keys of requests alone", 't:expect_request { uri = "https://gifts.example.com/" }',
     ["t:expect_request: unknown key 'uri'; did you mean 'url'?"], []),
]
SHELF = """local perigee = require "perigee"
return perigee.sequence { name = "shelf", starts_on = { "message", "signal:go" }, run = function(contact)
  perigee.store.set("a", 1)
end }
"""
TORN = SHELF.replace("shelf", "torn").replace('"message", "signal:go"', '"signal:tear"').replace("end }", "end")
SHOP = """local perigee = require "perigee"
return perigee.hook { name = "shop", verify = "none", run = function(request)
  perigee.store.set("a", 1)
end }
"""
NEEDED = ["sequences/shelf.lua:3: perigee.store is not in needs: add store = true", "# tests/a_test.lua:4: "]
# What a script with a fault would have taken fails by that fault; what it would not goes on.
FAULTY = [
    ("to enrol in a sequence with a fault fails by it", 't:enrol { sequence = "shelf", contact = "ana" }', NEEDED, []),
    ("so does a message that would begin it", 't:reply { text = "Hi", contact = { id = "bob", email = "bob@example.com" } }', NEEDED, ["torn.lua:3: '"]),
    ("so does a signal", 't:event { kind = "signal:go" }', NEEDED, []),
    ("a file that can't be read is known by its text", 't:event { kind = "signal:tear", contact = { id = "bob", email = "bob@example.com" } }', ["# tests/a_test.lua:4: a script that would have taken this is left out for its fault: sequences/torn.lua:"], []),
    ("so does a request to a hook", 't:event { hook = "shop", body = "" }', ["left out for its fault: hooks/shop.lua:3: perigee.store"], []),
    ("a signal that they would not take is no failure; one that is says what is left out", 't:event { kind = "signal:else" }\n  t:expect(1, 2)',
     ["expected 2, got 1", "#     left out: sequences/shelf.lua:3: perigee.store", "signal:else: no run waits for it now; it is kept for their next wait"], ["would have taken"]),
]
JOB = """local perigee = require "perigee"
return perigee.job { name = "%s", schedule = "%s", run = function() %s end }
"""
JOBS = {"idle": JOB % ("idle", "every 10 minutes", ""), "busy": JOB % ("busy", "every day at 05:00", 'perigee.log("looked: " .. ("a"):rep(300))'),
        "broken": JOB % ("broken", "every day at 06:00", 'error("torn")')}
LONG = """test("long", function(t)
  for i = 1, 30 do t:enrol { sequence = "welcome", contact = { id = "c" .. i, name = "C " .. i, email = "c" .. i .. "@example.com", interest = "no " .. i } } end
  t:advance "1 day"
  t:expect_sent { template = "none" }
end)
test("no world", function(t) t:expect({ a = 1 }, { a = 2 }) end)
test("an error", function(t) local x = nil; t:expect(x.y, 1) end)
"""


def played(w, body):
    w.write("tests/a_test.lua", HEAD + "  " + body + "\nend)\n")
    return w.run("test", "tests/a_test.lua")


def main():
    with tempfile.TemporaryDirectory() as work:
        w = Workspace(Path(work) / "w")
        w.dir.mkdir()
        w.run("init", w.dir)
        w.write("sequences/order.lua", ORDER)
        for sentence, body, holds, lacks in CASES + ORDERS:
            got = played(w, body)
            missing = [text for text in holds if text not in got.out] + ["not: " + text for text in lacks if text in got.out]
            ok(got.code == 1 and not missing, sentence, *missing, got)
        for name, text in (("sequences/shelf", SHELF), ("sequences/torn", TORN), ("hooks/shop", SHOP)):
            w.write(name + ".lua", text)
        for sentence, body, holds, lacks in FAULTY:
            got = played(w, body)
            missing = [text for text in holds if text not in got.out] + ["not: " + text for text in lacks if text in got.out]
            ok(got.code == 1 and not missing, sentence, *missing, got)
        for name in ("sequences/shelf", "sequences/torn", "hooks/shop"):
            (w.dir / (name + ".lua")).unlink()
        for name, text in JOBS.items():
            w.write(f"jobs/{name}.lua", text)
        got = played(w, 't:advance "10 hours"\n  t:expect(1, 2)')
        ok("enrolled in welcome" in got.out and "job idle" not in got.out and "..." not in got.out, "a job that found nothing to do is no part of the story", got)
        ok("job busy starts" in got.out and "looked: " + "a" * 300 in got.out and "FAILED" in got.out and "job broken starts" in got.out,
           "one that did something or failed is, and what it logs is whole", got)
        for name in JOBS:
            (w.dir / f"jobs/{name}.lua").unlink()
        w.write("tests/a_test.lua", LONG)
        got = w.run("test", "tests/a_test.lua")
        story = got.out.split("not ok 2")[0].splitlines()
        ok(len(story) < 140 and story.count("#                             ...") <= 1 and "and 27 runs more" in got.out,
           "a long story is told by what counts", len(story), got)
        ok("not ok 2 - tests/a_test.lua: no world\n# tests/a_test.lua:6: expected 2, got 1 at a\n#   wanted: { a = 2 }\n#   got:    { a = 1 }\n#     test(\"no world\"" in got.out,
           "where nothing happened there is no story", got)
        ok("not ok 3" in got.out and "tests/a_test.lua:7: " in got.out.split("not ok 3")[1], "an error has its line", got)
        rows = w.run("test", "--json", "tests/a_test.lua").rows()
        ok(rows[0]["where"] == "tests/a_test.lua:4" and rows[0]["timeline"][-1]["mark"] == " " and
           [l["text"] for l in rows[0]["timeline"] if l["mark"] == "-"] == ["sent: none"] and "timeline" not in rows[1],
           "and --json has the same as a list", rows)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
