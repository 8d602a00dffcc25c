"""HD95 and mean surface distance between the structures of two label maps, in mm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import GeometryError
from RegSuite.quality.labels import LabelArray, label_pair, relabelled

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Grid


@dataclass(frozen=True)
class SurfaceDistances:
    """Per label: HD95 and mean surface distance in mm, for labels that are in both maps."""

    hd95_mm: dict[int, float]
    msd_mm: dict[int, float]


def surface_distances(
    fixed: Tensor | LabelArray, warped: Tensor | LabelArray, grid: Grid
) -> SurfaceDistances:
    """Distances in mm between the surfaces of every label that both maps hold.

    A surface voxel is a voxel of the structure with a face neighbour (6 in 3D, 4 in 2D) outside
    it; beyond the image counts as outside, except along an axis of one voxel. Distances are
    exact, between voxel centres, under the grid's spacing (a direction changes none).
    From each surface voxel of one structure to the nearest surface voxel of the other:
      hd95_mm  the larger of the two directed 95th percentiles (linear interpolation),
      msd_mm   the mean of the two directed means (mean distance to agreement of TG-132).
    fixed, warped: [*grid.shape], whole numbers, 0 = background.
    Raises GeometryError where shapes differ. Source: Huttenlocher 1993; Heimann 2009 (TMI 28:1251);
    AAPM TG-132 (Brock et al. 2017). Other programs pool both directions: PMC9679364.
    """
    a, b = label_pair(fixed, warped)
    if a.shape != grid.shape:
        raise GeometryError(f"label maps of shape {a.shape} do not fit a grid of shape {grid.shape}")
    labels, a, b = relabelled(a, b)
    spacing = np.asarray(grid.spacing[::-1])
    hd95: dict[int, float] = {}
    msd: dict[int, float] = {}
    for label, rank, box in _boxes(labels, a, b):
        in_fixed, in_warped = _surface(a[box] == rank), _surface(b[box] == rank)
        there, back = directed_distances_mm(in_fixed, in_warped, spacing)
        hd95[label] = float(max(np.percentile(there, 95), np.percentile(back, 95)))
        msd[label] = float((there.mean() + back.mean()) / 2)
    return SurfaceDistances(hd95, msd)


def directed_distances_mm(
    first: NDArray[np.bool_], second: NDArray[np.bool_], spacing_mm: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distance in mm of each voxel set in `first` to the nearest set in `second`, and the other way.

    spacing_mm: in array order (z, y, x). Neither may be empty. Voxels set in both are at 0, the
    others are searched in a k-d tree: as exact as a distance transform, at the cost of the two
    surfaces where that costs the whole box (45 brain labels of 1 mm: 1.7 s against 2.1 s).
    """
    return _to_nearest(first, second, spacing_mm), _to_nearest(second, first, spacing_mm)


def _to_nearest(
    of: NDArray[np.bool_], to: NDArray[np.bool_], spacing_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distances in mm from the voxels of one set to the nearest of the other, zeros first."""
    from scipy.spatial import cKDTree

    apart = np.argwhere(of & ~to)
    zeros = np.zeros(int(of.sum()) - len(apart))
    if not len(apart):
        return zeros
    tree = cKDTree(np.argwhere(to) * spacing_mm, balanced_tree=False, compact_nodes=False)
    distances, _ = tree.query(apart * spacing_mm)
    return np.concatenate([zeros, distances])


def _boxes(
    labels: list[int], a: NDArray[np.int32], b: NDArray[np.int32]
) -> list[tuple[int, int, tuple[slice, ...]]]:
    """(label, rank, box) of labels in both maps; the box holds both structures and a voxel around them."""
    from scipy import ndimage

    out = []
    found = zip(ndimage.find_objects(a, len(labels)), ndimage.find_objects(b, len(labels)), strict=True)
    for rank, (box_a, box_b) in enumerate(found, start=1):
        if box_a is not None and box_b is not None:
            box = tuple(
                slice(max(0, min(s.start, t.start) - 1), max(s.stop, t.stop) + 1)
                for s, t in zip(box_a, box_b, strict=True)
            )
            out.append((labels[rank - 1], rank, box))
    return out


def _surface(structure: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Voxels of the structure with a face neighbour outside it (see `surface_distances`)."""
    inner = structure.copy()
    for axis, n in enumerate(structure.shape):
        if n == 1:
            continue
        along, inside = structure.swapaxes(0, axis), inner.swapaxes(0, axis)
        inside[1:] &= along[:-1]
        inside[:-1] &= along[1:]
        inside[0] = inside[-1] = False
    return structure & ~inner
