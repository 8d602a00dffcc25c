"""Where a node stands in the world: its own grid with its parent transforms taken in."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.geometry.grid import DIRECTION_TOLERANCE
from RegSuite.mrml.space import FloatArray, array_of_matrix, grid_of_volume, matrix_to_lps


def placed_grid(node: Any, role: str = "image", inside: Any = None) -> Grid:
    """The grid (LPS mm, 3D) on which a volume is seen in the world, or within the transform `inside`.

    Rigid parent transforms are taken in, `inside` and what is above it are left out. Raises
    GeometryError, naming the nodes, for a parent that is not rigid and for sheared axes.
    """
    own = grid_of_volume(node)
    matrix = parent_matrix(node, role, inside)
    if matrix is None:
        return own
    turned = matrix[:3, :3] @ np.asarray(own.direction)
    origin = matrix[:3, :3] @ np.asarray(own.origin) + matrix[:3, 3]
    return Grid.make(own.size, own.spacing, origin.tolist(), turned)


def parent_matrix(node: Any, role: str, inside: Any = None) -> FloatArray | None:
    """[4, 4] LPS mm from a node's own space to the world (or into `inside`), None where they are one.

    Raises GeometryError for parents that are not rigid, so that no image is sheared or resampled unasked.
    """
    parent = node.GetParentTransformNode()
    if parent is None or parent is inside:
        return None
    whole = vtk.vtkMatrix4x4()
    target = inside if is_above(inside, parent) else None
    if not parent.IsTransformToNodeLinear(target):
        raise GeometryError(
            f"{role} '{node.GetName()}' is under a non-linear transform, '{parent.GetName()}'",
            where=f"{role} '{node.GetName()}'",
            mend=f"harden the transform on it (module Data), or take it out of '{parent.GetName()}' "
            "and give that as initial transform",
        )
    parent.GetMatrixTransformToNode(target, whole)
    matrix = matrix_to_lps(array_of_matrix(whole))
    linear = matrix[:3, :3]
    deviation = float(np.abs(linear.T @ linear - np.eye(3)).max())
    if deviation > DIRECTION_TOLERANCE:
        raise GeometryError(
            f"{role} '{node.GetName()}' is under a transform that scales or shears, '{parent.GetName()}': "
            f"lengths change by up to {100 * _stretch(linear):.2g} %",
            where=f"{role} '{node.GetName()}'",
            mend=f"take it out of '{parent.GetName()}' and give that as initial transform, harden a mere "
            "scaling (module Data), or resample it (module Resample Scalar/Vector/DWI Volume)",
        )
    if np.linalg.det(linear) < 0:
        raise GeometryError(
            f"{role} '{node.GetName()}' is under a transform that mirrors it, '{parent.GetName()}': "
            "left and right are exchanged",
            where=f"{role} '{node.GetName()}'",
            mend=f"take it out of '{parent.GetName()}', or harden that on it (module Data) where it is meant",
        )
    left, _, right = np.linalg.svd(linear)
    matrix[:3, :3] = left @ right
    return matrix


def is_above(transform: Any, parent: Any) -> bool:
    """Whether `transform` stands above the transform node `parent` (not itself)."""
    above = None if parent is None else parent.GetParentTransformNode()
    while above is not None and above is not transform:
        above = above.GetParentTransformNode()
    return transform is not None and above is transform


def _stretch(linear: FloatArray) -> float:
    """The largest relative change of a length under a [3, 3] matrix."""
    return float(np.abs(np.linalg.svd(linear, compute_uv=False) - 1).max())
