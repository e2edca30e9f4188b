"""Load a program into the kernel.

expect: CageViolation
"""

import ctypes


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    if ctypes.CDLL(None).syscall(321, 0, ctypes.create_string_buffer(b"\2\0\0\0\4\0\0\0\4\0\0\0\1", 120), 120) >= 0:
        ctx.status["reached"] = True
