"""`docs/reference/escapes.md`, made from the headers of the cases; a test holds it fresh."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.escapes.loader import Case, cases

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "escapes.md"
_HEAD = """<!-- Made by `make reference`; change the cases in tests/escapes. -->

# Attempts to escape

Each attempt is a file of `tests/escapes/cases`. It is run four times: with every layer off, where it must visibly
win; under the policy alone; in the cage alone, as plain Python; and under both. It passes when each layer that
claims it stops it with the other off, in the way that is written here. A dash means that the layer does not claim it:
the policy does not bound time or memory, and the cage does not know what an attribute is.
"""


def page() -> str:
    """The whole page."""
    every = cases()
    by_category: dict[str, list[Case]] = {}
    for case in every:
        by_category.setdefault(case.category, []).append(case)
    policy, cage = (sum(layer in case.layers for case in every) for layer in ("policy", "cage"))
    count = f"{len(every)} attempts in {len(by_category)} categories; the policy claims {policy}, the cage {cage}.\n"
    summary = _table(
        ("category", "attempts", "policy", "cage"),
        [
            (
                _words(name),
                str(len(found)),
                *(str(sum(layer in case.layers for case in found)) for layer in ("policy", "cage")),
            )
            for name, found in by_category.items()
        ],
    )
    parts = [_HEAD, count, summary]
    for name, found in by_category.items():
        rows = [(case.title, case.technique, case.expect or "–", case.cage or "–", case.source) for case in found]
        parts += [
            f"## {_words(name).capitalize()}\n",
            _table(("attempt", "technique", "policy", "cage", "idea from"), rows),
        ]
    return "\n".join(parts)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
