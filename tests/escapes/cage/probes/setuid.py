"""Change the user, in case there is a way back up.

expect: CageViolation
"""

import os


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    os.setuid(os.getuid())
    ctx.status["reached"] = True
