"""Which file system a folder is on, from the text of mountinfo."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.store.place import filesystem_of

MOUNTS = r"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:21 / /srv rw shared:2 - nfs4 server:/export rw
24 23 0:22 / /srv/local rw - xfs /dev/vdb rw
25 22 0:23 / /mnt/with\040space rw - cifs //server/share rw
26 22 0:24 / /twice rw - ext4 /dev/vdc rw
27 26 0:25 / /twice rw - 9p share rw
broken line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/chakrator", "ext4"),
        ("/srv/data", "nfs4"),
        ("/srvdata", "ext4"),
        ("/srv/local/data", "xfs"),
        ("/mnt/with space/data", "cifs"),
        ("/twice/data", "9p"),
    ],
)
def test_the_nearest_mount_decides(path: str, kind: str) -> None:
    """Longest prefix by path parts; of two mounts on one point, the later."""
    assert filesystem_of(Path(path), MOUNTS) == kind


def test_no_table_no_answer() -> None:
    """An empty text names no file system."""
    assert filesystem_of(Path("/x"), "") == ""
