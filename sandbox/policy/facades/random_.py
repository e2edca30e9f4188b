"""`random`, seeded by the run: the same generation draws the same numbers, and no run sees another's."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from sandbox.policy.env import RunEnv
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import Facade, seeded
from sandbox.policy.words import words

MAX_DRAW = 100_000
_NAMES = frozenset(
    words(
        """
        Random betavariate choice choices expovariate gammavariate gauss getrandbits lognormvariate normalvariate
        paretovariate randbytes randint random randrange sample shuffle triangular uniform vonmisesvariate
        weibullvariate
        """
    )
)


_DRAWS = words(
    """
    betavariate expovariate gammavariate gauss lognormvariate normalvariate paretovariate randint random randrange
    triangular uniform vonmisesvariate weibullvariate
    """
)


def _seed(chosen: object) -> str | int | float | bytes:
    if type(chosen) not in (str, int, float, bytes):
        raise TypeError("a seed is a plain text, number or bytes")
    return chosen  # type: ignore[return-value]


def _build(env: RunEnv) -> Mapping[str, object]:
    source = random.Random(b"random" + env.seed)  # noqa: S311 - replay is the purpose, not secrecy

    def another(x: object = None) -> Facade:
        """A source of its own."""
        seed = source.randbytes(16) if x is None else _seed(x)
        return Facade("random.Random", _table(random.Random(seed)))  # noqa: S311 - as above

    return {**_table(source), "Random": another}


def _table(source: random.Random) -> dict[str, object]:
    def choice(seq: Sequence[object]) -> object:
        return source.choice(seq)

    def choices(
        population: Sequence[object],
        weights: Sequence[float] | None = None,
        *,
        cum_weights: Sequence[float] | None = None,
        k: int = 1,
    ) -> list[object]:
        chosen = exact.whole(k, 0, MAX_DRAW)
        return source.choices(list(population), weights=weights, cum_weights=cum_weights, k=chosen)

    def sample(population: Sequence[object], k: int) -> list[object]:
        return source.sample(list(population), exact.whole(k, 0, MAX_DRAW))

    def shuffle(x: list[object]) -> None:
        if type(x) is not list:
            raise TypeError("shuffle takes a list")
        source.shuffle(x)

    def getrandbits(k: int) -> int:
        return source.getrandbits(exact.whole(k, 0, 4096))

    def randbytes(n: int) -> bytes:
        return source.randbytes(exact.whole(n, 0, MAX_DRAW))

    return {
        **{name: getattr(source, name) for name in _DRAWS},
        "randbytes": randbytes,
        "choice": choice,
        "choices": choices,
        "sample": sample,
        "shuffle": shuffle,
        "getrandbits": getrandbits,
    }


SPECS = (seeded("random", _NAMES, _build),)
