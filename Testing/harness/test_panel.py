"""The demo module in the harness: what a user does to a panel, and what Slicer does to a module."""

from __future__ import annotations

import unittest

import pytest

from Testing import harness
from Testing.harness import messages

pytestmark = pytest.mark.slicer


def test_apply_writes_the_output_while_progress_is_shown(panel):
    import slicer

    panel.ui.amountSlider.value = 2.5
    seen = []
    panel.ui.progressBar.connect("valueChanged(int)", seen.append)
    panel.ui.applyButton.click()
    assert not panel.ui.applyButton.enabled
    assert panel.ui.cancelButton.enabled
    harness.wait_until(lambda: panel.work is None, 5)
    assert panel.ui.statusLabel.text == "done"
    assert seen == [25, 50, 75, 100]
    assert slicer.util.arrayFromVolume(panel.parameters.outputVolume).max() == 3.5
    assert panel.ui.applyButton.enabled


def test_cancel_leaves_the_output_empty(panel):
    panel.ui.slabsSpinBox.value = 500
    panel.ui.applyButton.click()
    harness.wait_until(lambda: panel.ui.progressBar.value > 0, 5)
    panel.ui.cancelButton.click()
    assert panel.ui.statusLabel.text == "cancelled"
    assert panel.parameters.outputVolume.GetImageData() is None


def test_apply_is_disabled_without_an_output(panel):
    panel.ui.outputSelector.setCurrentNode(None)
    assert not panel.ui.applyButton.enabled


def test_error_is_shown_and_not_opened(panel, clean):
    import slicer

    panel.parameters.inputVolume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    panel.ui.applyButton.click()
    assert len(messages.of("error")) == 1
    assert "'empty' has no voxels" in messages.of("error")[0]
    assert panel.work is None
    assert [type(error) for error in clean] == [ValueError]
    clean.clear()  # Slicer shows it and raises it again, out of the slot


def test_scene_closed_in_mid_run_stops_the_work_and_shows_defaults(panel):
    import slicer

    panel.ui.slabsSpinBox.value = 500
    panel.ui.applyButton.click()
    harness.wait_until(lambda: panel.ui.progressBar.value > 0, 5)
    slicer.mrmlScene.Clear(0)
    harness.wait_until(lambda: panel.work is None, 5)
    assert panel.ui.statusLabel.text == "cancelled"
    assert panel.ui.slabsSpinBox.value == 4
    assert panel.ui.inputSelector.currentNode() is None
    assert slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") == []


def test_node_deleted_leaves_its_selector(panel):
    import slicer

    slicer.mrmlScene.RemoveNode(panel.parameters.outputVolume)
    assert panel.ui.outputSelector.currentNode() is None
    assert panel.parameters.outputVolume is None


def test_reloaded_module_makes_a_new_panel_in_the_same_container(panel, demo):
    container, before = panel.parent, panel
    panel.ui.slabsSpinBox.value = 500
    panel.ui.applyButton.click()
    after = harness.reload_module(demo)
    assert after is not before
    assert before.work is None
    assert after.parent is container
    assert after.parameters.slabs == 500
    assert after.ui.applyButton.enabled


def test_parameters_come_back_with_a_saved_scene(panel, tmp_path):
    import slicer

    panel.ui.amountSlider.value = -3.25
    panel.ui.speedComboBox.currentIndex = 1
    panel.ui.noteLineEdit.text = "läuft"
    panel.parameters.tags = ["a", "b"]
    panel.parameters.seed = 7
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    assert panel.parameters.amount == 1.0
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    restored = panel.logic.getParameterNode()
    assert restored.amount == -3.25
    assert restored.speed.name == "SLOW"
    assert restored.note == "läuft"
    assert restored.tags == ["a", "b"]
    assert restored.seed == 7
    assert restored.inputVolume.GetName() == "ones"


def test_parameters_are_stored_under_slicers_names(panel):
    panel.parameters.tags = ["a", "b"]
    panel.parameters.seed = 7
    node = panel.parameters.parameterNode
    stored = {name: node.GetParameter(name) for name in node.GetParameterNames()}
    assert stored == {
        "inputVolume": "",
        "outputVolume": "",
        "amount": "1.0",
        "slabs": "4",
        "speed": "FAST",
        "unit": "HU",
        "keep": "True",
        "note": "nothing noted",
        "folder": ".",
        "tags_len": "2",
        "tags_0": "a",
        "tags_1": "b",
        "seed_0": "7",
    }
    assert node.GetNodeReference("inputVolume").GetName() == "ones"


def test_sample_is_registered_when_slicer_has_started(demo):
    import SampleData

    node = SampleData.SampleDataLogic().downloadSample("DemoCube")
    assert node.GetName() == "DemoCube"


def test_modules_own_test_runs(demo):
    result = unittest.TextTestRunner().run(demo.DemoTest())
    assert result.wasSuccessful()
