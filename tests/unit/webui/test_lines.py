"""Lines by key: one at a time, in order, with an end."""

from __future__ import annotations

import asyncio

import pytest

from webui.lines import LineFull, Lines


async def test_one_at_a_time_in_order() -> None:
    """Other keys do not wait, and a line that is over leaves nothing behind."""
    lines, said = Lines(), list[str]()

    async def work(key: str, name: str) -> None:
        async with lines.turn(key):
            said.append(f"{name} begins")
            await asyncio.sleep(0)
            said.append(f"{name} ends")

    await asyncio.gather(work("a", "first"), work("a", "second"), work("b", "other"))
    assert said == ["first begins", "other begins", "first ends", "other ends", "second begins", "second ends"]
    assert len(lines) == 0


async def test_a_line_has_an_end() -> None:
    """So has the number of lines; who is refused has taken no place."""
    lines = Lines(length=1, lines=2)
    async with lines.turn("a"):
        for _ in range(2):
            with pytest.raises(LineFull):
                async with lines.turn("a"):
                    pass
        async with lines.turn("b"):
            with pytest.raises(LineFull):
                async with lines.turn("c"):
                    pass
        async with lines.turn("c"):
            pass
    async with lines.turn("a"):
        pass


async def test_who_gives_up_leaves_the_line() -> None:
    """Also while waiting."""
    lines = Lines(length=2)
    async with lines.turn("a"):
        waiting = asyncio.ensure_future(lines.turn("a").__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        other = asyncio.ensure_future(lines.turn("a").__aenter__())
        await asyncio.sleep(0)
        assert not other.done()
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
    assert len(lines) == 0
