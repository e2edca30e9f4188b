"""Trace: the way into the memory of others.

expect: CageViolation
"""

import ctypes


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    if ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0:
        ctx.status["reached"] = True
