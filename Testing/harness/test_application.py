"""slicer.app and its managers answer what panels and slicer.util ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from Testing import harness

pytestmark = pytest.mark.slicer


def test_starting_twice_gives_the_same_application(slicer_app):
    import slicer

    assert harness.start() is slicer_app is slicer.app


def test_settings_are_kept_away_from_the_users_own(slicer_app, clean):
    import qt
    import slicer

    qt.QSettings().setValue("RegSuite/Asked", True)
    assert slicer.util.settingsValue("RegSuite/Asked", False, converter=slicer.util.toBool) is True
    assert Path(qt.QSettings().fileName()).is_relative_to(slicer_app.temporaryPath)
    assert Path(slicer_app.userSettings().fileName()).is_relative_to(slicer_app.temporaryPath)


def test_layout_is_the_scenes(slicer_app, clean):
    import slicer

    four_up = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
    slicer_app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    node = slicer_app.layoutManager().layoutLogic().GetLayoutNode()
    assert node.GetViewArrangement() == slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView
    assert node.GetScene() is slicer.mrmlScene
    slicer_app.layoutManager().layout = four_up


def test_slice_widgets_are_the_views_in_the_scene(slicer_app, clean):
    from Testing.harness.four_up import FourUp

    with FourUp((60, 50)) as views:
        manager = slicer_app.layoutManager()
        assert {"Red", "Green", "Yellow"} <= set(manager.sliceViewNames())
        assert manager.sliceWidget("Red").mrmlSliceNode() is views.red.node
        assert manager.sliceWidget("Red").sliceLogic() is views.red.logic
        assert manager.sliceWidget("Blue") is None


def test_what_the_application_lacks_fails_by_its_name(slicer_app):
    with pytest.raises(AttributeError, match="extensionsManagerModel"):
        slicer_app.extensionsManagerModel()
    with pytest.raises(AttributeError, match="aboutToQuit"):
        slicer_app.connect("aboutToQuit()", lambda: None)


def test_module_is_found_through_slicer_util(panel, demo):
    import slicer

    assert slicer.util.getModule("Demo").title == "Demo"
    assert slicer.util.getModuleWidget("Demo") is panel
    assert slicer.util.getModuleLogic("Demo") is panel.logic
    assert slicer.util.selectedModule() == "Demo"
    assert Path(slicer.util.modulePath("Demo")).name == "Demo.py"
    assert slicer.util.getModuleLogic("Volumes").IsA("vtkSlicerVolumesLogic")
    with pytest.raises(RuntimeError, match="Nothing"):
        slicer.util.selectModule("Nothing")


def test_module_cannot_say_what_slicer_does_not_know(clean, tmp_path):
    path = tmp_path / "Misspelt.py"
    path.write_text("class Misspelt:\n    def __init__(self, parent):\n        parent.titel = 'x'\n")
    with pytest.raises(AttributeError, match="titel"):
        harness.load_module(path)


def test_file_without_its_class_is_refused(clean, tmp_path):
    (tmp_path / "Empty.py").write_text("")
    with pytest.raises(ValueError, match="no class Empty"):
        harness.load_module(tmp_path / "Empty.py")
