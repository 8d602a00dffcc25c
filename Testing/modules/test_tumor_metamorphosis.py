"""The panel of Tumor Metamorphosis: from segments to four linked views, with what is wrong said before."""

import json
import sys

import numpy as np
import pytest

from Testing import harness, needs
from Testing.modules import atlas, tumor
from Testing.workflows.small_tumor import RADIUS_MM

pytestmark = pytest.mark.slicer


@pytest.fixture
def panel(open_module):
    return open_module("TumorMetamorphosis")


def refusal(panel):
    """What the panel says when Apply is pressed and nothing may run."""
    panel.ui.applyButton.click()
    assert not panel.control.running
    return panel.errors.text


def label(widget):
    from RegSuite.panel.tones import plain

    return plain(str(widget.text))


def test_segments_are_taken_for_what_their_names_say(panel):
    made = tumor.choose(panel)
    boxes = [box.value() for box in panel.forms.regions.boxes]
    assert boxes == ["core", "core", "oedema", ""]
    order = panel.logic.order(panel.logic.getParameterNode())
    assert order.present("tumor_mask") == (made["tumor"], "label_1", "label_2")
    assert order.present("oedema_mask") == (made["tumor"], "label_3")
    assert order.name == "atlas to patient"


def test_what_a_segment_is_can_be_changed_and_is_kept_in_the_scene(panel):
    tumor.choose(panel)
    panel.forms.regions.boxes[2].set_value("core")
    panel.forms.regions.boxes[0].set_value("")
    order = panel.logic.order(panel.logic.getParameterNode())
    assert order.present("tumor_mask")[1:] == ("label_2", "label_3")
    assert "oedema_mask" not in order.given
    panel.forms.set_parameter_node(panel.logic.getParameterNode())
    assert [box.value() for box in panel.forms.regions.boxes] == ["", "core", "core", ""]


def test_labels_of_a_label_map_are_rows_too(panel):
    import torch

    from RegSuite.geometry import Image
    from RegSuite.mrml.volumes import label_volume_from_image
    from Testing.workflows.small_tumor import images

    tumor.choose(panel, tumor=False)
    core, oedema = tumor.parts()
    values = torch.from_numpy((core + 4 * oedema).astype(np.int32))[None]
    mine = label_volume_from_image(Image(values, images(3)["target"].grid), {4: "edema"}, name="mine")
    panel.ui.tumorSelector.setCurrentNode(mine)
    table = panel.ui.regionsTable
    assert [table.item(row, 0).text() for row in range(table.rowCount)] == ["label 1", "edema"]
    panel.forms.regions.boxes[0].set_value("core")
    masks = panel.logic.given(panel.logic.getParameterNode())
    assert masks["tumor_mask"] == (mine, "1")
    assert masks["oedema_mask"] == (mine, "4")


def test_without_a_segmentation_it_says_that_the_tumour_is_estimated(panel):
    tumor.choose(panel, tumor=False)
    assert "it is estimated" in str(panel.ui.tumorHint.text)
    assert panel.ui.regionsTable.rowCount == 0
    panel.logic.getParameterNode().method = "lddmm"
    assert "does not look for one" in str(panel.ui.tumorHint.text)


def test_a_segmentation_of_which_nothing_is_tumour_is_refused(panel):
    tumor.choose(panel)
    for box in panel.forms.regions.boxes:
        box.set_value("")
    assert "none of 'BraTS' is said to be core or oedema" in refusal(panel)
    assert panel.ui.tumorSelector.property("RegSuiteHighlighted")


def test_with_nothing_chosen_it_names_template_and_target(panel):
    words = refusal(panel)
    assert "no template is chosen" in words
    assert "no target is chosen" in words


def test_one_volume_twice_is_refused(panel):
    made = tumor.choose(panel)
    panel.ui.targetSelector.setCurrentNode(made["template"])
    assert "was chosen twice" in refusal(panel)


def test_images_that_lie_apart_are_only_doubtful_where_a_start_is_made(panel):
    made = tumor.choose(panel, start="none")
    made["template"].SetOrigin(900, 0, 0)
    errors = [f for f in panel.forms.findings() if f.severity == "error"]
    assert any("overlap" in finding.what for finding in errors)
    panel.logic.getParameterNode().start = "auto"
    assert not [f for f in panel.forms.findings() if f.severity == "error"]
    assert any("overlap" in finding.what for finding in panel.forms.findings())


def test_methods_have_words_and_their_own_parameters(panel):
    from RegSuite.workflows.tumor import METHODS

    form = panel.forms.parameter_form
    assert {item.value for item in form.box("method").items} == set(METHODS)
    parameters = panel.logic.getParameterNode()
    parameters.method = "masked"
    assert form.method() == "lddmm"
    parameters.method = "weighted"
    assert form.method() == "weighted-metamorphosis"
    assert "rho" in form.method_form._rows
    parameters.parameters = json.dumps({"rho": -3})
    assert "rho" in refusal_of(panel)


def refusal_of(panel):
    from RegSuite.errors import InputError

    tumor.choose(panel, parameters=json.dumps({"rho": -3}))
    with pytest.raises(InputError) as caught:
        panel.logic.order(panel.logic.getParameterNode())
    return str(caught.value)


def test_a_run_shows_shares_overlap_film_and_four_linked_views(panel, scene, tmp_path):
    import slicer

    from RegSuite.mrml.tumor_layout import VIEWS

    made = tumor.choose(panel, scene=True)
    panel.ui.folderEdit.currentPath = str(tmp_path / "result")
    told = []
    follow = panel.progress.follow
    panel.progress.follow = lambda history: (follow(history), told.append(str(panel.progress.numbers.text)))
    atlas.apply_and_wait(panel, 240)
    assert panel.errors.text == ""
    assert any(all(part in words for part in ("data", "velocity", "intensity")) for words in told)
    end = panel.results.shown
    box = panel.results.result
    found = end.record.metrics["tumor"]
    assert f"Shape {100 * found['shape_share']:.0f} %" in label(box.shares).replace("\xa0", " ")
    table = box.table.widget
    rows = {table.item(row, 0).text(): table.item(row, 1).text() for row in range(table.rowCount)}
    assert float(rows["ventricle"]) == pytest.approx(end.record.metrics["dice"]["2"], abs=0.006)
    assert next(iter(rows)) == "ventricle"
    assert box.buttons["report"].enabled
    # the intensity changes in the tumour and, as the weight is smooth, about it
    change = atlas.values(end.node("intensity_change")) ** 2
    assert change[tumor.distance_mm() < 2 * RADIUS_MM].sum() > 0.9 * change.sum() > 0
    names = end.node("mask").GetSegmentation()
    assert [names.GetNthSegment(i).GetName() for i in range(2)] == ["tumour core", "oedema"]
    # four views, the user's own nodes where they were
    target = scene.GetSingletonNode(VIEWS["target"], "vtkMRMLSliceCompositeNode")
    assert target.GetBackgroundVolumeID() == made["target"].GetID()
    assert end.node("target") is made["target"]
    view = panel.results.view
    assert view.slider.maximum == len(found["path_times"]) == end.node("film").GetNumberOfItems()
    view.slider.value = 1
    first = atlas.values(end.node("film_image")).copy()
    view.slider.value = view.slider.maximum - 1
    assert np.abs(first - atlas.values(end.node("film_image"))).max() > 1
    view.slider.value = 1
    warped = scene.GetSingletonNode(VIEWS["warped"], "vtkMRMLSliceCompositeNode")
    assert warped.GetBackgroundVolumeID() == end.node("film_image").GetID()
    view.play_button.click()
    harness.wait_until(lambda: view.slider.value >= 3, 20)
    view.play_button.click()
    view.slider.value = view.slider.maximum
    assert warped.GetBackgroundVolumeID() == end.node("warped").GetID()
    view.plane_box.currentIndex = 1
    green = scene.GetSingletonNode(VIEWS["deformed"], "vtkMRMLSliceNode")
    assert green.GetOrientation() == "Coronal"
    view.fourth_box.currentIndex = 1
    yellow = scene.GetSingletonNode(VIEWS["intensity_change"], "vtkMRMLSliceCompositeNode")
    assert yellow.GetForegroundVolumeID() == end.node("jacobian").GetID()
    view.boxes["grid"].click()
    assert end.node("displacement").GetDisplayNode().GetVisibility()
    # and the folder holds a scene with all of it
    assert (tmp_path / "result" / "scene.mrb").is_file()
    panel.results.clear()
    slicer.util.loadScene(str(tmp_path / "result" / "scene.mrb"))
    again = slicer.util.getNodes("atlas to patient: *")
    kinds = {node.GetClassName() for node in again.values()}
    assert {"vtkMRMLSequenceBrowserNode", "vtkMRMLSegmentationNode", "vtkMRMLTableNode"} <= kinds


def test_cancel_ends_the_run_and_leaves_nothing(panel, scene):
    tumor.choose(panel, parameters=json.dumps({"iterations": [2000], "tolerance": 0.0, "levels": 1}))
    before = atlas.data_nodes(scene)
    panel.ui.applyButton.click()
    pid = atlas.wait_for_worker(panel, fraction=0.05)
    panel.ui.applyButton.click()
    harness.wait_until(lambda: not panel.control.running, 20)
    assert "Cancelled" in panel.errors.text
    assert atlas.data_nodes(scene) == before
    harness.wait_until(lambda: not atlas.is_alive(pid), 5)
    assert atlas.job_files() == []


@pytest.mark.slow
def test_without_a_mask_the_outline_is_called_estimated_or_it_says_that_none_was_found(panel):
    tumor.choose(panel, tumor=False)
    atlas.apply_and_wait(panel, 300)
    if panel.errors.text:
        assert "none was found" in panel.errors.text
        assert panel.results.shown is None
        return
    segmentation = panel.results.shown.node("mask").GetSegmentation()
    assert segmentation.GetNthSegment(0).GetName() == "estimated tumour"
    assert "estimated" in label(panel.results.result.verdict)


@pytest.mark.slow
def test_shape_alone_shows_the_jacobian_in_the_fourth_view(panel, scene):
    from RegSuite.mrml.tumor_layout import VIEWS

    tumor.choose(panel, method="lddmm")
    atlas.apply_and_wait(panel, 300)
    assert panel.errors.text == ""
    end = panel.results.shown
    fourth = scene.GetSingletonNode(VIEWS["intensity_change"], "vtkMRMLSliceCompositeNode")
    assert fourth.GetForegroundVolumeID() == end.node("jacobian").GetID()


@pytest.mark.slow
def test_the_module_tests_itself_on_its_sample_data(panel):
    sys.modules["TumorMetamorphosis"].TumorMetamorphosisTest().runTest()


@pytest.mark.slow
def test_the_panel_is_drawn_beside_its_four_views(panel, tmp_path):
    needs.views()
    from Testing.harness.two_over_two import TwoOverTwo

    tumor.choose(panel)
    with TwoOverTwo((200, 180)) as views:
        atlas.apply_and_wait(panel, 240)
        picture = harness.slicer_picture(panel, views, tmp_path / "picture.png")
    assert picture.shape[1] > 400 + 300


@pytest.mark.slow
def test_opening_the_panel_and_showing_a_result_load_neither_torch_nor_numba():
    import subprocess
    from pathlib import Path

    code = (
        "import sys; from Testing import harness; harness.start()\n"
        "m = harness.load_module('Modules/TumorMetamorphosis/TumorMetamorphosis.py')\n"
        "p = harness.open_panel(m); p.ui.applyButton.click()\n"
        "from RegSuite.panel.warm import warm_up_in_steps; list(warm_up_in_steps())\n"
        "from RegSuite.panel.tumor_result_box import headline_of\n"
        "from RegSuite.report.result import Result\n"
        "headline_of(Result(workflow='tumor', status='completed'), ())\n"
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
def test_the_console_takes_nodes_and_segments_and_shows_the_same_views(scene):
    import RegSuite
    from RegSuite.mrml.tumor_layout import VIEWS

    made = tumor.nodes()
    result = RegSuite.tumor(
        made["template"],
        made["target"],
        tumor_mask=(made["tumor"], "enhancing core", "necrosis"),
        oedema_mask=(made["tumor"], "label_3"),
        template_labels=made["template_labels"],
        parameters=tumor.QUICK,
        threads=1,
    )
    core, oedema = tumor.parts()
    found = result.images["mask"].data[0].numpy()
    assert np.array_equal(found == 1, core)
    assert np.array_equal(found == 2, oedema)
    assert result.show() is None
    target = scene.GetSingletonNode(VIEWS["target"], "vtkMRMLSliceCompositeNode")
    assert target.GetBackgroundVolumeID() == made["target"].GetID()  # not doubled
    fourth = scene.GetSingletonNode(VIEWS["intensity_change"], "vtkMRMLSliceCompositeNode")
    shown = scene.GetNodeByID(fourth.GetForegroundVolumeID())
    assert np.allclose(atlas.values(shown), result.images["intensity_change"].data[0].numpy())
    assert scene.GetNumberOfNodesByClass("vtkMRMLSequenceBrowserNode") == 1
