"""Delete a file of somebody else.

expect: CageViolation
"""

import os


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    os.unlink(obj["spec"]["file"])  # noqa: PTH108
    ctx.status["reached"] = True
