"""One node as arrays, by the kind of input, in steps and without torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import ArrayImage, VoxelStructure
from RegSuite.mrml.colours import name_of
from RegSuite.mrml.dose_volumes import dose_of_volume, unit_of
from RegSuite.mrml.markups import points_from_markups
from RegSuite.mrml.nodes import check_node, is_node
from RegSuite.mrml.numbering import renumbering
from RegSuite.mrml.segmentations import SEGMENTATION, labels_of_segmentation, mask_of_segmentation
from RegSuite.mrml.series import frame_words
from RegSuite.mrml.slabs import Steps, slabs
from RegSuite.mrml.structure_reading import structures_of_segmentation
from RegSuite.mrml.tables import label_names_from_node
from RegSuite.mrml.taken import MODEL, is_models, structures_of_models
from RegSuite.mrml.transforms import arrays_of_transform
from RegSuite.mrml.volume_reading import LABELS, SCALAR, labels_of_volume, scan_of_volume

SEQUENCE = "vtkMRMLSequenceNode"

if TYPE_CHECKING:
    from RegSuite.geometry import Grid, PointSet, Structure
    from RegSuite.transforms.arrays import ArrayTransform


def image(node: Any, role: str, warnings: list[str], **options: Any) -> Steps[ArrayImage]:
    """A scan; a frame of a series with a warning that says which."""
    found = scan_of_volume(node, role, **options)
    warnings.extend(frame_words(node, role))
    yield
    return found


def labels(
    node: Any,
    role: str,
    grid: Grid | None,
    warnings: list[str],
    *,
    numbers: Mapping[str, int] | None = None,
    **options: Any,
) -> Steps[tuple[ArrayImage, dict[int, str]]]:
    """A label map (int32) with its names, of a label map, a segmentation or a volume of whole numbers.

    numbers: labels by name that are taken already; what bears the same name gets the same number,
    the others keep theirs, or step aside.
    """
    check_node(node, role, LABELS, SEGMENTATION, SCALAR)
    if node.IsA(SEGMENTATION):
        inside = options.get("inside")
        return (yield from labels_of_segmentation(node, grid, role, inside, numbers, warnings))
    found, names, present = yield from labels_of_volume(node, role, **options)
    new = renumbering(present, names, numbers or {})
    if not new:
        return found, names
    old, numbered = np.array(present), np.array([new.get(label, label) for label in present], np.int32)
    values = yield from _by_slab(found.values, lambda part: _exchanged(part, old, numbered), np.int32)
    return found.with_values(values), {new.get(label, label): name for label, name in names.items()}


def mask(node: Any, role: str, grid: Grid | None, **options: Any) -> Steps[ArrayImage]:
    """A mask (uint8, 0 or 1): every label of a label map, every segment, or values of at least 0.5."""
    check_node(node, role, LABELS, SEGMENTATION, SCALAR)
    if node.IsA(SEGMENTATION):
        return (yield from mask_of_segmentation(node, grid, role, options.get("inside")))
    if node.IsA(LABELS):
        found, _, _ = yield from labels_of_volume(node, role, **options)
    else:
        found = scan_of_volume(node, role, **options)
    return found.with_values((yield from _by_slab(found.values, lambda part: part >= 0.5, np.uint8)))


def series(node: Any, role: str, ndim: int | None) -> Steps[ArrayImage]:
    """The volumes of a sequence as one image of float32, a channel a time.

    Raises InputError for what is no sequence of volumes, GeometryError for volumes on several grids.
    """
    check_node(node, role, SEQUENCE)
    where = f"{role} '{node.GetName()}'"
    frames = [node.GetNthDataNode(at) for at in range(node.GetNumberOfDataNodes())]
    if not frames or not all(frame.IsA(SCALAR) for frame in frames):
        raise InputError(
            f"'{node.GetName()}' is no sequence of volumes", where=where, mend="choose another sequence"
        )
    parts: list[ArrayImage] = []
    for number, frame in enumerate(frames, start=1):
        part = scan_of_volume(frame, f"{role} '{node.GetName()}', frame {number}", ndim=ndim)
        if parts and not part.grid.same_space(parts[0].grid):
            raise GeometryError(
                f"frame {number} of '{node.GetName()}' lies on another grid than the first",
                where=where,
                mend="resample the frames onto one grid",
            )
        parts.append(part)
        yield
    values = np.concatenate([part.values for part in parts]).astype(np.float32, copy=False)
    return ArrayImage(values, parts[0].grid, node.GetName())


def dose(node: Any, role: str, warnings: list[str], *, inside: Any, unit_is_told: bool) -> Steps[Any]:
    """A DoseImage in Gy; a volume that does not say its unit is an image of numbers where somebody does."""
    warnings.extend(frame_words(node, role))
    if unit_is_told and unit_of(node) is None:
        return scan_of_volume(node, role, ndim=3, inside=inside)
    return (yield from dose_of_volume(node, role, inside))


def structures(node: Any, role: str, warnings: list[str]) -> Steps[tuple[Structure, ...]]:
    """The segments of a segmentation, the labels of a label map, or models as structures."""
    if is_models(node) or (is_node(node) and node.IsA(MODEL)):
        found_surfaces = structures_of_models(node, role)
        yield
        return found_surfaces
    check_node(node, role, SEGMENTATION, LABELS)
    if node.IsA(SEGMENTATION):
        return (yield from structures_of_segmentation(node, role, warnings))
    found, names, present = yield from labels_of_volume(node, role, ndim=3)
    if not present:
        raise InputError(
            f"'{node.GetName()}' holds no label", where=f"{role} '{node.GetName()}'", mend="choose another"
        )
    made = []
    for label in present:
        share = yield from _by_slab(found.values, lambda part, label=label: part == label, np.float32)
        inside: Any = found.with_values(share)  # an Image when torch is there
        made.append(VoxelStructure(name_of(label, names), inside, label))
    return tuple(made)


def points(node: Any, role: str, **options: Any) -> PointSet:
    """Landmarks."""
    return points_from_markups(node, role, **options)


def transform(node: Any, role: str, grid: Grid | None, ndim: int | None) -> Steps[ArrayTransform]:
    """A map of fixed to moving points."""
    return arrays_of_transform(node, role, grid=grid, ndim=ndim)


def names(node: Any, role: str) -> dict[int, str]:
    """Names by label."""
    return label_names_from_node(node, role)


def _by_slab(values: NDArray[Any], function: Any, kind: Any) -> Steps[NDArray[Any]]:
    """function(part) of values [1, *shape], a slab a step."""
    solid = values.reshape((1,) * (4 - values.ndim) + values.shape)[0]
    out = np.empty(solid.shape, kind)
    for slab in slabs(solid.shape):
        out[slab] = function(solid[slab])
        yield
    return out.reshape(values.shape)


def _exchanged(part: NDArray[Any], old: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
    """Labels `new` in the places of `old` (ascending), 0 in those of 0."""
    found: NDArray[Any] = new[np.searchsorted(old, part).clip(max=len(old) - 1)]
    return np.where(part == 0, 0, found)
