"""Ask who the parent is, to signal it.

expect: CageViolation
"""

import os


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    os.kill(os.getppid(), 0)
    ctx.status["reached"] = True
