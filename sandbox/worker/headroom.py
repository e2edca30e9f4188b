"""Room on the stack, asked for before anything changes.

An author's code may call into ours with hardly a frame left. A RecursionError is the author's to catch, so it
must come before the first step of something that has to be done whole.
"""

from __future__ import annotations

DEPTH = 100  # of our own frames, with room for the nesting of a document in a codec


def probe(depth: int = DEPTH) -> None:
    """RecursionError unless this many frames are left; nothing else happens."""
    if depth > 1:
        probe(depth - 1)
