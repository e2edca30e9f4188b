"""Set an alarm, to confuse the deadline.

expect: CageViolation
"""

import signal


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    signal.setitimer(signal.ITIMER_REAL, 100.0)
    ctx.status["reached"] = True
