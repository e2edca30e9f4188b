"""Learn whether a path exists.

expect: refused
"""

import os


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    try:
        os.stat("/etc/passwd")  # noqa: PTH116
    except OSError as error:
        ctx.status["refused"] = error.errno
    else:
        ctx.status["reached"] = True
