"""The subject hierarchy folder in which the nodes of a result lie together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import slicer

OWNER = "Folder"
"""Slicer's plugin that folders belong to; its window would set it, headless nobody does."""


def result_folder(name: str, nodes: Mapping[str, Any], parent: int | None = None) -> int:
    """Put the nodes of a result (by role, in this order) into a folder called `name`; its item.

    parent: the item above it, the scene itself if None. Nodes that the user has put somewhere, in
    a folder or under a study, stay there; what lies at the top moves. A folder of this name that
    holds one of the nodes already is used again, so that a second run into the same output nodes
    adds no folder; otherwise a name that is taken gets a number.
    """
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    top = hierarchy.GetSceneItemID()
    above = top if parent is None else parent
    items = [_item(hierarchy, node, top) for node in nodes.values()]
    folder = _folder_of(hierarchy, items, name, above)
    if folder is None:
        folder = hierarchy.CreateFolderItem(above, _free_name(hierarchy, name, above))
        if not hierarchy.GetItemOwnerPluginName(folder):
            hierarchy.SetItemOwnerPluginName(folder, OWNER)
    for item in items:
        if hierarchy.GetItemParent(item) == top:
            hierarchy.SetItemParent(item, folder)
    return int(folder)


def _item(hierarchy: Any, node: Any, top: int) -> int:
    """The node's item, made where Slicer has made none (for a hidden node)."""
    item = hierarchy.GetItemByDataNode(node)
    return int(item if item != hierarchy.GetInvalidItemID() else hierarchy.CreateItem(top, node))


def _folder_of(hierarchy: Any, items: list[int], name: str, above: int) -> int | None:
    """The folder called `name` (directly below `above`) in which one of the items lies."""
    for item in items:
        parent = hierarchy.GetItemParent(item)
        if hierarchy.GetItemParent(parent) == above and hierarchy.GetItemName(parent) == name:
            return int(parent)
    return None


def _free_name(hierarchy: Any, name: str, above: int) -> str:
    """`name`, or with the first number that no item below `above` has."""
    taken, number = name, 1
    while hierarchy.GetItemChildWithName(above, taken) != hierarchy.GetInvalidItemID():
        number += 1
        taken = f"{name} {number}"
    return taken
