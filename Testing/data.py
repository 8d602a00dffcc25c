"""Where the real data is, for tests that need it: the folder shared/data beside the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def data_folder(*parts: str) -> Path:
    """The folder of real data (or a file in it); the test is skipped, with the reason, where it is absent.

    REGSUITE_TEST_DATA names it; else it is shared/data beside the project.
    """
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    path = Path(os.environ.get("REGSUITE_TEST_DATA", beside)).joinpath(*parts)
    if not path.exists():
        pytest.skip(f"real data is not here: {'/'.join(parts) or 'shared/data'} (set REGSUITE_TEST_DATA)")
    return path
