"""Nodes as they are checked and made: in a scene, of the right class, with a name."""

from __future__ import annotations

from typing import Any

import slicer

from RegSuite.errors import InputError


def is_node(given: Any) -> bool:
    """Whether something is an MRML node (of Slicer's or of slicer-core's scene)."""
    return isinstance(given, slicer.vtkMRMLNode)


def check_node(node: Any, role: str, *classes: str) -> None:
    """Raise InputError for None, what is no node, a node of another class or one whose scene is gone."""
    if node is None:
        raise InputError(f"no {role} was chosen", where=role, mend=f"choose {_one_of(classes)}")
    if not is_node(node):
        raise InputError(
            f"{type(node).__name__} is no MRML node", where=role, mend=f"give {_one_of(classes)}"
        )
    where = f"{role} '{node.GetName()}'"
    if node.GetScene() is None:
        raise InputError(
            f"'{node.GetName()}' is no longer in a scene", where=where, mend="choose a node that is there"
        )
    if not any(node.IsA(name) for name in classes):
        raise InputError(
            f"'{node.GetName()}' is a {words_of(node)}", where=where, mend=f"choose {_one_of(classes)}"
        )


def node_for(class_name: str, name: str | None, node: Any, fallback: str) -> Any:
    """`node` if given, else a new one of `class_name` in the current scene; called `name` where given.

    Raises InputError when `node` is of another class or in no scene.
    """
    if node is None:
        return slicer.mrmlScene.AddNewNodeByClass(class_name, name or fallback)
    check_node(node, "output", class_name)
    if name is not None:
        node.SetName(name)
    return node


def words_of(node: Any) -> str:
    """What a person calls the class of a node: 'label map volume', 'linear transform', ..."""
    return _WORDS.get(node.GetClassName(), str(node.GetNodeTagName()))


_WORDS = {
    "vtkMRMLScalarVolumeNode": "volume",
    "vtkMRMLLabelMapVolumeNode": "label map",
    "vtkMRMLVectorVolumeNode": "vector volume",
    "vtkMRMLMultiVolumeNode": "multi-volume",
    "vtkMRMLDiffusionWeightedVolumeNode": "diffusion weighted volume",
    "vtkMRMLDiffusionTensorVolumeNode": "diffusion tensor volume",
    "vtkMRMLSegmentationNode": "segmentation",
    "vtkMRMLTransformNode": "transform",
    "vtkMRMLLinearTransformNode": "linear transform",
    "vtkMRMLBSplineTransformNode": "B-spline transform",
    "vtkMRMLGridTransformNode": "grid transform",
    "vtkMRMLMarkupsNode": "point list",
    "vtkMRMLMarkupsFiducialNode": "point list",
    "vtkMRMLModelNode": "model",
    "vtkMRMLTableNode": "table",
    "vtkMRMLSequenceNode": "sequence",
    "vtkMRMLPlotChartNode": "plot chart",
}


def _one_of(classes: tuple[str, ...]) -> str:
    """The words of some classes: 'a label map or a segmentation'."""
    words = [_WORDS.get(name, name) for name in classes]
    return " or ".join(f"a {word}" for word in dict.fromkeys(words))
