"""Every public name of every module is used once, and gives what plain Python gives."""

from __future__ import annotations

import pytest

from sandbox.policy.facades.registry import specs

from .every_name import DRAWS, OWN, PREPARED, SAME
from .support import plain, run


def _source(module: str, expression: str) -> str:
    return f"import {module} as m\n{PREPARED.get(module, '')}return {expression}"


def test_no_name_is_left_out() -> None:
    """A name without an expression is a name that nobody ever tried."""
    tried = {module: set(SAME.get(module, {})) | set(OWN.get(module, {})) for module in {*SAME, *OWN}}
    assert tried == {name: set(spec.names) for name, spec in specs().items()}


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module in sorted(SAME) for name in sorted(SAME[module])]
)
def test_gives_what_the_real_one_gives(module: str, name: str) -> None:
    """Values compare equal; a repr is compared for what has no equality."""
    source = _source(module, SAME[module][name])
    got, expected = run(source), plain(source)
    assert got == expected or repr(got) == repr(expected)


@pytest.mark.parametrize(("module", "name"), [(module, name) for module in sorted(OWN) for name in sorted(OWN[module])])
def test_gives_what_we_say(module: str, name: str) -> None:
    """What depends on the run, or is newer than the oldest Python."""
    expression, expected = OWN[module][name]
    assert run(_source(module, expression)) == expected


def test_the_runs_own_source_draws_too() -> None:
    """What a source of an author's offers, the module offers, and no two runs of one seed differ."""
    source = "import random as m\nreturn [" + ", ".join(f"m.{call}" for call in DRAWS) + "]"
    assert run(source) == run(source)
