"""The informer on transcripts: each connection is a list of lines, or an error; time is a number."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from informer_script import (
    CONFIGMAPS,
    EXPIRED,
    KEY,
    TIMING,
    Lasting,
    Played,
    Script,
    Time,
    bookmark,
    document,
    line,
    listed,
    refused,
)

from controller.cache import Change
from controller.informer import InformerKey, InformerRegistry, InformerStatus
from core.domain.keys import Gvk
from core.kube.errors import (
    StreamBroken,
    StreamStalled,
    Unreachable,
)


async def test_lists_and_goes_on_watching() -> None:
    """One request lists and watches, as the ServiceAccount; the next resumes where the first ended."""
    played = await Played([*listed(10, "a", "b"), line("MODIFIED", "a", 12), bookmark(20), Lasting(400)])()
    assert played.changes == ["ADDED uid-a@9", "ADDED uid-b@9", "MODIFIED uid-a@12"]
    assert played.states == [InformerStatus.LIVE]
    assert played.informer.cache.synced
    first, second = played.script.queries
    assert (first["sendInitialEvents"], first["resourceVersionMatch"]) == ("true", "NotOlderThan")
    assert "resourceVersion" not in first
    assert (second["resourceVersion"], "sendInitialEvents" in second) == ("20", False)
    assert 300 <= int(first["timeoutSeconds"]) <= 600
    assert played.script.identities == {KEY.impersonate}
    assert played.time.slept == [0.0]


async def test_a_broken_stream_resumes_after_the_last_stored_line() -> None:
    """FIN or RST in the middle: stale, a short wait, resume from the last whole line, live again."""
    played = await Played([*listed(10, "a"), line("ADDED", "b", 11), StreamBroken("cut")], [line("ADDED", "c", 12)])()
    assert played.script.queries[1]["resourceVersion"] == "11"
    assert played.names == ["a", "b", "c"]
    assert played.states == [InformerStatus.LIVE, InformerStatus.STALE, InformerStatus.LIVE]
    assert played.time.slept[0] == TIMING.backoff_first


async def test_an_interrupted_list_deletes_nothing() -> None:
    """Without its end bookmark a list only adds: what it did not come to tell stays."""
    played = await Played(
        [*listed(10, "a", "b"), EXPIRED],
        [line("ADDED", "c", 20), StreamBroken("cut")],
        [line("ADDED", "c", 20), bookmark(30, end=True)],
    )()
    assert played.changes == ["ADDED uid-a@9", "ADDED uid-b@9", "ADDED uid-c@20", "DELETED uid-a@9", "DELETED uid-b@9"]
    assert ["sendInitialEvents" in query for query in played.script.queries] == [True, True, True, False]


@pytest.mark.parametrize("gone", [[EXPIRED], refused(410)])
async def test_410_relists_once(gone: object) -> None:
    """Inside the stream or as HTTP status: a relist, whose diff tells what was missed, deletions too."""
    relist = [line("ADDED", "a", 9), line("ADDED", "b", 20, "new-b"), line("ADDED", "d", 21), bookmark(22, end=True)]
    played = await Played([*listed(10, "a", "b", "c"), Lasting(100)], gone, relist)()
    assert played.changes[3:] == ["DELETED uid-b@9", "ADDED new-b@20", "ADDED uid-d@21", "DELETED uid-c@9"]
    assert played.informer.counters.relists == 1
    assert played.names == ["a", "b", "d"]


async def test_410_again_and_again_is_no_storm() -> None:
    """The first relist comes at once, each further one ten seconds after the one before."""
    cycle = [*listed(10, "a"), EXPIRED]
    played = await Played(*[cycle] * 5, jitter=0.0)()
    gaps = [later - sooner for sooner, later in zip(played.script.asked_at, played.script.asked_at[1:], strict=False)]
    assert gaps == [0.0, 10.0, 10.0, 10.0, 10.0]


async def test_damage_drops_the_connection_and_then_relists() -> None:
    """A damaged line is not stored and resumes before it; a second one without progress relists."""
    damaged = line("MODIFIED", "a", 11).replace(b'"11"', b'"1$"')
    played = await Played(
        [*listed(10, "a"), line("ADDED", "b", 11), damaged, line("ADDED", "never", 13)],
        [b'{"type":"ADDED","obj'],
        listed(30, "a", "b"),
    )()
    assert [query.get("resourceVersion") for query in played.script.queries] == [None, "11", None, "30"]
    assert "never" not in played.names
    assert played.informer.counters.garbled == 2


async def test_backoff_grows_to_five_seconds_and_heals() -> None:
    """Refused connections wait longer and longer, five seconds at most; a watch that held resets it."""
    down = [Unreachable("refused")] * 8
    played = await Played([*listed(10), Lasting(100)], *down, [Lasting(6), StreamBroken("cut")])()
    assert played.time.slept == [0.0, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0, 0.2]


async def test_a_watch_that_ends_at_once_is_not_a_hot_loop() -> None:
    """A server that accepts and ends each watch cleanly is asked less and less often."""
    played = await Played(listed(10), *[[]] * 20)()
    assert played.time.slept[-10:] == [5.0] * 10


async def test_retry_after_is_kept() -> None:
    """A server that says when is not asked before."""
    played = await Played(refused(429, retry_after=3.0), refused(503, retry_after=7.0), listed(10), jitter=0.0)()
    assert played.time.slept[:2] == [3.0, 7.0]


async def test_a_stalled_watch_is_stale() -> None:
    """The watchdog's cut is shown at once, with a sentence."""
    played = await Played([*listed(10), StreamStalled("no complete line of the watch for 75 s")], [])()
    assert played.states[1] is InformerStatus.STALE
    assert "no complete line" in played.messages[1]
    assert played.informer.cache.synced


async def test_forbidden_needs_two_denials() -> None:
    """The second denial names verb, resource and namespace; once granted, it heals."""
    played = await Played(*[refused(403)] * 3, listed(10, "a"))()
    assert played.states == [InformerStatus.FORBIDDEN, InformerStatus.LIVE]
    assert played.messages[0] == "the ServiceAccount ns/greeter may not watch configmaps in namespace ns"
    assert played.time.slept[0] >= TIMING.denial_first
    assert played.informer.cache.synced


async def test_one_denial_is_not_yet_a_missing_right() -> None:
    """An API server that starts denies everything for a moment: nobody is told."""
    played = await Played(refused(403), listed(10, "a"))()
    assert played.states == [InformerStatus.LIVE]


async def test_forbidden_asks_ever_less_often() -> None:
    """Every five seconds at first, every thirty when nobody grants the right."""
    played = await Played(*[refused(403)] * 60, jitter=0.0)()
    assert played.time.slept[:3] == [5.0, 5.0, 5.0]
    assert played.time.slept[-1] == 30.0
    assert sorted(played.time.slept) == played.time.slept


async def test_a_lost_right_closes_the_cache() -> None:
    """What may not be read any more is not served from memory; what comes back is told as a difference."""
    played = Played([*listed(10, "a"), Lasting(400)], refused(403), refused(403), [line("ADDED", "b", 11)])
    synced: list[bool] = []
    played.informer.subscribe(lambda _: None, lambda _: synced.append(played.informer.cache.synced))
    await played()
    assert played.states == [InformerStatus.LIVE, InformerStatus.FORBIDDEN, InformerStatus.LIVE]
    assert synced == [True, False, True]
    assert played.changes == ["ADDED uid-a@9", "ADDED uid-b@11"]


async def test_denials_after_an_outage_are_part_of_it() -> None:
    """An API server that has just started denies everything for a moment: not a missing right."""
    played = await Played([*listed(10), StreamBroken("cut")], *[refused(403)] * 5, [])()
    assert InformerStatus.FORBIDDEN not in played.states


async def test_absent_kind_comes_back() -> None:
    """Without its CRD a kind is absent; when it is there again, it is listed anew."""
    played = await Played([*listed(10, "a"), line("DELETED", "a", 11), Lasting(9)], refused(404), listed(50, "b"))()
    assert played.states == [InformerStatus.LIVE, InformerStatus.ABSENT, InformerStatus.LIVE]
    assert played.messages[1] == "the API server does not serve v1/ConfigMap"
    assert played.names == ["b"]
    assert "sendInitialEvents" in played.script.queries[2]


async def test_an_older_list_is_not_believed() -> None:
    """A lagging API server's list deletes nothing; three that agree are a restored etcd."""
    played = await Played([*listed(100, "a"), EXPIRED], listed(50), listed(100, "a"))()
    assert played.names == ["a"]
    assert played.changes == ["ADDED uid-a@99"]
    restored = await Played([*listed(100, "a"), EXPIRED], *[listed(50, "b")] * 4)()
    assert restored.names == ["b"]
    assert restored.informer.cache.newest_rv == 50


async def test_pages_where_watchlist_is_refused() -> None:
    """An API server that does not know WatchList is listed in pages, once and for all, and then watched."""
    item = document("b", 8)
    del item["kind"], item["apiVersion"]
    pages = (
        {"metadata": {"resourceVersion": "10", "continue": "more"}, "items": [document("a", 7)]},
        {"metadata": {"resourceVersion": "10"}, "items": [item]},
        {"metadata": {"resourceVersion": "30"}, "items": [document("a", 7)]},
    )
    played = await Played(refused(422), [line("ADDED", "c", 11), EXPIRED], [], pages=pages)()
    assert played.changes == ["ADDED uid-a@7", "ADDED uid-b@8", "ADDED uid-c@11", "DELETED uid-b@8", "DELETED uid-c@11"]
    assert [query.get("continue") for query in played.script.queries[1:3]] == [None, "more"]
    assert played.script.queries[3]["resourceVersion"] == "10"
    assert played.states == [InformerStatus.LIVE, InformerStatus.STALE, InformerStatus.LIVE]


async def test_a_page_item_gets_its_kind() -> None:
    """Items of built-in kinds come without kind; what is handed out has one."""
    item = document("a", 7)
    del item["kind"], item["apiVersion"]
    played = await Played(refused(400), pages=({"metadata": {"resourceVersion": "10"}, "items": [item]},))()
    entry = played.informer.cache.get("ns", "a")
    assert entry is not None
    assert msgspec.json.decode(entry.raw) == document("a", 7)


async def test_a_continue_token_that_expired_deletes_nothing() -> None:
    """The list begins anew; half a list is no reason to take anything out."""
    half = {"metadata": {"resourceVersion": "40", "continue": "more"}, "items": [document("a", 7)]}
    whole = {"metadata": {"resourceVersion": "50"}, "items": [document("a", 7), document("b", 8)]}
    pages = (whole, half, refused(410), whole)
    played = await Played(refused(400), [EXPIRED], pages=pages)()
    assert played.changes == ["ADDED uid-a@7", "ADDED uid-b@8"]


async def test_wait_rv() -> None:
    """A wait ends when the watch has come so far, by a bookmark too; else after its time."""
    played = Played([*listed(10), bookmark(20), Lasting(400)])
    waits = [asyncio.create_task(played.informer.wait_rv(rv, 20.0)) for rv in (5, 15, 20)]
    await asyncio.sleep(0)
    await played()
    assert await asyncio.gather(*waits) == [True, True, True]
    assert await played.informer.wait_rv(21, 0.0) is False
    assert played.informer._waiters == []


async def test_unsubscribe() -> None:
    """Who has left is not called."""
    played = Played(listed(10, "a"))
    told: list[Change] = []
    leave = played.informer.subscribe(told.append, lambda _: None)
    leave()
    leave()
    await played()
    assert told == []


DEEP = b'{"a":' * 3000 + b"1" + b"}" * 3000


def deepened(raw: bytes) -> bytes:
    """The same line about an object that nobody can decode."""
    return raw[:-2] + b',"spec":' + DEEP + b"}}"


async def test_an_object_too_deep_to_decode_stops_nothing() -> None:
    """It is counted and left out, in a list and live; the rest is cached, and no relist tries it again."""
    first = [line("ADDED", "a", 9), deepened(line("ADDED", "deep", 8)), bookmark(10, end=True)]
    played = await Played([*first, deepened(line("MODIFIED", "a", 11)), line("ADDED", "b", 12), Lasting(400)])()
    assert played.changes == ["ADDED uid-a@9", "ADDED uid-b@12"]
    assert played.states == [InformerStatus.LIVE]
    assert (played.informer.counters.unreadable, played.informer.counters.garbled) == (2, 0)
    assert played.script.queries[1]["resourceVersion"] == "12"


async def test_what_an_unreadable_object_replaced_is_gone() -> None:
    """Of another uid, under the name of a cached one: that one does not exist any more."""
    played = await Played([*listed(10, "a"), deepened(line("ADDED", "a", 11, "new-a")), Lasting(400)])()
    assert played.changes == ["ADDED uid-a@9", "DELETED uid-a@9"]


async def test_a_page_with_an_object_too_deep_gives_the_others() -> None:
    """Smaller pages single it out; the list comes to its end all the same."""
    half: dict[str, object] = {"metadata": {"resourceVersion": "10", "continue": "more"}}
    bad = {**document("deep", 8), "spec": msgspec.Raw(DEEP)}
    pages = (
        *[{**half, "items": [bad, document("a", 7)]}] * 3,
        {**half, "items": [bad]},
        {"metadata": {"resourceVersion": "10"}, "items": [document("a", 7)]},
    )
    played = await Played(refused(400), [], pages=pages)()
    assert [query.get("limit") for query in played.script.queries[1:6]] == ["500", "62", "7", "1", "8"]
    assert played.names == ["a"]
    assert played.informer.counters.unreadable == 1
    assert played.states == [InformerStatus.LIVE]


async def test_no_bug_ends_an_informer() -> None:
    """It is stale, waits and goes on: its end would be the end of every other watch."""
    played = await Played([*listed(10, "a"), RecursionError("deep")], [line("ADDED", "b", 11)])()
    assert played.names == ["a", "b"]
    assert played.states == [InformerStatus.LIVE, InformerStatus.STALE, InformerStatus.LIVE]
    assert "a bug (RecursionError)" in played.messages[1]
    assert played.time.slept[0] == TIMING.backoff_first
    assert played.informer.counters.bugs == 1


async def test_a_subscriber_with_a_bug_hurts_nobody_else() -> None:
    """The others are told, and the watch goes on."""
    played = Played([*listed(10, "a"), line("ADDED", "b", 11), Lasting(400)])

    def broken(_: object) -> None:
        raise LookupError

    played.informer.subscribe(broken, broken)
    await played()
    assert played.changes == ["ADDED uid-a@9", "ADDED uid-b@11"]
    assert played.informer.counters.breaks == 0


class TestRegistry:
    """One informer a key, for as long as it is used."""

    async def test_shared_and_lingering(self) -> None:
        """Two users share one watch; it outlives the last by its linger, and not when it must not."""
        time = Time()
        script = Script(time)
        async with asyncio.TaskGroup() as group:
            registry = InformerRegistry(transport=script, group=group, clock=time)
            first = registry.acquire(KEY)
            assert registry.acquire(KEY) is first
            other = registry.acquire(InformerKey("system:serviceaccount:ns:other", CONFIGMAPS, "ns"))
            assert other is not first
            assert set(registry) == {first, other}
            registry.release(KEY)
            registry.release(KEY)
            assert registry.acquire(KEY) is first
            registry.release(KEY, at_once=True)
            assert set(registry) == {other}
            assert registry.acquire(KEY) is not first
            with pytest.raises(ValueError, match="nobody holds"):
                registry.release(InformerKey(None, CONFIGMAPS, "ns"))
            registry.close()
            assert len(registry) == 0

    async def test_evict(self) -> None:
        """An identity that is gone leaves no lingering watch, while those in use stay until released."""
        time = Time()
        async with asyncio.TaskGroup() as group:
            registry = InformerRegistry(transport=Script(time), group=group, clock=time)
            registry.acquire(KEY)
            registry.evict(str(KEY.impersonate))
            assert len(registry) == 1
            registry.release(KEY)
            assert len(registry) == 1
            registry.evict(str(KEY.impersonate))
            assert len(registry) == 0

    async def test_no_linger(self) -> None:
        """Without linger, the last release is the end."""
        time = Time()
        async with asyncio.TaskGroup() as group:
            registry = InformerRegistry(transport=Script(time), group=group, clock=time, linger=0.0)
            registry.acquire(KEY)
            registry.release(KEY)
            assert len(registry) == 0

    async def test_absent_kinds_are_told(self) -> None:
        """Whoever remembers where a kind lives learns that it is not there any more."""
        time = Time()
        absent: list[Gvk] = []
        told = asyncio.Event()

        def on_absent(gvk: Gvk) -> None:
            absent.append(gvk)
            told.set()

        async with asyncio.TaskGroup() as group:
            registry = InformerRegistry(
                transport=Script(time, refused(404)), group=group, clock=time, on_absent=on_absent
            )
            registry.acquire(KEY)
            await told.wait()
            registry.close()
        assert absent == [CONFIGMAPS.gvk]
