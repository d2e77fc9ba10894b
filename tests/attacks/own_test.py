#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our own hostile scripts are contained."""
import sys

import attacks

sys.exit(attacks.main([attacks.HERE / "scripts"]))
