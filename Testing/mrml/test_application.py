"""The headless Slicer: starts once, loads and saves as Slicer does, leaves nothing behind."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from RegSuite import mrml
from RegSuite.mrml.application import start
from RegSuite.mrml.application.file_types import base_name, file_type
from Testing.cli.command import ROOT

vtk = pytest.importorskip("vtk")
slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install 'regsuite[slicer]'")
pytest.importorskip("slicer.util")
pytestmark = pytest.mark.slicer

VALUES = np.arange(60, dtype=np.int16).reshape(3, 4, 5)


def in_a_new_python(code, *, paths=(), options=()):
    """Run `code`; what it printed, its errors and its exit status."""
    path = os.pathsep.join([*map(str, paths), str(ROOT)])
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": path},
    )


def a_volume(name="scan"):
    node = slicer.util.addVolumeFromArray(VALUES.copy(), nodeClassName="vtkMRMLScalarVolumeNode")
    node.SetName(name)
    node.SetSpacing(0.5, 0.75, 2.0)
    node.SetOrigin(1.0, -2.0, 3.0)
    return node


def a_transform():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "shift")
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 3, 5.0)
    node.SetMatrixTransformToParent(matrix)
    return node


def a_segmentation():
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    slicer.util.updateVolumeFromArray(labels, (VALUES > 30).astype(np.uint8))
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "organs")
    slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(labels, node)
    return node


def a_markups():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "landmarks")
    node.AddControlPoint(1.0, 2.0, 3.0, "tip")
    return node


def a_model():
    sphere = vtk.vtkSphereSource()
    sphere.Update()
    return slicer.modules.models.logic().AddModel(sphere.GetOutput())


def a_table():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "metrics")
    slicer.util.updateTableFromArray(node, np.array([[1.5, 2.5]]), ["dice", "tre"])
    return node


def a_sequence():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "phases")
    for value in ("0", "1"):
        node.SetDataNodeAtValue(a_volume(), value)
    return node


def a_text():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", "note")
    node.SetText("seen by nobody")
    return node


def test_it_is_the_same_slicer_the_second_time():
    before = slicer.app, slicer.mrmlScene
    mrml.headless()
    assert (slicer.app, slicer.mrmlScene) == before
    assert start() is slicer.app.headless


def test_a_slicer_that_runs_is_left_alone(monkeypatch):
    desktop = object()
    monkeypatch.setattr(slicer, "app", desktop)
    assert start() is None
    assert slicer.app is desktop


def test_another_app_can_be_made_of_the_same_slicer(tmp_path):
    class QtApp(type(slicer.app)):
        applicationName = "harness"

    app = QtApp(slicer.app.headless)
    assert app.applicationName == "harness"
    assert app.mrmlScene() is slicer.mrmlScene
    assert app.moduleLogic("Volumes") is slicer.modules.volumes.logic()


@pytest.mark.parametrize(
    ("make", "ending", "load"),
    [
        (a_volume, ".nrrd", slicer.util.loadVolume),
        (a_volume, ".nii.gz", slicer.util.loadVolume),
        (a_volume, ".mha", slicer.util.loadVolume),
        (a_transform, ".h5", slicer.util.loadTransform),
        (a_transform, ".tfm", slicer.util.loadTransform),
        (a_segmentation, ".seg.nrrd", slicer.util.loadSegmentation),
        (a_markups, ".mrk.json", slicer.util.loadMarkups),
        (a_model, ".vtk", slicer.util.loadModel),
        (a_model, ".vtp", slicer.util.loadModel),
        (a_model, ".stl", slicer.util.loadModel),
        (a_table, ".csv", slicer.util.loadTable),
        (a_sequence, ".seq.nrrd", slicer.util.loadSequence),
        (a_text, ".txt", slicer.util.loadText),
    ],
)
def test_a_node_is_saved_and_loaded_as_the_same_class(make, ending, load, tmp_path):
    node = make()
    path = tmp_path / f"a file{ending}"
    assert slicer.util.saveNode(node, str(path), {})
    loaded = load(str(path))
    assert loaded.GetClassName() == node.GetClassName()
    assert loaded is not node
    assert loaded.GetName() == "a file"
    assert loaded.GetStorageNode().GetFileName() == str(path)


def test_voxels_and_geometry_come_back(tmp_path):
    node = a_volume()
    slicer.util.saveNode(node, str(tmp_path / "scan.nrrd"), {})
    loaded = slicer.util.loadVolume(str(tmp_path / "scan.nrrd"))
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(loaded), VALUES)
    assert loaded.GetSpacing() == node.GetSpacing()
    assert loaded.GetOrigin() == pytest.approx(node.GetOrigin())


def test_a_volume_is_read_as_labels_under_a_name_when_asked(tmp_path):
    slicer.util.saveNode(a_volume(), str(tmp_path / "labels.nrrd"), {})
    node = slicer.util.loadLabelVolume(str(tmp_path / "labels.nrrd"), {"name": "organs"})
    assert node.IsA("vtkMRMLLabelMapVolumeNode")
    assert node.GetName() == "organs"


@pytest.mark.parametrize("name", ["case.mrb", "case.mrml"])
def test_a_scene_comes_back_with_its_nodes_and_folders(name, tmp_path, scene):
    node = a_volume()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "results")
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(node), folder)
    if name.endswith(".mrml"):
        slicer.util.saveNode(node, str(tmp_path / "scan.nrrd"), {})
    assert slicer.util.saveScene(str(tmp_path / name), {})
    del hierarchy, node
    scene.Clear(0)
    slicer.util.loadScene(str(tmp_path / name), {})
    np.testing.assert_array_equal(slicer.util.array("scan"), VALUES)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    item = hierarchy.GetItemByDataNode(slicer.util.getNode("scan"))
    assert hierarchy.GetItemName(hierarchy.GetItemParent(item)) == "results"


def test_an_export_takes_parents_in_and_leaves_the_node_alone(tmp_path):
    node, parent = a_volume(), a_transform()
    node.SetAndObserveTransformNodeID(parent.GetID())
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    assert slicer.util.exportNode(node, str(tmp_path / "world.nrrd"), {}, world=True)
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert node.GetParentTransformNode() is parent
    assert node.GetStorageNode() is None
    assert node.GetOrigin()[0] == 1.0
    assert slicer.util.loadVolume(str(tmp_path / "world.nrrd")).GetOrigin()[0] == pytest.approx(6.0)


def test_what_cannot_be_loaded_says_why(tmp_path, watch):
    with pytest.raises(RuntimeError, match="there is no file"):
        slicer.util.loadVolume(str(tmp_path / "missing.nrrd"))
    (tmp_path / "scan.xyz").write_text("words")
    with pytest.raises(RuntimeError, match="no reader for"):
        slicer.util.loadNodeFromFile(str(tmp_path / "scan.xyz"))
    (tmp_path / "broken.nrrd").write_text("words")
    with pytest.raises(RuntimeError, match="could not be read as VolumeFile"):
        slicer.util.loadVolume(str(tmp_path / "broken.nrrd"))
    assert watch.words
    watch.words.clear()


def test_a_volume_is_not_written_as_a_table(tmp_path, caplog):
    with caplog.at_level(logging.ERROR):
        assert not slicer.util.saveNode(a_volume(), str(tmp_path / "scan.csv"), {})
    assert "cannot be written as scan.csv" in caplog.text
    assert not (tmp_path / "scan.csv").exists()


def test_visible_data_nodes_have_an_item_and_hidden_ones_have_none(scene):
    hidden = slicer.vtkMRMLModelNode()
    hidden.SetHideFromEditors(1)
    scene.AddNode(hidden)
    nodes = [a_volume(), a_transform(), a_markups(), a_table(), a_text()]
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    nothing = hierarchy.GetInvalidItemID()
    items = [hierarchy.GetItemByDataNode(node) for node in nodes]
    assert nothing not in items
    assert len(set(items)) == len(items)
    assert hierarchy.GetItemByDataNode(hidden) == nothing
    assert hierarchy.GetItemOwnerPluginName(items[0]) == "Volumes"


def test_label_maps_find_their_colours_without_a_warning():
    volumes = slicer.modules.volumes.logic()
    node = volumes.CreateAndAddLabelVolume(a_volume(), "labels")
    table = node.GetDisplayNode().GetColorNode()
    assert table.GetID() == "vtkMRMLColorTableNodeFileGenericColors.txt"
    colours = {table.GetLookupTable().GetTableValue(label) for label in range(1, 256)}
    assert len(colours) > 200
    assert table.GetLookupTable().GetTableValue(0)[3] == 0.0


def test_what_vtk_says_reaches_logging(watch):
    reader = vtk.vtkXMLImageDataReader()
    reader.SetFileName("there is no such file")
    reader.Update()
    assert "Error opening file" in watch.expect("Error opening file")
    watch.words.clear()


def test_an_exception_in_an_observer_is_not_lost(watch, scene):
    def broken(_caller, _event):
        raise ValueError("in the observer")

    tag = scene.AddObserver(scene.NodeAddedEvent, broken)
    a_transform()
    scene.RemoveObserver(tag)
    assert "ValueError: in the observer" in watch.expect("in the observer")
    watch.words.clear()


def test_endings_and_names_are_told_apart():
    assert [file_type(f"a.b{e}") for e in (".SEG.NRRD", ".nrrd", ".nii.gz", ".mrk.json", ".json")] == [
        "SegmentationFile",
        "VolumeFile",
        "VolumeFile",
        "MarkupsFile",
        "NoFile",
    ]
    assert base_name(Path("folder.d") / "case.1.nii.gz") == "case.1"


def test_it_starts_fast_and_leaves_nothing_behind():
    started = time.perf_counter()
    done = in_a_new_python(
        "from RegSuite import mrml; mrml.headless(); import slicer; import slicer.util, numpy\n"
        "node = slicer.util.addVolumeFromArray(numpy.zeros((2, 2, 2), 'f4'))\n"
        "print(slicer.app.temporaryPath)"
    )
    seconds = time.perf_counter() - started
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    folder = Path(done.stdout.strip())
    assert folder.name.startswith("regsuite-slicer-")
    assert not folder.exists()
    assert seconds < 15  # 1.5 s on an idle machine


def test_an_error_of_vtk_is_seen_in_a_script_without_logging():
    done = in_a_new_python(
        "from RegSuite import mrml; mrml.headless(); import vtk\n"
        "reader = vtk.vtkXMLImageDataReader(); reader.SetFileName('nowhere'); reader.Update()"
    )
    assert done.stderr.count("Error opening file") == 1


def test_another_package_called_slicer_is_told_apart(tmp_path):
    (tmp_path / "slicer").mkdir()
    (tmp_path / "slicer" / "__init__.py").write_text("class Slicer: ...\n")
    done = in_a_new_python("from RegSuite import mrml; mrml.headless()", paths=[tmp_path])
    assert done.returncode == 1
    assert "is not 3D Slicer's: it has no MRML" in done.stderr
    assert "pip uninstall slicer" in done.stderr


def test_without_slicer_core_the_words_name_it():
    done = in_a_new_python(
        "import sys, importlib.abc\n"
        "class Nothing(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'slicer': raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Nothing())\n"
        "import importlib.util\n"
        "real = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *a: None if name == 'slicer' else real(name, *a)\n"
        "from RegSuite import mrml; mrml.headless()"
    )
    assert done.returncode == 1
    assert "InputError: there is no 3D Slicer in this Python" in done.stderr
    assert "pip install 'regsuite[slicer]'" in done.stderr
