"""Leave a file behind.

expect: refused
"""

import os


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    try:
        os.close(os.open(obj["spec"]["folder"] + "/left", os.O_WRONLY | os.O_CREAT))
    except OSError as error:
        ctx.status["refused"] = error.errno
    else:
        ctx.status["reached"] = True
