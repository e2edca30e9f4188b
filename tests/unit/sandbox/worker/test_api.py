"""`ctx`: what an author may ask for, and what is written down of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import msgspec
import pytest

from sandbox.wire import limits
from sandbox.wire.messages import ApplyEffect, Call, ConditionEffect, DeleteEffect, EventEffect, Reply
from sandbox.worker.alarm import SoftTimeout
from sandbox.worker.api import PUBLIC, Context, Intents, Log, RunInfo
from sandbox.worker.logs import RunLog
from sandbox.worker.values import LimitReached, cut

OWNS = ("v1/ConfigMap", "apps/v1/Deployment", "extensions/v1/Deployment")
UNCLEAR = [("Secret", "not declared"), ("Deployment", "ambiguous"), ("v2/ConfigMap", "not declared")]
CHILD = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}


def make(
    effects: int = 10, ask: Callable[[Call], Reply] = lambda call: Reply(call.n, msgspec.Raw(b"null"))
) -> tuple[Context, Intents]:
    intents = Intents(effects, ask, "r1")
    log = Log(RunLog(10, lambda _lines: None))
    return Context(RunInfo("r1", 3, 1, "resync"), datetime(2026, 1, 1, tzinfo=UTC), log, intents, OWNS), intents


def test_effects_are_written_down_in_order() -> None:
    """Nothing is done here; the host reads the list."""
    ctx, intents = make()
    ctx.apply(CHILD, adopt=True)  # type: ignore[arg-type]
    ctx.delete("ConfigMap", "b")
    ctx.condition("Synced", True, "AllGood", "yes")
    ctx.event("Created", "a child", "Warning")
    applied, *rest = intents.effects
    assert isinstance(applied, ApplyEffect)
    assert applied.adopt
    assert msgspec.json.decode(applied.object) == CHILD
    assert rest == [
        DeleteEffect("v1/ConfigMap", "b"),
        ConditionEffect("Synced", "True", "AllGood", "yes"),
        EventEffect("Created", "a child", "Warning"),
    ]


def test_a_child_is_taken_as_it_is_at_the_call() -> None:
    """What the author changes later is another child."""
    ctx, intents = make()
    child = {**CHILD, "data": {"a": "1"}}
    ctx.apply(child)  # type: ignore[arg-type]
    child["data"]["a"] = "2"  # type: ignore[index]
    (applied,) = intents.effects
    assert isinstance(applied, ApplyEffect)
    assert b'"1"' in bytes(applied.object)


@pytest.mark.parametrize(
    "child",
    [{}, {**CHILD, "kind": ""}, {**CHILD, "apiVersion": 1}, {**CHILD, "metadata": {}}, {**CHILD, "metadata": [1]}],
    ids=repr,
)
def test_an_object_without_a_name_or_kind_is_refused(child: dict[str, object]) -> None:
    """At the author's line, not later at the API server."""
    ctx, _ = make()
    with pytest.raises(ValueError, match="is missing"):
        ctx.apply(child)


def test_one_effect_too_many_is_the_end() -> None:
    """The limit is remembered even when the author's code swallows what was raised."""
    ctx, intents = make(effects=2)
    ctx.event("A", "1")
    ctx.event("A", "2")
    with pytest.raises(LimitReached):
        ctx.event("A", "3")
    assert intents.limit == "more than 2 effects in one run"
    assert len(intents.effects) == 2


def test_effects_that_do_not_fit_one_frame_are_the_end() -> None:
    """The sum counts, not each."""
    ctx, intents = make(effects=100)
    large = {**CHILD, "data": "x" * 1_000_000}
    ctx.apply(large)
    ctx.apply(large)
    with pytest.raises(LimitReached):
        ctx.apply(large)
    assert intents.limit


def test_the_soonest_requeue_wins() -> None:
    """In whichever order they come."""
    ctx, intents = make()
    for after in ("10m", 30, "1h"):
        ctx.requeue(after)
    assert intents.requeue == 30.0


@pytest.mark.parametrize(
    ("kind", "expected"), [("ConfigMap", "v1/ConfigMap"), ("v1/ConfigMap", "v1/ConfigMap"), ("apps/v1/Deployment",) * 2]
)
def test_a_kind_may_be_short_where_that_is_clear(kind: str, expected: str) -> None:
    """The host hears the full one."""
    asked: list[Call] = []

    def ask(call: Call) -> Reply:
        asked.append(call)
        return Reply(call.n, msgspec.Raw(b'{"a":1}'))

    ctx, _ = make(ask=ask)
    assert ctx.get(kind, "x", "ns") == {"a": 1}
    assert ctx.list(kind, {"app": "web"}) == {"a": 1}
    assert asked == [
        Call("r1", 1, "get", expected, "x", "ns"),
        Call("r1", 2, "list", expected, labels={"app": "web"}),
    ]


@pytest.mark.parametrize(("kind", "said"), UNCLEAR)
def test_an_undeclared_or_unclear_kind_is_refused(kind: str, said: str) -> None:
    """Before the host is asked."""
    ctx, _ = make(ask=lambda _call: pytest.fail("asked"))
    for attempt in (lambda: ctx.get(kind, "x"), lambda: ctx.list(kind), lambda: ctx.delete(kind, "x")):
        with pytest.raises(ValueError, match=said):
            attempt()


def test_a_refused_read_is_an_exception_with_the_hosts_words() -> None:
    """The author learns why."""
    ctx, _ = make(ask=lambda call: Reply(call.n, error="no right to list"))
    with pytest.raises(ValueError, match="no right to list"):
        ctx.list("ConfigMap")


def test_too_many_reads_and_too_much_read_are_the_end() -> None:
    """Both bounds are of one run."""
    ctx, intents = make()
    for _ in range(limits.MAX_CALLS):
        ctx.get("ConfigMap", "x")
    with pytest.raises(LimitReached):
        ctx.get("ConfigMap", "x")
    assert intents.limit == f"more than {limits.MAX_CALLS} reads in one run"
    large = msgspec.Raw(b'"' + b"x" * 3_000_000 + b'"')
    ctx, intents = make(ask=lambda call: Reply(call.n, large))
    ctx.get("ConfigMap", "x")
    with pytest.raises(LimitReached):
        ctx.get("ConfigMap", "x")
    assert intents.limit is not None


@pytest.mark.parametrize("kind", ["Ready", "Reconciling", "Stalled"])
def test_the_hosts_conditions_are_not_the_authors(kind: str) -> None:
    """They are set for every kind."""
    ctx, _ = make()
    with pytest.raises(ValueError, match="set for you"):
        ctx.condition(kind, "True", "R")


def test_wrong_arguments_are_ordinary_exceptions() -> None:
    """Each is the author's to see, with the author's line."""
    ctx, _ = make()
    for error, attempt in [
        (TypeError, lambda: ctx.apply("x")),  # type: ignore[arg-type]
        (TypeError, lambda: ctx.apply(CHILD, adopt=1)),  # type: ignore[arg-type]
        (TypeError, lambda: ctx.get(1, "x")),  # type: ignore[arg-type]
        (TypeError, lambda: ctx.list("ConfigMap", "x")),  # type: ignore[arg-type]
        (ValueError, lambda: ctx.get("ConfigMap", "x" * 254)),
        (ValueError, lambda: ctx.get("ConfigMap", "\ud800")),
        (ValueError, lambda: ctx.condition("A", "maybe", "R")),
        (ValueError, lambda: ctx.event("A", "b", "Fatal")),
        (TypeError, lambda: ctx.log.info(1)),  # type: ignore[arg-type]
    ]:
        with pytest.raises(error):
            attempt()


def test_after_the_run_nothing_is_wanted_any_more() -> None:
    """A finaliser that holds ctx is too late."""
    ctx, intents = make()
    intents.open = False
    for attempt in (lambda: ctx.event("A", "b"), lambda: ctx.requeue(30), lambda: ctx.get("ConfigMap", "x")):
        with pytest.raises(RuntimeError, match="over"):
            attempt()
    assert intents.effects == []


def test_the_public_names_are_those_of_the_types() -> None:
    """The policy is told exactly what an author may read; nothing of it begins with an underscore."""
    for kind, names in PUBLIC.items():
        assert names == {name for name in {*dir(kind), *getattr(kind, "__slots__", ())} if not name.startswith("_")}


class Chameleon:
    """Equal to everything, as an author's object may be."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


class Heir(str):
    """A str by inheritance, which answers for itself."""

    __slots__ = ()

    def isascii(self) -> bool:
        return True

    def __len__(self) -> int:
        return 0


@pytest.mark.parametrize("value", [Chameleon(), Heir("True"), ["True"]])
def test_what_only_says_that_it_is_one_of_the_words_is_none(value: object) -> None:
    """An object that equals everything, or a subclass of str, would end the worker when it is encoded."""
    ctx, intents = make()
    with pytest.raises(TypeError, match="status"):
        ctx.condition("Synced", value, "R")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="type"):
        ctx.event("R", "m", value)  # type: ignore[arg-type]
    assert intents.effects == []


def test_a_text_that_travels_is_a_plain_one() -> None:
    """A subclass of str would be asked for its own length and letters, and no encoder takes it."""
    found = cut(Heir("é" * 5000))
    assert type(found) is str
    assert len(found) == limits.MAX_TEXT


def test_no_number_of_a_call_is_lost_at_the_end_of_the_stack() -> None:
    """The host counts what it hears: whatever depth a read fails at, it fails before it was said."""
    said: list[int] = []

    def ask(call: Call) -> Reply:
        deep(20)  # as deep as a channel is
        said.append(call.n)
        return Reply(call.n, msgspec.Raw(b"null"))

    ctx, intents = make(ask=ask)

    def dive() -> None:
        with suppress(RecursionError):
            dive()
        with suppress(Exception, LimitReached):
            ctx.get("ConfigMap", "x")

    dive()
    assert said == list(range(1, limits.MAX_CALLS + 1))
    assert intents.limit == f"more than {limits.MAX_CALLS} reads in one run"


def test_a_read_within_a_read_is_refused() -> None:
    """The collector may run an author's finaliser at any moment; the outer read keeps its number."""
    said: list[int] = []

    def ask(call: Call) -> Reply:
        with pytest.raises(RuntimeError, match="another read"):
            ctx.get("ConfigMap", "inner")
        said.append(call.n)
        return Reply(call.n, msgspec.Raw(b"null"))

    ctx, _ = make(ask=ask)
    ctx.get("ConfigMap", "a")
    ctx.get("ConfigMap", "b")
    assert said == [1, 2]


def test_after_a_deadline_in_a_read_no_read_is_said() -> None:
    """Nobody knows whether the call went out; its number must not go out twice."""

    def ask(_call: Call) -> Reply:
        raise SoftTimeout

    ctx, _ = make(ask=ask)
    with pytest.raises(SoftTimeout):
        ctx.get("ConfigMap", "a")
    with pytest.raises(RuntimeError, match="another read"):
        ctx.get("ConfigMap", "a")


def deep(frames: int) -> None:
    if frames:
        deep(frames - 1)
