"""A file without a name, to fill and execute.

expect: CageViolation
"""

import os


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    os.memfd_create("x")
    ctx.status["reached"] = True
