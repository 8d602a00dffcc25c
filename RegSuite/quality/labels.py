"""Label maps as the measures want them: integers on one lattice, 0 = background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import GeometryError, InputError

if TYPE_CHECKING:
    from torch import Tensor

LabelArray = NDArray[Any]
"""Integer labels [*shape], 0 = background."""


def label_pair(fixed: Tensor | LabelArray, warped: Tensor | LabelArray) -> tuple[LabelArray, LabelArray]:
    """Both label maps as integer arrays [*shape]; a leading channel axis of one is dropped.

    Raises GeometryError for unequal shapes, InputError for values that are no whole numbers or
    are negative.
    """
    a, b = as_labels(fixed, "fixed labels"), as_labels(warped, "warped labels")
    if a.shape != b.shape:
        raise GeometryError(
            f"label maps of shape {a.shape} and {b.shape} are not on one grid",
            mend="warp the moving labels onto the fixed grid (nearest neighbour)",
        )
    return a, b


def as_labels(values: Tensor | LabelArray, name: str = "labels") -> LabelArray:
    """Integer labels [*shape] of a tensor or array (the array itself where it is integer)."""
    array = values if isinstance(values, np.ndarray) else values.detach().cpu().numpy()
    if array.ndim == 4 and array.shape[0] == 1:
        array = array[0]
    if array.dtype == bool:
        return array.view(np.uint8)
    if not np.issubdtype(array.dtype, np.integer):
        whole = np.rint(np.nan_to_num(array, nan=0.5, posinf=0.5, neginf=0.5))
        if not np.array_equal(whole, array):
            raise InputError(
                "label values are not whole numbers",
                where=name,
                mend="give a label map, resampled with nearest neighbour",
            )
        array = whole.astype(np.int64)
    if array.size and array.min() < 0:
        raise InputError(f"label {array.min()} is negative", where=name, mend="number labels from 1")
    return array


def relabelled(
    fixed: LabelArray, warped: LabelArray
) -> tuple[list[int], NDArray[np.int32], NDArray[np.int32]]:
    """The labels of both maps, ascending without 0, and both maps with label k as its rank 1, 2, ..."""
    found = sorted((set(_distinct(fixed)) | set(_distinct(warped))) - {0})
    if found and found[-1] < 2**20:
        table = np.zeros(found[-1] + 1, np.int32)
        table[found] = np.arange(1, len(found) + 1)
        return found, table[fixed], table[warped]
    keys = np.array([0, *found])
    return found, *(np.searchsorted(keys, m).astype(np.int32) for m in (fixed, warped))  # type: ignore[return-value]  # two maps, two arrays


def _distinct(labels: LabelArray) -> list[int]:
    """The values that occur; by counting where they are small, else by sorting."""
    if labels.size == 0:
        return []
    if labels.max() < 2**20:
        return [int(v) for v in np.flatnonzero(np.bincount(labels.ravel()))]
    return [int(v) for v in np.unique(labels)]
