"""Which codes are hot enough for a worker that stands by."""

from __future__ import annotations

import asyncio
from typing import cast

from sandbox.pool.config import Code, PoolConfig
from sandbox.pool.errors import WorkerUnavailable
from sandbox.pool.groups import Group, Groups
from sandbox.pool.process import Worker
from sandbox.pool.standby import Heat, Standbys
from tests.unit.sandbox.pool.test_groups import Name, turn


class Scene:
    """Groups, and starts that are counted."""

    def __init__(self, *, fails: bool = False, **config: int) -> None:
        self.fails = fails
        self.started: list[str] = []
        self.incidents: list[str] = []
        settings = PoolConfig(**{"max_workers": 8, "hot_runs": 3, **config})  # type: ignore[arg-type]
        self.groups = Groups(settings, lambda _worker, _why: None)
        self.standbys = Standbys(settings, self.groups, self._start, lambda _kind, text: self.incidents.append(text))

    async def _start(self, code: Code) -> Worker | None:
        self.started.append(code.id)
        if self.fails:
            raise WorkerUnavailable("no more")
        return cast("Worker", Name("spare", code=code))

    async def ran(self, name: str, times: int) -> Group:
        """So many runs of a code that has one worker."""
        group = self.groups.of(Code(name, "source"))
        if not group.members:
            assert await self.groups.permit(group) is None
            self.groups.started(group, cast("Worker", Name(name, code=group.code)))
        for _ in range(times):
            self.standbys.ran(group)
            await turn()
        return group


async def test_a_hot_code_has_one_that_stands_by_and_no_more() -> None:
    """One that is seldom run has none."""
    scene = Scene()
    cold = await scene.ran("cold", 2)
    hot = await scene.ran("hot", 30)
    assert scene.started == ["hot"]
    assert (cold.standby, hot.standby is None) == (None, False)


async def test_only_a_few_codes_have_one() -> None:
    """Memory is bounded, however many codes are hot."""
    scene = Scene(max_hot=2)
    for name in "abcd":
        await scene.ran(name, 10)
    assert scene.started == ["a", "b"]


async def test_one_that_cannot_start_is_told_of_and_frees_its_place() -> None:
    """The runs go on without."""
    scene = Scene(fails=True)
    group = await scene.ran("hot", 3)
    assert scene.incidents == ["no more"]
    assert (group.preparing, scene.groups.total) == (False, 1)


async def test_a_cold_one_is_let_go() -> None:
    """When its code has not run for a while."""
    scene = Scene(hot_for=0)
    group = await scene.ran("hot", 1)
    assert scene.groups.prepare(group)
    scene.groups.prepared(group, cast("Worker", Name("spare", code=group.code)))
    await asyncio.sleep(0.001)
    scene.standbys.sweep()
    assert group.standby is None


def test_heat_is_of_late() -> None:
    """This span and the one before; older runs are forgotten."""
    heat = Heat(0.0)
    assert [heat.add(when, 10.0) for when in (1, 2, 3)] == [1, 2, 3]
    assert heat.add(12, 10.0) == 4
    assert heat.add(23, 10.0) == 2
    assert heat.add(100, 10.0) == 1
