"""Lay a file system over a folder.

expect: CageViolation
"""

import ctypes


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    if ctypes.CDLL(None).mount(b"none", obj["spec"]["folder"].encode(), b"tmpfs", 0, None) == 0:
        ctx.status["reached"] = True
