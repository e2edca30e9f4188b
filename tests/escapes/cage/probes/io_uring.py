"""A ring to the kernel that no filter sees into.

expect: CageViolation
"""

import ctypes


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    if ctypes.CDLL(None).syscall(425, 4, ctypes.create_string_buffer(120)) >= 0:
        ctx.status["reached"] = True
