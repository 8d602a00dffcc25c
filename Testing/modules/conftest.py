"""A module's panel as Slicer opens it, over an empty scene; what slots and observers raise fails the test."""

from pathlib import Path

import pytest

from Testing import needs

MODULES = Path(__file__).parents[2] / "Modules"


@pytest.fixture(autouse=True)
def scene():
    """The scene, empty before and after."""
    needs.panels()
    from Testing import harness

    harness.start()
    import slicer

    slicer.mrmlScene.Clear(0)
    slicer.app.layoutManager().GetLayoutNode()  # with Slicer's layouts, whatever tests before have left
    with harness.no_hidden_errors():
        yield slicer.mrmlScene
        slicer.mrmlScene.Clear(0)


@pytest.fixture
def open_module(scene):
    """open_module(name) opens the panel of a module; all are closed at the end."""
    from Testing import harness

    opened = []

    def open_(name):
        module = harness.load_module(MODULES / name / f"{name}.py")
        opened.append(harness.open_panel(module))
        return opened[-1]

    yield open_
    for panel in opened:
        if panel.parent is not None and panel.control is not None:
            harness.close_panel(panel)
