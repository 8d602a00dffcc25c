"""Segmentations as label maps on a grid, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.mrml.colours import colour_of, name_of
from RegSuite.mrml.label_values import is_name, labels_in
from RegSuite.mrml.nodes import check_node, node_for
from RegSuite.mrml.numbering import agreed, completed
from RegSuite.mrml.oriented import LABELMAP, oriented_image, serialised
from RegSuite.mrml.overlap import check_overlap
from RegSuite.mrml.segments import LABEL_TAG, Layered, layered
from RegSuite.mrml.space import mark_dimension
from RegSuite.mrml.terminology import terminology_entry

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEGMENTATION = "vtkMRMLSegmentationNode"


def labels_from_segmentation(
    node: Any,
    grid: Grid | None,
    role: str = "labels",
    *,
    inside: Any = None,
    numbers: Mapping[str, int] | None = None,
    warnings: list[str] | None = None,
) -> tuple[Image, dict[int, str]]:
    """The segments as a label map on `grid` (int32 [1, *shape]) with their names; the node stays as it is.

    grid: of the image they belong to, LPS mm in the world; the segmentation's own where None.
    Labels are the segments' own label values where these differ, else their order from 1.
    inside: as in `image_from_volume`. numbers: labels by name that are taken already. Surfaces
    are voxelised on `grid`. Where segments overlap a little the later one stands, with a warning.
    Raises InputError for no segments, or segments that overlap by more than a twentieth of the
    smaller one: a label map cannot hold both. GeometryError for a parent that is not rigid.
    """
    check_node(node, role, SEGMENTATION)
    found = layered(node, grid, role, inside)
    order, shared = found.merged()
    check_overlap(shared, order, found.names, f"{role} '{node.GetName()}'", warnings)
    labels = _numbers(found, numbers or {})
    table = np.array([0, *labels], dtype=np.int32)
    names = {label: name for label, name in zip(labels, found.names, strict=True) if is_name(name)}
    return _image(table[order], found.grid, node.GetName()), names


def mask_from_segmentation(node: Any, grid: Grid | None, role: str = "mask", *, inside: Any = None) -> Image:
    """All segments together as a mask on `grid`: uint8 [1, *shape]. Otherwise as labels_from_segmentation."""
    check_node(node, role, SEGMENTATION)
    found = layered(node, grid, role, inside)
    order, _ = found.merged()
    return _image((order > 0).astype(np.uint8), found.grid, node.GetName())


def segmentation_from_labels(
    image: Image, names: Mapping[int, str] | None = None, *, name: str | None = None, node: Any = None
) -> Any:
    """A segmentation with a segment a label: names, stable colours and terminology.

    The segments share one label map, a copy of the image's. node: an output node that is filled
    instead, its segments are replaced and its parent transform is removed.
    Raises InputError for an image of several values a voxel or negative labels.
    """
    if image.channels != 1:
        raise InputError(f"{image.channels} values a voxel where one label is wanted", where=image.name)
    if image.data.numel() and int(image.data.min()) < 0:
        raise InputError(f"labels from {int(image.data.min())}", where=image.name, mend="number them from 1")
    out = node_for(SEGMENTATION, name, node, image.name)
    present = labels_in(image.data)
    was = out.StartModify()
    try:
        out.SetAndObserveTransformNodeID(None)
        if out.GetDisplayNode() is None:
            out.CreateDefaultDisplayNodes()
        _fill(out.GetSegmentation(), image, present, names or {})
        mark_dimension(out, image.ndim)
    finally:
        out.EndModify(was)
    return out


def _fill(segmentation: Any, image: Image, labels: list[int], names: Mapping[int, str]) -> None:
    """Replace all segments by those of a label image."""
    import slicer

    segmentation.RemoveAllSegments()
    segmentation.SetSourceRepresentationName(LABELMAP)
    shared = oriented_image(image.grid, image.data, "uint8" if max(labels, default=0) < 2**8 else "int16")
    if max(labels, default=0) >= 2**15:
        shared = oriented_image(image.grid, image.data, "int32")
    segmentation.SetConversionParameter(
        slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName(), serialised(shared)
    )
    for label in labels:
        segment = slicer.vtkSegment()
        segment.SetName(name_of(label, names))
        segment.SetColor(*colour_of(label))
        segment.SetTag(segment.GetTerminologyEntryTagName(), terminology_entry(name_of(label, names)))
        segment.SetTag(LABEL_TAG, str(label))
        segment.SetLabelValue(label)
        segment.AddRepresentation(LABELMAP, shared)
        segmentation.AddSegment(segment, f"label_{label}")


def _numbers(found: Layered, numbers: Mapping[str, int]) -> list[int]:
    """One label a segment, in their order; what was made here keeps its label through edits."""
    own = (
        found.values
        if len(set(found.values)) == len(found.values)
        else tuple(range(1, len(found.values) + 1))
    )
    if any(found.kept):
        own = completed(found.kept)
    named = [name if is_name(name) else "" for name in found.names]
    new = agreed(dict(zip(own, named, strict=True)), numbers)
    return [new.get(label, label) for label in own]


def _image(values: NDArray[Any], grid: Grid, name: str) -> Image:
    import torch

    return Image(torch.from_numpy(values.reshape(1, *grid.shape)), grid, name=name)
