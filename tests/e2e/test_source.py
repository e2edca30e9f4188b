"""The page's own source, checked with the tools it is built with."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from chakrator import page

ROOT = Path(__file__).parents[2]


def test_source_is_formatted_and_lints() -> None:
    """`npm run check` has nothing to say."""
    places = page.Places.of_checkout(ROOT)
    node = page.find_node()
    done = subprocess.run(
        [*node.npm, "run", "check"],
        cwd=places.source,
        env={**os.environ, "PATH": f"{node.path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_lock_names_no_host_and_hashes_everything() -> None:
    """Packages come from whatever registry a machine uses, and are the very ones that were locked."""
    text = (page.Places.of_checkout(ROOT).source / "package-lock.json").read_text()
    named = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert named
    assert not [name for name, entry in named.items() if "resolved" in entry]
    assert not [name for name, entry in named.items() if "integrity" not in entry]
