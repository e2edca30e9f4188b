"""The page's builder: when it builds, with which Node, and what an interrupted build leaves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chakrator import page

LOG = 'echo "$@" >> "$NPM_LOG"\n'
BUILDS = LOG + 'if [ "$2" = run ]; then mkdir -p "$PAGE_OUT" && echo new > "$PAGE_OUT/index.html"; fi\n'
INSTALLS = '[ "$2" != ci ] || mkdir -p node_modules\n'
HALF = LOG + 'if [ "$2" = run ]; then mkdir -p "$PAGE_OUT" && echo half > "$PAGE_OUT/index.html" && exit 7; fi\n'


def program(path: Path, body: str) -> None:
    """A program on PATH that stands in for Node's."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}")
    path.chmod(0o755)


class Checkout:
    """A source tree of a page, and a machine with its own npm and node."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.places = page.Places.of_checkout(root)
        self.bin = root / "bin"
        self.log = root / "npm.log"
        for name in page.INPUTS:
            path = self.places.source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if "." in name:
                path.write_text("{}")
            else:
                path.mkdir()
                (path / "main.ts").write_text("one")
        self.npm(BUILDS)
        self.node("v22.12.0")
        monkeypatch.setenv("PATH", f"{self.bin}{os.pathsep}/usr/bin{os.pathsep}/bin")
        monkeypatch.setenv("NPM_LOG", str(self.log))

    def npm(self, body: str) -> None:
        """What npm does from now on."""
        program(self.bin / "npm", INSTALLS + body)

    def node(self, version: str) -> None:
        """The machine's Node is of this version."""
        program(self.bin / "node", f"echo {version}\n")

    def calls(self) -> list[str]:
        """What npm was asked for so far."""
        return [line.split()[1] for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def served(self) -> str:
        """What a browser would be given."""
        return (self.places.static / "index.html").read_text().strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout without a built page."""
    return Checkout(tmp_path, monkeypatch)


def test_builds_once_for_the_same_inputs(checkout: Checkout) -> None:
    """A second call with nothing changed asks npm for nothing."""
    assert page.build(checkout.places)
    assert checkout.served() == "new"
    before = checkout.calls()
    assert before == ["ci", "run"]
    assert not page.build(checkout.places)
    assert checkout.calls() == before


@pytest.mark.parametrize("changed", ["src/main.ts", "src/added.ts", "vite.config.ts"])
def test_builds_again_when_an_input_changed(checkout: Checkout, changed: str) -> None:
    """Any changed, added or renamed input is another page; the packages are installed once all the same."""
    page.build(checkout.places)
    (checkout.places.source / changed).write_text("two")
    assert page.build(checkout.places)
    assert checkout.calls() == ["ci", "run", "run"]


def test_installs_again_when_the_lock_changed(checkout: Checkout) -> None:
    """Another lock file is another set of packages."""
    page.build(checkout.places)
    (checkout.places.source / "package-lock.json").write_text('{"packages": {}}')
    page.build(checkout.places)
    assert checkout.calls() == ["ci", "run", "ci", "run"]


def test_failed_build_leaves_the_page_that_was_there(checkout: Checkout) -> None:
    """What is served is the last whole page; the half one is gone, and the next call builds again."""
    page.build(checkout.places)
    (checkout.places.source / "src" / "main.ts").write_text("two")
    checkout.npm(HALF)
    with pytest.raises(page.PageError, match="exit code 7"):
        page.build(checkout.places)
    assert checkout.served() == "new"
    assert not list((checkout.places.source / "node_modules").glob(".page-*"))
    checkout.npm(BUILDS)
    assert page.build(checkout.places)


def test_interrupted_install_is_done_again(checkout: Checkout) -> None:
    """Packages count as installed only after npm said so."""
    checkout.npm(LOG + "exit 1\n")
    with pytest.raises(page.PageError, match="npm ci"):
        page.build(checkout.places)
    assert not checkout.places.static.exists()
    checkout.npm(BUILDS)
    assert page.build(checkout.places)
    assert checkout.calls() == ["ci", "ci", "run"]


def test_leftovers_of_a_killed_build_are_swept(checkout: Checkout) -> None:
    """A build killed outright can't clean up after itself; the next one does."""
    left = checkout.places.source / "node_modules" / ".page-1"
    left.mkdir(parents=True)
    page.build(checkout.places)
    assert not left.exists()


def test_page_without_its_source_is_taken_as_it_is(checkout: Checkout, tmp_path: Path) -> None:
    """An installed package carries the page alone; nothing can or need be built there."""
    page.build(checkout.places)
    bare = page.Places(source=tmp_path / "nowhere", static=checkout.places.static)
    assert not page.build(bare)
    with pytest.raises(page.PageError, match="neither"):
        page.build(page.Places(source=tmp_path / "nowhere", static=tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("version", "own"), [("v20.19.0", True), ("v24.1.0", True), ("v20.18.3", False), ("v18.20.8", False)]
)
def test_old_node_gives_way_to_the_wheel(checkout: Checkout, version: str, own: bool) -> None:
    """The machine's Node is taken from Vite's floor on, else the one that came as a wheel."""
    checkout.node(version)
    found = page.find_node()
    assert (found.path == str(checkout.bin)) is own
    assert all(Path(part).is_file() for part in found.npm)


def test_main_says_why_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong usage is exit 2 and names the right one."""
    assert page.main(["make"]) == 2
    assert capsys.readouterr().err == "usage: python -m chakrator.page build\n"
