"""The one path that everything else hangs on, as a person walks it in a browser."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import Revisions, Shell
from tests.integration.product.conftest import Product

pytestmark = [pytest.mark.controlplane, pytest.mark.browser]

GOOD = '''"""Copies a message into a ConfigMap."""

from chakrator import Context
from chakrator.kinds import ConfigMap, MyResource


def reconcile(obj: MyResource, ctx: Context) -> None:
    """One ConfigMap for each MyResource."""
    child: ConfigMap = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": obj["metadata"]["name"]},
        "data": {"message": obj["spec"]["message"], "written-in": "a browser"},
    }
    ctx.apply(child)
    ctx.status["phase"] = "Ready"
    ctx.log.info("converged <b>in a browser</b>")
'''
BROKEN = GOOD.replace("from chakrator import Context\n", "import os\n\nfrom chakrator import Context\n")


def data_of(product: Product, name: str) -> dict[str, Any]:
    """The ConfigMap's data, empty while there is none."""
    found = product.get("configmap", name, "-n", "default")
    return dict(found["data"]) if found else {}


def wait_for_data(product: Product, name: str, wanted: dict[str, str]) -> None:
    """Until the cluster says so, not the page."""
    until = time.monotonic() + 30
    while (seen := data_of(product, name)) != wanted:
        assert time.monotonic() < until, f"{name} is still {seen!r}, not {wanted!r}"
        time.sleep(0.1)


def test_write_fix_save_activate_converge_and_roll_back(product: Product, sign_in_link: str, page: Page) -> None:
    """From a wrong line to a converged object and back, and all of it is in the audit."""
    wait_for_data(product, "hello", {"message": "Hello from Chakrator"})

    shell = Shell(page)
    shell.sign_in(sign_in_link)
    expect(shell.banner).to_have_count(0)
    editor = shell.open_reconciler("greeter")
    expect(shell.active).to_have_text("revision 1")
    expect(editor.code).to_contain_text("def reconcile")

    editor.write(BROKEN)
    problem = editor.problems.filter(has_text="policy").filter(has_text="os")
    expect(problem).to_be_visible()
    expect(problem).to_contain_text(re.compile(r"See docs/reference/policy\.md#chk\d{3}"))
    expect(editor.markers.first).to_be_visible()
    expect(editor.status).to_contain_text("error")

    editor.write(GOOD)
    expect(editor.status).to_have_text("No problems")
    expect(editor.markers).to_have_count(0)
    editor.save("Say where it was written")
    expect(page.get_by_text("Saved as revision 2.")).to_be_visible()
    assert "written-in" not in data_of(product, "hello"), "saving activated something"

    editor.activate(2, "Tried it in the browser")
    expect(shell.active).to_have_text("revision 2")
    wait_for_data(product, "hello", {"message": "Hello from Chakrator", "written-in": "a browser"})

    shell.open_tab("Logs")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    product.kubectl("patch", "mr", "hello", "-n", "default", "--type=merge", "-p", '{"spec":{"message":"Changed"}}')
    wait_for_data(product, "hello", {"message": "Changed", "written-in": "a browser"})
    expect(page.get_by_role("log")).to_contain_text("converged <b>in a browser</b>")

    shell.open_tab("Runs")
    newest = page.get_by_role("row").filter(has_text="MyResource default/hello").first
    expect(newest).to_contain_text("Succeeded")
    expect(newest).to_contain_text("spec.message changed")
    expect(newest).to_contain_text("#2")

    shell.open_tab("Revisions")
    revisions = Revisions(page)
    expect(revisions.row(2)).to_contain_text("Active")
    expect(revisions.row(2)).to_contain_text("Say where it was written")
    expect(revisions.compare(1, 2).filter(has_text="written-in")).to_have_class("added")
    page.go_back()
    revisions.roll_back(1, "It says too much")
    expect(revisions.row(1)).to_contain_text("Active")
    wait_for_data(product, "hello", {"message": "Changed"})

    audit = shell.open_audit()
    for action, why in (
        ("revision:save", "Say where it was written"),
        ("activation:activate", "Tried it in the browser"),
        ("activation:rollback", "It says too much"),
    ):
        expect(audit.entry(action, why)).to_have_count(1)
    expect(audit.verify()).to_contain_text("The chain is whole")
