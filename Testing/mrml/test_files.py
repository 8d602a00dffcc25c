"""The headless Slicer loads and saves files as Slicer does."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from RegSuite.mrml.application.file_types import base_name, file_type
from Testing.mrml.gate import slicer
from Testing.mrml.small_nodes import (
    VALUES,
    a_markups,
    a_model,
    a_segmentation,
    a_sequence,
    a_table,
    a_text,
    a_transform,
    a_volume,
)

pytestmark = pytest.mark.slicer


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


def test_a_scene_is_saved_as_a_folder_with_its_data(tmp_path):
    a_volume()
    assert slicer.util.saveScene(str(tmp_path / "new" / "case"), {})
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(next((tmp_path / "new" / "case").glob("*.mrml"))), {})
    np.testing.assert_array_equal(slicer.util.array("scan"), VALUES)


@pytest.mark.parametrize("name", ["case.mrb", "case.mrml"])
def test_a_scene_is_added_or_put_in_place_of_the_other(name, tmp_path):
    a_transform()
    if name.endswith(".mrml"):
        slicer.util.saveNode(slicer.util.getNode("shift"), str(tmp_path / "shift.h5"), {})
    assert slicer.util.saveScene(str(tmp_path / name), {})
    slicer.mrmlScene.Clear(0)
    a_table()
    slicer.util.loadScene(str(tmp_path / name), {})
    assert len(slicer.util.getNodes("metrics")) == len(slicer.util.getNodes("shift")) == 1
    slicer.util.loadScene(str(tmp_path / name), {"clear": True})
    assert not slicer.util.getNodes("metrics")
    assert len(slicer.util.getNodes("shift")) == 1


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


def test_endings_and_names_are_told_apart():
    assert [file_type(f"a.b{e}") for e in (".SEG.NRRD", ".nrrd", ".nii.gz", ".mrk.json", ".json")] == [
        "SegmentationFile",
        "VolumeFile",
        "VolumeFile",
        "MarkupsFile",
        "NoFile",
    ]
    assert base_name(Path("folder.d") / "case.1.nii.gz") == "case.1"
