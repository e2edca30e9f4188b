"""What a module looks like to an author: names over a table, and nothing behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sandbox.policy.env import RunEnv
from sandbox.policy.errors import GuardRefused


class Facade:
    """An importable thing. Its names are the table's; it has no others, and takes no new ones."""

    __slots__ = ("_name", "_table")
    _name: str
    _table: Mapping[str, object]

    def __init__(self, name: str, table: Mapping[str, object]) -> None:
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_table", MappingProxyType(dict(table)))

    def __getattr__(self, name: str) -> object:
        """Vetted names (`re.split`) are read without a guard, so the table is asked here too."""
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._table[name]
        except KeyError:
            raise GuardRefused(f'module "{self._name}" offers no "{name[:100]}"') from None

    def __setattr__(self, name: str, value: object) -> None:
        raise GuardRefused(f'module "{self._name}" cannot be changed')

    def __delattr__(self, name: str) -> None:
        raise GuardRefused(f'module "{self._name}" cannot be changed')

    def __repr__(self) -> str:
        return f"<module {self._name}>"


@dataclass(frozen=True)
class Spec:
    """One importable module: which names it offers, and how they are made for a run."""

    name: str
    names: frozenset[str]
    build: Callable[[RunEnv], Facade]


def fixed(name: str, table: Mapping[str, object]) -> Spec:
    """A module that is the same for every run."""
    facade = Facade(name, table)
    return Spec(name, frozenset(table), lambda _env: facade)


def seeded(name: str, names: frozenset[str], build: Callable[[RunEnv], Mapping[str, object]]) -> Spec:
    """A module that depends on the run: its time or its seed."""
    return Spec(name, names, lambda env: Facade(name, build(env)))
