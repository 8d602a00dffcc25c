"""Settings of the whole test run."""

import os
from pathlib import Path

import pytest

# before torch is imported, as the command does: spinning threads make tests on busy cores ten times slower
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# before vtk and Qt are imported: no test needs a screen
os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from Testing import needs

_GATES = {
    "mrml": needs.slicer_core,
    "harness": needs.panels,
    "panel": needs.panels,
    "modules": needs.panels,
}
"""Folders whose test files import what may be absent: the gate is asked before the file is imported."""


class Gated(pytest.Module):
    """A test file behind a gate; its tests bear the marker `slicer`."""

    def collect(self):
        _GATES[self.path.parent.name]()
        self.add_marker("slicer")
        return super().collect()


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Put the test files of some folders behind their gate."""
    if module_path.parent.name not in _GATES:
        return None
    return Gated.from_parent(parent, path=module_path)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one file stay in one process; those with Slicer's scene all share one, in their order.

    VTK and Slicer keep state for the whole process (layouts, message windows, the application).
    """
    for item in items:
        group = "slicer" if item.path.parent.name in _GATES else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))
