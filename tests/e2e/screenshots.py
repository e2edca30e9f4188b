"""`make screenshots`: every page in light and dark, of a real product with a little life in it, into docs/."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, sync_playwright

from tests.browser import find
from tests.e2e.conftest import FLAGS, LINK
from tests.e2e.pages import Shell
from tests.integration.product.conftest import Product

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "screenshots"
SAMPLE = ROOT / "deploy" / "samples" / "greeter.py"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def live(product: Product) -> None:
    """Some objects, a second revision, a rollback."""
    for name, message in (("tea", "two sugars"), ("coffee", "black"), ("water", "still"), ("empty", "")):
        manifest = {
            "apiVersion": "example.com/v1",
            "kind": "MyResource",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"message": message, "replicas": 1},
        }
        product.kubectl("apply", "-f", "-", text=json.dumps(manifest))
    with tempfile.TemporaryDirectory() as folder:
        louder = Path(folder) / "louder.py"
        louder.write_text(SAMPLE.read_text().replace('"message": message', '"message": message.upper()'))
        where = ("-n", "default", "-r", "greeter", "--data", str(product.data))
        product.cli("save", str(louder), "-m", "say it louder", *where)
        product.cli("activate", "--revision", "2", "--reason", "people are far away", *where)
        time.sleep(2)
        product.cli("rollback", "--reason", "too loud for the office", *where)
    time.sleep(2)


def views(page: Page, product: Product) -> Iterator[str]:
    """Opens one page after the other; yields its name when it is as a person would see it."""
    base = f"{product.url}/reconcilers"
    page.goto(base)
    page.get_by_role("link", name="greeter", exact=True).wait_for()
    yield "reconcilers"
    here = f"{base}/default/greeter"
    page.goto(f"{here}/editor")
    page.locator(".monaco-editor .view-lines").wait_for()
    page.locator(".monaco-editor .view-lines").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("import os\n")
    page.locator(".monaco-editor .squiggly-error").first.wait_for()
    page.wait_for_timeout(800)
    yield "editor"
    page.keyboard.press("Control+z")
    page.evaluate("localStorage.clear()")
    for tab in ("revisions", "runs", "logs"):
        page.goto(f"{here}/{tab}")
        page.wait_for_timeout(1500)
        yield tab
    page.goto(f"{product.url}/audit")
    page.get_by_role("table").wait_for()
    yield "audit"


def main() -> int:
    """Exit 0 with the pictures written, 1 without a browser."""
    path = find()
    if path is None:
        print("no Chromium: `make browser` installs one", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    with tempfile.TemporaryDirectory(prefix="chakrator-pictures-") as folder, sync_playwright() as playwright:
        product = Product(Path(folder) / "data").start()
        try:
            live(product)
            link = LINK.search(product.stderr())
            assert link is not None
            browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS), env=environment)
            context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
            page = context.new_page()
            page.on("dialog", lambda dialog: dialog.accept())
            Shell(page).sign_in(link[1])
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                for name in views(page, product):
                    page.screenshot(path=FOLDER / f"{name}-{scheme}.png")
                    print(f"{name}-{scheme}.png", file=sys.stderr)
            browser.close()
        finally:
            product.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
