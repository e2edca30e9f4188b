"""What is wrong with the product as a whole stands above every page, for as long as it is so."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import LINK
from tests.e2e.pages import Shell
from tests.integration.product.conftest import Product

pytestmark = [pytest.mark.controlplane, pytest.mark.browser]

# A kernel without Landlock, as seen by what runs under this: a filter that refuses to make a ruleset.
WITHOUT_LANDLOCK = """
import ctypes, errno, os, sys
from sandbox.confine import bpf, seccomp
from sandbox.confine.bpf import ALLOW, Profile, Rule
rules = (Rule("landlock_create_ruleset", bpf.errno(errno.EOPNOTSUPP), ()),)
program = bpf.assemble(Profile("without landlock", rules, ALLOW), seccomp.architecture())
data = ctypes.create_string_buffer(bpf.packed(program))
header = seccomp._Fprog(len(program), ctypes.cast(data, ctypes.c_void_p))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(header), 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""
PLACES = (
    "reconcilers",
    "reconcilers/default/greeter/editor",
    "reconcilers/default/greeter/revisions",
    "reconcilers/default/greeter/runs",
    "reconcilers/default/greeter/logs",
    "audit",
    "nowhere",
)


@pytest.fixture
def degraded(tmp_path: Path) -> Iterator[Product]:
    """A product that an operator has allowed to do without Landlock, on a kernel that has none."""
    own = Product(
        tmp_path / "data",
        under=(sys.executable, "-c", WITHOUT_LANDLOCK),
        env={"CHAKRATOR_ALLOW_DEGRADED": "landlock"},
    )
    yield own
    if own.process is not None:
        own.stop()


def link_of(product: Product) -> str:
    """The newest sign-in link."""
    return LINK.findall(product.stderr())[-1]


def test_a_missing_layer_and_a_broken_trail_are_told_on_every_page(degraded: Product, context: BrowserContext) -> None:
    """By name; the sample converges all the same. With the trail broken, reads go on and changes are refused."""
    page: Page = context.new_page()
    degraded.start()
    Shell(page).sign_in(link_of(degraded))
    banner = Shell(page).banner
    for place in PLACES:
        page.goto(f"{degraded.url}/{place}")
        expect(banner).to_contain_text("Code runs without a layer of its cage: landlock is off")
        expect(banner.locator("p")).to_have_count(1)
    assert degraded.stop() == 0

    with closing(sqlite3.connect(degraded.data / "chakrator.db")) as database, database:
        trigger = database.execute("SELECT sql FROM sqlite_master WHERE name = 'audit_no_update'").fetchone()[0]
        database.execute("DROP TRIGGER audit_no_update")
        database.execute("UPDATE audit SET actor = 'eve' WHERE seq = 2")
        database.execute(trigger)
    degraded.start()
    Shell(page).sign_in(link_of(degraded))
    for place in PLACES:
        page.goto(f"{degraded.url}/{place}")
        expect(banner).to_contain_text("the audit trail is broken at entry 2")
        expect(banner).to_contain_text("chakrator audit verify")
        expect(banner.locator("p")).to_have_count(2)
    with degraded.api() as api:
        here = "/namespaces/default/reconcilers/greeter"
        revision = api.get(f"{here}/revisions/1")
        assert revision.status_code == 200
        body = {"source": revision.json()["source"] + "\n# more\n", "message": "m", "base": 1}
        refused = api.post(f"{here}/revisions", json=body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "audit_broken")
        assert len(api.get(f"{here}/revisions").json()["items"]) == 1
        assert len(api.get(f"{degraded.url}/readyz").json()["notices"]) == 2
    assert degraded.cli("audit", "verify", "--data", str(degraded.data), check=False).returncode == 1
