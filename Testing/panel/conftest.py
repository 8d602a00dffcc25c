"""Qt dressed as in Slicer and an empty scene for each test of panels; what Qt and VTK swallow is not lost."""

import pytest

from Testing import needs


@pytest.fixture(autouse=True)
def scene():
    """The scene, empty before and after; fails the test on what slots, observers, Qt or VTK complain of."""
    needs.panels()
    from Testing import harness

    harness.start()
    import slicer

    slicer.mrmlScene.Clear(0)
    with harness.no_hidden_errors():
        yield slicer.mrmlScene
        slicer.mrmlScene.Clear(0)
