"""The module AtlasRegistration as a user works it: with real workers on small phantoms."""

import time

import numpy as np
import pytest

from Testing import harness, needs
from Testing.modules import atlas
from Testing.panel.records import words_of

pytestmark = [pytest.mark.slicer, pytest.mark.slow]


@pytest.fixture
def panel(open_module):
    needs.panels()
    return open_module("AtlasRegistration")


@pytest.fixture
def pair(panel):
    return atlas.a_pair()


def test_apply_registers_shows_progress_and_leaves_nodes_that_are_right(panel, pair, scene):
    fixed, moving = pair
    before = [atlas.values(node) for node in pair]
    atlas.choose(panel, fixed, moving)
    panel.ui.applyButton.click()
    assert panel.ui.applyButton.text == "Cancel"
    pid = atlas.wait_for_worker(panel)
    assert not panel.progress.running.isHidden()
    harness.wait_until(lambda: not panel.control.running, 120)
    assert panel.errors.text == ""
    assert panel.ui.applyButton.text == "Apply"
    assert panel.progress.running.isHidden()
    end = panel.results.shown
    inside = before[0][2:-2, 2:-2, 2:-2]
    warped = atlas.values(end.node("warped"))[2:-2, 2:-2, 2:-2]
    assert np.corrcoef(inside.ravel(), warped.ravel())[0, 1] > 0.98
    assert np.abs(moved(end.node("displacement"), (0, 0, 0)) - np.array(atlas.SHIFT_MM)).max() < 0.6
    assert all(np.array_equal(atlas.values(n), b) for n, b in zip(pair, before, strict=True))
    assert not atlas.is_alive(pid)
    assert atlas.job_files() == []
    assert (end.folder / "report.html").is_file()
    assert "Accuracy not measured" in words_of(panel.results.result.verdict)


def moved(node, point_lps):
    """Where a point of the fixed space lies in the moving space, LPS: through the node's own transform."""
    import vtk

    general = vtk.vtkGeneralTransform()
    node.GetTransformFromWorld(general)
    x, y, z = point_lps
    x, y, z = general.TransformPoint(-x, -y, z)
    return np.array([-x, -y, z])


def test_labels_are_warped_and_their_overlap_is_judged(panel, pair):
    fixed, moving = pair
    labels = [atlas.its_labels(node, f"{node.GetName()} labels") for node in pair]
    atlas.choose(panel, fixed, moving, fixedLabels=labels[0], movingLabels=labels[1])
    atlas.apply_and_wait(panel)
    end = panel.results.shown
    assert end.record.metrics["dice_mean"] > 0.9
    assert end.node("warped_labels") is not None
    assert "Dice" in words_of(panel.results.result.table)
    assert "TRE, mean" in words_of(panel.results.result.table)
    assert "not measured" in words_of(panel.results.result.table)


def test_chosen_outputs_are_filled_and_the_others_are_made(panel, pair, scene):
    import slicer

    target = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "my result")
    atlas.choose(panel, *pair, warped=target)
    atlas.apply_and_wait(panel)
    assert panel.results.shown.node("warped") is target
    assert target.GetName() == "my result"
    assert target.GetImageData().GetDimensions() == pair[0].GetImageData().GetDimensions()
    assert slicer.util.getNodesByClass("vtkMRMLTransformNode")


def test_a_named_folder_holds_the_whole_result_with_its_scene(panel, pair, tmp_path):
    import json

    folder = tmp_path / "mine"
    atlas.choose(panel, *pair)
    panel.ui.folderEdit.currentPath = str(folder)
    atlas.apply_and_wait(panel)
    assert panel.errors.text == ""
    names = {path.name for path in folder.iterdir()}
    assert {"result.json", "report.html", "scene.mrb", "warped.nii.gz", "displacement.nii.gz"} <= names
    assert json.loads((folder / "result.json").read_text())["files"]["scene"] == "scene.mrb"
    assert not panel.results.shown.record.warnings


def test_cancel_ends_the_worker_within_two_seconds_and_leaves_nothing(panel, scene):
    pair = atlas.a_pair(3.0)
    atlas.choose(panel, *pair, method="deformable")
    nodes = atlas.data_nodes(scene)
    panel.ui.applyButton.click()
    pid = atlas.wait_for_worker(panel, 0.05)
    start = time.monotonic()
    panel.ui.applyButton.click()
    harness.wait_until(lambda: not panel.control.running, 10)
    assert time.monotonic() - start < 2.0
    assert not atlas.is_alive(pid)
    assert atlas.job_files() == []
    assert atlas.data_nodes(scene) == nodes
    assert "Cancelled" in panel.errors.text
    assert "Nothing was made" in panel.errors.text
    assert panel.ui.applyButton.text == "Apply"
    assert panel.ui.applyButton.enabled


def test_closing_the_scene_in_mid_run_ends_it_and_the_next_run_works(panel, scene):
    atlas.choose(panel, *atlas.a_pair(3.0), method="deformable")
    panel.ui.applyButton.click()
    pid = atlas.wait_for_worker(panel, 0.02)
    start = time.monotonic()
    scene.Clear(0)
    harness.wait_until(lambda: not atlas.is_alive(pid), 5)
    assert time.monotonic() - start < 2.0
    assert atlas.job_files() == []
    assert atlas.data_nodes(scene) == []
    assert "scene was closed" in panel.errors.text
    atlas.choose(panel, *atlas.a_pair())
    atlas.apply_and_wait(panel)
    assert panel.errors.text == ""
    assert panel.results.shown is not None


def test_reloading_the_module_in_mid_run_ends_the_worker(panel, scene):
    import sys

    atlas.choose(panel, *atlas.a_pair(3.0), method="deformable")
    panel.ui.applyButton.click()
    pid = atlas.wait_for_worker(panel, 0.02)
    again = harness.reload_module(sys.modules["AtlasRegistration"])
    harness.wait_until(lambda: not atlas.is_alive(pid), 5)
    assert atlas.job_files() == []
    assert again is not panel
    assert again.ui.applyButton.text == "Apply"
    assert again.ui.fixedSelector.currentNode().GetName() == "scan"


def test_a_panel_reloaded_in_sight_goes_on_after_the_scene_was_closed(panel, scene):
    import sys

    again = harness.reload_module(sys.modules["AtlasRegistration"])
    scene.Clear(0)
    assert again.forms.connected
    again.exit()
    scene.Clear(0)
    assert not again.forms.connected


def test_a_moving_image_deleted_in_mid_run_is_said_and_the_result_is_shown_without_it(panel, pair, scene):
    atlas.choose(panel, *pair)
    panel.ui.applyButton.click()
    atlas.wait_for_worker(panel)
    scene.RemoveNode(pair[1])
    harness.wait_until(lambda: not panel.control.running, 120)
    assert panel.errors.text == ""
    assert "'atlas' was deleted while the run went on" in words_of(panel.results.result.warnings)
    assert panel.results.shown.node("warped") is not None
    assert panel.results.shown.node("moving") is None


def test_a_fixed_image_deleted_in_mid_run_leaves_the_result_without_a_comparison(panel, pair, scene):
    atlas.choose(panel, *pair)
    panel.ui.applyButton.click()
    atlas.wait_for_worker(panel)
    scene.RemoveNode(pair[0])
    harness.wait_until(lambda: not panel.control.running, 120)
    assert panel.errors.text == ""
    assert "'scan' was deleted while the run went on" in words_of(panel.results.result.warnings)
    assert panel.results.shown.node("warped") is not None
    assert panel.results.compare.widget.isHidden()


def test_an_input_moved_in_mid_run_is_said_one_that_only_looks_otherwise_is_not(panel, pair, scene):
    import vtk

    late = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "late")
    away = vtk.vtkMatrix4x4()
    away.SetElement(0, 3, 50.0)
    late.SetMatrixTransformToParent(away)
    atlas.choose(panel, *pair)
    panel.ui.applyButton.click()
    atlas.wait_for_worker(panel)
    pair[0].SetAndObserveTransformNodeID(late.GetID())
    pair[1].SetName("another name")
    pair[1].GetDisplayNode().SetWindowLevelMinMax(0, 10)
    harness.wait_until(lambda: not panel.control.running, 120)
    words = words_of(panel.results.result.warnings)
    assert "'scan' was moved or changed while the run went on" in words
    assert "atlas" not in words.replace("atlas to scan", "")


def test_cancelling_a_population_keeps_the_results_that_are_ready(panel, scene):
    import qt

    fixed, first = atlas.a_pair(names=("atlas", "near"))
    copy, second = atlas.a_pair(shift_mm=(-12.0, 9.0, 4.0), names=("copy", "far"))
    scene.RemoveNode(copy)
    panel.ui.fixedSelector.setCurrentNode(fixed)
    panel.logic.getParameterNode().method = "rigid"
    panel.ui.severalCheckBox.click()
    for node in (first, second):
        panel.ui.movingSeveralSelector.setCheckState(node, qt.Qt.Checked)
    panel.ui.applyButton.click()
    harness.wait_until(lambda: panel.control._finished.ends, 120)
    atlas.wait_for_worker(panel)
    panel.ui.applyButton.click()
    harness.wait_until(lambda: not panel.control.running, 10)
    assert "1 of 2 results were ready and are kept" in panel.errors.text
    assert panel.results.shown.order.subject == "near"
    assert scene.GetNumberOfNodesByClass("vtkMRMLGridTransformNode") == 1
    assert atlas.job_files() == []


def test_an_output_deleted_in_mid_run_is_made_anew_and_said(panel, pair, scene):
    target = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "my result")
    atlas.choose(panel, *pair, warped=target)
    panel.ui.applyButton.click()
    atlas.wait_for_worker(panel)
    scene.RemoveNode(target)
    harness.wait_until(lambda: not panel.control.running, 120)
    assert "'my result' was deleted while the run went on: a new node was made" in words_of(
        panel.results.result.warnings
    )
    assert panel.results.shown.node("warped") is not None


def test_a_result_node_deleted_afterwards_takes_the_comparison_away(panel, pair, scene):
    atlas.choose(panel, *pair)
    atlas.apply_and_wait(panel)
    panel.results.compare.buttons["flicker"].click()
    scene.RemoveNode(panel.results.shown.node("warped"))
    from Testing.harness.event_loop import wait_for

    wait_for(1.2)
    assert panel.results.compare.widget.isHidden()


def test_three_subjects_go_to_one_atlas_with_a_row_each_the_worst_first(panel, scene):
    fixed, first = atlas.a_pair(names=("atlas", "near"))
    _f, second = atlas.a_pair(shift_mm=(-12.0, 9.0, 4.0), names=("atlas", "far"))
    scene.RemoveNode(_f)
    empty = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    panel.ui.fixedSelector.setCurrentNode(fixed)
    panel.logic.getParameterNode().method = "rigid"
    panel.ui.severalCheckBox.click()
    import qt

    for node in (first, second, empty):
        panel.ui.movingSeveralSelector.setCheckState(node, qt.Qt.Checked)
    assert "3 images will be warped onto 'atlas'" in panel.ui.directionLabel.text
    atlas.apply_and_wait(panel, 240)
    table = panel.results.table.table
    names = [table.item(row, 0).text() for row in range(table.rowCount)]
    assert names[0] == "empty"
    assert sorted(names[1:]) == ["far", "near"]
    assert "no voxels" in table.item(0, table.columnCount - 1).text()
    node = scene.GetFirstNodeByName("Population")
    assert node.GetNumberOfRows() == 3
    assert "2 of 3 registered" in words_of(panel.results.table.summary)
    assert len(panel.results._ends) == 2
    panel.results.table._on_choice("near")
    assert panel.results.shown.order.name == "near to atlas"


def test_the_panel_lives_while_a_job_runs(panel):
    atlas.choose(panel, *atlas.a_pair(1.5))
    with harness.LongestGap() as gap:
        atlas.apply_and_wait(panel, 240)
    assert panel.errors.text == ""
    assert panel.results.shown is not None
    # 100 ms is the aim (docs/jobs.md); a test that must hold on a slow day too asks that nothing long is
    # done in one go: PyTorch's import would take over a second of processor time
    assert gap.busy_ms < 300, f"the event loop stood still for {gap.ms:.0f} ms"


def test_the_choices_are_kept_in_the_scene_and_come_back(panel, pair, scene, tmp_path):
    import slicer

    atlas.choose(panel, *pair, seed=7)
    panel.ui.folderEdit.currentPath = str(tmp_path / "kept")
    file = tmp_path / "scene.mrb"
    assert slicer.util.saveScene(str(file))
    scene.Clear(0)
    assert panel.ui.fixedSelector.currentNode() is None
    assert panel.ui.folderEdit.currentPath == ""
    slicer.util.loadScene(str(file))
    slicer.app.processEvents()
    assert panel.ui.fixedSelector.currentNode().GetName() == "scan"
    assert panel.ui.movingSelector.currentNode().GetName() == "atlas"
    assert panel.logic.getParameterNode().seed == 7
    assert panel.ui.folderEdit.currentPath == str(tmp_path / "kept")


def test_the_logic_starts_a_job_without_a_window(pair):
    import slicer

    logic = slicer.modules.AtlasRegistrationWidget.logic_class()
    parameters = logic.getParameterNode()
    parameters.fixed, parameters.moving, parameters.method = *pair, "rigid"
    job = logic.start(parameters)
    assert job.wait(120) == "completed"
    assert job.record.metrics["similarity"]["after"] > job.record.metrics["similarity"]["before"]
    job.close()
    assert atlas.job_files() == []


def test_the_pictures_show_panel_and_views(tmp_path, scene):
    from PIL import Image

    from Testing.modules import pictures

    assert pictures.atlas_registration(tmp_path, spacing_mm=6.0, method="rigid") == ""
    picture = np.asarray(Image.open(tmp_path / "atlas-registration.png").convert("RGB"))
    views = picture[:, pictures.PANEL_PX[0] :]
    assert picture[:300, :20].mean() > 200  # the panel's own light grey
    assert (views.max(axis=2) == 0).mean() > 0.1  # black around the head
    saturated = views.max(axis=2).astype(int) - views.min(axis=2)
    assert (saturated > 100).mean() > 0.01  # outlines of labels


def test_the_modules_own_test_passes():
    import sys

    harness.load_module(needs_module())
    sys.modules["AtlasRegistration"].AtlasRegistrationTest().runTest()
    import slicer

    roles = [n.GetAttribute("RegSuite.role") for n in slicer.util.getNodesByClass("vtkMRMLVolumeNode")]
    assert "warped" in roles


def needs_module():
    from Testing.modules.conftest import MODULES

    return MODULES / "AtlasRegistration" / "AtlasRegistration.py"
