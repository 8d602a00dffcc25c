"""An empty scene for each test of MRML, and a watch on what VTK would swallow."""

import pytest

from RegSuite import mrml
from Testing import needs
from Testing.mrml.watch import watching


@pytest.fixture(autouse=True)
def watch():
    """Fails the test on exceptions in VTK observers, VTK errors and warnings, unless it expects them."""
    needs.slicer_core()
    mrml.headless()
    with watching() as words:
        yield words


@pytest.fixture(autouse=True)
def scene(watch):
    """The scene of the headless Slicer, empty before and after."""
    import slicer

    _empty(slicer.mrmlScene)
    yield slicer.mrmlScene
    _empty(slicer.mrmlScene)


def _empty(scene):
    """Remove all data, and the nodes of views, which Slicer keeps when a scene is closed."""
    scene.Clear(0)
    for kind in ("vtkMRMLAbstractViewNode", "vtkMRMLSliceCompositeNode", "vtkMRMLLayoutNode"):
        while scene.GetFirstNodeByClass(kind) is not None:
            scene.RemoveNode(scene.GetFirstNodeByClass(kind))


@pytest.fixture
def four_up(scene):
    """Red, green and yellow slice and a 3D view, as in Slicer's Four-Up layout, drawn offscreen."""
    needs.views()
    from Testing.harness.four_up import FourUp

    with FourUp() as views:
        yield views


@pytest.fixture
def view(scene):
    """Makes slice views of an orientation; they are closed at the end."""
    needs.views()
    from Testing.harness.views import SliceView

    names, views = iter(("Red", "Green", "Yellow")), []

    def make(orientation, **layers):
        views.append(SliceView(next(names), orientation))
        views[-1].show(**layers)
        return views[-1]

    yield make
    for one in views:
        one.close()


@pytest.fixture
def three_d(scene):
    """An empty 3D view."""
    needs.views()
    from Testing.harness.views import ThreeDView

    view = ThreeDView()
    yield view
    view.close()
