"""What a run may ask while it is going on."""

from __future__ import annotations

import msgspec
import pytest
from controller_script import CONFIGMAP, MYRESOURCE, metadata, primary, watched

from controller.cache import Entry
from controller.hostcalls import HostCallAnswers, for_author
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
