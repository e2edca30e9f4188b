"""Read a file that everybody may read.

expect: refused
"""

import os


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    try:
        os.close(os.open("/etc/passwd", os.O_RDONLY))
    except OSError as error:
        ctx.status["refused"] = error.errno
    else:
        ctx.status["reached"] = True
