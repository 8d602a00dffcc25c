"""What the panel of AtlasRegistration says to what cannot be, in words, before anything runs."""

import numpy as np
import pytest

from Testing import harness
from Testing.modules import atlas

pytestmark = pytest.mark.slicer


@pytest.fixture
def panel(open_module):
    return open_module("AtlasRegistration")


@pytest.fixture
def pair(panel):
    return atlas.a_pair(12.0)


def refusal(panel):
    """What is said after Apply, which must not start anything."""
    panel.ui.applyButton.click()
    assert not panel.control.running
    assert panel.ui.applyButton.text == "Apply"
    return panel.errors.text


def outlined(panel):
    """The roles whose selectors are outlined."""
    return sorted(
        role for role, s in panel.forms.inputs.selectors.items() if s.property("RegSuiteHighlighted")
    )


def test_with_nothing_chosen_it_names_both_images_and_outlines_their_selectors(panel):
    words = refusal(panel)
    assert "no fixed image is chosen" in words
    assert "no moving image is chosen" in words
    assert outlined(panel) == ["fixed", "moving"]


def test_outlines_go_when_the_next_run_is_right(panel, pair):
    refusal(panel)
    atlas.choose(panel, *pair)
    panel.ui.applyButton.click()
    assert outlined(panel) == []
    panel.control.abandon()


def test_the_same_volume_twice_is_refused_by_its_name(panel, pair):
    atlas.choose(panel, pair[0], pair[0])
    assert "'scan' was chosen twice" in refusal(panel)
    assert outlined(panel) == ["fixed", "moving"]


def test_a_volume_under_a_bending_transform_is_refused_with_the_mend(panel, pair, scene):
    import slicer
    import vtk

    bend = vtk.vtkThinPlateSplineTransform()
    points = vtk.vtkPoints()
    for p in ((0, 0, 0), (50, 0, 0), (0, 50, 0), (0, 0, 50)):
        points.InsertNextPoint(p)
    moved = vtk.vtkPoints()
    for p in ((5, 0, 0), (50, 0, 0), (0, 50, 0), (0, 0, 50)):
        moved.InsertNextPoint(p)
    bend.SetSourceLandmarks(points)
    bend.SetTargetLandmarks(moved)
    bend.SetBasisToR()
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "bent")
    node.SetAndObserveTransformToParent(bend)
    pair[1].SetAndObserveTransformNodeID(node.GetID())
    atlas.choose(panel, *pair)
    words = refusal(panel)
    assert "bent" in words
    assert "arden" in words
    assert outlined(panel) == ["moving"]
    assert slicer.mrmlScene is scene


def test_a_label_map_where_a_scan_is_wanted_is_refused(panel, pair):
    labels = atlas.its_labels(pair[1], "regions")
    atlas.choose(panel, *pair)
    panel.logic.getParameterNode().moving = labels  # a script or an old scene may do what selectors do not
    assert "'regions' is a label map" in refusal(panel)


def test_the_selectors_do_not_offer_label_maps_as_scans(panel, pair):
    atlas.its_labels(pair[1], "regions")
    assert [node.GetName() for node in panel.ui.movingSelector.nodes()] == ["scan", "atlas"]


def test_a_volume_without_voxels_is_refused(panel, pair, scene):
    empty = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    atlas.choose(panel, pair[0], empty)
    assert "'empty' has no voxels" in refusal(panel)


def test_images_far_apart_are_doubted_while_they_are_chosen(panel):
    far = atlas.a_pair(12.0, shift_mm=(2000.0, 0.0, 0.0))
    atlas.choose(panel, *far)
    harness.wait_until(lambda: panel.forms.checks.text, 5)
    assert "overlap" in panel.forms.checks.text


def test_nothing_is_said_of_two_images_that_fit(panel, pair):
    from Testing.harness.event_loop import wait_for

    atlas.choose(panel, *pair)
    wait_for(0.5)
    assert panel.forms.checks.text == ""
    assert panel.errors.text == ""


def test_a_folder_that_holds_a_result_is_refused_before_anything_runs(panel, pair, tmp_path):
    (tmp_path / "result.json").write_text('{"schema": "regsuite.result/1"}')
    atlas.choose(panel, *pair)
    panel.ui.folderEdit.currentPath = str(tmp_path)
    assert str(tmp_path) in refusal(panel)


def test_a_folder_without_its_place_is_refused(panel, pair):
    atlas.choose(panel, *pair)
    panel.ui.folderEdit.currentPath = "somewhere"
    assert "does not say on which disk" in refusal(panel)


def test_a_read_only_temporary_folder_is_said_with_its_path(panel, pair, monkeypatch, tmp_path):
    import slicer

    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setattr(slicer.app, "temporaryPath", str(blocked))
    atlas.choose(panel, *pair)
    atlas.apply_and_wait(panel, 30)
    assert "temporary folder cannot be written to" in panel.errors.text
    assert str(blocked) in panel.errors.text


def test_a_worker_that_cannot_start_is_said(panel, pair, monkeypatch):
    from RegSuite.backend import start

    monkeypatch.setattr(start, "interpreter", lambda: "/nowhere/python")
    atlas.choose(panel, *pair)
    atlas.apply_and_wait(panel, 30)
    assert "/nowhere/python" in panel.errors.text
    assert atlas.job_files() == []


def test_missing_packages_are_asked_for_once_and_a_refusal_is_said(panel, pair, monkeypatch):
    from RegSuite.errors import InputError
    from RegSuite.panel import dependencies

    def refused(**_options):
        raise InputError("torch missing", where="Python packages", mend="install it")

    monkeypatch.setattr(dependencies, "ensure", refused)
    atlas.choose(panel, *pair)
    words = refusal(panel)
    assert "torch missing" in words
    assert "install it" in words


def test_a_result_is_not_written_over_its_own_input(panel, pair):
    before = atlas.values(pair[0])
    atlas.choose(panel, *pair, warped=pair[0])
    harness.wait_until(lambda: panel.forms.checks.text, 5)
    assert "'scan' is the fixed image and would be overwritten" in panel.forms.checks.text
    assert "'scan' is the fixed image" in refusal(panel)
    assert outlined(panel) == ["fixed", "warped"]
    assert np.array_equal(atlas.values(pair[0]), before)


def test_a_script_cannot_write_a_result_over_its_input_either(panel, pair):
    from RegSuite.errors import InputError

    atlas.choose(panel, *pair, warped=pair[1])
    with pytest.raises(InputError, match="would be overwritten"):
        panel.logic.order(panel.logic.getParameterNode())


def test_several_images_wanted_and_none_ticked_is_said(panel, pair):
    atlas.choose(panel, *pair)
    panel.ui.severalCheckBox.click()
    assert "no moving image is ticked" in refusal(panel)


def several(panel, fixed, *images):
    """Choose a population."""
    import qt

    panel.ui.fixedSelector.setCurrentNode(fixed)
    panel.ui.severalCheckBox.click()
    for image in images:
        panel.ui.movingSeveralSelector.setCheckState(image, qt.Qt.Checked)


def test_images_of_one_name_are_different_subjects_and_the_fixed_one_is_none(panel, pair, tmp_path):
    other = atlas.a_pair(12.0, names=("atlas", "atlas"))
    several(panel, pair[0], *pair, *other)
    panel.ui.folderEdit.currentPath = str(tmp_path)
    assert [finding.what for finding in panel.forms.findings()] == []
    orders = panel.forms.orders(panel.logic)
    assert [order.subject for order in orders] == ["atlas", "atlas (2)", "atlas (3)"]
    assert len({order.folder for order in orders}) == 3


def test_a_population_does_not_begin_where_a_subject_has_a_result_already(panel, pair, tmp_path):
    (tmp_path / "atlas").mkdir()
    (tmp_path / "atlas" / "result.json").write_text('{"schema": "regsuite.result/1"}')
    several(panel, *pair)
    panel.ui.folderEdit.currentPath = str(tmp_path)
    words = refusal(panel)
    assert str(tmp_path / "atlas") in words
    assert "tick 'Replace a result that is there already'" in words
    assert not panel.ui.folderSection.collapsed
    assert panel.ui.folderEdit.property("RegSuiteHighlighted")


def test_colour_images_are_not_offered_for_a_population(panel, pair, scene):
    scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "photograph")
    assert [node.GetName() for node in panel.ui.movingSeveralSelector.nodes()] == ["scan", "atlas"]


def test_an_error_nobody_foresaw_is_said_in_the_panel_with_its_trace_in_the_log(panel, pair, monkeypatch):
    from RegSuite.backend import job

    def broken(*_arguments, **_options):
        raise ZeroDivisionError("out of the blue")

    monkeypatch.setattr(job, "prepare", broken)
    atlas.choose(panel, *pair)
    atlas.apply_and_wait(panel, 30)
    assert "out of the blue" in panel.errors.text
    assert "ZeroDivisionError" in panel.progress.log.plainText


def test_swapping_exchanges_the_images_with_what_belongs_to_them(panel, pair):
    labels = [atlas.its_labels(node, f"{node.GetName()} labels") for node in pair]
    atlas.choose(panel, *pair, fixedLabels=labels[0], movingLabels=labels[1])
    assert panel.ui.directionLabel.text.startswith("'atlas' will be warped onto 'scan'")
    panel.ui.swapButton.click()
    assert panel.ui.directionLabel.text.startswith("'scan' will be warped onto 'atlas'")
    assert panel.logic.getParameterNode().fixedLabels is labels[1]


def test_pressing_cancel_while_inputs_are_read_starts_no_worker(panel, pair, scene):
    nodes = atlas.data_nodes(scene)
    atlas.choose(panel, *pair)
    panel.ui.applyButton.click()
    panel.ui.applyButton.click()
    harness.wait_until(lambda: not panel.control.running, 5)
    assert "Cancelled" in panel.errors.text
    assert atlas.data_nodes(scene) == nodes
    assert atlas.job_files() == []


def test_an_input_deleted_before_it_was_read_ends_the_run_with_words(panel, pair, scene):
    atlas.choose(panel, *pair)
    panel.ui.applyButton.click()
    scene.RemoveNode(pair[1])
    harness.wait_until(lambda: not panel.control.running, 30)
    assert "'atlas' was deleted before it had been read" in panel.errors.text


def test_a_scan_that_is_one_value_everywhere_is_refused_with_words(panel, pair):
    import slicer

    slicer.util.updateVolumeFromArray(pair[1], np.zeros_like(atlas.values(pair[1]), dtype=np.float32))
    atlas.choose(panel, *pair)
    panel.ui.applyButton.click()
    harness.wait_until(lambda: not panel.control.running, 60)
    assert "atlas" in panel.errors.text
