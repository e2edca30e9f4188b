"""The data folder: one process at a time, closed to others, with a reserve."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import Invalid
from core.services.factory import OpenServices, open_services
from core.store import place as place_module
from core.store.errors import StoreFailed
from core.store.place import RESERVE_BYTES, Place

from .conftest import TickingClock

TAKE = """
import sys
from pathlib import Path
from core.store.place import Place
Place(Path(sys.argv[1])).take()
"""


async def test_a_second_opening_is_refused(opened: OpenServices, clock: TickingClock) -> None:
    """It says why, and the first goes on."""
    with pytest.raises(StoreFailed, match="in use by another process"):
        await open_services(url=f"sqlite:///{opened.database}", clock=clock)
    assert (await opened.services.audit.verify()).ok


def test_another_process_is_refused_too(tmp_path: Path) -> None:
    """The lock is the operating system's, and gone with its holder."""
    place = Place(tmp_path / "d" / "chakrator.db")
    place.take()
    program = (
        "import sys; from pathlib import Path; from core.store.place import Place; Place(Path(sys.argv[1])).take()"
    )
    argv = [sys.executable, "-c", program, str(place.database)]
    refused = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 1
    assert "in use by another process" in refused.stderr
    place.release()
    assert subprocess.run(argv, capture_output=True, timeout=60, check=False).returncode == 0


def test_what_we_make_is_ours_alone(tmp_path: Path) -> None:
    """Folder 0700, database 0600, whatever the umask."""
    place = Place(tmp_path / "d" / "chakrator.db")
    place.take()
    place.release()
    assert place.folder.stat().st_mode & 0o777 == 0o700
    assert place.database.stat().st_mode & 0o777 == 0o600


def test_an_open_folder_is_refused(tmp_path: Path) -> None:
    """Anybody could swap the file."""
    folder = tmp_path / "d"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(Invalid, match="chmod o-w"):
        Place(folder / "chakrator.db").take()


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o644])
def test_an_open_database_is_refused(tmp_path: Path, mode: int) -> None:
    """Anybody could read it; and the lock is given back."""
    place = Place(tmp_path / "d" / "chakrator.db")
    place.take()
    place.release()
    place.database.chmod(mode)
    with pytest.raises(Invalid, match="chmod o="):
        place.take()
    place.database.chmod(0o600)
    place.take()
    place.release()


def test_a_folder_lent_by_a_group_is_fine(tmp_path: Path) -> None:
    """That is how a pod gets its volume."""
    folder = tmp_path / "d"
    folder.mkdir()
    folder.chmod(0o2770)
    place = Place(folder / "chakrator.db")
    place.take()
    place.release()


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of mounts is read, and its word is taken."""
    monkeypatch.setattr(place_module, "filesystem_of", lambda _path, mounts: "nfs4" if " - " in mounts else "")
    with pytest.raises(Invalid, match="network file system"):
        Place(tmp_path / "d" / "chakrator.db").take()


def test_the_reserve_holds_real_blocks(tmp_path: Path) -> None:
    """A hole would reserve nothing."""
    place = Place(tmp_path / "d" / "chakrator.db")
    place.take()
    reserve = place.folder / "reserve"
    assert reserve.stat().st_size == RESERVE_BYTES
    assert reserve.stat().st_blocks * 512 >= RESERVE_BYTES
    assert place.spend_reserve()
    assert not reserve.exists()
    assert not place.spend_reserve()
    place.release()


@pytest.mark.parametrize(
    "url", ["postgresql://x/y", "sqlite://", "sqlite:///:memory:", "sqlite:///x?mode=ro", "file.db"]
)
async def test_only_a_file_will_do(url: str, clock: TickingClock) -> None:
    """Nothing else is supported yet, and it says so."""
    with pytest.raises(Invalid, match="must be a file"):
        await open_services(url=url, clock=clock)
