"""Hold the kernel in a page fault.

expect: CageViolation
"""

import ctypes


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    if ctypes.CDLL(None).syscall(323, 1) >= 0:
        ctx.status["reached"] = True
