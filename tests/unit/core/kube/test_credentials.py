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


async def test_a_plugin_is_asked_by_one_at_a_time() -> None:
    """However many requests wait, one renewal runs at a time."""
    running, most = 0, 0

    async def renew() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    source = PluginToken(renew=renew, current=lambda: "Bearer x")
    assert set(await asyncio.gather(*(source.authorization() for _ in range(5)))) == {"Bearer x"}
    assert most == 1
