"""The module DoseAccumulation as a user works it: a real worker on a small course."""

import csv

import numpy as np
import pytest

from Testing import harness
from Testing.harness import dialogs
from Testing.modules import atlas, course

pytestmark = pytest.mark.slicer


@pytest.fixture
def panel(open_module):
    return open_module("DoseAccumulation")


def refusal(panel):
    """What is said after Apply, which must not start anything."""
    panel.ui.applyButton.click()
    assert not panel.control.running
    return panel.errors.text


def test_a_course_is_accumulated_shown_reported_and_exported(panel, scene, tmp_path):
    import slicer

    planning, structures, rows = course.choose(panel, alphaBeta='["3", "Target=10"]')
    before = [atlas.values(node) for node in (planning, rows[1].dose)]
    atlas.apply_and_wait(panel)
    assert panel.errors.text == ""
    end = panel.results.shown
    dose = atlas.values(end.node("accumulated_dose"))
    inner = (slice(3, -3),) * 3  # linear interpolation of a Gaussian of 28 mm at 4 mm
    top = np.nanmax(dose)
    assert np.abs(dose - course.expected_gy())[inner].max() < 0.01 * top
    assert [np.array_equal(atlas.values(n), b) for n, b in zip((planning, rows[1].dose), before, strict=True)]
    assert end.node("planning") is planning
    assert end.node("structures") is structures
    assert np.nanmax(atlas.values(end.node("accumulated_eqd2"))) > top  # 15 and 30 Gy a fraction
    red = scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode")
    assert red.GetForegroundVolumeID() == end.node("accumulated_dose").GetID()
    plot = scene.GetSingletonNode("PlotView1", "vtkMRMLPlotViewNode")
    assert plot.GetPlotChartNode().GetNthPlotSeriesNode(0).GetName() == "Target"
    table = panel.results.result.table.widget
    shown = [table.item(row, 1).text() for row in range(table.rowCount)]
    assert {"mean", "D95", "D0.03cc"} <= set(shown)
    mean = float(table.item(shown.index("mean"), 2).text().split()[0])
    assert mean == pytest.approx(end.record.metrics["dvh"]["Target"]["mean"], abs=0.06)
    assert atlas.job_files() == []
    _report_and_dicom(panel, end, tmp_path)
    _views(panel, end)
    assert slicer.mrmlScene is scene


def _report_and_dicom(panel, end, folder):
    import pydicom

    panel.results.result.report_button.click()
    assert dialogs.OPENED[-1].endswith("report.html")
    assert "not judged" in panel.results.result.verdict.text
    dialogs.CHOSEN.append(str(folder))
    panel.results.result.dicom_button.click()
    written = pydicom.dcmread(folder / "RD.dcm")
    values = written.pixel_array * float(written.DoseGridScaling)
    found = atlas.values(end.node("accumulated_dose"))
    assert np.abs(np.sort(values.ravel()) - np.sort(np.nan_to_num(found).ravel())).max() < 0.01


def _views(panel, end):
    """Every way to look at the result, by the widgets."""
    from RegSuite.mrml.dose_layout import isodoses_beside

    view, isodoses = panel.results.view, isodoses_beside(end.node("isodoses"))
    assert all(model.GetDisplayNode().GetVisibility() for model in isodoses)
    view.boxes["isodoses"].click()
    assert not any(model.GetDisplayNode().GetVisibility() for model in isodoses)
    view.map_box.currentIndex = 1
    red = panel.results.nodes()["planning"].GetScene().GetSingletonNode("Red", "vtkMRMLSliceCompositeNode")
    assert red.GetForegroundVolumeID() == end.node("accumulated_eqd2").GetID()
    view.opacity.value = 80
    assert red.GetForegroundOpacity() == pytest.approx(0.8)
    view.fraction.value = 2
    shown = red.GetScene().GetNodeByID(red.GetForegroundVolumeID())
    assert np.nanmax(atlas.values(shown)) == pytest.approx(course.TOP_GY, rel=0.02)
    assert view.fraction_label.text == "Fraction 2 of 2:"
    view.fraction.value = 0
    assert red.GetForegroundVolumeID() == end.node("accumulated_dose").GetID()
    view.boxes["structures"].click()
    assert not end.node("structures").GetDisplayNode().GetVisibility()


def test_cancel_ends_the_run_and_leaves_nothing(panel, scene):
    course.choose(panel)
    nodes = atlas.data_nodes(scene)
    panel.ui.applyButton.click()
    pid = atlas.wait_for_worker(panel)
    panel.ui.applyButton.click()
    harness.wait_until(lambda: not panel.control.running, 10)
    assert "Cancelled" in panel.errors.text
    assert atlas.data_nodes(scene) == nodes
    assert atlas.job_files() == []
    assert not atlas.is_alive(pid)


def test_a_course_file_is_run_in_the_place_of_nodes(panel, tmp_path):
    from RegSuite.io.write_image import write_image

    for name, values in (
        ("plan", course.scan("plan")),
        ("dose", course.image(course.expected_gy() / 2, "d")),
    ):
        write_image(values, tmp_path / f"{name}.nii.gz")
    write_image(
        course.image(course.expected_gy() > 30, "hot").with_data((course.scan("x").data > 0).int()),
        tmp_path / "labels.nii.gz",
    )
    (tmp_path / "COURSE.yaml").write_text(
        "planning: {image: plan.nii.gz, structures: labels.nii.gz}\n"
        "fractions:\n  - {image: plan.nii.gz, dose: dose.nii.gz, transform: still.tfm, fractions: 2}\n"
        "uncertainty: none\n"
    )
    import SimpleITK as sitk

    sitk.WriteTransform(sitk.TranslationTransform(3), str(tmp_path / "still.tfm"))
    panel.ui.courseFileEdit.currentPath = str(tmp_path / "COURSE.yaml")
    assert not panel.ui.sceneSection.enabled
    panel.forms._parameters.compare = False
    panel.forms._parameters.report = False
    atlas.apply_and_wait(panel)
    assert panel.errors.text == ""
    end = panel.results.shown
    found = atlas.values(end.node("accumulated_dose"))
    assert np.abs(found - course.expected_gy() / 2).max() < 0.02
    assert end.node("planning").GetName() == "Planning scan"
    assert end.node("structures").GetSegmentation().GetNumberOfSegments() == 1
    assert not panel.results.result.report_button.enabled
    with (end.folder / "dvh_metrics.csv").open() as file:
        assert {row["structure"] for row in csv.DictReader(file)} == {"label 1"}


def test_rows_are_added_and_taken_away_and_kept_in_the_scene(panel, scene):
    _planning, _structures, rows = course.nodes()
    for _ in range(3):
        panel.ui.addFractionButton.click()
    table = panel.forms.fractions
    table.rows[0]["image"].setCurrentNode(rows[0].image)
    table.rows[0]["dose"].setCurrentNode(rows[0].dose)
    table.rows[1]["transform"].setCurrentNode(rows[1].transform)
    table.rows[1]["count"].value = 7
    panel.ui.fractionsTable.setCurrentCell(2, 0)
    panel.ui.removeFractionButton.click()
    kept = panel.forms.state.rows
    assert [(r.image, r.dose, r.transform, r.count) for r in kept] == [
        (rows[0].image, rows[0].dose, None, 1.0),
        (None, None, rows[1].transform, 7.0),
    ]
    scene.RemoveNode(rows[0].dose)
    assert panel.forms.state.rows[0].dose is None
    assert table.values()[0].dose is None


def test_a_deleted_row_leaves_no_reference_behind(panel):
    _planning, _structures, rows = course.nodes()
    panel.forms.state.set_rows(rows)
    panel.forms.state.set_rows(rows[:1])
    assert panel.forms.fractions.values()[0].dose is rows[0].dose
    node = panel.forms._parameters.parameterNode
    assert node.GetNodeReference("fraction2Dose") is None


def test_alpha_beta_is_asked_by_structure(panel):
    course.choose(panel)
    panel.ui.eqd2CheckBox.click()
    table = panel.ui.alphaBetaTable
    assert [table.item(row, 0).text() for row in range(table.rowCount)] == ["all others", "Target"]
    table.item(1, 1).setText("10")
    assert panel.forms._parameters.alphaBeta == '["3", "Target=10"]'
    table.item(0, 1).setText("three")
    assert "'three' of all other structures is no alpha/beta" in refusal(panel)
    panel.ui.eqd2CheckBox.click()
    assert panel.forms._parameters.alphaBeta == ""


def test_with_nothing_chosen_it_names_scan_structures_and_fractions(panel):
    words = refusal(panel)
    for part in ("no planning scan is chosen", "no structures is chosen", "there is no fraction"):
        assert part in words
    assert panel.ui.planningSelector.property("RegSuiteHighlighted")


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("no unit", "does not say in which unit"),
        ("relative", "is RELATIVE"),
        ("twice", "is the dose of fraction 1 and of fraction 2"),
        ("apart", "scan and dose of fraction 2 lie apart"),
        ("no scan", "fraction 2 has neither a scan nor a deformation"),
        ("no way", "has no scan, which the uncertainty"),
        ("zero", "holds no dose"),
        ("names", "two segments of 'structures' are called 'Target'"),
        ("emt", "needs a density table"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(panel, what, words):
    from dataclasses import replace

    _planning, structures, rows = course.choose(panel)
    one, two = rows
    if what == "no unit":
        two.dose.RemoveAttribute("DicomRtImport.DoseUnitName")
    elif what == "relative":
        two.dose.SetAttribute("DicomRtImport.DoseUnitName", "RELATIVE")
    elif what == "twice":
        two = replace(two, dose=one.dose)
    elif what == "apart":
        two.dose.SetOrigin(900, 0, 0)
    elif what == "no scan":
        two = replace(two, image=None, transform=None)
    elif what == "no way":
        two = replace(two, image=None)
        panel.forms._parameters.uncertainty = "laplace"
    elif what == "zero":
        import slicer

        slicer.util.updateVolumeFromArray(two.dose, 0 * atlas.values(two.dose))
    elif what == "names":
        import slicer

        copy = slicer.vtkSegment()
        copy.DeepCopy(structures.GetSegmentation().GetNthSegment(0))
        structures.GetSegmentation().AddSegment(copy, "other")
        copy.SetName("Target")
    else:
        panel.forms._parameters.mapping = "emt"
    panel.forms.state.set_rows([one, two])
    assert words.lower() in refusal(panel).lower()


def test_a_unit_can_be_told_for_doses_that_do_not_say_theirs(panel):
    _planning, _structures, rows = course.choose(panel)
    rows[1].dose.RemoveAttribute("DicomRtImport.DoseUnitName")
    panel.ui.unitBox.currentIndex = 2  # cGy
    assert panel.forms.findings() == []
    first, second = panel.forms.state.course()["fractions"]
    assert "dose_unit" not in first
    assert second["dose_unit"] == "cGy"


def test_a_course_file_that_is_wrong_is_said_with_the_key(panel, tmp_path):
    (tmp_path / "COURSE.yaml").write_text("planning: {image: a, structures: b}\nfraction: []\n")
    panel.ui.courseFileEdit.currentPath = str(tmp_path / "COURSE.yaml")
    assert "did you mean fractions?" in refusal(panel)
    panel.ui.courseFileEdit.currentPath = str(tmp_path / "none.yaml")
    assert "there is no file" in refusal(panel)


def test_dicom_files_that_are_there_are_not_replaced(tmp_path):
    from RegSuite.errors import OutputError
    from RegSuite.panel.course_results import _copied

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for folder in ("a", "b"):
        (tmp_path / folder / "RD.dcm").write_text(folder)
    with pytest.raises(OutputError, match=r"RD\.dcm is there already"):
        _copied(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b" / "RD.dcm").read_text() == "b"


@pytest.mark.slow
def test_the_module_tests_itself_on_its_sample_data(panel):
    import sys

    sys.modules["DoseAccumulation"].DoseAccumulationTest().runTest()


@pytest.mark.slow
def test_opening_the_panel_loads_neither_torch_nor_numba():
    import subprocess
    import sys
    from pathlib import Path

    code = (
        "import sys; from Testing import harness; harness.start()\n"
        "m = harness.load_module('Modules/DoseAccumulation/DoseAccumulation.py')\n"
        "p = harness.open_panel(m); p.ui.applyButton.click()\n"
        "print([n for n in ('torch', 'numba', 'scipy') if n in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
