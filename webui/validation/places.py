"""Where the tools lie on this machine: what their cages may read, and nothing beside."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from pathlib import Path

# The loader and its libraries; certificates, users and hosts stay unread.
_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")


def ruff_binary() -> Path:
    """The executable that the pinned package installed."""
    from ruff import find_ruff_bin

    return Path(find_ruff_bin())


def ruff_reads() -> tuple[Path, ...]:
    """A static program: itself, and the loader."""
    return (ruff_binary(), *_system())


def mypy_reads() -> tuple[Path, ...]:
    """An interpreter, its standard library, and the packages mypy is made of."""
    paths = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parent}
    paths.add(Path(sysconfig.get_path("stdlib")))
    for name in ("mypy", "mypyc", "typing_extensions", "mypy_extensions", "pathspec", "librt", "ast_serialize"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            paths.add(Path(spec.origin).resolve().parent)
    return (*sorted(paths), *_system())


def _system() -> tuple[Path, ...]:
    return tuple(path for path in map(Path, _SYSTEM) if path.exists())
