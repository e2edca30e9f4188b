"""Become another program.

expect: CageViolation
"""

import os


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    os.execv("/bin/echo", ["echo", "reached"])
