"""Pictures of the modules for docs/images: panel and four views before, during and after a run.

python -m Testing.modules.pictures docs/images
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from Testing import harness

PANEL_PX = (540, 960)
VIEW_PX = (520, 540)
DOSE_VIEW_PX = (500, 600)
TUMOR_VIEW_PX = (520, 800)
ORGAN_VIEW_PX = (440, 640)
BITS = 5
"""Of each channel in a picture with a wash of colours, which a palette would show in steps."""

EDGE_MM = 28.0
"""From the middle of the target to the edge of the field, along the patient."""

LIMITS = """
schema: regsuite.limits/1
name: limits of the picture's course
limits: {}
dose:
  - {structure: CTV, metric: D98, min_gy: 57, source: 95 % of the prescription (ICRU 83)}
  - {structure: SpinalCord, metric: D0.03cc, max_gy: 45, source: an example}
  - {structure: Lung_R, metric: mean, max_gy: 20, source: an example}
  - {structure: Heart, metric: mean, max_gy: 26, source: an example}
  - {structure: OAR at the edge, metric: mean, max_gy: 35, source: an example}
"""
"""Of the pictures' course; a clinic has its own."""


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


def dose_accumulation(folder, seconds=900):
    """dose-accumulation (the accumulated dose) and dose-accumulation-uncertainty as PNG, of a real run."""
    harness.start()
    import slicer

    from RegSuite.panel.course_samples import CourseSample, load_course
    from Testing.harness.plot_view import FourUpPlot
    from Testing.modules.conftest import MODULES

    slicer.mrmlScene.Clear(0)
    module = harness.load_module(MODULES / "DoseAccumulation" / "DoseAccumulation.py")
    with FourUpPlot(DOSE_VIEW_PX) as views, TemporaryDirectory() as above:
        limits = Path(above) / "limits.yaml"
        limits.write_text(LIMITS)
        panel = harness.open_panel(module)
        sample = load_course(CourseSample("course", 64, 4.0, 2))
        add_ball(sample.structures, "OAR at the edge", "GTV", (0.0, 0.0, EDGE_MM), 9.0)
        parameters = panel.forms._parameters
        panel.logic.set_course(parameters, sample.planning, sample.structures, sample.fractions)
        parameters.samples, parameters.correlation, parameters.limits = 60, "same", str(limits)
        panel.ui.calculationSection.collapsed = True
        panel.ui.applyButton.click()
        harness.wait_until(lambda: not panel.control.running, seconds)
        panel.progress.log_section.visible = False
        draw(panel, views, folder / "dose-accumulation.png", colours=None)
        panel.results.view.map_box.currentIndex = 1
        draw(panel, views, folder / "dose-accumulation-uncertainty.png", colours=None)
        words = panel.errors.text
        harness.close_panel(panel)
    return words


def tumor_metamorphosis(folder, seconds=900):
    """tumor-metamorphosis (the result), -film (the path at its middle) and -grid as PNG, of a real run."""
    harness.start()
    import slicer

    from RegSuite.panel.tumor_samples import TumorSample, load_tumor
    from Testing.harness.two_over_two import TwoOverTwo
    from Testing.modules.conftest import MODULES

    slicer.mrmlScene.Clear(0)
    module = harness.load_module(MODULES / "TumorMetamorphosis" / "TumorMetamorphosis.py")
    with TwoOverTwo(TUMOR_VIEW_PX) as views:
        panel = harness.open_panel(module)
        sample = load_tumor(TumorSample("tumor", 4, 2.5, "Healthy atlas", "Patient"))
        parameters = panel.logic.getParameterNode()
        parameters.template, parameters.target = sample.template, sample.target
        parameters.templateLabels, parameters.targetLabels = sample.template_labels, sample.target_labels
        panel.ui.tumorSelector.setCurrentNode(sample.tumor)
        panel.ui.applyButton.click()
        harness.wait_until(lambda: not panel.control.running, seconds)
        panel.progress.log_section.visible = False
        panel.results.show_in_views()  # at the size of these views
        draw(panel, views, folder / "tumor-metamorphosis.png", colours=None)
        view = panel.results.view
        view.plane_box.currentIndex = 1
        view.boxes["labels"].click()
        view.boxes["grid"].click()
        view.slider.value = view.slider.maximum // 2
        draw(panel, views, folder / "tumor-metamorphosis-film.png", colours=None)
        words = panel.errors.text
        harness.close_panel(panel)
    return words


def organ_registration(folder, seconds=900):
    """organ-registration-running (the cloud on its way), organ-registration and -before, of a real run."""
    harness.start()
    import slicer

    from RegSuite.panel.organ_samples import ABDOMEN, load_organs
    from Testing.harness.four_up import FourUp
    from Testing.modules.conftest import MODULES

    slicer.mrmlScene.Clear(0)
    module = harness.load_module(MODULES / "OrganRegistration" / "OrganRegistration.py")
    with FourUp(ORGAN_VIEW_PX) as views:
        panel = harness.open_panel(module)
        sample = load_organs(ABDOMEN)
        parameters = panel.logic.getParameterNode()
        for side in ("source", "target"):
            for what in ("Labels", "Points"):
                setattr(parameters, f"{side}{what}", getattr(sample, f"{side}_{what.lower()}"))
            setattr(parameters, f"{side}Image", getattr(sample, side))
        parameters.elasticity = "abdomen"
        views.show(background=sample.target)
        panel.ui.applyButton.click()
        drawn = []

        def over():
            if not drawn and slicer.mrmlScene.GetFirstNodeByName("moving cloud") is not None:
                drawn.append(draw(panel, views, folder / "organ-registration-running.png", colours=None))
            return not panel.control.running

        harness.wait_until(over, seconds)
        panel.progress.log_section.visible = False
        panel.ui.modelsSection.collapsed = True
        panel.results.show_in_views()  # at the size of these views
        panel.results.view.choose("colour", "uncertainty")
        draw(panel, views, folder / "organ-registration.png", colours=None)
        panel.results.view.choose("colour", "organ")
        panel.results.view.choose("when", "before")
        draw(panel, views, folder / "organ-registration-before.png", colours=None)
        words = panel.errors.text
        harness.close_panel(panel)
    return words


def add_ball(segmentation, name, beside, shift_ras, radius_mm):
    """One more structure: a ball beside another one, where the dose is steep and so least certain."""
    import slicer
    import vtk

    inner = segmentation.GetSegmentation()
    other = inner.GetSegment(inner.GetSegmentIdBySegmentName(beside)).GetRepresentation("Closed surface")
    middle = np.array(other.GetCenter()) + shift_ras
    ball = vtk.vtkSphereSource()
    ball.SetCenter(*middle)
    ball.SetRadius(radius_mm)
    ball.SetThetaResolution(40)
    ball.SetPhiResolution(40)
    ball.Update()
    segment = slicer.vtkSegment()
    segment.SetName(name)
    segment.SetColor(0.1, 0.75, 0.35)
    segment.AddRepresentation("Closed surface", ball.GetOutput())
    inner.AddSegment(segment)


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


def draw(panel, views, path, colours=160):
    """The picture without the empty rows below it, in so many colours (None: as a wash of colours needs)."""
    import slicer
    from PIL import Image, ImageOps

    for _ in range(3):  # labels that wrap know their height only once they know their width
        panel.parent.resize(*PANEL_PX)
        slicer.app.processEvents()
    pixels = harness.slicer_picture(panel, views, path)
    filled = np.flatnonzero((pixels != pixels[-1]).any(axis=(1, 2)))
    picture = Image.fromarray(pixels[: filled.max() + 9])
    picture = ImageOps.posterize(picture, BITS) if colours is None else picture.quantize(colours)
    picture.save(path, optimize=True)


if __name__ == "__main__":
    atlas_registration(Path(sys.argv[1]))
    population(Path(sys.argv[1]))
    dose_accumulation(Path(sys.argv[1]))
    tumor_metamorphosis(Path(sys.argv[1]))
    organ_registration(Path(sys.argv[1]))
