"""Runs a reconciler in peers of the cage; started by `bench_peers` with the interpreter that has them, by path.

A line of JSON in is one order, a line of JSON out its answer. Times are taken here, around the peer alone, so the way
to here costs nobody anything. Imports of a peer are not timed: what starts is its sandbox.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

TIMEOUT = 5.0
MEMORY_MB = 128

Answer = tuple[float, Any]


def lines_of_child(path: Path) -> list[str]:
    """What the kernel enforces on a child of ours; nothing for anybody else."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return []
    if f"PPid:\t{os.getpid()}" not in lines:
        return []
    return [line for line in lines if line.startswith(("NoNewPrivs:", "Seccomp:"))]


class Monty:
    """One worker of pydantic-monty's pool, its limits on."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._module: Any = import_module("pydantic_monty")
        self._source, self._call, self._object = order["source"], order["call"], json.loads(order["object"])
        self._limits = {"max_feed_duration_secs": TIMEOUT, "max_memory": MEMORY_MB << 20}
        self._stack = ExitStack()
        self._pool: Any = None
        self._session: Any = None

    def start(self) -> None:
        self._pool = self._stack.enter_context(self._module.Monty(max_processes=1))

    def run(self) -> Any:
        """A session for this run alone, and the whole source with it."""
        with self._pool.checkout(limits=self._limits) as session:
            return session.feed_run(self._source + self._call, inputs={"obj": self._object})

    def isolation(self) -> str:
        """Looked up in /proc, not believed."""
        lines = [line.split() for path in Path("/proc").glob("[0-9]*/status") for line in lines_of_child(path)]
        on = " and ".join(sorted({name.rstrip(":") for name, value in lines if value != "0"}))
        limits = f"own interpreter, a process, time and heap limits, {on or 'no seccomp, no no_new_privs'}"
        return f"{limits}; pydantic-monty {version('pydantic-monty')}"

    def close(self) -> None:
        self._stack.close()


class MontyKept(Monty):
    """The same, but a session that has the functions already and keeps what earlier runs left."""

    def start(self) -> None:
        super().start()
        self._session = self._stack.enter_context(self._pool.checkout(limits=self._limits))
        self._session.feed_run(self._source)

    def run(self) -> Any:
        return self._session.feed_run(self._call, inputs={"obj": self._object})


class Sandtrap:
    """A worker of sandtrap's with all that it has, or without the kernel's part where that cannot be had."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._module: Any = import_module("sandtrap")
        self._source = order["source"] + order["call"].rstrip().removesuffix("answer") + "\n"
        self._object = json.loads(order["object"])
        self._level = order["level"]
        self._stack = ExitStack()
        self._sandbox: Any = None
        self._status: Any = None

    def start(self) -> None:
        root = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-sandtrap-"))
        policy = self._module.Policy(timeout=TIMEOUT, memory_limit=MEMORY_MB)
        policy.module(json)
        made = self._module.sandbox(policy, isolation=self._level, filesystem=self._module.IsolatedFS(root))
        self._sandbox = self._stack.enter_context(made)

    def run(self) -> Any:
        result = self._sandbox.exec(self._source, namespace={"obj": self._object})
        if result.error is not None:
            raise result.error
        self._status = result.isolation
        return result.namespace["answer"]

    def isolation(self) -> str:
        status = self._status
        on = [name for name in ("landlock", "seccomp") if getattr(status, name, None)]
        return (
            f"rewritten AST, a process, {' and '.join(on) or 'nothing of the kernel'}; sandtrap {version('sandtrap')}"
        )

    def close(self) -> None:
        self._stack.close()


PEERS: dict[str, Callable[[dict[str, Any]], Any]] = {"monty": Monty, "monty kept": MontyKept, "sandtrap": Sandtrap}


def timed(work: Callable[[], Any]) -> Answer:
    """Seconds, and what came out."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def obey(order: dict[str, Any], peers: dict[str, Any]) -> dict[str, Any]:
    """`start`: a fresh sandbox and its first result; `run`: more of them, by turns; `stop`."""
    name = order["peer"]
    if order["do"] == "start":
        peer = PEERS[name](order)

        def first() -> Any:
            peer.start()
            return peer.run()

        try:
            seconds, answer = timed(first)
        except BaseException:
            peer.close()
            raise
        peers[name] = peer
        return {"seconds": seconds, "answer": answer, "isolation": peer.isolation()}
    if order["do"] == "run":
        return {"seconds": [timed(peers[name].run)[0] for _ in range(order["times"])]}
    peers.pop(name).close()
    return {}


def main() -> None:
    """Until the end of input."""
    out, sys.stdout = sys.stdout, sys.stderr
    peers: dict[str, Any] = {}
    for line in sys.stdin:
        try:
            found = obey(json.loads(line), peers)
        except Exception as error:
            found = {"error": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(found) + "\n")
        out.flush()
    for peer in peers.values():
        peer.close()


if __name__ == "__main__":
    main()
