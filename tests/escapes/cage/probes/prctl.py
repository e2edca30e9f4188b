"""Become dumpable again, so that siblings may look in.

expect: CageViolation
"""

import ctypes


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    if ctypes.CDLL(None).prctl(4, 1, 0, 0, 0) == 0:
        ctx.status["reached"] = True
