"""Which changes make a run, and how the reason reads."""

from __future__ import annotations

import msgspec
import pytest

from controller.cache import Change, ChangeType, Entry
from controller.predicates import MAX_NAME, child_reason, should_run
from core.domain.keys import ANNOTATION_RUN_REQUESTED, GROUP, Gvk

WIDGET = Gvk("example.com/v1", "Widget")
RELEASE = f"{GROUP}/release"


def widget(rv: int = 1, generation: int | None = 1, body: object = None, **metadata: object) -> Entry:
    """An object; `body` is what it has beside metadata."""
    meta = {"name": "a", "namespace": "ns", "uid": "u", "resourceVersion": str(rv), **metadata}
    if generation is not None:
        meta["generation"] = generation
    document = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": meta, **(body or {"spec": {"size": 1}})}
    return Entry.parse(WIDGET, msgspec.json.encode(document))


def requested(when: str) -> dict[str, object]:
    """The metadata of a run-now request."""
    return {"annotations": {ANNOTATION_RUN_REQUESTED: when}}


def test_new_objects_run() -> None:
    """An object seen for the first time, and one of another uid under the name."""
    assert should_run(None, widget(), ()) == "object seen"
    assert should_run(widget(), widget(2, uid="v"), ()) == "object created again"


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ({"spec": {"size": 2}}, "spec.size changed"),
        ({"spec": {"size": 1, "name": "x"}}, "spec.name changed"),
        ({"spec": {}}, "spec.size changed"),
        ({"spec": {"a": 1, "b": 2, "c": 3, "d": 4}}, "spec.a, spec.b, spec.c and 2 more changed"),
        ({"spec": {"size": 1}, "data": {"k": "v"}}, "data.k changed"),
        ({"spec": {"size": 1}, "flag": True}, "flag changed"),
        ({"spec": {"size": 1}, "status": {"x": 1}}, "spec changed"),
    ],
)
def test_a_new_generation_names_the_fields(after: object, reason: str) -> None:
    """The reason says what changed, as far as one can see it at a glance."""
    assert should_run(widget(), widget(2, 2, after), ()) == reason


def test_status_alone_makes_no_run() -> None:
    """Without a new generation, a status that moves is nobody's reason."""
    before = widget(1, 1, {"spec": {}, "status": {"n": 1}})
    assert should_run(before, widget(2, 1, {"spec": {}, "status": {"n": 2}}), ()) is None


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ({}, {"labels": {"tier": "web"}}, "label tier changed"),
        ({"labels": {"a": "1", "b": "1"}}, {"labels": {}}, "label a, label b changed"),
        ({}, {"annotations": {"note": "x"}}, "annotation note changed"),
        ({}, {"annotations": {f"{GROUP}/applied-sha256": "x"}}, None),
        ({}, {"finalizers": ["x/y"]}, "finalizers changed"),
        ({"finalizers": [RELEASE]}, {}, "finalizers changed"),
        ({"finalizers": ["x/y", "a/b"]}, {"finalizers": ["a/b", "x/y"]}, None),
        ({}, {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "deletion requested"),
        ({}, {"annotations": {ANNOTATION_RUN_REQUESTED: "now"}}, "run now"),
        (
            {"annotations": {ANNOTATION_RUN_REQUESTED: "now"}},
            {"annotations": {ANNOTATION_RUN_REQUESTED: "then"}},
            "run now",
        ),
        ({"annotations": {ANNOTATION_RUN_REQUESTED: "now"}}, {}, None),
    ],
)
def test_metadata(before: dict[str, object], after: dict[str, object], reason: str | None) -> None:
    """Labels, foreign annotations, finalizers, deletion and run now count; our own annotations do not."""
    assert should_run(widget(1, **before), widget(2, **after), ()) == reason


def test_deletion_comes_before_its_generation() -> None:
    """A deletion raises the generation too; what matters is that it is one."""
    dying = widget(2, 2, {"spec": {"size": 2}}, deletionTimestamp="2026-01-01T00:00:00Z")
    assert should_run(widget(), dying, ()) == "deletion requested"
    assert should_run(dying, widget(3, 2, {"spec": {"size": 2}}, deletionTimestamp="x"), ()) is None


def test_our_own_writes_make_no_run() -> None:
    """The WatchEvent of what we write (status, our finalizer) is silent; the next foreign one is not."""
    written = {"spec": {"size": 1}, "status": {"ready": True}}
    assert should_run(widget(1), widget(2, 1, written, finalizers=[RELEASE]), {2}) is None
    assert should_run(widget(1, None), widget(2, None, written, finalizers=[RELEASE]), {2}) is None
    assert should_run(widget(2), widget(3, 2, {"spec": {"size": 9}}), {2}) == "spec.size changed"
    assert should_run(widget(2), widget(2), ()) is None


@pytest.mark.parametrize(
    ("generation", "spec", "more", "reason"),
    [
        (2, {"size": 9}, {}, "spec.size changed"),
        (None, {"size": 9}, {}, "spec.size changed"),
        (1, {"size": 1}, {"labels": {"tier": "web"}}, "label tier changed"),
        (None, {"size": 1}, {"annotations": {"note": "x"}}, "annotation note changed"),
        (1, {"size": 1}, {"finalizers": [RELEASE, "x/y"]}, "finalizers changed"),
        (1, {"size": 1}, {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "deletion requested"),
        (1, {"size": 1}, requested("now"), "run now"),
    ],
)
def test_a_foreign_change_under_our_own_write_runs(
    generation: int | None, spec: object, more: dict[str, object], reason: str
) -> None:
    """A relist jumps over the foreign resourceVersion: what it shows of the change is all there will be."""
    before = widget(1, generation and 1)
    assert should_run(before, widget(3, generation, {"spec": spec, "status": {"ready": True}}, **more), {3}) == reason


def test_kinds_without_a_generation() -> None:
    """A ConfigMap has no generation: every change of it counts."""
    before = widget(1, None, {"data": {"a": "1"}})
    assert should_run(before, widget(2, None, {"data": {"a": "2"}}), ()) == "data.a changed"
    assert should_run(before, widget(2, None, {"data": {"a": "1"}}, labels={"x": ""}), ()) == "label x changed"
    assert should_run(before, widget(2, None, {"data": {"a": "1"}, "status": {}}), ()) == "object changed"


def test_reasons_are_bounded_text() -> None:
    """Names from outside are cut, and cannot break a line of a log."""
    nasty = "x" * 500 + "\n"
    reason = should_run(widget(), widget(2, 2, {"spec": {nasty: 1, "a\nb\x1b[0m": 1}}), ())
    assert reason is not None
    assert len(reason) < 4 * MAX_NAME
    assert reason.isprintable()
    assert "a�b�[0m" in reason


def test_children() -> None:
    """A child's deletion always counts; its changes only when they are later than our last write to it."""
    old, new = widget(5), widget(6)
    assert child_reason(Change(ChangeType.DELETED, old, None), 99) == "child Widget a deleted"
    assert child_reason(Change(ChangeType.MODIFIED, old, new), 6) is None
    assert child_reason(Change(ChangeType.MODIFIED, old, new), 5) == "child Widget a changed"
    assert child_reason(Change(ChangeType.ADDED, None, new), 0) == "child Widget a appeared"
