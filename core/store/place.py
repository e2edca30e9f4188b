"""The data folder: on a local disk, ours alone, one process at a time, with a reserve for bad days."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import Invalid
from core.store.errors import StoreFailed

RESERVE_BYTES = 1024 * 1024
LOCK_FILE = "store.lock"
RESERVE_FILE = "reserve"

# SQLite's locks and shared memory are not reliable on these, whatever their servers promise.
_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "afs", "ceph", "coda", "glusterfs", "lustre"}
    | {"gfs", "gfs2", "ncpfs", "ocfs2", "beegfs", "orangefs", "pvfs2"}
)
_NETWORK_FUSE = ("fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.gcsfuse", "fuse.rclone", "fuse.davfs")


class Place:
    """A prepared and locked data folder."""

    def __init__(self, database: Path) -> None:
        self.database = database.absolute()
        self.folder = self.database.parent
        self._reserve = self.folder / RESERVE_FILE
        self._lock = FileLock(self.folder / LOCK_FILE, timeout=0, mode=0o600, thread_local=False)

    def take(self) -> None:
        """Makes, checks and locks the folder. Raises Invalid (unfit place) or StoreFailed (in use, unwritable)."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            check_folder(self.folder)
            self._lock.acquire()
            self._prepare_file()
        except Timeout:
            raise StoreFailed(f"the data folder {self.folder} is in use by another process") from None
        except OSError as error:
            self.release()
            raise StoreFailed(f"the data folder {self.folder} cannot be used: {error.strerror}") from None
        except Invalid:
            self.release()
            raise
        self.keep_reserve()

    def release(self) -> None:
        """Gives the folder to the next process."""
        self._lock.release()

    def keep_reserve(self) -> bool:
        """Makes the reserve file where it is missing; False when there is no space for it."""
        if self._reserve.exists():
            return True
        half = self._reserve.with_suffix(".new")
        try:
            # Written, not truncated to size: a hole reserves nothing.
            with half.open("wb") as file:
                file.write(os.urandom(RESERVE_BYTES))
                file.flush()
                os.fsync(file.fileno())
            half.replace(self._reserve)
        except OSError:
            half.unlink(missing_ok=True)
            return False
        return True

    def spend_reserve(self) -> bool:
        """Gives the reserve's space back to the disk; True when there was one."""
        try:
            self._reserve.unlink()
        except OSError:
            return False
        return True

    def _prepare_file(self) -> None:
        try:
            os.close(os.open(self.database, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            mode = self.database.stat().st_mode
            if not stat.S_ISREG(mode):
                raise Invalid(f"{self.database} is not a regular file") from None
            if mode & stat.S_IRWXO:
                raise Invalid(
                    f"{self.database} is open to every user here (mode {stat.S_IMODE(mode):04o}): chmod o= it"
                ) from None


def check_folder(folder: Path) -> None:
    """Raises Invalid when the folder is on a network file system or others may write to it.

    A group may have rights: a volume in a pod belongs to root and is lent to us by its group (fsGroup).
    """
    kind = filesystem_of(folder, Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape"))
    if kind in _NETWORK or kind.startswith(_NETWORK_FUSE):
        raise Invalid(f"{folder} is on a network file system ({kind}), where SQLite may lose data: use a local disk")
    mode = folder.stat().st_mode
    if mode & stat.S_IWOTH:
        raise Invalid(f"every user of this machine may write to {folder} (mode {stat.S_IMODE(mode):04o}): chmod o-w it")


def filesystem_of(path: Path, mountinfo: str) -> str:
    """The type of the file system that `path` is on, from the text of /proc/self/mountinfo; empty when unknown."""
    real = path.resolve()
    best, kind = -1, ""
    for line in mountinfo.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if not dash or len(fields) < 5:
            continue
        point = Path(_unescaped(fields[4]))
        # `>=`: of two mounts on one point the later one is what is seen.
        if real.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), after.split(" ")[0]
    return kind


def _unescaped(text: str) -> str:
    """mountinfo writes space, tab, newline and backslash as three octal digits."""
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, char)
    return text
