# ruff: noqa: E501 - sentences of the page are kept whole
"""`docs/reference/policy.md`, made from the codes and from the tables of the policy; a test holds it fresh."""

from __future__ import annotations

from pathlib import Path

from sandbox.policy.builtins import KNOWN_NAMES
from sandbox.policy.facades.registry import API_NAMES, specs
from sandbox.policy.grammar import HOOKS

from .codes import DOCS, Doc

FILE = Path(__file__).resolve().parents[4] / "docs" / "reference" / "policy.md"
LONGEST = 300
_HEAD = """<!-- Made by `make reference`; change the code it comes from. -->

# The language policy

A reconciler is Python, judged by one policy: in the editor, at save, at activation and in the worker. What it accepts
runs as in plain Python, or ends with an error that names the guard. A finding has an exact range, a code of this page
and, where there is something to say, a hint.
"""


def _example(text: str) -> str:
    return f"```python\n{text.rstrip()}\n```\n"


def _section(doc: Doc) -> str:
    lines = [f"### {doc.code}", f"**{doc.title}.** {doc.why} {doc.instead}\n"]
    shown = doc.refused and len(doc.refused) <= LONGEST and doc.refused.isprintable() | ("\n" in doc.refused)
    if shown and not set(doc.refused) & {"\0", "\ud800"}:
        lines += ["Refused:", _example(doc.refused), "Instead:", _example(doc.accepted)]
    return "\n".join(lines)


def _names(names: object) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))  # type: ignore[call-overload]


def page() -> str:
    """The whole page."""
    rows = [f"| `{name}` | {_names(spec.names)} |" for name, spec in sorted(specs().items())]
    rows.append(f"| `chakrator` | {_names(API_NAMES)} |")
    rows.append("| `chakrator.kinds` | any kind, as an open dict |")
    parts = [
        _HEAD,
        "## Codes\n",
        "\n".join(_section(doc) for doc in DOCS),
        "## Modules\n",
        "Each name has limits of its own: texts of 64 KiB, data of 1 MiB, 100,000 items of an endless iterator, patterns "
        "of 512 characters. `datetime.now` and `time` give the run's fixed time, `random` and `uuid` draw from the run's "
        "seed, `logging` writes the run's log, `zoneinfo` has the time zones of the host.\n",
        "| module | names |\n|---|---|\n" + "\n".join(rows) + "\n",
        "## Builtins\n",
        _names(KNOWN_NAMES) + "\n",
        "## Hooks of classes\n",
        _names(HOOKS) + "\n",
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    FILE.write_text(page(), "utf-8")
