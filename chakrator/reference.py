"""The generated pages of docs/reference: `make reference` writes them, a test holds them fresh."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from core.domain.audit import TAG_MEANING, AuditTag
from core.domain.conditions import REASON_MEANING, ConditionType, Reason
from core.settings import SettingDoc, describe_settings
from core.telemetry.metrics import Metrics

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
MADE = "<!-- Made by `make reference`; change the code it comes from. -->"

_CONDITIONS = {
    ConditionType.READY: "True: the last run succeeded (object), or every object's did (Reconciler).",
    ConditionType.RECONCILING: "True while the host is at work by itself. Absent otherwise.",
    ConditionType.STALLED: "True when nothing will change until a person does something. Absent otherwise.",
    ConditionType.CAGE_DEGRADED: "Reconcilers alone: True while code runs without a layer of its cage, which the "
    "message names. Absent otherwise.",
}


def render_all() -> dict[str, str]:
    """Every generated page, by its file name."""
    return {
        "settings.md": settings_page(),
        "metrics.md": metrics_page(),
        "audit-tags.md": audit_tags_page(),
        "conditions.md": conditions_page(),
    }


def settings_page() -> str:
    """Every environment variable that we read."""
    rows = list(describe_settings())
    return _page(
        "Settings",
        "All settings are environment variables, read once at the start. A wrong one is one line on stderr and exit "
        "code 2; an empty one counts as not set.",
        "## `chakrator run` and `chakrator up`",
        _settings_table(row for row in rows if row.group == "server"),
        "## Commands that talk to a running Chakrator",
        _settings_table(row for row in rows if row.group == "client"),
    )


def _settings_table(rows: Iterable[SettingDoc]) -> str:
    return _table(
        ("variable", "default", "may be", "meaning"),
        [
            (f"`{row.variable}`", f"`{row.default}`" if row.default else "", row.allowed, row.meaning + _secret(row))
            for row in rows
        ],
    )


def _secret(row: SettingDoc) -> str:
    return " Secret: never shown." if row.secret else ""


def metrics_page() -> str:
    """Every series at /metrics."""
    rows = [
        (f"`{doc.name}`", doc.kind, ", ".join(f"`{label}`" for label in doc.labels), doc.meaning)
        for doc in Metrics().describe()
    ]
    return _page(
        "Metrics",
        "Served at `/metrics` in Prometheus' text format. Series whose labels are known beforehand are there from "
        "the start, at zero.",
        _table(("name", "type", "labels", "meaning"), rows),
    )


def audit_tags_page() -> str:
    """Every action in the audit trail."""
    return _page(
        "Audit tags",
        "The `action` of an audit entry: `noun:verb`, or `noun:verb:result`. Every payload has `by`: the actor's "
        "groups, how they signed in, and from where.",
        _table(("action", "written when"), [(f"`{tag.value}`", TAG_MEANING[tag]) for tag in AuditTag]),
    )


def conditions_page() -> str:
    """The host's conditions and their reasons."""
    return _page(
        "Conditions and reasons",
        "Objects (where their schema has conditions) and Reconcilers carry the same types, read as kstatus "
        "reads them by `kubectl wait`, Argo CD and Flux.",
        _table(("type", "meaning"), [(f"`{kind.value}`", _CONDITIONS[kind]) for kind in ConditionType]),
        "## Reasons",
        _table(("reason", "meaning"), [(f"`{reason.value}`", REASON_MEANING[reason]) for reason in Reason]),
    )


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", MADE, *parts)) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *[[cell.replace("|", "\\|") for cell in row] for row in rows]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Writes every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in render_all().items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
