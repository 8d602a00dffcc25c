"""The segments of a node, layer by layer, brought onto one grid without touching the node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer
from vtk import reference, vtkMatrix4x4, vtkStringArray

from RegSuite.errors import InputError, MethodFailed
from RegSuite.geometry import Grid
from RegSuite.mrml.oriented import LABELMAP, from_serialised, grid_of_oriented, oriented_image, serialised
from RegSuite.mrml.placed import parent_matrix
from RegSuite.mrml.slabs import Steps, slabs
from RegSuite.mrml.space import in_plane, in_space, marked_flat
from RegSuite.mrml.voxels import values_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from RegSuite.mrml.space import FloatArray

_REFERENCE = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()

LABEL_TAG = "RegSuite.Label"
"""Segment tag with the label of a segment made here; label values change when segments are edited."""


@dataclass(frozen=True, eq=False)
class Merged:
    """Segments in one label map: `order` [Z, Y, X] has the number of each (from 1), 0 where there is none.

    sizes: voxels by number. shared: by pair of segments how many voxels they have in common.
    """

    order: NDArray[np.uint16]
    sizes: NDArray[np.int64]
    shared: dict[tuple[int, int], int]


def _merge(into: NDArray[np.uint16], mine: NDArray[np.uint16], shared: dict[tuple[int, int], int]) -> None:
    """Put the segments of one more layer over those before it, and count what both hold."""
    both = (into > 0) & (mine > 0)
    if both.any():
        pairs = into[both].astype(np.int64) << 16 | mine[both]
        for pair, count in zip(*np.unique(pairs, return_counts=True), strict=True):
            key = int(pair) >> 16, int(pair) & 0xFFFF
            shared[key] = shared.get(key, 0) + int(count)
    np.maximum(into, mine, out=into)


@dataclass(frozen=True)
class Layered:
    """The segments of a segmentation in their order, and their layers.

    values: the label values in the layers; kept: the labels that were kept as tags, 0 without.
    grid: in the world, where they are wanted. reference: the same in the segmentation's own space.
    wanted: the numbers (from 1) of those that count, all for None.
    """

    segmentation: Any
    names: tuple[str, ...]
    values: tuple[int, ...]
    kept: tuple[int, ...]
    grid: Grid
    reference: Any
    wanted: frozenset[int] | None = None

    def merged(self) -> Steps[Merged]:
        """The segments in one label map, the later where two meet, a slab a step."""
        solid = in_space(self.grid)
        out = np.zeros(solid.shape, dtype=np.uint16)
        shared: dict[tuple[int, int], int] = {}
        sizes = np.zeros(len(self.names) + 1, dtype=np.int64)
        tables = [*map(self._table, range(self.segmentation.GetNumberOfLayers(LABELMAP)))]
        for slab in slabs(solid.shape):
            part, geometry = out[slab], self._geometry(slab)
            for layer, table in enumerate(tables):
                if table is not None:
                    _merge(part, self._layer(layer, table, geometry), shared)
                yield
            sizes += np.bincount(part.ravel(), minlength=len(sizes))
            yield
        return Merged(out, sizes, shared)

    def _geometry(self, slab: slice) -> Any:
        """The slices `slab` of the geometry on which the segments are wanted."""
        matrix = vtkMatrix4x4()
        self.reference.GetImageToWorldMatrix(matrix)
        x, y, _ = self.reference.GetDimensions()
        out = slicer.vtkOrientedImageData()
        out.SetExtent(0, x - 1, 0, y - 1, slab.start, slab.stop - 1)
        out.SetImageToWorldMatrix(matrix)
        return out

    def _layer(self, layer: int, table: NDArray[np.uint16], geometry: Any) -> NDArray[np.uint16]:
        """One label map of the segmentation as segment numbers [Z, Y, X] on `geometry`."""
        source = self.segmentation.GetLayerDataObject(layer, LABELMAP)
        out = slicer.vtkOrientedImageData()
        resample = slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage
        if not resample(source, geometry, out, False, False):
            raise MethodFailed("Slicer could not resample a segment", where=f"layer {layer + 1}")
        mine: NDArray[np.uint16] = table[values_of(out)[..., 0]]
        return mine

    def _table(self, layer: int) -> NDArray[np.uint16] | None:
        """Segment numbers by the label values of a layer; None where it is empty."""
        source = self.segmentation.GetLayerDataObject(layer, LABELMAP)
        if source is None or source.IsEmpty():
            return None
        segments = self.segmentation.GetSegmentIDsForLayer(layer, LABELMAP)
        largest = max(values_of(source).max(), *(self._value(s) for s in segments))
        table = np.zeros(int(largest) + 1, dtype=np.uint16)
        for segment in segments:
            number = self.segmentation.GetSegmentIndex(segment) + 1
            if self.wanted is None or number in self.wanted:
                table[self._value(segment)] = number
        return table

    def _value(self, segment: str) -> int:
        return int(self.segmentation.GetSegment(segment).GetLabelValue())


def layered(node: Any, grid: Grid | None, role: str, inside: Any = None) -> Layered:
    """The segments of a node as label maps, to be brought onto `grid` (its own reference where None).

    Surfaces are voxelised in a copy. Raises InputError for a segmentation without segments or
    without a geometry, GeometryError for a parent that is not rigid.
    """
    segmentation = node.GetSegmentation()
    where = f"{role} '{node.GetName()}'"
    if segmentation is None or segmentation.GetNumberOfSegments() == 0:
        raise InputError(
            f"'{node.GetName()}' has no segments", where=where, mend="draw some, or choose another"
        )
    matrix = parent_matrix(node, role, inside)
    world = _own_grid(node, matrix, where) if grid is None else grid
    wanted = oriented_image(_moved(in_space(world), _inverse(matrix)))
    if not segmentation.ContainsRepresentation(LABELMAP):
        segmentation = _voxelised(segmentation, wanted, where)
    segments = [segmentation.GetNthSegment(i) for i in range(segmentation.GetNumberOfSegments())]
    return Layered(
        segmentation,
        tuple(str(s.GetName()) for s in segments),
        tuple(int(s.GetLabelValue()) for s in segments),
        tuple(_kept_label(s) for s in segments),
        world,
        wanted,
    )


def _kept_label(segment: Any) -> int:
    """The label in a segment's tag, 0 where there is none."""
    word = reference("")
    return int(word.get()) if segment.GetTag(LABEL_TAG, word) and word.get().isdigit() else 0


def _voxelised(segmentation: Any, wanted: Any, where: str) -> Any:
    """A copy of a segmentation with label maps made from its surfaces."""
    copy = slicer.vtkSegmentation()
    copy.DeepCopy(segmentation)
    copy.SetConversionParameter(_REFERENCE, serialised(wanted))
    if not copy.CreateRepresentation(LABELMAP):
        raise InputError(
            "its surfaces could not be turned into voxels",
            where=where,
            mend="create the binary label map in the module Segmentations and look at it",
        )
    return copy


def _own_grid(node: Any, matrix: FloatArray | None, where: str) -> Grid:
    """The geometry a segmentation was drawn on, in the world."""
    segmentation = node.GetSegmentation()
    kept = from_serialised(segmentation.GetConversionParameter(_REFERENCE))
    if kept is None and segmentation.ContainsRepresentation(LABELMAP):
        union = segmentation.EXTENT_UNION_OF_SEGMENTS
        kept = from_serialised(segmentation.DetermineCommonLabelmapGeometry(union, vtkStringArray()))
    if kept is None:
        raise InputError(
            "the segmentation has no grid of its own",
            where=where,
            mend="set its source geometry (module Segmentations), or give the image it belongs to",
        )
    world = _moved(grid_of_oriented(kept), matrix)
    plane = in_plane(world) if marked_flat(node) else None
    return world if plane is None else plane


def _inverse(matrix: FloatArray | None) -> FloatArray | None:
    return None if matrix is None else np.linalg.inv(matrix).astype(np.float64, copy=False)


def _moved(grid: Grid, matrix: FloatArray | None) -> Grid:
    """A 3D grid after a rigid motion [4, 4] of LPS points."""
    if matrix is None:
        return grid
    origin = matrix[:3, :3] @ np.asarray(grid.origin) + matrix[:3, 3]
    return Grid.make(grid.size, grid.spacing, origin.tolist(), matrix[:3, :3] @ np.asarray(grid.direction))
