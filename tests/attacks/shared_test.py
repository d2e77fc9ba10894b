#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The hostile scripts beside the project, where they are, are contained."""
import sys

import attacks

sys.exit(attacks.main([attacks.ROOT.parent / "shared" / "attacks"]))
