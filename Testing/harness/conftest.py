"""What the harness's own tests start from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from Testing import needs

DEMO = Path(__file__).parent / "demo" / "Demo.py"


@pytest.fixture(scope="session")
def slicer_app() -> Any:
    """A Slicer with Qt, started once."""
    needs.panels()
    from Testing import harness

    return harness.start()


@pytest.fixture
def clean(slicer_app: Any) -> Iterator[list[BaseException]]:
    """An empty scene, nothing shown; errors in slots and observers fail the test."""
    import slicer

    from Testing.harness import messages
    from Testing.harness.errors import no_hidden_errors

    slicer.mrmlScene.Clear(0)
    messages.clear()
    with no_hidden_errors() as exceptions:
        yield exceptions


@pytest.fixture
def demo(clean: list[BaseException]) -> ModuleType:
    """The demo module, loaded as Slicer loads one."""
    from Testing import harness

    return harness.load_module(DEMO)


@pytest.fixture
def panel(demo: ModuleType) -> Iterator[Any]:
    """The demo's open panel with an input of ones and an output that are chosen."""
    import numpy as np
    import slicer

    from Testing import harness

    opened = harness.open_panel(demo)
    spacing = np.diag([1.0, 2.0, 3.0, 1.0])
    opened.parameters.inputVolume = slicer.util.addVolumeFromArray(
        np.ones((4, 5, 6), np.float32), spacing, "ones"
    )
    opened.parameters.outputVolume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "sum")
    yield opened
    if hasattr(slicer.modules, "DemoWidget"):
        harness.close_panel(slicer.modules.DemoWidget)
