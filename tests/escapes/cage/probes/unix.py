"""Connect to a unix socket by its path.

expect: CageViolation
"""

import socket


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        one.connect(obj["spec"]["unix"])
    ctx.status["reached"] = True
