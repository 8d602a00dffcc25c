"""Whether a match could as well be another one: clouds that look alike when turned by half a turn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

AS_WELL = 1.3
"""Turned clouds that lie apart by less than this times the match's own distance fit as well."""

MOST_POINTS = 2000
"""Of each cloud that are looked at."""


def turned_alike(moved: FloatArray, target: FloatArray) -> tuple[float, float] | None:
    """(mm as matched, mm turned) where half a turn of the moved cloud fits the target about as well.

    moved, target [n, d] LPS mm. Half turns about each principal axis of the target (2D: about its centre),
    after which the mean distance of each point to the other cloud is taken, both ways. None where none of
    them fits. The distances of a cloud without shape are alike in any position, so it is found as well.
    """
    from scipy.spatial import cKDTree

    moved, target = (cloud[:: -(-len(cloud) // MOST_POINTS)] for cloud in (moved, target))
    centre = target.mean(axis=0)
    axes = np.linalg.svd(target - centre, full_matrices=False)[2]
    tree, own = cKDTree(target), _turns(axes)
    now = _apart(moved, target, tree)
    turned = [_apart(centre + (moved - centre) @ turn.T, target, tree) for turn in own]
    best = min(turned)
    return (now, best) if best < AS_WELL * now else None


def _turns(axes: FloatArray) -> list[FloatArray]:
    """Half turns [d, d] about the rows of axes [d, d]; in 2D the one there is."""
    one = np.eye(len(axes))
    if len(axes) == 2:
        return [-one]
    return [2 * np.outer(axis, axis) - one for axis in axes]


def _apart(one: FloatArray, other: FloatArray, tree: object) -> float:
    from scipy.spatial import cKDTree

    assert isinstance(tree, cKDTree)
    return float(np.concatenate([tree.query(one)[0], cKDTree(one).query(other)[0]]).mean())
