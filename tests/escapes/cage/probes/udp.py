"""Send a datagram to this machine.

expect: CageViolation
"""

import socket


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"out", ("127.0.0.1", obj["spec"]["udp"]))
    ctx.status["reached"] = True
