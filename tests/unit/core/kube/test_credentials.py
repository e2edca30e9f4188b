"""Tokens that change while we run."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from core.errors import Invalid
from core.kube.credentials import REREAD_AFTER, PluginToken, TokenFile


class Ticking:
    """A monotonic clock that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def write(path: Path, text: str, mtime: int) -> None:
    """A token file with an mtime that a test chooses."""
    path.write_text(text)
    os.utime(path, (mtime, mtime))


async def test_a_rotated_file_is_read_again(tmp_path: Path) -> None:
    """A new mtime is enough; the line end of the file is no part of the token."""
    path = tmp_path / "token"
    write(path, "one\n", 1)
    source = TokenFile(path, monotonic=Ticking())
    assert await source.authorization() == "Bearer one"
    write(path, "two\n", 2)
    assert await source.authorization() == "Bearer two"


async def test_the_mtime_need_not_tell(tmp_path: Path) -> None:
    """With the same mtime, the file is read after a minute, and at once after a 401."""
    path, clock = tmp_path / "token", Ticking()
    write(path, "one", 1)
    source = TokenFile(path, monotonic=clock)
    await source.authorization()
    write(path, "two", 1)
    assert await source.authorization() == "Bearer one"
    assert await source.authorization(force=True) == "Bearer two"
    write(path, "three", 1)
    clock.now += REREAD_AFTER
    assert await source.authorization() == "Bearer three"


async def test_the_last_good_token_stays(tmp_path: Path) -> None:
    """A file that is empty or gone for a moment takes nothing away."""
    path = tmp_path / "token"
    write(path, "one", 1)
    source = TokenFile(path, monotonic=Ticking())
    await source.authorization()
    write(path, "", 2)
    assert await source.authorization() == "Bearer one"
    path.unlink()
    assert await source.authorization(force=True) == "Bearer one"


async def test_no_token_at_all_is_an_error(tmp_path: Path) -> None:
    """Without a token we do not go on as nobody."""
    with pytest.raises(Invalid, match="missing or empty"):
        await TokenFile(tmp_path / "token", monotonic=Ticking()).authorization()


class Plugin:
    """Gives another token at each run; notes how many ran at a time."""

    def __init__(self) -> None:
        self.runs: list[bool] = []
        self.running = 0
        self.most = 0

    @property
    def token(self) -> str:
        """The last run's."""
        return f"Bearer {len(self.runs)}"

    async def renew(self, *, force: bool) -> None:
        """One run."""
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.runs.append(force)
        self.running -= 1


async def test_a_plugin_is_not_run_for_every_request() -> None:
    """Once a minute at most: without an expiry in its answer, the stock loader would run it each time."""
    plugin, clock = Plugin(), Ticking()
    source = PluginToken(plugin, monotonic=clock)
    for _ in range(3):
        assert await source.authorization() == "Bearer 0"
    clock.now += REREAD_AFTER
    assert await source.authorization() == "Bearer 1"
    assert await source.authorization() == "Bearer 1"
    assert await source.authorization(force=True) == "Bearer 2"
    assert plugin.runs == [False, True]


async def test_a_plugin_is_run_by_one_at_a_time() -> None:
    """However many requests saw a 401, one renewal serves them all."""
    plugin = Plugin()
    source = PluginToken(plugin, monotonic=Ticking())
    assert set(await asyncio.gather(*(source.authorization(force=True) for _ in range(5)))) == {"Bearer 1"}
    assert (plugin.most, plugin.runs) == (1, [True])
