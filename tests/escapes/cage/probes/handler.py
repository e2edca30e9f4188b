"""Take the handler of the deadline away.

expect: refused
"""

import signal


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    try:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
    except OSError as error:
        ctx.status["refused"] = error.errno
    else:
        ctx.status["reached"] = True
