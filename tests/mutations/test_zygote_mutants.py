"""No statement of the zygote, and none of its hygiene, can be taken away unnoticed.

The mutants are made from the code, none is picked by hand; each is a real zygote that forks real workers.
"""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest

from tests.mutations.equivalent import EQUIVALENT_OF_THE_ZYGOTE
from tests.mutations.zygotes import HOW, Mutant, mutants, tried

# More than there are cores: where a mutant says nothing, another need not wait.
AT_ONCE = 4
TIDY = {
    "streams": ["NoneType", "Sink", "Sink"] * 2,
    "said": [[3, None]] * 4,
    "hooks": ["_nothing", None] * 2,
    "lines": ["_nothing", "_no_lines", []],
    "faulthandler": False,
    "hour": 0,
    "digits": 4300,
    "imports": [[], [], 0, 0],
    "tools": [],
    "handlers": {"14": "ring"},
    "collects": True,
    "hooked": False,
}


@cache
def honest(how: str) -> str:
    """What is seen where nothing was taken away."""
    return tried(how)


def noticed(mutant: Mutant) -> str | None:
    """The first way in which it is another than the honest one."""
    return next((how for how in HOW if tried(how, mutant) != honest(how)), None)


@cache
def judged() -> dict[str, str | None]:
    """Every mutant, and what noticed it."""
    for how in HOW:
        honest(how)
    every = list(mutants())
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return dict(zip((one[0] for one in every), threads.map(noticed, every), strict=True))


def test_an_untidy_interpreter_is_made_quiet() -> None:
    """What a worker sees of itself, whatever the zygote began with."""
    seen = json.loads(honest("policy away"))
    workers = [seen[f"worker {n}"][0] for n in (1, 3, 4)]
    for worker in workers:
        assert {name: value for name, value in worker.items() if name != "forks"} == TIDY
    assert seen["worker 2"] == [{"t": "not-forked", "n": 2, "why": "again"}, ""]
    canaries, first = workers[0]["forks"][:-1], workers[0]["forks"][-1]
    assert len(canaries) == 3
    assert first[:2] == [False, True]
    # A descriptor that stays open in the zygote would be one more at each fork.
    assert [fork[2] for fork in workers[-1]["forks"][3:]] == [first[2]] * 4


def test_a_zygote_of_two_threads_forks_nothing() -> None:
    """The second thread is real, and started at the last moment at which it can be."""
    seen = json.loads(honest("thread"))
    why = [seen[f"worker {n}"][0]["why"] for n in (1, 2, 3, 4)]
    assert why == ["the zygote has a second thread"] * 4
    assert seen["last words"]["layer"] == "zygote"


def test_a_canary_that_lives_ends_the_zygote() -> None:
    """It names the layer, and serves nothing."""
    seen = json.loads(honest("no cage"))
    assert seen == {"report": {"t": "broken", "layer": "seccomp", "why": "said by the test"}, "end": 70}


def test_no_mutant_of_the_zygote_survives(told: list[str]) -> None:
    """But for those that are listed with a reason."""
    found = judged()
    by = Counter("nothing" if how is None else how for how in found.values())
    told.append(f"{len(found)} of the zygote's statements taken away, noticed by: {_counts(by)}")
    assert len(found) > 100
    assert sorted(name for name, how in found.items() if how is None) == sorted(EQUIVALENT_OF_THE_ZYGOTE)


def _counts(by: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in by.most_common())


@pytest.mark.parametrize("name", EQUIVALENT_OF_THE_ZYGOTE)
def test_what_is_listed_of_the_zygote_changes_nothing_here(name: str) -> None:
    """A listed mutant that is gone, or that is noticed, is listed wrongly."""
    assert name in judged()
    assert EQUIVALENT_OF_THE_ZYGOTE[name]
