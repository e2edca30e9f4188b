"""Leave a note in the kernel for the next tenant.

expect: CageViolation
"""

import ctypes


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    if ctypes.CDLL(None).syscall(248, b"user", b"chakrator-probe", b"x", 1, -2) > 0:
        ctx.status["reached"] = True
