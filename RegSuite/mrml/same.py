"""Finds the nodes that an engine image was read from, or that hold the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer

from RegSuite.errors import GeometryError
from RegSuite.geometry import ArrayImage, Image
from RegSuite.mrml.application.file_types import base_name
from RegSuite.mrml.display import voxels
from RegSuite.mrml.placed import placed_grid
from RegSuite.mrml.space import in_space

if TYPE_CHECKING:
    from RegSuite.workflows.scene import SceneContent


def with_nodes_at_hand(content: SceneContent) -> SceneContent:
    """The content with the scene's own volumes in place of input images that hold the same."""
    items = dict(content.items)
    for role in content.workflow.inputs:
        item = items.get(role.name)
        if role.kind == "image" and isinstance(item, Image | ArrayImage):
            items[role.name] = volume_like(item) or item
    return replace(content, items=items)


def volume_like(image: Image | ArrayImage) -> Any:
    """The volume node of the scene with the name, place and voxels of an image; None where there is none."""
    for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        named = node.GetName() in (image.name, base_name(image.name))
        if named and node.GetImageData() is not None and _same(node, image):
            return node
    return None


def _same(node: Any, image: Image | ArrayImage) -> bool:
    try:
        grid = placed_grid(node)
    except GeometryError:  # under a parent that no image of the engine can have come from
        return False
    solid = in_space(image.grid)
    if image.channels != 1 or not grid.same_space(solid):
        return False
    return bool(np.array_equal(voxels(node), ArrayImage.of(image).values[0].reshape(solid.shape)))
