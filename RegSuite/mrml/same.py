"""Finds the nodes that an engine object was read from, or that hold the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer

from RegSuite.errors import GeometryError, RegSuiteError
from RegSuite.geometry import ArrayImage, Image, PointSet
from RegSuite.mrml.application.file_types import base_name
from RegSuite.mrml.display import voxels
from RegSuite.mrml.inputs import is_node, object_in_steps
from RegSuite.mrml.placed import placed_grid
from RegSuite.mrml.slabs import finish
from RegSuite.mrml.space import in_space
from RegSuite.transforms.affine import AffineTransform
from RegSuite.transforms.arrays import ArrayField, ArraySpline, Member, members_of

if TYPE_CHECKING:
    from RegSuite.workflows.model import InputRole
    from RegSuite.workflows.scene import SceneContent

_CLASSES = {
    "labels": ("vtkMRMLSegmentationNode", "vtkMRMLScalarVolumeNode"),
    "mask": ("vtkMRMLSegmentationNode", "vtkMRMLScalarVolumeNode"),
    "points": ("vtkMRMLMarkupsNode",),
    "transform": ("vtkMRMLTransformNode",),
}
"""Node classes by the kind of what they hold; a label map is a scalar volume too."""

NEAR_MM = 1e-6


def with_nodes_at_hand(content: SceneContent) -> SceneContent:
    """The content with the scene's own nodes in place of inputs that hold the same.

    The same is what has the name (a file's without its ending), the place in the world and the
    voxels, points or map. Where a node cannot be read as that kind of input it is not the same.
    """
    items = dict(content.items)
    for role in content.workflow.inputs:
        item = content.item(role.name)
        if item is None or is_node(item):
            continue
        if role.kind == "image" and isinstance(item, Image | ArrayImage):
            items[role.name] = volume_like(item) or item
        elif role.kind in _CLASSES:
            items[role.name] = _node_like(item, role, content.label_names) or item
    return replace(content, items=items)


def volume_like(image: Image | ArrayImage) -> Any:
    """The volume node of the scene with the name, place and voxels of an image; None where there is none."""
    for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        named = node.GetName() in (image.name, base_name(image.name))
        if named and node.GetImageData() is not None and _same(node, image):
            return node
    return None


def _node_like(item: Any, role: InputRole, label_names: Mapping[int, str]) -> Any:
    """The node with the name of an input, or of its role, that is read as the same."""
    name = getattr(item, "name", "") or role.title
    numbers = {name: label for label, name in label_names.items()}
    for kind in _CLASSES[role.kind]:
        for node in slicer.util.getNodesByClass(kind):
            if node.GetName() in (name, base_name(name)) and _reads_as(node, item, role, numbers):
                return node
    return None


def _reads_as(node: Any, item: Any, role: InputRole, numbers: Mapping[str, int]) -> bool:
    """Whether a node read as `role` is what `item` is; numbers: labels by name, as the run gave them."""
    grid, ndim = getattr(item, "grid", None), getattr(item, "ndim", None)
    steps = object_in_steps(
        node, role.kind, role.name, grid, inside=None, ndim=ndim, warnings=[], numbers=numbers
    )
    try:
        found = finish(steps)
    except RegSuiteError:  # a node of the same name from which no such input can have come
        return False
    if isinstance(found, ArrayImage):
        return found.grid.same_space(item.grid) and np.array_equal(found.values, ArrayImage.of(item).values)
    return _same_points(found, item) if isinstance(found, PointSet) else _same_map(found, item)


def _same_points(found: PointSet, item: PointSet) -> bool:
    """Places, names (points without one are called by their row) and labels."""
    rows = tuple(str(row + 1) for row in range(len(item)))
    ours, theirs = (None if one.labels is None else one.labels.tolist() for one in (found, item))
    return (
        found.points.shape == item.points.shape
        and bool(np.allclose(found.points, item.points, rtol=0, atol=NEAR_MM))
        and found.names == (rows if item.names is None else item.names)
        and ours == theirs
    )


def _same_map(found: Any, item: Any) -> bool:
    """Whether two transforms are made of the same parts, one after the other."""
    ours, theirs = members_of(found), members_of(item, getattr(item, "grid", None))
    return len(ours) == len(theirs) and all(map(_same_part, ours, theirs))


def _same_part(a: Member, b: Member) -> bool:
    if isinstance(a, AffineTransform) and isinstance(b, AffineTransform):
        turned = np.allclose(a.matrix, b.matrix, rtol=0, atol=1e-9)
        return bool(turned and np.allclose(a.offset, b.offset, rtol=0, atol=NEAR_MM))
    if isinstance(a, ArrayField) and isinstance(b, ArrayField):
        same = a.inverted == b.inverted and a.grid.same_space(b.grid)
        return same and bool(np.allclose(a.displacement_mm, b.displacement_mm, rtol=0, atol=NEAR_MM))
    if isinstance(a, ArraySpline) and isinstance(b, ArraySpline):
        same = a.inverted == b.inverted and a.control.same_space(b.control)
        return same and bool(np.allclose(a.coefficients_mm, b.coefficients_mm, rtol=0, atol=NEAR_MM))
    return False


def _same(node: Any, image: Image | ArrayImage) -> bool:
    try:
        grid = placed_grid(node)
    except GeometryError:  # under a parent that no image of the engine can have come from
        return False
    solid = in_space(image.grid)
    if image.channels != 1 or not grid.same_space(solid):
        return False
    return bool(np.array_equal(voxels(node), ArrayImage.of(image).values[0].reshape(solid.shape)))
