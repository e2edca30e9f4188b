"""Which modules author code may import, and what each offers."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from sandbox.policy.env import RunEnv
from sandbox.policy.errors import GuardRefused
from sandbox.policy.facades.base import Facade, Spec
from sandbox.policy.words import words

# One file of this folder each; a file may hold a package and its parts.
FILES = words(
    """
    base64_ bisect_ collections_ contextlib_ copy_ dataclasses_ datetime_ decimal_ enum_ functools_ hashlib_ heapq_
    hmac_ ipaddress_ itertools_ json_ logging_ math_ operator_ random_ re_ statistics_ string_ textwrap_ time_
    typing_ urllib_ uuid_ zoneinfo_
    """
)

# The worker's own modules: what they offer is known here, how it is made is known there.
API_NAMES = frozenset({"Context", "Fail", "Retry", "kinds"})
_KIND = re.compile(r"[A-Z][A-Za-z0-9]{0,62}")


class Kinds(Facade):
    """`chakrator.kinds`: every kind is an open dict until types are made from a live schema."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("chakrator.kinds", {})

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        if _KIND.fullmatch(name):
            return dict
        raise GuardRefused(f'module "chakrator.kinds" offers no "{name[:100]}"')


class _KindNames:
    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _KIND.fullmatch(name) is not None


@cache
def specs() -> Mapping[str, Spec]:
    """All modules of the policy by the name they are imported by."""
    found: dict[str, Spec] = {}
    for file in FILES:
        for spec in import_module(f"sandbox.policy.facades.{file}").SPECS:
            found[spec.name] = spec
    return MappingProxyType(found)


def exports(module: str) -> Container[str] | None:
    """The names that a module offers; None where there is no such module."""
    if module == "chakrator":
        return API_NAMES
    if module == "chakrator.kinds":
        return _KindNames()
    spec = specs().get(module)
    return None if spec is None else spec.names


class Modules:
    """The modules of one run, each made when it is first imported."""

    def __init__(self, env: RunEnv) -> None:
        self._env = env
        self._made: dict[str, object] = {"chakrator.kinds": Kinds(), **env.modules}

    def get(self, name: str) -> object:
        """What `import name` gives."""
        module = self._made.get(name)
        if module is None:
            spec = specs().get(name)
            if spec is None:
                raise GuardRefused(f'module "{name[:100]}" is not available')
            module = self._made[name] = spec.build(self._env)
        return module
