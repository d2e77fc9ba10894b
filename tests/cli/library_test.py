#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library of perigee.NAME belongs to the version of the script that requires it: a newer program runs an old run on with the old."""
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402
from tap import ok  # noqa: E402
from program import Workspace  # noqa: E402

STDLIB = Path(__file__).resolve().parents[2] / "stdlib"
WORD = """local perigee = require "perigee"
local check = require "perigee.check"
local M = {}
function M.say(contact, word)
  %s
  contact:set { word = check.text("word.say", word) .. "%s" }
end
return M
"""
SCRIPT = """local perigee = require "perigee"
local words = require "words"
return perigee.sequence {
  name = "speaker", needs = { store = true },
  run = function(contact)
    words.say(contact, "first ")
    perigee.sleep "1 hour"
    words.say(contact, "second ")
    return contact.fields.word
  end,
}
"""

with tempfile.TemporaryDirectory(prefix="perigee-library-") as scratch:
    library = Path(scratch, "stdlib")
    shutil.copytree(STDLIB, library)
    (library / "perigee").mkdir(exist_ok=True)
    module = library / "perigee" / "word.lua"
    workspace = Workspace(Path(scratch, "W"))
    perigee = lambda *args: workspace.run("--stdlib", library, *args)
    newest = lambda: max(perigee("runs", "--json").rows(), key=lambda row: row["id"])
    module.write_text(WORD % ("", "old"))
    workspace.write("perigee.lua", 'workspace { timezone = "UTC", hours = "always" }\n')
    workspace.write("lib/words.lua", 'return require "perigee.word"\n')
    workspace.write("lib/other.lua", "return {}\n")
    workspace.write("sequences/speaker.lua", SCRIPT)
    got = perigee("check")
    ok(got.code == 0, "a module of the workspace may require one of the library", got)
    for name in "ana", "ben":
        perigee("contacts", "add", f"id={name}", f"name={name}")
    perigee("enrol", "speaker", "ana", "--yes")
    ok(workspace.serve("--stdlib", library).code == 0, "a run sleeps")
    sources = workspace.sql("SELECT sources FROM versions")[0][0]
    ok("[perigee.word]" in sources and "perigee.check" in sources and "lib/other" not in sources and '"other"' not in sources,
       "its version holds what it requires, also by way of a module of its own, and nothing else", sources)

    module.write_text(WORD % ('perigee.store.set("word/changed", 1)', "new"))
    perigee("enrol", "speaker", "ben", "--yes")
    got = workspace.run("--stdlib", library, "serve", "--until-idle", "--fast-forward", "1s")
    runs = {row["contact"]: row for row in perigee("runs", "--json").rows()}
    ok(runs["ana"]["state"] == "done" and runs["ana"]["outcome"] == "second old",
       "after the library has changed so that the run would go another way, it goes on with the old", runs, got)
    ok(runs["ben"]["outcome"] == "second new" and runs["ben"]["version"] != runs["ana"]["version"], "and a later run begins with the new", runs)
    ok(len(workspace.sql("SELECT 1 FROM versions")) == 2, "each is a version of its own")

    workspace.write("sequences/speaker.lua", SCRIPT.replace('words.say(contact, "first ")', 'require("perigee.ward")'))
    got = perigee("check")
    said = "sequences/speaker.lua:6: there is no module 'perigee.ward'; did you mean 'perigee.word'? [missing-module]"
    wanted = "sequences/speaker.lua:6: require: the library has no module 'perigee.ward'; did you mean 'perigee.word'?"
    ok(got.code == 1 and said in got.out + got.err, "check finds a module that is not there, and names the one that is near", got)
    workspace.write("sequences/speaker.lua", SCRIPT.replace('words.say(contact, "first ")', 'require("perigee." .. "ward")'))
    perigee("enrol", "speaker", "ana", "--again", "--yes")
    workspace.serve("--stdlib", library)
    ok(wanted in (newest()["error"] or ""), "one whose name is made at run time fails the run with the same words", newest())
    workspace.write("sequences/speaker.lua", SCRIPT.replace('"first "', "7"))
    perigee("upgrade")
    perigee("enrol", "speaker", "ben", "--again", "--yes")
    workspace.serve("--stdlib", library)
    error = newest()["error"] or ""
    ok(error.startswith("sequences/speaker.lua:6: word.say: a text is needed, not a number"),
       "misuse of the library is told with the line of the script, not the library's", newest())
sys.exit(tap.finish())
