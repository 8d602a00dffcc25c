"""Nothing of the extension is written in forms that only PySide knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from Testing.harness.source_check import check

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / "RegSuite" / "panel").glob("*.py"), *(ROOT / "Modules").rglob("*.py")])

pytestmark = pytest.mark.slicer


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_source_is_written_for_pythonqt(slicer_app, path):
    assert check(path) is None  # it raises PySideOnly, with the lines
