"""Make another process.

expect: CageViolation
"""

import os


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    ctx.status["reached"] = pid > 0
