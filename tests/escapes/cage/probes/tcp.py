"""Connect to a listener on this machine.

expect: CageViolation
"""

import socket


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        one.connect(("127.0.0.1", obj["spec"]["tcp"]))
    ctx.status["reached"] = True
