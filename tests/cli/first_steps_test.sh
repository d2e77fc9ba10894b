#!/bin/sh
# SPDX-License-Identifier: MIT
# A newcomer's first steps work as README and the starter's own README say them, and the shipped sequence can be simulated.
perigee=$(realpath "${PERIGEE:-build/perigee}")
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
points=0 failed=0

# it SENTENCE COMMAND...: a point that holds if the command exits with 0; what it printed is kept in $folder/out.
it() {
  sentence=$1
  shift
  points=$((points + 1))
  if "$@" >"$folder/out" 2>&1 </dev/null; then
    echo "ok $points - $sentence"
  else
    failed=$((failed + 1))
    echo "not ok $points - $sentence"
    head -40 "$folder/out" | sed 's/^/#   /'
  fi
}
in_w() { (cd "$folder/W" && "$perigee" "$@"); }
exits() { wanted=$1; shift; "$@"; [ $? = "$wanted" ]; }
says() { grep -q -- "$1" "$folder/kept"; }
keep() { "$@" >"$folder/kept"; }

it "perigee init makes a workspace" "$perigee" init "$folder/W"
for file in perigee.lua contacts.csv .gitignore README.md sequences/welcome.lua templates/welcome.md tests/welcome_test.lua; do
  it "with $file as it is shipped" cmp "$folder/W/$file" "scripts/starter/$file"
done
it "which init does not overwrite" exits 1 "$perigee" init "$folder/W"
it "check finds no fault in it" in_w check
it "its tests pass" in_w test
it "it can be simulated" keep in_w sim sequences/welcome.lua --contacts contacts.csv
it "and the simulation names its contacts" says Ana

# Its output alone is compared: sanitizers say things of their own on stderr.
demo() { "$perigee" -C scripts/creator-intro sim creator-intro --contacts contacts.csv --replies replies.csv "$@" 2>"$folder/errors"; }
it "check finds no fault in creator-intro" "$perigee" -C scripts/creator-intro check
it "creator-intro can be simulated with pretend answers" keep demo --start 2026-11-23T00:00:00+01:00 --json
cp "$folder/kept" "$folder/first"
it "in which every contact has one first mail" sh -c "[ \$(grep '\"event\":\"sent\"' '$folder/first' | grep -c '\"template\":\"intro\"') = 12 ]"
it "equal inputs give equal output" keep demo --start 2026-11-23T00:00:00+01:00 --json
it "byte for byte" cmp "$folder/first" "$folder/kept"
it "the last line is the summary" sh -c "tail -1 '$folder/first' | grep -q '\"event\":\"summary\"'"

it "simulating leaves nothing behind in the workspace" sh -c "[ -z \"\$(find scripts -name '*.db*' -o -name run -o -name '*.sock')\" ]"

it "perigee --help lists the commands" keep "$perigee" --help
for command in init check sim test contacts enrol send serve runs show stop retry upgrade pause resume messages tasks mail render secret backup version; do
  it "among them $command" says "\b$command\b"
  it "which has help of its own" "$perigee" "$command" --help
done
it "an unknown command is wrong usage" exits 2 "$perigee" frobnicate
it "and so is an unknown option" exits 2 "$perigee" check --frobnicate
echo "1..$points"
[ $failed = 0 ]
