"""Connect to a unix socket without a path.

expect: CageViolation
"""

import socket


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        one.connect("\0" + obj["spec"]["abstract"])
    ctx.status["reached"] = True
