"""Subject hierarchy items of new nodes, which in Slicer's window are made by Qt plugins."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

OWNERS = {
    "vtkMRMLLabelMapVolumeNode": "LabelMaps",
    "vtkMRMLVolumeNode": "Volumes",
    "vtkMRMLSegmentationNode": "Segmentations",
    "vtkMRMLTransformNode": "Transforms",
    "vtkMRMLMarkupsNode": "Markups",
    "vtkMRMLModelNode": "Models",
    "vtkMRMLTableNode": "Tables",
    "vtkMRMLPlotChartNode": "Plots",
    "vtkMRMLTextNode": "Texts",
    "vtkMRMLSequenceNode": "",
}
"""The plugin that owns items of a class of nodes in Slicer, the first that fits; "" lets Slicer choose."""


def make_items(scene: Any) -> list[tuple[Any, int]]:
    """Give every data node that is or will be in `scene` its item; the observers, to be removed at the end.

    Hidden nodes get none, as in Slicer, and nodes that are being read with a scene get those of
    that scene's hierarchy, which Slicer puts together after its last event: who has read a scene
    calls `make_missing_items` then.
    """

    def on_node_added(_scene: Any, _event: str, node: Any) -> None:
        if not scene.IsImporting():
            _make_item(scene, node)

    def on_node_removed(_scene: Any, _event: str, node: Any) -> None:
        if not scene.IsClosing():
            _remove_item(scene, node)

    for observer in (on_node_added, on_node_removed):
        observer.CallDataType = vtk.VTK_OBJECT  # type: ignore[attr-defined]  # how VTK is told to hand it over
    make_missing_items(scene)
    return [
        (scene, scene.AddObserver(scene.NodeAddedEvent, on_node_added)),
        (scene, scene.AddObserver(scene.NodeAboutToBeRemovedEvent, on_node_removed)),
    ]


def make_missing_items(scene: Any) -> None:
    """Items for the nodes that have none, such as those of a scene that had no hierarchy."""
    for index in range(scene.GetNumberOfNodes()):
        _make_item(scene, scene.GetNthNode(index))


def _make_item(scene: Any, node: Any) -> None:
    owner = _owner(node)
    if owner is None or node.GetHideFromEditors():
        return
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    if hierarchy is None or hierarchy.GetItemByDataNode(node) != hierarchy.GetInvalidItemID():
        return
    item = hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
    hierarchy.SetItemOwnerPluginName(item, owner)


def _remove_item(scene: Any, node: Any) -> None:
    """Take a node's item away with it; an item left behind is an error to the hierarchy later on."""
    hierarchy = scene.GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode")
    if hierarchy is None or hierarchy is node:
        return
    item = hierarchy.GetItemByDataNode(node)
    if item != hierarchy.GetInvalidItemID():
        hierarchy.RemoveItem(item, False, False)


def _owner(node: Any) -> str | None:
    """None for nodes that have no item."""
    return next((owner for kind, owner in OWNERS.items() if node.IsA(kind)), None)
