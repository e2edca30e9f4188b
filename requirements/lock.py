"""Resolve the dependencies into requirements/*.txt: hashes, every platform, no address of any registry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
COMMON = (
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-header",
    "--no-emit-index-url",
    "--no-annotate",
    "--quiet",
)
WANTED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("runtime.txt", ("pyproject.toml",)),
    ("dev.txt", ("--extra=dev", "pyproject.toml")),
    ("peers.txt", ("requirements/peers.in",)),
)


def main() -> int:
    """Write runtime.txt, dev.txt that holds all of it, and peers.txt that benchmarks alone install."""
    for name, source in WANTED:
        command = (sys.executable, "-m", "uv", "pip", "compile", *COMMON, *source, "-o", str(HERE / name))
        code = subprocess.run(command, cwd=HERE.parent, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
