# SPDX-License-Identifier: MIT
"""The points of a test in TAP (testanything.org). A test ends with sys.exit(tap.finish())."""

points = failed = 0


def ok(held, sentence, *found, skip=None):
    """One point; found is shown where it does not hold. skip: why it can't be looked at here."""
    global points, failed
    points += 1
    failed += not held and not skip
    print("ok" if held or skip else "not ok", points, "-", sentence + (f" # SKIP {skip}" if skip else ""), flush=True)
    if not held and not skip:
        for line in "\n".join(str(f) for f in found).splitlines()[:40]:
            print("#  ", line[:400], flush=True)
    return held


def finish():
    """Prints the plan; the exit status."""
    print(f"1..{points}", flush=True)
    return 1 if failed else 0
