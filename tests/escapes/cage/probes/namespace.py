"""A user namespace, where everybody is root.

expect: CageViolation
"""

import ctypes


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    if ctypes.CDLL(None).unshare(0x10000000) == 0:
        ctx.status["reached"] = True
