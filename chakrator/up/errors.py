"""What can go wrong between an empty machine and a ready API server, as one tree.

UpError (Unavailable)      shown as one line; `chakrator up` exits with `exit_code`
├── DataFolderBusy         another process holds the data folder
├── DataFolderUnusable     it was written by a newer version, or may not be written
├── PortInUse              the web port belongs to somebody else
├── AssetsMissing          no control plane binary, and none can be built
├── BuildFailed            Go refused; the tail of its output is in the message
└── StartFailed            a program ended, or did not answer in time; the tail of its log is in the message
"""

from __future__ import annotations

from core.errors import Unavailable


class UpError(Unavailable):
    """Root. `exit_code` is what the command ends with."""

    code = "up"
    exit_code = 1


class DataFolderBusy(UpError):
    """Another `up` runs on the same folder."""

    exit_code = 2


class DataFolderUnusable(UpError):
    """The folder cannot be used as it is; the message says what to do."""

    exit_code = 2


class PortInUse(UpError):
    """The web port is taken."""

    exit_code = 2


class AssetsMissing(UpError):
    """No etcd and kube-apiserver were found where they were promised, and there is no Go to build them with."""

    exit_code = 2


class BuildFailed(UpError):
    """The Go build ended with an error."""


class StartFailed(UpError):
    """A program of the control plane did not come up."""
