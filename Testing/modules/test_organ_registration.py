"""The panel of Organ Registration: from segments to organs in 3D, with what is wrong said before."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from Testing import harness, needs
from Testing.modules import atlas, organs

pytestmark = pytest.mark.slicer


@pytest.fixture
def panel(open_module):
    return open_module("OrganRegistration")


def refusal(panel):
    """What the panel says when Apply is pressed and nothing may run."""
    panel.ui.applyButton.click()
    assert not panel.control.running
    return panel.errors.text


def cells(panel, row):
    table = panel.ui.organsTable
    return [table.item(row, column).text() for column in (0, 2, 3, 4)]


def write(panel, row, column, text):
    panel.ui.organsTable.item(row, column).setText(text)


def test_the_table_has_the_organs_of_both_sides_with_the_presets_values(panel):
    organs.choose(panel)
    assert [cells(panel, row) for row in range(2)] == [
        ["liver", "6", "30", "100"],
        ["spleen", "6", "30", "100"],
    ]
    panel.logic.getParameterNode().elasticity = "abdomen"
    assert cells(panel, 0) == ["liver", "8", "50", "100"]
    assert [box.item().words for box in panel.forms.table.boxes] == ["liver", "spleen"]
    order = panel.logic.order(panel.logic.getParameterNode())
    assert (order.name, order.parameters["organs"], order.parameters["only"]) == (
        "exhale to inhale",
        {},
        None,
    )


def test_what_is_changed_is_kept_by_name_and_goes_into_the_run(panel):
    organs.choose(panel)
    write(panel, 0, 2, "4,5")
    write(panel, 1, 4, "90")
    panel.forms.table.boxes[1].set_value("abdomen")
    panel.forms.coherence.box.set_value("global")
    values = panel.logic.values(panel.logic.getParameterNode())
    assert values["organs"] == {"liver": {"magnitude_mm": 4.5}, "spleen": {"preset": "abdomen"}}
    assert (values["trust"], values["coherence"]) == ({"spleen": 0.9}, "global")
    assert cells(panel, 1)[1:3] == ["6", "40"]  # of the other preset
    write(panel, 0, 2, "")
    assert cells(panel, 0)[1] == "6"
    assert "liver" not in panel.logic.values(panel.logic.getParameterNode())["organs"]
    panel.forms.set_parameter_node(panel.logic.getParameterNode())
    assert cells(panel, 1)[3] == "90"


def test_a_cell_that_is_no_number_goes_back_with_a_word(panel):
    organs.choose(panel)
    for text in ("stiff", "-3", "0"):
        write(panel, 0, 2, text)
        assert "liver" in str(panel.ui.organsHint.text)
        assert cells(panel, 0)[1] == "6"
    write(panel, 0, 4, "140")
    assert cells(panel, 0)[3] == "100"


def test_organs_that_are_not_ticked_stay_out_and_none_is_refused(panel):
    import qt

    organs.choose(panel)
    panel.ui.organsTable.item(1, 0).setCheckState(qt.Qt.Unchecked)
    assert panel.logic.values(panel.logic.getParameterNode())["only"] == ["liver"]
    panel.ui.organsTable.item(0, 0).setCheckState(qt.Qt.Unchecked)
    assert "no organ is ticked" in refusal(panel)


def test_a_matrix_of_coherence_is_symmetric_and_of_the_organs_that_are_there(panel):
    organs.choose(panel)
    panel.forms.coherence.box.set_value("matrix")
    table = panel.ui.coherenceTable
    assert (table.rowCount, table.item(0, 1).text()) == (2, "0")
    table.item(0, 1).setText("0.4")
    assert table.item(1, 0).text() == "0.4"
    found = panel.logic.values(panel.logic.getParameterNode())["coherence"]
    assert found == {"names": ["liver", "spleen"], "values": [[1.0, 0.4], [0.4, 1.0]]}
    table.item(0, 1).setText("2")
    assert "from -1 to 1" in str(panel.ui.organsHint.text)
    assert table.item(1, 0).text() == "0.4"


def test_organs_of_one_side_are_told_and_none_in_common_is_refused(panel):
    organs.choose(panel, scans=False)
    other = organs.nodes({1: "Liver", 2: "stomach"})["target_labels"]
    panel.ui.targetLabelsSelector.setCurrentNode(other)
    words = " ".join(finding.what for finding in panel.forms.findings())
    assert "only in the source: spleen" in words
    assert "only in the target: stomach" in words
    assert not [f for f in panel.forms.findings() if f.severity == "error"]
    panel.ui.targetLabelsSelector.setCurrentNode(organs.nodes({1: "heart", 2: "lung"})["target_labels"])
    assert "no organ is on both sides: liver, spleen against heart, lung" in refusal(panel)


def test_with_nothing_chosen_it_names_both_sides(panel):
    words = refusal(panel)
    assert "no source organs is chosen" in words
    assert "no target organs is chosen" in words


def test_a_run_shows_the_cloud_on_its_way_then_organs_distances_scan_and_transform(panel, scene, tmp_path):
    import slicer

    made = organs.choose(panel, scene=True)
    panel.ui.folderEdit.currentPath = str(tmp_path / "result")
    seen = []
    take = panel.control.on_preview
    panel.control.on_preview = lambda name, values: (take(name, values), seen.append(name), cloud_of(scene))
    atlas.apply_and_wait(panel, 240)
    assert panel.errors.text == ""
    assert {"moving", "moving_organs", "target"} <= set(seen)
    assert scene.GetFirstNodeByName("moving cloud") is None
    end = panel.results.shown
    moved = atlas.values(end.node("warped"))
    before = atlas.values(made["source_image"])
    target = atlas.values(made["target_image"])
    assert np.abs(moved - target).mean() < 0.4 * np.abs(before - target).mean()
    at = moved_point(end.node("displacement"), made["target_points"], 0)
    assert np.linalg.norm(at - place(made["source_points"], 0)) < 2.0
    metrics = end.record.metrics
    assert {row.name for row in rows_of(panel)} == {found["name"] for found in metrics["organs"].values()}
    assert all(row.after_mm < 0.5 * row.before_mm for row in rows_of(panel))
    assert "brought to the target" in str(panel.results.result.verdict.text)
    view = panel.results.view
    after, first = end.node("moved_surfaces"), end.node("source_surfaces")
    assert (after.GetDisplayNode().GetVisibility(), first.GetDisplayNode().GetVisibility()) == (1, 0)
    view.choose("when", "before")
    assert (after.GetDisplayNode().GetVisibility(), first.GetDisplayNode().GetVisibility()) == (0, 1)
    view.choose("colour", "uncertainty")
    assert after.GetDisplayNode().GetActiveScalarName() == "uncertainty_mm"
    assert not made["source_labels"].GetDisplayNode().GetVisibility()
    # what is deleted can no longer be shown, and nothing else is lost
    slicer.mrmlScene.RemoveNode(after)
    panel.results.show_in_views()
    assert "moved_surfaces" not in panel.results.nodes()
    panel.results.clear()
    assert made["target_labels"].GetDisplayNode().GetVisibility()
    # and the folder holds a scene with all of it
    slicer.util.loadScene(str(tmp_path / "result" / "scene.mrb"))
    kinds = {node.GetClassName() for node in slicer.util.getNodes("exhale to inhale: *").values()}
    assert {"vtkMRMLModelNode", "vtkMRMLSegmentationNode", "vtkMRMLTableNode"} <= kinds
    assert not slicer.util.getNodes("moving cloud*")


def cloud_of(scene):
    node = scene.GetFirstNodeByName("moving cloud")
    if node is not None:
        assert node.GetPolyData().GetNumberOfPoints() > 100


def rows_of(panel):
    from RegSuite.panel.organ_rows_table import organ_results

    return organ_results(panel.results.shown.record.metrics)


def place(markups, row):
    return np.array(markups.GetNthControlPointPosition(row))


def moved_point(transform, markups, row):
    """A point under the transform's from-parent map: where the target's point is in the source."""
    import vtk

    whole = vtk.vtkGeneralTransform()
    transform.GetTransformFromWorld(whole)
    return np.array(whole.TransformPoint(place(markups, row)))


def test_cancel_ends_the_run_and_leaves_neither_cloud_nor_files(panel, scene):
    organs.choose(panel, points=20_000, parameters=json.dumps({"iterations": 4000, "tolerance": 1e-12}))
    before = atlas.data_nodes(scene)
    panel.ui.applyButton.click()
    pid = atlas.wait_for_worker(panel, fraction=0.02)
    harness.wait_until(lambda: scene.GetFirstNodeByName("moving cloud") is not None, 60)
    panel.ui.applyButton.click()
    harness.wait_until(lambda: not panel.control.running, 20)
    assert "Cancelled" in panel.errors.text
    assert scene.GetFirstNodeByName("moving cloud") is None
    assert scene.GetFirstNodeByName("moving cloud display") is None
    assert atlas.data_nodes(scene) == before
    harness.wait_until(lambda: not atlas.is_alive(pid), 5)
    assert atlas.job_files() == []


@pytest.mark.slow
def test_models_stand_in_the_place_of_a_segmentation(panel):
    import qt

    source, target = organs.models(organs.MOVED_MM), organs.models((0.0, 0.0, 0.0))
    for selector, models in (
        (panel.ui.sourceModelsSelector, source),
        (panel.ui.targetModelsSelector, target),
    ):
        for model in models:
            selector.setCheckState(model, qt.Qt.Checked)
    parameters = panel.logic.getParameterNode()
    parameters.points, parameters.report, parameters.scene = 400, False, False
    assert [cells(panel, row)[0] for row in range(2)] == ["liver", "spleen"]
    atlas.apply_and_wait(panel, 240)
    assert panel.errors.text == ""
    for organ in panel.results.shown.record.metrics["organs"].values():
        assert organ["distance_after_mm"]["mean"] < 0.4 * organ["distance_before_mm"]["mean"]


@pytest.mark.slow
def test_point_lists_with_labels_are_organs_too(panel):
    made = {
        "source": organs.point_list(organs.MOVED_MM, "here"),
        "target": organs.point_list((0.0, 0.0, 0.0), "there"),
    }
    for side, node in made.items():
        panel.forms.selector(f"{side}_labels").setCurrentNode(node)
    parameters = panel.logic.getParameterNode()
    parameters.report, parameters.scene = False, False
    atlas.apply_and_wait(panel, 240)
    assert panel.errors.text == ""
    organs_found = panel.results.shown.record.metrics["organs"]
    assert {found["points_source"] for found in organs_found.values()} == {60}


@pytest.mark.slow
def test_the_module_tests_itself_on_its_sample_data(panel):
    sys.modules["OrganRegistration"].OrganRegistrationTest().runTest()


@pytest.mark.slow
def test_the_panel_is_drawn_beside_its_four_views(panel, tmp_path):
    needs.views()
    from Testing.harness.four_up import FourUp

    organs.choose(panel)
    with FourUp((200, 180)) as views:
        atlas.apply_and_wait(panel, 240)
        picture = harness.slicer_picture(panel, views, tmp_path / "picture.png")
    assert picture.shape[1] > 400 + 300


@pytest.mark.slow
def test_opening_the_panel_and_showing_a_result_load_neither_torch_nor_numba():
    code = (
        "import sys; from Testing import harness; harness.start()\n"
        "m = harness.load_module('Modules/OrganRegistration/OrganRegistration.py')\n"
        "p = harness.open_panel(m); p.ui.applyButton.click()\n"
        "from RegSuite.panel.warm import warm_up_in_steps; list(warm_up_in_steps())\n"
        "from RegSuite.panel.organ_headline import headline_of\n"
        "from RegSuite.report.result import Result\n"
        "headline_of(Result(workflow='organs', status='completed'))\n"
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


@pytest.mark.slow
def test_the_console_takes_nodes_and_shows_the_same_views(scene):
    import slicer

    import RegSuite

    made = organs.nodes()
    result = RegSuite.organs(
        made["source_labels"],
        made["target_labels"],
        source_image=made["source_image"],
        target_image=made["target_image"],
        points=300,
        threads=1,
    )
    assert np.abs(result.images["warped"].data - 0).max() > 0
    assert result.show() is None
    background = scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode").GetBackgroundVolumeID()
    assert background == made["target_image"].GetID()  # not doubled
    models = [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLModelNode")]
    assert [name.rpartition(": ")[2] for name in models if ": " in name].count("moved organs") == 1
