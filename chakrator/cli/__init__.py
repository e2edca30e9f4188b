"""The `chakrator` command: `main` is its entry; each file beside this one is a group of commands."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Refuse foreign packages of our names, then hand over to the commands."""
    import core

    # `core` and `sandbox` are common names: in a shared environment somebody else's may be found first,
    # and code that runs with cluster rights must not be taken from there.
    ours = Path(__file__).resolve().parents[2]
    found = Path(core.__file__ or "/").resolve().parents[1]
    if found != ours:
        sys.exit(f"chakrator: the package `core` comes from {found}, not from {ours}; use an environment of its own")
    from chakrator.cli.quick import take

    command = take(sys.argv[1:])
    if command is None:
        from chakrator.cli.app import app

        app()
        return
    try:
        command()
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Nobody reads any more (`| head`): the interpreter's last flush must find a place, too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
