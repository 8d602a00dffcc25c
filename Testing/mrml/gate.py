"""Slicer and VTK for the tests; where they are not installed, the test file that asks for them is skipped."""

from __future__ import annotations

import pytest

from RegSuite.mrml import at_hand

if not at_hand():
    pytest.skip("slicer-core is not installed: pip install 'regsuite[slicer]'", allow_module_level=True)

import slicer  # known to be Slicer's from here on
import slicer.util
import vtk

__all__ = ["slicer", "vtk"]
