"""Start a thread, which no deadline of ours would know.

expect: CageViolation
"""

import _thread


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    _thread.start_new_thread(print, ())
    ctx.status["reached"] = True
