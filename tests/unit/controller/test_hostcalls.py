"""What a run may ask while it is going on."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from controller_script import CONFIGMAP, MYRESOURCE, metadata, primary, watched

import controller.hostcalls
from controller.account import NotTaken
from controller.cache import Entry
from controller.hostcalls import RUNS_REMEMBERED, SLICE, HostCallAnswers, for_author
from sandbox.pool.errors import CallRefused
from sandbox.wire.messages import Call


def config_map(name: str, **labels: str) -> Entry:
    """A ConfigMap of the namespace."""
    meta = metadata(name, labels=labels, managedFields=[{"manager": "x"}])
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"k": name}}
    return Entry.parse(CONFIGMAP, msgspec.json.encode(document))


ANSWERS = HostCallAnswers(
    namespace="team-a",
    kinds={
        MYRESOURCE: watched(MYRESOURCE, primary()),
        CONFIGMAP: watched(CONFIGMAP, config_map("a", app="x"), config_map("b", app="y")),
    },
)


async def ask(verb: str, kind: str, **given: object) -> object:
    """The decoded answer."""
    return msgspec.json.decode(await ANSWERS(Call(id="r", n=1, verb=verb, kind=kind, **given)))  # type: ignore[arg-type]


async def test_get_gives_the_object_without_bookkeeping() -> None:
    """From the cache, without managedFields; missing is null."""
    found = await ask("get", "ConfigMap", name="a")
    assert isinstance(found, dict)
    assert found["data"] == {"k": "a"}
    assert "managedFields" not in found["metadata"]
    assert await ask("get", "v1/ConfigMap", name="none", namespace="team-a") is None


async def test_list_narrows_by_labels() -> None:
    """All of the namespace, by name."""
    everything = await ask("list", "ConfigMap")
    assert [item["metadata"]["name"] for item in everything] == ["a", "b"]  # type: ignore[attr-defined]
    some = await ask("list", "ConfigMap", labels={"app": "y"})
    assert [item["metadata"]["name"] for item in some] == ["b"]  # type: ignore[attr-defined]
    assert await ask("list", "ConfigMap", labels={"app": "z"}) == []


@pytest.mark.parametrize(
    ("verb", "kind", "namespace"),
    [("get", "Secret", ""), ("list", "v1/Secret", ""), ("get", "ConfigMap", "kube-system"), ("drop", "ConfigMap", "")],
)
async def test_what_is_not_declared_is_not_answered(verb: str, kind: str, namespace: str) -> None:
    """Neither another kind, nor another namespace, nor another verb."""
    before = ANSWERS.refused
    with pytest.raises(CallRefused):
        await ask(verb, kind, name="a", namespace=namespace)
    assert ANSWERS.refused == before + 1


def test_bytes_without_bookkeeping_are_passed_as_they_are() -> None:
    """No decoding for nothing."""
    raw = primary().raw
    assert for_author(raw) is raw


def large(name: str, size: int) -> Entry:
    """A ConfigMap of about so many bytes."""
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(name), "data": {"k": "x" * size}}
    return Entry.parse(CONFIGMAP, msgspec.json.encode(document))


def call(run: str, n: int, verb: str = "list", name: str = "") -> Call:
    """One read of ConfigMaps."""
    return Call(id=run, n=n, verb=verb, kind="ConfigMap", name=name)


async def test_a_list_over_the_budget_is_refused_unencoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it is encoded: a run that asks in vain costs next to nothing."""
    entries = [large(f"c{number}", 1_000_000) for number in range(5)]
    answers = HostCallAnswers(namespace="team-a", kinds={CONFIGMAP: watched(CONFIGMAP, *entries)})
    encoded: list[bytes] = []
    monkeypatch.setattr(controller.hostcalls, "for_author", lambda raw: encoded.append(raw) or raw)
    with pytest.raises(CallRefused, match="narrow a list by labels"):
        await answers(call("r", 1))
    assert (encoded, answers.refused) == ([], 1)


async def test_the_budget_is_the_runs() -> None:
    """What was read is no longer left, for any kind of read; another run has all of its own."""
    answers = HostCallAnswers(namespace="team-a", kinds={CONFIGMAP: watched(CONFIGMAP, large("c", 1_500_000))})
    await answers(call("one", 1))
    await answers(call("one", 2, "get", "c"))
    for n, verb in ((3, "list"), (4, "get")):
        with pytest.raises(CallRefused, match="bytes are over the"):
            await answers(call("one", n, verb, "c"))
    assert await answers(call("one", 5, "get", "none")) == b"null"
    assert await answers(call("two", 1)) != b""


async def test_budgets_are_forgotten() -> None:
    """Only the latest runs are remembered."""
    answers = HostCallAnswers(namespace="team-a", kinds={CONFIGMAP: watched(CONFIGMAP)})
    for number in range(RUNS_REMEMBERED + 5):
        await answers(call(f"run-{number}", 1))
    assert len(answers._spent) == RUNS_REMEMBERED


async def test_a_long_list_gives_way() -> None:
    """Others run while it is encoded."""
    entries = [large(f"c{number}", SLICE) for number in range(4)]
    answers = HostCallAnswers(namespace="team-a", kinds={CONFIGMAP: watched(CONFIGMAP, *entries)})
    listing = asyncio.create_task(answers(call("r", 1)))
    turns = 0
    while not listing.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 4
    assert len(msgspec.json.decode(await listing)) == 4


def test_what_is_too_deep_to_decode_is_not_taken() -> None:
    """A sentence, not a bug."""
    with pytest.raises(NotTaken, match="nested too deeply"):
        for_author(b'{"metadata":{},"spec":' + b'{"a":' * 3000 + b"1" + b"}" * 3001)
