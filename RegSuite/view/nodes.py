"""The nodes of a scene that a person can choose as layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ROLE = "RegSuite.role"
"""Node attribute: the role of the result that the node shows."""

_DISPLACEMENTS = ("displacement", "inverse_displacement")


@dataclass(frozen=True)
class Choices:
    """What the layers can be: scalar volumes, labels (segmentations and label maps), the Jacobian map."""

    volumes: tuple[Any, ...]
    labels: tuple[Any, ...]
    jacobian: Any | None


def choices(scene: Any) -> Choices:
    """The choices of a scene, in the scene's order; nodes hidden from editors and vectors are left out."""
    volumes = [
        node
        for node in _nodes(scene, "vtkMRMLScalarVolumeNode")
        if not node.IsA("vtkMRMLLabelMapVolumeNode")
        and not node.IsA("vtkMRMLVectorVolumeNode")
        and node.GetImageData() is not None
    ]
    labels = _nodes(scene, "vtkMRMLSegmentationNode") + [
        node for node in _nodes(scene, "vtkMRMLLabelMapVolumeNode") if node.GetImageData() is not None
    ]
    jacobian = next((node for node in volumes if role_of(node) == "jacobian"), None)
    return Choices(tuple(volumes), tuple(labels), jacobian)


def role_of(node: Any) -> str:
    """The role that the node shows; of a scene without roles, its name in small letters."""
    return str(node.GetAttribute(ROLE) or node.GetName() or "").lower()


def _nodes(scene: Any, kind: str) -> list[Any]:
    collection = scene.GetNodesByClass(kind)
    collection.UnRegister(None)
    found = [collection.GetItemAsObject(i) for i in range(collection.GetNumberOfItems())]
    return [node for node in found if not node.GetHideFromEditors()]
