"""How a child interpreter is started: our own packages by an explicit list of places, and nothing else.

`-I -S -E -B`: no environment, no site-packages, no .pth file, no bytecode written. Exactly three top-level
names can be found beside the standard library, wherever they are installed: it works from a checkout, from
an editable install and from a wheel.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

PACKAGES = ("sandbox", "RestrictedPython", "msgspec")

_TEXT = """
import json, sys
from importlib.machinery import PathFinder
where = json.loads(sys.argv[1])
class Places:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [where[name]]) if path is None and name in where else None
sys.meta_path.insert(0, Places)
from {module} import main
main(sys.argv[2])
"""


def places() -> dict[str, str]:
    """The folder of each package, found without importing any of them."""
    found: dict[str, str] = {}
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"the cage needs {name}", name=name)
        found[name] = str(Path(spec.origin).resolve().parent.parent)
    return found


def command(module: str, argument: str) -> list[str]:
    """The arguments that start `main(argument)` of `module` in a fresh interpreter."""
    text = _TEXT.replace("{module}", module)
    return [sys.executable, "-I", "-S", "-E", "-B", "-c", text, json.dumps(places()), argument]
