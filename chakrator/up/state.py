"""What a data folder remembers of itself between two runs: its format, its ports, how far its first start came."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from chakrator.up.errors import DataFolderUnusable
from chakrator.up.files import write_private

FORMAT = 1


@dataclass(frozen=True, slots=True)
class State:
    """`booted`: the API server answered once, so etcd's data may be somebody's work. `sampled`: the sample was made."""

    format: int = FORMAT
    etcd_port: int = 0
    api_port: int = 0
    booted: bool = False
    sampled: bool = False


def load(path: Path) -> State:
    """The state in `path`; a fresh one where there is none. Raises DataFolderUnusable when a newer version wrote it."""
    try:
        state = msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        return State()
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise DataFolderUnusable(f"{path} is damaged; delete it to keep the data and have ports chosen again") from None
    if state.format > FORMAT:
        raise DataFolderUnusable(f"a newer version of Chakrator wrote {path.parent}; use that one, or another --data")
    return state


def save(path: Path, state: State) -> None:
    """Durable when it returns."""
    write_private(path, msgspec.json.encode(asdict(state)))
