"""Loopback ports, chosen below the ephemeral range: no outgoing connection takes one while its owner restarts."""

from __future__ import annotations

import errno
import secrets
import socket
from collections.abc import Collection

FIRST, LAST = 20_000, 32_000  # Linux hands out 32768–60999 for outgoing connections
ATTEMPTS = 200


def is_free(port: int) -> bool:
    """Whether a listener could be opened on 127.0.0.1:`port` now (a connection in TIME_WAIT does not count)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def choose(taken: Collection[int] = ()) -> int:
    """A free port that is not in `taken`. Raises OSError when none of many tries is free."""
    for _ in range(ATTEMPTS):
        port = FIRST + secrets.randbelow(LAST - FIRST)
        if port not in taken and is_free(port):
            return port
    raise OSError(errno.EADDRINUSE, f"no free port between {FIRST} and {LAST}")
