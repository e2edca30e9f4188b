"""End a process of somebody else.

expect: CageViolation
"""

import os


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    os.kill(obj["spec"]["victim"], 15)
    ctx.status["reached"] = True
