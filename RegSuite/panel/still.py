"""Whether an input still is what was read: a run works on what stood there when it began."""

from __future__ import annotations

from typing import Any

import vtk


def state_of(node: Any) -> tuple[Any, ...]:
    """What a change of place or of voxels changes, and looks and names do not."""
    return (_place(node), *_geometry(node))


def _place(node: Any) -> tuple[Any, ...]:
    """The transform above a node: which one, and its matrix where it has one."""
    above = node.GetParentTransformNode() if hasattr(node, "GetParentTransformNode") else None
    if above is None:
        return ()
    matrix = vtk.vtkMatrix4x4()
    if not above.IsTransformToWorldLinear():
        return (above.GetID(), above.GetTransformToWorldMTime())
    above.GetMatrixTransformToWorld(matrix)
    return _elements(matrix)


def _geometry(node: Any) -> tuple[Any, ...]:
    """Of a volume its grid and when its voxels were last written; nothing of other nodes."""
    image: Any = node.GetImageData() if node.IsA("vtkMRMLVolumeNode") else None
    if image is None or image.GetPointData().GetScalars() is None:
        return ()
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return (_elements(matrix), image.GetDimensions(), image.GetPointData().GetScalars().GetMTime())


def _elements(matrix: Any) -> tuple[float, ...]:
    return tuple(matrix.GetElement(row, column) for row in range(4) for column in range(4))
