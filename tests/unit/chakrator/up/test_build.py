"""The cache of built programs: keyed by its inputs, filled under a lock, never left half.

A shell script stands in for the Go toolchain: the compiler is not what is tested, and the real build,
which takes minutes, is the first thing `make test` does before the integration tests.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from chakrator.up import assets, build
from chakrator.up.errors import AssetsMissing, BuildFailed

DEADLINE = 30.0
ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
OUTPUT = 'while [ "$1" != -o ]; do shift; done; out="$2"; '
GOOD = OUTPUT + 'echo built > "$out"; chmod +x "$out"; echo "$GOCACHE" > "$out.cache"'


@pytest.fixture
def recipe(tmp_path: Path) -> build.Recipe:
    """A Go module's files."""
    source = tmp_path / "source"
    source.mkdir()
    for name in build.SOURCES:
        (source / name).write_text(f"{name}\n")
    return build.Recipe(source)


def toolchain(tmp_path: Path, script: str, name: str = "go") -> Path:
    """An executable that does what `script` says."""
    path = tmp_path / name
    path.write_text(f"#!{shutil.which('sh')}\n{script}\n")
    path.chmod(0o755)
    return path


def programs(folder: Path) -> Path:
    """A folder with all three programs."""
    folder.mkdir(parents=True)
    for name in build.NAMES:
        toolchain(folder, "exit 0", name)
    return folder


@pytest.mark.parametrize("name", build.SOURCES)
def test_every_source_is_part_of_the_key(recipe: build.Recipe, name: str) -> None:
    """Another dependency, another flag or another main is another build."""
    before = recipe.key()
    assert build.Recipe(recipe.source).key() == before
    (recipe.source / name).write_text("changed\n")
    assert recipe.key() != before


def test_the_version_told_to_clients_is_the_one_built() -> None:
    """The linker flag and the Go module name the same Kubernetes."""
    go_mod = assets.deploy_folder("controlplane") / "go.mod"
    assert f"k8s.io/kubernetes {build.KUBERNETES}" in go_mod.read_text()


async def test_a_build_fills_the_cache_once(recipe: build.Recipe, tmp_path: Path) -> None:
    """All three names are there, the temporary folder is gone with its caches, and a second call builds nothing."""
    root = tmp_path / "cache"
    place = await build.cached(recipe, root, environ=ENVIRON, say=print, go=toolchain(tmp_path, GOOD))
    assert build.missing(place) == []
    assert sorted(path.name for path in root.iterdir()) == [recipe.key(), f"{recipe.key()}.lock"]
    gocache = Path((place / "controlplane.cache").read_text().strip())
    assert gocache.is_relative_to(root)  # and of the root's entries above, none is that
    again = await build.cached(recipe, root, environ=ENVIRON, say=print, go=toolchain(tmp_path, "exit 1"))
    assert again == place


async def test_a_cache_kept_on_purpose_is_used(recipe: build.Recipe, tmp_path: Path) -> None:
    """GOCACHE in the environment is somebody's own, as in CI, and stays."""
    environ = {**ENVIRON, "GOCACHE": str(tmp_path / "kept")}
    place = await build.cached(recipe, tmp_path / "cache", environ=environ, say=print, go=toolchain(tmp_path, GOOD))
    assert (place / "controlplane.cache").read_text().strip() == str(tmp_path / "kept")


async def test_a_failed_build_says_what_go_said_and_leaves_nothing(recipe: build.Recipe, tmp_path: Path) -> None:
    """The message holds the compiler's complaint; the next build starts clean and succeeds."""
    root = tmp_path / "cache"
    broken = toolchain(tmp_path, "echo 'main.go:7: undefined: x' >&2; exit 1")
    with pytest.raises(BuildFailed, match="undefined: x"):
        await build.cached(recipe, root, environ=ENVIRON, say=print, go=broken)
    assert [path.name for path in root.iterdir()] == [f"{recipe.key()}.lock"]
    place = await build.cached(recipe, root, environ=ENVIRON, say=print, go=toolchain(tmp_path, GOOD))
    assert build.missing(place) == []


async def test_an_interrupted_build_leaves_nothing(recipe: build.Recipe, tmp_path: Path) -> None:
    """Ctrl+C in the middle: the compiler's whole process group is gone, and so is the temporary folder."""
    root, fifo = tmp_path / "cache", tmp_path / "fifo"
    os.mkfifo(fifo)
    slow = toolchain(tmp_path, f"sleep 1000 & echo $! > {fifo}; wait")
    building = asyncio.create_task(build.cached(recipe, root, environ=ENVIRON, say=print, go=slow))
    async with asyncio.timeout(DEADLINE):
        compiler = os.pidfd_open(int(await asyncio.to_thread(fifo.read_text)))
    try:
        building.cancel()
        with pytest.raises(asyncio.CancelledError):
            await building
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        loop.add_reader(compiler, gone.set)
        async with asyncio.timeout(DEADLINE):
            await gone.wait()
        loop.remove_reader(compiler)
    finally:
        os.close(compiler)
    assert [path.name for path in root.iterdir()] == [f"{recipe.key()}.lock"]


async def test_what_a_killed_build_left_is_swept(recipe: build.Recipe, tmp_path: Path) -> None:
    """Folders of dead builds go, of older versions too; that of a build that runs elsewhere stays."""
    root = tmp_path / "cache"
    for name in (f".build-{recipe.key()}-dead", ".build-older-dead", ".build-other-alive"):
        (root / name / "go-build").mkdir(parents=True)
    with FileLock(root / "other.lock"):
        await build.cached(recipe, root, environ=ENVIRON, say=print, go=toolchain(tmp_path, GOOD))
    assert [path.name for path in root.glob(".build-*")] == [".build-other-alive"]


async def test_the_second_builder_waits_and_says_so(recipe: build.Recipe, tmp_path: Path) -> None:
    """One builds; the other waits for it, tells people, and takes the result without a compiler."""
    root, fifo = tmp_path / "cache", tmp_path / "fifo"
    os.mkfifo(fifo)
    first = asyncio.create_task(
        build.cached(recipe, root, environ=ENVIRON, say=print, go=toolchain(tmp_path, f"cat {fifo}; {GOOD}"))
    )
    waiting = asyncio.Event()
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        waiting.set()

    writer = await asyncio.to_thread(fifo.open, "w")  # returns when the first is inside its build
    second = asyncio.create_task(
        build.cached(recipe, root, environ=ENVIRON, say=say, go=toolchain(tmp_path, "exit 1", "other"))
    )
    async with asyncio.timeout(DEADLINE):
        await waiting.wait()
        writer.close()
        assert await first == await second
    assert said == ["another process is building the control plane; waiting for it"]


async def test_an_old_go_is_passed_over(tmp_path: Path) -> None:
    """Go on PATH is used from 1.26 on; an older one gives way to that of the package."""
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, version in ((old, "go1.25.9"), (new, "go1.26.0")):
        folder.mkdir()
        toolchain(folder, f"echo {version}")
    assert await build.find_go({"PATH": str(new)}) == new / "go"
    packaged = await build.find_go({"PATH": str(old)})
    assert packaged.name == "go"
    assert packaged.parent not in (old, new)


def test_our_variable_must_point_to_all_three(tmp_path: Path) -> None:
    """It is a promise, so what is missing there is an error that names it."""
    folder = programs(tmp_path / "complete")
    assert assets.named({assets.OURS: str(folder)}, print) == assets.Assets(folder)
    (folder / "etcd").unlink()
    with pytest.raises(AssetsMissing, match="lacks etcd"):
        assets.named({assets.OURS: str(folder)}, print)


def test_other_tools_folder_without_a_controller_manager_is_passed_over(tmp_path: Path) -> None:
    """KUBEBUILDER_ASSETS is shared with envtest, whose archive has no controller manager."""
    folder = programs(tmp_path / "envtest")
    assert assets.named({assets.KUBEBUILDER: str(folder)}, print) == assets.Assets(folder)
    (folder / "kube-controller-manager").unlink()
    said: list[str] = []
    assert assets.named({assets.KUBEBUILDER: str(folder)}, said.append) is None
    assert "kube-controller-manager" in said[0]


def test_nothing_named_is_nothing(tmp_path: Path) -> None:
    """Empty variables count as unset."""
    assert assets.named({assets.OURS: "", assets.KUBEBUILDER: ""}, print) is None
