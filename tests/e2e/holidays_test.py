#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holidays are those of other people's calendars, 2020 to 2046: npm's date-holidays and Debian's python3-holidays, each day of
difference with its reason."""
import datetime
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD") or ROOT / "build").resolve()
PROGRAM = BUILD / "tests" / "c" / "time_test"
FIRST, LAST = 2020, 2046
DATE_HOLIDAYS = "date-holidays@3.37.0"
CODES = ["DE", "ES", "FR", "GB", "IT", "US", "GB-ENG", "GB-SCT", "GB-NIR", "GB-WLS", "FR-57", "FR-67"] + [
    "DE-" + s for s in "BB BE BW BY HB HE HH MV NI NW RP SH SL SN ST TH".split()]
points = failed = 0


def ok(held, sentence, *found):
    global points, failed
    points += 1
    failed += not held
    print("ok" if held else "not ok", points, "-", sentence, flush=True)
    for line in [] if held else "\n".join(str(f) for f in found).splitlines()[:40]:
        print("#  ", line, flush=True)


def skip(sentence, why):
    global points
    points += 1
    print(f"ok {points} - {sentence} # skip {why}", flush=True)


def ours(code):
    """Weekdays alone: a Sunday is closed or open whatever a calendar says, and the sources differ in naming Easter Sunday."""
    out = subprocess.run([PROGRAM, "--holidays", code, str(FIRST), str(LAST)], capture_output=True, text=True, check=True).stdout
    return weekdays(out.split())


def weekdays(dates):
    return {d for d in dates if datetime.date.fromisoformat(d).weekday() < 5}


def years(*month_days, first=FIRST, last=LAST):
    return {f"{y}-{md}" for y in range(first, last + 1) for md in month_days}


# ---- the sources ----------------------------------------------------------------------------------------------------

SCRIPT = """
const Holidays = require("date-holidays");
const out = {};
for (const code of process.argv[1].split(",")) {
  const [country, region] = code.split("-");
  const calendar = region ? new Holidays(country, region) : new Holidays(country);
  out[code] = [];
  for (let y = %d; y <= %d; y++)
    for (const h of calendar.getHolidays(y))
      if (h.type === "public" || (country === "GB" && h.type === "bank")) out[code].push(h.date.slice(0, 10));
}
console.log(JSON.stringify(out));
""" % (FIRST, LAST)


def npm(codes):
    folder = BUILD / "npm"
    if not (folder / "node_modules" / "date-holidays").exists():
        if not shutil.which("npm"):
            return None
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", DATE_HOLIDAYS], cwd=folder, capture_output=True, timeout=300)
    if not (folder / "node_modules" / "date-holidays").exists():
        return None
    done = subprocess.run(["node", "-e", SCRIPT, ",".join(codes)], cwd=folder, capture_output=True, text=True, timeout=120)
    return {code: weekdays(dates) for code, dates in json.loads(done.stdout).items()}


DEBIAN_SCRIPT = """
import holidays, json, sys
years, out = range(%d, %d + 1), {}
for code in sys.argv[1].split(","):
    country, _, region = code.partition("-")
    if country == "GB":
        calendar = {"": holidays.England, "ENG": holidays.England, "WLS": holidays.Wales, "SCT": holidays.Scotland, "NIR": holidays.NorthernIreland}[region]
        days = calendar(years=years)
    elif country == "FR":
        days = holidays.France(years=years, prov="Alsace-Moselle" if region else None)
    else:
        calendar = {"DE": holidays.Germany, "ES": holidays.Spain, "IT": holidays.Italy, "US": holidays.UnitedStates}[country]
        days = calendar(years=years, **({"prov": region} if region else {}))
    out[code] = [d.isoformat() for d in days]
print(json.dumps(out))
""" % (FIRST, LAST)


def debian(codes):
    """By the system's Python, whose the package is."""
    done = subprocess.run(["/usr/bin/python3", "-c", DEBIAN_SCRIPT, ",".join(codes)], capture_output=True, text=True, timeout=120)
    return {code: weekdays(dates) for code, dates in json.loads(done.stdout).items()} if done.returncode == 0 else None


# ---- what is known to differ, and why ---------------------------------------------------------------------------------

def moved(month, date, when, by):
    """Where a date falls on this weekday (5: Saturday, 6: Sunday), the day that is kept instead."""
    days = [datetime.date(y, month, date) for y in range(FIRST, LAST + 1)]
    return {(d + datetime.timedelta(by)).isoformat() for d in days if d.weekday() == when}


def last_mondays_of_august():
    return {d for d in years(*[f"08-{n}" for n in range(25, 32)]) if datetime.date.fromisoformat(d).weekday() == 0}


# 5 U.S.C. 6103 (b) and Executive Order 11582: a federal holiday of a Saturday is kept on Friday, that of a Sunday on Monday.
def federal(month, date, first=FIRST):
    return {d for d in weekdays(years(f"{month:02}-{date:02}", first=first)) | moved(month, date, 5, -1) | moved(month, date, 6, 1) if int(d[:4]) >= first}


NPM = {
    "ES": moved(12, 25, 6, 1),               # some regions keep Monday then, each as it decides for that year
    "GB": last_mondays_of_august(),          # it lists what all parts share; ours is England's calendar, where most people live
    "US": moved(11, 11, 5, -1) | moved(11, 11, 6, 1),  # Veterans Day is moved, too
    "DE-BY": weekdays(years("08-15")),       # in some 1,700 of Bavaria's 2,056 municipalities, Munich among them
}
# What became law or was proclaimed after Debian's version (of 2021) was made.
SINCE = {"2022-06-02", "2022-06-03", "2022-05-30", "2022-09-19", "2023-05-08"}
DEBIAN = {
    **{code: SINCE for code in ("GB", "GB-ENG", "GB-WLS")},
    "GB-SCT": SINCE | moved(11, 30, 5, 2) | moved(11, 30, 6, 1),  # Scotland's Act of 2007 moves St Andrew's day to Monday
    "GB-NIR": SINCE | moved(7, 12, 5, 2) | moved(7, 12, 6, 1),    # a bank holiday instead is proclaimed for each such year
    "IT": weekdays(years("10-04", first=2026)),                   # law 151 of 2025
    "US": federal(6, 19, first=2021),                             # Juneteenth, since 2021
    "DE-BE": {"2025-05-08"},                                      # 80 years of peace, in Berlin
    "DE-MV": weekdays(years("03-08", first=2023)),                # Women's day, since 2023
}


def compare(name, theirs, known, exact):
    for code in CODES:
        mine, other, explained = ours(code), theirs[code], known.get(code, set())
        difference = mine ^ other
        ok(difference == explained if exact else difference <= explained,
           f"{code} is as {name} has it, {FIRST} to {LAST}" + (f", but for {len(explained)} days with a reason" if explained else ""),
           "ours alone: " + " ".join(sorted((mine - other) - explained)), "theirs alone: " + " ".join(sorted((other - mine) - explained)),
           "explained, but the same: " + " ".join(sorted(explained - difference)))


subprocess.run(["make", "-s", f"BUILD={BUILD}", PROGRAM], cwd=ROOT, check=True, stdout=sys.stderr)
for title, theirs, known, exact in (("date-holidays", npm(CODES), NPM, True), ("python3-holidays", debian(CODES), DEBIAN, False)):
    if theirs is None:
        skip(f"holidays are as {title} has them", f"{title} can't be had here")
    else:
        compare(title, theirs, known, exact)
print(f"1..{points}")
sys.exit(failed > 0)
