#!/usr/bin/python3
"""A policy host that misbehaves as its scenario says (tests/scenarios/http-*.scenario; see player.py)."""

import sys

sys.dont_write_bytecode = True
import player  # noqa: E402

if __name__ == "__main__":
    player.main(__doc__, 443)
