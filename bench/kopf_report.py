# ruff: noqa: E501 - rows and sentences of the page are kept whole
"""The table of the study: every function as JSON, the sums and every handler as Markdown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "study"
LONG = 5
NAME = "kopf-operators"
_HEAD = """<!-- Made by `python -m bench.kopf_study MIRRORS`; change the code it comes from. -->

# Public kopf operators under the policy

What of existing operators' code could be a reconciler as it is? The study takes the modules of {count} public
operators that import kopf, and the modules of their own that those import: {functions} functions and methods. Each is
sorted by one program, without a person's eye:

- **does I/O**: it awaits, uses a client, the network, files, processes, the environment or the clock's sleep, posts
  through kopf, or calls a function of the operator that does. Judged by names, and in doubt it does. Such code becomes
  `ctx.get`, `ctx.list`, `ctx.apply`, `ctx.status` and `ctx.event`, and is not counted further.
- **accepted** or **refused**: all others, pure functions, each wrapped with the imports that it uses and an empty
  `reconcile`, and given to `check`. Names of the operator's own (and of kopf's exceptions) stand for themselves, its
  own decorators are left off, methods stand in a class. An import that only annotations use counts for nothing, as
  annotations are not evaluated.

Of {pure} pure functions the policy accepts **{accepted}, {share}**; of the {long} among them with five lines or more,
{accepted_long}. Accepted means that `check` finds nothing; what a function is given in another host is another matter.
{handlers} functions are handlers; {pure_handlers} of
these are pure, and {accepted_handlers} of those are accepted.

The sources are not here: [{name}.json]({name}.json) names each pure function and each handler by repository, commit,
path, line and the SHA-256 of its source.

## What is refused, and why it stays so

| functions | code | mostly |
|---|---|---|
{codes}

- Attributes that begin with an underscore stay refused: the rule is the closed world's simplest, and a plain name does.
  The study moved two other decisions: variables and functions may begin with one underscore, and `classmethod` is there.
- `super()` and `type()` hand out what is behind a class. `yaml` is a parser with a history; `json` reads what `ctx` gives.
- `async def` without an `await` needs only the first word taken away.

## By repository

| repository | commit | functions | do I/O | accepted | refused |
|---|---|---|---|---|---|
{repositories}

## Handlers

| repository | handler | result |
|---|---|---|
{rows}
"""


@dataclass(frozen=True)
class Row:
    """What became of one function. `result`: io, accepted or refused."""

    repository: str
    path: str
    name: str
    line: int
    lines: int
    sha256: str
    handler: bool
    result: str
    reason: str = ""
    codes: tuple[str, ...] = ()


def _said(row: Row) -> str:
    if row.result == "accepted":
        return "accepted unchanged"
    return f"{'does I/O' if row.result == 'io' else 'refused'}: {row.reason}".replace("|", "\\|")


def _codes(rows: Sequence[Row]) -> str:
    count = Counter(code for row in rows for code in row.codes)
    reasons: dict[str, Counter[str]] = {code: Counter() for code in count}
    for row in rows:
        for reason in row.reason.split("; ") if row.result == "refused" else ():
            code, _, message = reason.partition(" ")
            if code in reasons:
                reasons[code][message] += 1
    lines = []
    for code, functions in count.most_common():
        mostly = ", ".join(f"{message} ({n})" for message, n in reasons[code].most_common(3))
        lines.append(f"| {functions} | [{code}](../reference/policy.md#{code.lower()}) | {mostly} |")
    return "\n".join(lines)


def _repositories(rows: Sequence[Row], commits: Mapping[str, str]) -> str:
    lines = []
    for repository, commit in commits.items():
        results = Counter(row.result for row in rows if row.repository == repository)
        cells = (
            repository,
            f"`{commit[:12]}`",
            results.total(),
            results["io"],
            results["accepted"],
            results["refused"],
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _present(row: Row) -> dict[str, object]:
    return {name: value for name, value in asdict(row).items() if value or name == "handler"}


def write(rows: Sequence[Row], commits: Mapping[str, str]) -> None:
    """Both files."""
    results = Counter(row.result for row in rows)
    handlers = Counter(row.result for row in rows if row.handler)
    pure = results["accepted"] + results["refused"]
    long = [row for row in rows if row.result != "io" and row.lines >= LONG]
    kept = [row for row in rows if row.handler or row.result != "io"]
    lines = [f"| {row.repository} | `{row.name}` {row.path}:{row.line} | {_said(row)} |" for row in rows if row.handler]
    page = _HEAD.format(
        count=len(commits),
        functions=len(rows),
        pure=pure,
        accepted=results["accepted"],
        long=len(long),
        accepted_long=sum(row.result == "accepted" for row in long),
        share=f"{100 * results['accepted'] / pure:.1f} %",
        handlers=handlers.total(),
        pure_handlers=handlers["accepted"] + handlers["refused"],
        accepted_handlers=handlers["accepted"],
        name=NAME,
        codes=_codes(rows),
        repositories=_repositories(rows, commits),
        rows="\n".join(lines),
    )
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{NAME}.md").write_text(page, "utf-8")
    listed = [json.dumps(_present(row), ensure_ascii=False) for row in kept]
    text = ",\n".join(listed)
    commit_map = json.dumps(dict(commits), indent=1)
    (FOLDER / f"{NAME}.json").write_text(f'{{"commits": {commit_map},\n"functions": [\n{text}\n]}}\n', "utf-8")
