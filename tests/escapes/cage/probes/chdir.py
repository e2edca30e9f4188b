"""Walk to another folder.

expect: CageViolation
"""

import os


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    os.chdir(obj["spec"]["folder"])
    ctx.status["reached"] = True
