"""Some regions of a node as an input: (segmentation, "core", "necrosis") or (label map, 1, 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.errors import InputError
from RegSuite.mrml import is_node
from RegSuite.mrml.slabs import Steps, slabs

if TYPE_CHECKING:
    from RegSuite.geometry import ArrayImage, Grid
    from RegSuite.mrml.segments import Layered

Region = str | int
"""A segment's ID or name, a label's number or name."""


def is_part(given: Any) -> bool:
    """Whether something is a node with the names of its regions; can be asked where there is no MRML."""
    if not isinstance(given, tuple | list) or len(given) < 2 or not is_node(given[0]):
        return False
    return all(isinstance(region, str | int) for region in given[1:])


def node_of(given: Any) -> Any:
    """The node of an input, of a part that it is taken from; None of what is neither."""
    if is_part(given):
        return given[0]
    return given if is_node(given) else None


def mask_of_part(given: Sequence[Any], role: str, grid: Grid | None, **options: Any) -> Steps[ArrayImage]:
    """The regions together as a mask (uint8 [1, *shape], 0 or 1), of a segmentation on `grid`.

    Regions of a segmentation may overlap others. Raises InputError for one that is not there.
    """
    from RegSuite.mrml.nodes import check_node
    from RegSuite.mrml.segmentations import SEGMENTATION, mask_of_layers
    from RegSuite.mrml.segments import layered
    from RegSuite.mrml.volume_reading import LABELS, SCALAR

    node, regions = given[0], list(given[1:])
    check_node(node, role, LABELS, SEGMENTATION, SCALAR)
    if node.IsA(SEGMENTATION):
        found = layered(node, grid, role, options.get("inside"))
        chosen = _numbers(found, regions, f"{role} '{node.GetName()}'")
        return (yield from mask_of_layers(replace(found, wanted=chosen), node.GetName()))
    return (yield from _mask_of_labels(node, role, regions, **options))


def _numbers(found: Layered, regions: Sequence[Region], where: str) -> frozenset[int]:
    """The segments' numbers (from 1)."""
    ids = [found.segmentation.GetNthSegmentID(i) for i in range(len(found.names))]
    return frozenset(1 + _place(region, ids, found.names, where) for region in regions)


def _place(region: Region, ids: Sequence[Any], names: Sequence[str], where: str) -> int:
    """Where a region stands: by its ID, else by a name that one alone bears."""
    if region in ids:
        return list(ids).index(region)
    alike = [at for at, name in enumerate(names) if name == region]
    if len(alike) == 1:
        return alike[0]
    what = f"there are {len(alike)} regions called" if alike else "there is no region called"
    raise InputError(f"{what} {region!r}", where=where, mend=f"choose of {', '.join(names) or 'none'}")


def _mask_of_labels(node: Any, role: str, regions: Sequence[Region], **options: Any) -> Steps[ArrayImage]:
    from RegSuite.mrml.colours import name_of
    from RegSuite.mrml.volume_reading import labels_of_volume

    found, names, present = yield from labels_of_volume(node, role, **options)
    words = [name_of(label, names) for label in present]
    given = [int(r) if isinstance(r, str) and r.isdigit() else r for r in regions]
    where = f"{role} '{node.GetName()}'"
    chosen = [present[_place(region, present, words, where)] for region in given]
    out = np.empty(found.values.shape, np.uint8)
    solid = found.values.reshape((1,) * (4 - found.values.ndim) + found.values.shape)[0]
    flat = out.reshape(solid.shape)
    for slab in slabs(solid.shape):
        flat[slab] = np.isin(solid[slab], chosen)
        yield
    return found.with_values(out)
