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


def main() -> int:
    """Write runtime.txt and dev.txt; dev.txt holds all of runtime.txt."""
    for name, extra in (("runtime.txt", ()), ("dev.txt", ("--extra=dev",))):
        command = (
            sys.executable,
            "-m",
            "uv",
            "pip",
            "compile",
            *COMMON,
            *extra,
            "pyproject.toml",
            "-o",
            str(HERE / name),
        )
        code = subprocess.run(command, cwd=HERE.parent, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
