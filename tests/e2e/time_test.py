#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hours, business days and schedules agree with brute force at every hour within two days of each change of the clock, in every
distinct rule set of the tz database, 20 years back and 20 ahead (tests/c/time_test.c; some minutes)."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD") or ROOT / "build").resolve()
PROGRAM = BUILD / "tests" / "c" / "time_test"

subprocess.run(["make", "-s", f"BUILD={BUILD}", PROGRAM], cwd=ROOT, check=True, stdout=sys.stderr)
sys.exit(subprocess.run([PROGRAM, "--full"]).returncode)
