"""Writes a node to a file, by Slicer's storage nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VOLUME_FORMATS = (
    "NRRD (.nrrd)",
    "NRRD (.nhdr)",
    "NIfTI (.nii.gz)",
    "NIfTI (.nii)",
    "MetaImage (.mha)",
    "MetaImage (.mhd)",
)
"""What volumes are written as: their storage node, unlike all others, does not list it."""


def storage_for(node: Any, file: str = "") -> Any:
    """A new storage node of the kind that reads and writes `file`, in no scene; None where there is none."""
    name = node.GetDefaultStorageNodeClassName(file) or node.GetDefaultStorageNodeClassName()
    if node.IsA("vtkMRMLTextNode"):
        name = "vtkMRMLTextStorageNode"  # short texts are kept in the scene's own file unless told otherwise
    if not name:
        return None
    storage = node.GetScene().CreateNodeByClass(name)
    storage.UnRegister(None)
    return storage


def formats(node: Any, file: str = "") -> list[str]:
    """The formats in which the node can be written, as "NRRD (.nrrd)": by the kind that writes `file`."""
    if node.IsA("vtkMRMLVolumeNode"):
        return list(VOLUME_FORMATS)
    storage = storage_for(node, file)
    if storage is None:
        return []
    types = storage.GetSupportedWriteFileTypes()
    return [types.GetValue(i) for i in range(types.GetNumberOfValues())]


def ending(node: Any, file: str) -> str:
    """The ending of `file` if the node can be written so (the longest that fits), else ""."""
    endings = [text[text.index("(") + 1 : -1] for text in formats(node, file)]
    return max((e for e in endings if file.lower().endswith(e)), key=len, default="")


def save_node(node: Any, file: str, given: Mapping[str, Any]) -> bool:
    """Write the node and remember the file: the node's storage node is kept in the scene.

    A storage node that the node has already is used where it is of the kind that writes this file.
    """
    storage, wanted = node.GetStorageNode(), storage_for(node, file)
    if wanted is None:
        return False
    if storage is None or not storage.IsA(wanted.GetClassName()):
        storage = wanted
        node.GetScene().AddNode(storage)
        node.SetAndObserveStorageNodeID(storage.GetID())
    return _write(storage, node, file, given)


def export_node(node: Any, file: str, given: Mapping[str, Any], *, in_world: bool) -> bool:
    """Write the node as it is (in_world: with its parents taken in) and remember nothing."""
    if not in_world or node.GetParentTransformNode() is None:
        return _export(node, file, given)
    scene = node.GetScene()
    copy = scene.AddNewNodeByClass(node.GetClassName(), scene.GenerateUniqueName(node.GetName()))
    try:
        copy.CopyContent(node)
        copy.SetAndObserveTransformNodeID(node.GetTransformNodeID())
        copy.HardenTransform()
        return _export(copy, file, given)
    finally:
        scene.RemoveNode(copy)


def _export(node: Any, file: str, given: Mapping[str, Any]) -> bool:
    storage = storage_for(node, file)
    if storage is None:
        return False
    storage.SetScene(node.GetScene())
    return _write(storage, node, file, given)


def _write(storage: Any, node: Any, file: str, given: Mapping[str, Any]) -> bool:
    storage.SetFileName(file)
    if "useCompression" in given:
        storage.SetUseCompression(int(given["useCompression"]))
    return bool(storage.WriteData(node))
