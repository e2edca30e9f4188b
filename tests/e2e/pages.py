"""Page objects: what a person sees and does, by the names that the page itself gives things."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect


@dataclass(frozen=True)
class Shell:
    """What surrounds every page."""

    page: Page

    def sign_in(self, link: str) -> None:
        """By the one-time link, which leaves nothing of itself in the address."""
        self.page.goto(link)
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()
        assert "code" not in self.page.url

    def open_reconciler(self, name: str) -> Editor:
        """From the list, by its name."""
        self.page.get_by_role("navigation", name="Pages").get_by_role("link", name="Reconcilers").click()
        self.page.get_by_role("link", name=name, exact=True).click()
        return Editor(self.page)

    def open_tab(self, name: str) -> None:
        """A tab of the reconciler one is at."""
        self.page.get_by_role("navigation", name="Parts of").get_by_role("link", name=name).click()

    def open_audit(self) -> Audit:
        """The trail."""
        self.page.get_by_role("navigation", name="Pages").get_by_role("link", name="Audit").click()
        return Audit(self.page)

    @property
    def banner(self) -> Locator:
        """What is wrong with the product as a whole."""
        return self.page.get_by_role("region", name="State of Chakrator")

    @property
    def active(self) -> Locator:
        """Which revision the head of the page says is active."""
        return self.page.locator(".facts").get_by_role("link", name=re.compile(r"^revision \d+$"))


@dataclass(frozen=True)
class Editor:
    """The editor of one reconciler."""

    page: Page

    @property
    def status(self) -> Locator:
        """One line: checking, no problems, or how many."""
        return self.page.locator(".status-bar [role=status]")

    @property
    def problems(self) -> Locator:
        """The list outside Monaco."""
        return self.page.get_by_role("region", name="Problems").get_by_role("listitem")

    @property
    def markers(self) -> Locator:
        """What Monaco paints under a wrong piece of code."""
        return self.page.locator(".monaco-editor .squiggly-error")

    @property
    def code(self) -> Locator:
        """The lines that Monaco shows."""
        return self.page.locator(".monaco-editor .view-lines")

    def write(self, source: str) -> None:
        """Replaces all of the text by pasting over it: typed text would be indented by the editor as well."""
        self.code.click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.evaluate("text => navigator.clipboard.writeText(text)", source)
        self.page.keyboard.press("ControlOrMeta+V")

    def save(self, message: str) -> None:
        """By the keyboard, with a message."""
        self.page.keyboard.press("ControlOrMeta+Shift+Enter")
        dialog = self.page.get_by_role("dialog", name="Save a revision")
        dialog.get_by_label("Message").fill(message)
        dialog.get_by_role("button", name="Save", exact=True).click()
        expect(dialog).to_be_hidden()

    def activate(self, number: int, reason: str) -> None:
        """The newest revision, with a reason."""
        self.page.get_by_role("button", name=f"Activate #{number}").click()
        decide(self.page, f"Activate revision {number}", "Activate", reason)


@dataclass(frozen=True)
class Revisions:
    """The stored versions of one reconciler."""

    page: Page

    def row(self, number: int) -> Locator:
        """The row of one revision."""
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("link", name=f"#{number}", exact=True))

    def roll_back(self, number: int, reason: str) -> None:
        """One click, and a reason."""
        self.row(number).get_by_role("button", name=f"Roll back to #{number}").click()
        decide(self.page, f"Roll back to revision {number}", "Roll back", reason)

    def compare(self, first: int, second: int) -> Locator:
        """Their difference, as rows."""
        for number in (first, second):
            self.row(number).get_by_role("checkbox").check()
        self.page.get_by_role("button", name="Compare").click()
        return self.page.locator(".diff tr")


@dataclass(frozen=True)
class Audit:
    """The trail of everything."""

    page: Page

    def entry(self, action: str, why: str) -> Locator:
        """The row of an act with its reason or message."""
        rows = self.page.get_by_role("row").filter(has=self.page.get_by_role("cell", name=action, exact=True))
        return rows.filter(has=self.page.get_by_role("cell", name=why, exact=True))

    def verify(self) -> Locator:
        """What the chain's check says."""
        self.page.get_by_role("button", name="Verify the chain").click()
        return self.page.get_by_text("The chain is", exact=False).first


def decide(page: Page, title: str, button: str, reason: str) -> None:
    """Gives the reason and confirms; the dialog closes only when the server agreed."""
    dialog = page.get_by_role("dialog", name=title)
    dialog.get_by_role("textbox").fill(reason)
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_be_hidden()
