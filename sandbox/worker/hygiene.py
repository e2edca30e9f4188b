"""The zygote's interpreter made quiet: what a worker inherits can neither find, open nor say anything."""

from __future__ import annotations

import faulthandler
import linecache
import os
import sys
import time

# What the cage needed and a worker does not; in memory still, but no `import` leads there.
# `resource` stays: wait4() imports it by name each time.
_TOOLS_OF_THE_CAGE = ("ctypes", "_ctypes", "socket", "_socket", "select", "selectors")
_PARTS_OF_THE_CAGE = ("sandbox.confine", "sandbox.worker.zygote")


class Sink:
    """A text stream that keeps nothing."""

    def write(self, text: str) -> int:
        """All of it, to nowhere."""
        return len(text)

    def flush(self) -> None:
        """There is nothing."""


def _nothing(*_arguments: object, **_named: object) -> None:
    """Whatever there was to say."""


def _no_lines(*_arguments: object) -> list[str]:
    return []


def alone_after_a_fork() -> None:
    """Nothing of a library's runs in a child before its cage: to be called before the libraries are imported.

    `random` would fill its own source from the kernel each time, which nobody here asks for a number: 0.1 ms.
    """
    os.register_at_fork = _nothing


def quiet() -> None:
    """Sinks instead of streams, no hook that writes, no source lines; local time is UTC, wherever the host stands."""
    faulthandler.disable()
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = Sink()  # type: ignore[assignment,misc]
    sys.stdin = sys.__stdin__ = None  # type: ignore[misc]
    sys.excepthook = sys.unraisablehook = _nothing
    linecache.checkcache = _nothing
    linecache.updatecache = _no_lines  # type: ignore[assignment]
    sys.set_int_max_str_digits(4300)
    os.environ["TZ"] = "UTC0"  # as POSIX writes it: no file is read for it
    time.tzset()


def close_imports(*, keep_tools: bool) -> None:
    """No import finds a file any more; the cage's own modules cannot be imported by name either."""
    sys.path[:] = []
    sys.meta_path[:] = []
    sys.path_hooks[:] = []
    sys.path_importer_cache.clear()
    if keep_tools:
        return
    for name in list(sys.modules):
        if name.partition(".")[0] in _TOOLS_OF_THE_CAGE or name.startswith(_PARTS_OF_THE_CAGE):
            del sys.modules[name]
