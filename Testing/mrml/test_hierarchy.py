"""The nodes of a result lie together in one folder of the subject hierarchy."""

from __future__ import annotations

import pytest

from Testing.mrml.gate import slicer
from Testing.mrml.small_nodes import a_table, a_transform, a_volume

pytestmark = pytest.mark.slicer


def result_folder(*given):
    from RegSuite.mrml.hierarchy import result_folder

    return result_folder(*given)


def tree():
    """Names of folders and their members: {parent name: [names below it, in order]}."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    found = {}
    pending = [hierarchy.GetSceneItemID()]
    while pending:
        item = pending.pop()
        children = []
        hierarchy.GetItemChildren(item, children, False)
        if children:
            found[hierarchy.GetItemName(item)] = [hierarchy.GetItemName(child) for child in children]
        pending += children
    return found


def folder(name):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    return hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), name)


def put(node, item):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(node), item)


def test_the_nodes_lie_in_the_folder_in_the_order_of_their_roles():
    scan, transform, table = a_volume(), a_transform(), a_table()
    item = result_folder("knee", {"displacement": transform, "warped": scan, "measures": table})
    assert tree() == {"Scene": ["knee"], "knee": ["shift", "scan", "metrics"]}
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    assert hierarchy.GetItemName(item) == "knee"
    assert hierarchy.GetItemLevel(item) == "Folder"
    assert hierarchy.GetItemOwnerPluginName(item) == "Folder"


def test_other_nodes_stay_where_they_are():
    a_volume("fixed")
    result_folder("knee", {"warped": a_volume("warped")})
    assert tree() == {"Scene": ["fixed", "knee"], "knee": ["warped"]}


def test_a_second_result_of_the_same_name_has_a_folder_of_its_own():
    for _ in range(3):
        result_folder("knee", {"warped": a_volume()})
    assert tree()["Scene"] == ["knee", "knee 2", "knee 3"]


def test_a_second_run_into_the_same_nodes_uses_their_folder_again():
    node = a_volume()
    first = result_folder("knee", {"warped": node})
    assert result_folder("knee", {"warped": node, "displacement": a_transform()}) == first
    assert tree() == {"Scene": ["knee"], "knee": ["scan", "shift"]}


def test_a_node_that_the_user_has_put_somewhere_stays_there():
    node = a_volume()
    put(node, folder("mine"))
    result_folder("knee", {"warped": node, "displacement": a_transform()})
    assert tree() == {"Scene": ["mine", "knee"], "mine": ["scan"], "knee": ["shift"]}


def test_a_folder_can_lie_in_a_study():
    study = folder("study")
    result_folder("knee", {"warped": a_volume()}, study)
    assert tree() == {"Scene": ["study"], "study": ["knee"], "knee": ["scan"]}


def test_a_hidden_node_gets_an_item_when_it_belongs_to_a_result():
    node = slicer.vtkMRMLTableNode()
    node.SetHideFromEditors(1)
    node.SetName("hidden")
    slicer.mrmlScene.AddNode(node)
    result_folder("knee", {"measures": node})
    assert tree()["knee"] == ["hidden"]


def test_the_folder_is_there_after_the_scene_was_saved_and_read(tmp_path):
    result_folder("knee", {"warped": a_volume(), "displacement": a_transform()})
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"), {})
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"), {})
    assert tree() == {"Scene": ["knee"], "knee": ["scan", "shift"]}


def test_a_scene_that_is_added_brings_its_folder_along(tmp_path):
    result_folder("knee", {"warped": a_volume()})
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"), {})
    slicer.mrmlScene.Clear(0)
    result_folder("hip", {"warped": a_volume("other")})
    slicer.util.loadScene(str(tmp_path / "scene.mrb"), {})
    assert tree() == {"Scene": ["hip", "knee"], "hip": ["other"], "knee": ["scan"]}


def test_nodes_of_a_scene_without_a_hierarchy_get_their_items(tmp_path):
    file = tmp_path / "old.mrml"
    file.write_text('<MRML><LinearTransform id="vtkMRMLLinearTransformNode1" name="old"/></MRML>')
    slicer.util.loadScene(str(file), {})
    assert tree() == {"Scene": ["old"]}


def test_a_node_that_is_removed_takes_its_item_with_it():
    for _ in range(3):
        for make in (a_volume, a_table):
            slicer.mrmlScene.RemoveNode(make())
    a_volume("kept")
    assert list(tree().values()) == [["kept"]]
