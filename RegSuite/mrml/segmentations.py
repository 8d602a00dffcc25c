"""Segmentations as label maps on a grid, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.errors import InputError
from RegSuite.geometry import ArrayImage, Grid, Image
from RegSuite.mrml.colours import colour_of, name_of
from RegSuite.mrml.label_values import is_name, labels_in_steps
from RegSuite.mrml.nodes import check_node, node_for
from RegSuite.mrml.numbering import agreed, completed
from RegSuite.mrml.oriented import LABELMAP, oriented_image, serialised
from RegSuite.mrml.overlap import check_overlap
from RegSuite.mrml.segments import LABEL_TAG, Layered, layered
from RegSuite.mrml.slabs import Steps, finish, slabs
from RegSuite.mrml.space import mark_dimension
from RegSuite.mrml.terminology import terminology_entry
from RegSuite.mrml.voxels import image_in_steps

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
    image, names = finish(labels_of_segmentation(node, grid, role, inside, numbers, warnings))
    return image.image(), names


def labels_of_segmentation(
    node: Any,
    grid: Grid | None,
    role: str,
    inside: Any,
    numbers: Mapping[str, int] | None,
    warnings: list[str] | None,
) -> Steps[tuple[ArrayImage, dict[int, str]]]:
    """`labels_from_segmentation` before torch, in steps."""
    check_node(node, role, SEGMENTATION)
    found = layered(node, grid, role, inside)
    merged = yield from found.merged()
    check_overlap(merged.shared, merged.sizes, found.names, f"{role} '{node.GetName()}'", warnings)
    labels = _numbers(found, numbers or {})
    names = {label: name for label, name in zip(labels, found.names, strict=True) if is_name(name)}
    table = np.array([0, *labels], dtype=np.int32)
    return (yield from _image(merged.order, table, found.grid, node.GetName())), names


def mask_from_segmentation(node: Any, grid: Grid | None, role: str = "mask", *, inside: Any = None) -> Image:
    """All segments together as a mask on `grid`: uint8 [1, *shape]. Otherwise as labels_from_segmentation."""
    return finish(mask_of_segmentation(node, grid, role, inside)).image()


def mask_of_segmentation(node: Any, grid: Grid | None, role: str, inside: Any) -> Steps[ArrayImage]:
    """`mask_from_segmentation` before torch, in steps."""
    check_node(node, role, SEGMENTATION)
    return (yield from mask_of_layers(layered(node, grid, role, inside), node.GetName()))


def mask_of_layers(found: Layered, name: str) -> Steps[ArrayImage]:
    """The segments that are wanted, together, as a mask."""
    merged = yield from found.merged()
    table = np.array([0, *(1 for _ in found.names)], dtype=np.uint8)
    return (yield from _image(merged.order, table, found.grid, name))


def segmentation_from_labels(
    image: Image | ArrayImage,
    names: Mapping[int, str] | None = None,
    *,
    name: str | None = None,
    node: Any = None,
) -> Any:
    """A segmentation with a segment a label: names, stable colours and terminology.

    The segments share one label map, a copy of the image's. node: an output node that is filled
    instead, its segments are replaced and its parent transform is removed.
    Raises InputError for an image of several values a voxel or negative labels.
    """
    return finish(segmentation_in_steps(image, names, name=name, node=node))


def segmentation_in_steps(
    image: Image | ArrayImage,
    names: Mapping[int, str] | None = None,
    *,
    name: str | None = None,
    node: Any = None,
) -> Steps[Any]:
    """`segmentation_from_labels` in steps; before the last one nothing of it is in the scene."""
    image = ArrayImage.of(image)
    if image.channels != 1:
        raise InputError(f"{image.channels} values a voxel where one label is wanted", where=image.name)
    present = yield from labels_in_steps(image.values)
    if present and present[0] < 0:
        raise InputError(f"labels from {present[0]}", where=image.name, mend="number them from 1")
    highest = max(present, default=0)
    type_name = "uint8" if highest < 2**8 else "int16" if highest < 2**15 else "int32"
    voxels = yield from image_in_steps(image.values, type_name)
    out = node_for(SEGMENTATION, name, node, image.name)
    was = out.StartModify()
    try:
        out.SetAndObserveTransformNodeID(None)
        if out.GetDisplayNode() is None:
            out.CreateDefaultDisplayNodes()
        _fill(out.GetSegmentation(), oriented_image(image.grid, voxels), present, names or {})
        mark_dimension(out, image.ndim)
    finally:
        out.EndModify(was)
    return out


def refer_to_volume(node: Any, volume: Any) -> None:
    """Name the volume whose voxels the segments belong to, as Slicer's tools ask for it; nothing moves.

    Only the node reference: the geometry that the segmentation keeps is that of its own label map.
    """
    role = node.GetReferenceImageGeometryReferenceRole()
    node.SetNodeReferenceID(role, volume.GetID() if volume is not None else None)


def _fill(segmentation: Any, shared: Any, labels: list[int], names: Mapping[int, str]) -> None:
    """Replace all segments by those of a label map (a vtkOrientedImageData)."""
    import slicer

    segmentation.RemoveAllSegments()
    segmentation.SetSourceRepresentationName(LABELMAP)
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


def _image(order: NDArray[np.uint16], table: NDArray[Any], grid: Grid, name: str) -> Steps[ArrayImage]:
    """Segment numbers [Z, Y, X] as an image of what the table has for each."""
    values = np.empty(order.shape, table.dtype)
    for slab in slabs(order.shape):
        values[slab] = table[order[slab]]
        yield
    return ArrayImage(values.reshape(1, *grid.shape), grid, name)
