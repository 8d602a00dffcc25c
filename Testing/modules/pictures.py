"""Pictures of the module for docs/images: panel and four views before, during and after a run.

python -m Testing.modules.pictures docs/images
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from Testing import harness

PANEL_PX = (540, 960)
VIEW_PX = (520, 540)


def atlas_registration(folder, spacing_mm=1.5, method="deformable"):
    """atlas-registration-before, -running, -result, -jacobian and atlas-registration (the result) as PNG."""
    harness.start()
    import slicer

    from RegSuite.panel.node_names import field_name
    from RegSuite.panel.samples import Sample, load_sample
    from Testing.harness.four_up import FourUp
    from Testing.modules.conftest import MODULES

    slicer.mrmlScene.Clear(0)
    module = harness.load_module(MODULES / "AtlasRegistration" / "AtlasRegistration.py")
    with FourUp(VIEW_PX) as views:
        panel = harness.open_panel(module)
        nodes = load_sample(Sample("phantom", "brain", spacing_mm, "Phantom scan", "Phantom atlas", ""))
        parameters = panel.logic.getParameterNode()
        for role, node in nodes.items():
            setattr(parameters, field_name(role), node)
        parameters.method = method
        views.show(background=nodes["fixed"], foreground=nodes["moving"], opacity=0.5)
        draw(panel, views, folder / "atlas-registration-before.png")
        run(panel, lambda: draw(panel, views, folder / "atlas-registration-running.png"))
        draw(panel, views, folder / "atlas-registration.png")
        compare = panel.results.compare
        compare.jacobian_box.click()
        compare.labels_box.click()
        draw(panel, views, folder / "atlas-registration-jacobian.png")
        words = panel.errors.text
        harness.close_panel(panel)
    return words


def population(folder):
    """atlas-registration-population: three subjects to one atlas, one of them without voxels."""
    harness.start()
    import qt
    import slicer

    from Testing.harness.four_up import FourUp
    from Testing.modules.atlas import a_pair
    from Testing.modules.conftest import MODULES

    slicer.mrmlScene.Clear(0)
    module = harness.load_module(MODULES / "AtlasRegistration" / "AtlasRegistration.py")
    with FourUp(VIEW_PX) as views:
        panel = harness.open_panel(module)
        fixed, first = a_pair(4.0, names=("Atlas of the clinic", "subject 01"))
        second = a_pair(4.0, shift_mm=(-12.0, 9.0, 4.0), names=("copy", "subject 02"))
        slicer.mrmlScene.RemoveNode(second[0])
        empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "subject 03")
        panel.ui.fixedSelector.setCurrentNode(fixed)
        panel.logic.getParameterNode().method = "rigid"
        panel.ui.severalCheckBox.click()
        for node in (first, second[1], empty):
            panel.ui.movingSeveralSelector.setCheckState(node, qt.Qt.Checked)
        run(panel, lambda: None)
        draw(panel, views, folder / "atlas-registration-population.png")
        harness.close_panel(panel)


def run(panel, in_between):
    """Apply, call once in the middle of the run, wait for the end."""
    panel.ui.applyButton.click()
    called = []

    def over():
        run = panel.control._run
        if not called and run is not None and run.job is not None and run.job.fraction > 0.5:
            called.append(True)
            in_between()
        return not panel.control.running

    harness.wait_until(over, 600)


def draw(panel, views, path):
    """The picture without the empty rows below it, in 160 colours, which is a third of the bytes."""
    import slicer
    from PIL import Image

    for _ in range(3):  # labels that wrap know their height only once they know their width
        panel.parent.resize(*PANEL_PX)
        slicer.app.processEvents()
    pixels = harness.slicer_picture(panel, views, path)
    filled = np.flatnonzero((pixels != pixels[-1]).any(axis=(1, 2)))
    Image.fromarray(pixels[: filled.max() + 9]).quantize(160).save(path, optimize=True)


if __name__ == "__main__":
    atlas_registration(Path(sys.argv[1]))
    population(Path(sys.argv[1]))
