"""The modality of a volume node, where Slicer knows it."""

from __future__ import annotations

from typing import Any

MODALITY_ATTRIBUTE = "DICOM.Modality"
"""Of subject hierarchy items (Slicer's DICOM import) and of volume nodes made here."""

_BY_UNIT = {
    "[hnsf'U]": "CT",
    "{SUVbw}g/ml": "PT",
    "{SUVlbm}g/ml": "PT",
    "{SUVbsa}cm2/ml": "PT",
    "Bq/ml": "PT",
}
"""UCUM codes of voxel units that only one modality has."""


def modality_of(node: Any) -> str | None:
    """DICOM's word (MR, CT, PT, ...) from the subject hierarchy, the node or its voxel units; else None."""
    scene = node.GetScene()
    hierarchy = scene.GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode") if scene is not None else None
    if hierarchy is not None:
        item = hierarchy.GetItemByDataNode(node)
        found = hierarchy.GetItemAttribute(item, MODALITY_ATTRIBUTE) if item else ""
        if found:
            return str(found)
    own = node.GetAttribute(MODALITY_ATTRIBUTE)
    if own:
        return str(own)
    units = node.GetVoxelValueUnits() if node.IsA("vtkMRMLScalarVolumeNode") else None
    return _BY_UNIT.get(units.GetCodeValue() or "") if units is not None else None


def set_modality(node: Any, modality: str | None) -> None:
    """Keep a modality on a node made here; None leaves no mark."""
    if modality is None:
        node.RemoveAttribute(MODALITY_ATTRIBUTE)
    else:
        node.SetAttribute(MODALITY_ATTRIBUTE, modality)
