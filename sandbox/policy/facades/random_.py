"""`random`, seeded by the run: the same generation draws the same numbers, and no run sees another's."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from sandbox.policy.env import RunEnv
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import seeded
from sandbox.policy.words import words

MAX_DRAW = 100_000
_NAMES = frozenset(
    words(
        """
        random uniform randint randrange choice choices sample shuffle gauss getrandbits
        """
    )
)


def _build(env: RunEnv) -> Mapping[str, object]:
    source = random.Random(b"random" + env.seed)  # noqa: S311 - replay is the purpose, not secrecy

    def choice(seq: Sequence[object]) -> object:
        return source.choice(seq)

    def choices(population: Sequence[object], weights: Sequence[float] | None = None, *, k: int = 1) -> list[object]:
        return source.choices(list(population), weights=weights, k=exact.whole(k, 0, MAX_DRAW))

    def sample(population: Sequence[object], k: int) -> list[object]:
        return source.sample(list(population), exact.whole(k, 0, MAX_DRAW))

    def shuffle(x: list[object]) -> None:
        if type(x) is not list:
            raise TypeError("shuffle takes a list")
        source.shuffle(x)

    def getrandbits(k: int) -> int:
        return source.getrandbits(exact.whole(k, 0, 4096))

    return {
        "random": source.random,
        "uniform": source.uniform,
        "randint": source.randint,
        "randrange": source.randrange,
        "gauss": source.gauss,
        "choice": choice,
        "choices": choices,
        "sample": sample,
        "shuffle": shuffle,
        "getrandbits": getrandbits,
    }


SPECS = (seeded("random", _NAMES, _build),)
