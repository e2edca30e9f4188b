"""Runs mutants of the policy, each in a fork of one warm process: which probe, or which escape, notices it?

    python -I runner.py PART OF SECONDS

Prints one line a mutant as JSON: its name, and what killed it or null.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import resource
import signal
import sys
import warnings
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import sandbox.policy
from tests.escapes import runner as escapes
from tests.escapes.loader import Case, cases
from tests.mutations import probes, sites, tables
from tests.mutations.sites import Mutant

_NOT_CODE = ("sandbox.policy.words", "sandbox.policy.errors", "sandbox.policy.report", "sandbox.policy.scope")
_SECRET = "the secret of the mutants"
_PATIENCE = 20


def modules() -> list[ModuleType]:
    """Every module of the policy."""
    found = pkgutil.walk_packages(sandbox.policy.__path__, "sandbox.policy.")
    return [importlib.import_module(one.name) for one in found if one.name not in _NOT_CODE]


def every() -> list[Mutant]:
    """All mutants: of tables, of numbers, of code."""
    found = [*tables.mutants(), *tables.limits(modules())]
    for module in modules():
        found += sites.mutants(module)
    return found


_NEAR = {
    "grammar": ("hooks", "nodes", "vetted"),
    "attributes": ("attributes", "behaviour", "hosts"),
    "transformer": ("nodes",),
    "imports": ("nodes",),
    "patterns": ("nodes",),
    "limits": ("behaviour",),
    "compiler": ("behaviour",),
    "builtins": ("names",),
    "exact": ("hosts",),
    "classes": ("behaviour",),
}


def _order(mutant: Mutant, names: list[str]) -> list[str]:
    """The groups nearest to the mutant first."""
    parts = mutant.near.split(".")
    short = parts[-1].rstrip("_")
    first = [*_NEAR.get(short, ()), *_NEAR.get(parts[0], ())]
    near = [name for name in names if name.startswith(f"module {short}") or name in first]
    return [*near, *(name for name in names if name not in near)]


def killer(mutant: Mutant, golden: dict[str, list[str]], hostile: list[Case]) -> str | None:
    """Apply it to this process, and look until something differs."""
    try:
        mutant.apply()
        if mutant.near == "attributes.FAST":
            for line in probes.vetted([mutant.focus]):
                if line not in golden["vetted"]:
                    return f"vetted: {line[:120]}"
        groups = probes.groups()
        for name in _order(mutant, list(golden)):
            for line, expected in zip_longest(groups[name](), golden[name]):
                if line != expected:
                    return f"{name}: {str(line)[:120]}"
    except BaseException as error:
        return f"the probes end with {type(error).__name__}: {str(error)[:100]}"
    for case in hostile:
        verdict, detail = escapes.attempt(case.text, True, _SECRET, {"much": escapes.MUCH})
        wanted, _, code = case.expect.partition(" ")
        if verdict != wanted or code not in detail:
            return f"escape {case.id}: {verdict}"
    return None


def _forked(mutant: Mutant, golden: dict[str, list[str]], hostile: list[Case]) -> str | None:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(_PATIENCE)
        resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        found = killer(mutant, golden, hostile)
        os.write(write, json.dumps(found).encode())
        os._exit(0)
    os.close(write)
    text = os.read(read, 65536)
    os.close(read)
    os.waitpid(child, 0)
    return json.loads(text) if text else "the process died"


def compare() -> Iterator[str]:
    """The answers that are not the frozen ones."""
    golden = probes.golden()
    groups = probes.groups()
    for name in sorted({*golden, *groups}):
        found = list(groups[name]()) if name in groups else []
        yield from (f"{name}: {line}" for line in sorted(set(found) ^ set(golden.get(name, []))))


def main(part: str, of: str = "1") -> None:
    """Every n-th mutant; or the frozen answers, written or compared."""
    warnings.simplefilter("ignore")
    escapes.prepare()
    probes.zone_files()
    if part == "write":
        probes.write()
    elif part == "compare":
        print("\n".join(compare()), end="")
    else:
        golden = probes.golden()
        hostile = [case for case in cases("policy") if case.expect != "stopped"]
        for mutant in every()[int(part) :: int(of)]:
            print(json.dumps([mutant.name, _forked(mutant, golden, hostile)]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
