"""Plain Python in the worker, with every builtin: how the escape suite shows what the cage alone holds.

Nothing but `PoolConfig.disable_policy` leads here.
"""

from __future__ import annotations

import builtins
import sys
from types import CodeType, ModuleType

from sandbox.wire.messages import Finding
from sandbox.worker import api
from sandbox.worker.alarm import AUTHOR_FILE
from sandbox.worker.program import RunInputs

# What an attacker would bring along; loaded while files can still be read.
ARSENAL = ("ctypes", "fcntl", "mmap", "os", "select", "signal", "socket", "struct", "time", "traceback")


class Bare:
    """No check, no guard."""

    version = "disabled"

    def __init__(self) -> None:
        module = ModuleType("chakrator")
        for kind in (api.Context, api.Fail, api.Retry):
            setattr(module, kind.__name__, kind)
        sys.modules["chakrator"] = module
        for name in ARSENAL:
            __import__(name)

    def check(self, source: str) -> list[Finding]:
        """Nothing is ever found."""
        return []

    def compile(self, source: str) -> tuple[CodeType, bool]:
        """`compile`, and no more."""
        code = compile(source, AUTHOR_FILE, "exec", dont_inherit=True)
        return code, "finalize" in code.co_names

    def namespace(self, inputs: RunInputs) -> dict[str, object]:
        """All builtins; only `print` goes to the log."""

        def say(*values: object) -> None:
            inputs.write(" ".join(map(str, values)) + "\n")

        return {"__builtins__": builtins, "__name__": "reconciler", "print": say}

    def is_refusal(self, error: BaseException) -> bool:
        """There are no guards."""
        return False
