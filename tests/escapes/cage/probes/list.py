"""List a folder.

expect: refused
"""

import os


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    try:
        os.listdir(obj["spec"]["folder"])  # noqa: PTH208
    except OSError as error:
        ctx.status["refused"] = error.errno
    else:
        ctx.status["reached"] = True
