"""Volume nodes made in steps: voxels are copied slab by slab, then the node gets them all at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from RegSuite.errors import InputError
from RegSuite.geometry import ArrayImage, Image
from RegSuite.mrml.colours import colour_labels
from RegSuite.mrml.label_values import labels_in_steps
from RegSuite.mrml.modality import set_modality
from RegSuite.mrml.nodes import node_for, words_of
from RegSuite.mrml.slabs import Steps
from RegSuite.mrml.space import place_volume
from RegSuite.mrml.volume_reading import LABELS, SCALAR, VECTOR
from RegSuite.mrml.voxels import image_in_steps

PROBES = 200_000
"""Voxels that are looked at to choose the brightness of a new volume."""


def volume_in_steps(image: Image | ArrayImage, *, name: str | None = None, node: Any = None) -> Steps[Any]:
    """`volume_from_image` in steps; before the last one nothing of it is in the scene."""
    image = ArrayImage.of(image)
    voxels = yield from image_in_steps(image.values, image.type_name)
    out = node_for(SCALAR if image.channels == 1 else VECTOR, name, node, image.name)
    if image.channels == 1 and (out.IsA(VECTOR) or out.IsA(LABELS)):
        raise InputError(
            f"'{out.GetName()}' is a {words_of(out)} and cannot hold an image of one value a voxel",
            where=f"output '{out.GetName()}'",
            mend="choose a scalar volume, or let a new one be made",
        )
    _fill(out, image, voxels)
    set_modality(out, image.modality)
    return out


def label_volume_in_steps(
    image: Image | ArrayImage,
    names: Mapping[int, str] | None = None,
    *,
    name: str | None = None,
    node: Any = None,
) -> Steps[Any]:
    """`label_volume_from_image` in steps."""
    image = ArrayImage.of(image)
    if image.channels != 1:
        raise InputError(f"{image.channels} values a voxel where one label is wanted", where=image.name)
    present = yield from labels_in_steps(image.values)
    fits = min(present, default=0) >= -(2**15) and max(present, default=0) < 2**15
    type_name = "int16" if fits else "int32"
    voxels = yield from image_in_steps(image.values, type_name)
    out = node_for(LABELS, name, node, image.name)
    _fill(out, image, voxels)
    colour_labels(out, present, names or {})
    return out


def _fill(node: Any, image: ArrayImage, voxels: Any) -> None:
    """Voxels (a vtkImageData) and geometry of `image` into a volume node, in one change."""
    was = node.StartModify()
    try:
        node.SetAndObserveTransformNodeID(None)
        place_volume(node, image.grid)
        if node.GetDisplayNode() is None:
            node.CreateDefaultDisplayNodes()
            _brighten(node.GetDisplayNode(), image)
        node.SetAndObserveImageData(voxels)
    finally:
        node.EndModify(was)


def _brighten(display: Any, image: ArrayImage) -> None:
    """Window and level of a new display over all but the rarest values.

    Slicer's own choice counts every voxel, which takes longer than the copy of a large volume.
    """
    if not display.IsA("vtkMRMLScalarVolumeDisplayNode") or image.channels != 1:
        return
    values = image.values.reshape(-1)
    some = values[:: max(1, len(values) // PROBES)].astype(np.float32)
    some = some[np.isfinite(some)]
    if some.size == 0:
        return
    low, high = np.quantile(some, (0.001, 0.999))
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(float(low), float(max(high, low + 1e-6)))
