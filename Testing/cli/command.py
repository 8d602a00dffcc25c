"""Running the command as a user does: another process, its streams kept apart."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = "Testing.cli.with_local_methods"
"""The module to run instead of RegSuite, for the methods of Testing/workflows/local_methods.py."""

Done = subprocess.CompletedProcess[str]


def regsuite(
    *words: object, module: str = "RegSuite", env: dict[str, str] | None = None, timeout: float = 240
) -> Done:
    """`regsuite WORDS`, waited for."""
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
    )


def started(*words: object, module: str = "RegSuite") -> subprocess.Popen[str]:
    """`regsuite WORDS`, running."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
