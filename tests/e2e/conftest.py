"""The product in a real browser: `chakrator up` started once, a fresh Chromium profile for each test.

A console error, an uncaught exception or a refusal by the content security policy fails the test that
caused it. A failed test leaves a picture of each open page in `.make/e2e/`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import find
from tests.integration.product.conftest import Product

PICTURES = Path(__file__).parents[2] / ".make" / "e2e"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LINK = re.compile(r"sign in \(.*\): (http://\S+/#code=\S+)")
PATIENCE_MS = 30_000
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tells the fixtures how the test ended."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One running product."""
    running = Product(tmp_path_factory.mktemp("e2e") / "data").start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def sign_in_link(product: Product) -> str:
    """The link that `up` printed for people; it works once."""
    found = LINK.search(product.stderr())
    assert found, product.stderr()[-2000:]
    return found[1]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, the machine's own."""
    path = find()
    assert path, "no Chromium: `make browser` installs one, CHROMIUM=/path names one"
    # A proxy of the environment must not stand between the browser and loopback.
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(FLAGS), env=environment)
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A profile of this test's own, watched for errors."""
    fresh = browser.new_context(
        viewport={"width": 1360, "height": 860},
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    fresh.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    errors: list[str] = []

    def watch(page: Page) -> None:
        page.on("console", lambda said: errors.append(f"console: {said.text}") if said.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(f"uncaught: {error}"))

    fresh.on("page", watch)
    yield fresh
    if request.node.stash.get(FAILED, False) or errors:
        take_pictures(fresh, request.node.name)
    fresh.close()
    assert not errors, "\n".join(errors)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty tab."""
    return context.new_page()


def take_pictures(context: BrowserContext, name: str) -> None:
    """What was on the screen, for whoever reads the failure."""
    folder = PICTURES / re.sub(r"\W+", "-", name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, page in enumerate(context.pages):
        page.screenshot(path=folder / f"{number}.png")
        (folder / f"{number}.txt").write_text(page.url + "\n" + page.locator("body").inner_text())
    print(f"\npictures of the failure: {folder}")
