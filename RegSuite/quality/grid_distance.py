"""Transformed grid distance: how far apart two transforms take the points of a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from RegSuite.errors import GeometryError, MethodFailed

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Grid
    from RegSuite.transforms.base import Transform


def grid_distance_mm(
    one: Transform,
    other: Transform,
    grid: Grid,
    mask: Tensor | None = None,
    *,
    at_most: int | None = None,
) -> dict[str, float]:
    """|T1(x) - T2(x)| over voxel centres x of `grid`: {mean, rms, p95, max, norm}, mm.

    Rotation, translation and deformation count alike, by what they do to the points: unlike a
    difference of angles or quaternions it does not depend on how a rotation is written. norm is the paper's
    sum, |T1(G) - T2(G)|_2 over all points of the grid (it grows with their number: rms sqrt(n)).
    mask: boolean [*grid.shape]. at_most: about that many voxels, evenly spaced; norm is then scaled up.
    Works in chunks. Raises GeometryError for transforms of other dimension or an empty mask,
    MethodFailed where a transform is not finite.
    Source: "Transformed Grid Distance Loss for Supervised Image Registration", WBIR 2022, Eq. 1.
    """
    import torch

    from RegSuite.transforms.base import POINTS_A_CHUNK

    if not one.ndim == other.ndim == grid.ndim:
        raise GeometryError(
            f"transforms of {one.ndim} and {other.ndim} dimensions on a grid of {grid.ndim}",
            mend="give two transforms and a grid of the same dimension",
        )
    chosen = np.arange(grid.voxels) if mask is None else np.flatnonzero(mask.cpu().numpy())
    if not len(chosen):
        raise GeometryError("the mask is empty", mend="give a mask with voxels in it")
    count = len(chosen)
    if at_most is not None and count > at_most:
        chosen = chosen[:: -(-count // at_most)]
    parts = []
    for start in range(0, len(chosen), POINTS_A_CHUNK):
        index = np.stack(np.unravel_index(chosen[start : start + POINTS_A_CHUNK], grid.shape)[::-1], axis=-1)
        points = torch.from_numpy(grid.points(index))
        parts.append((one.points(points) - other.points(points)).norm(dim=1).cpu().numpy())
    apart = np.concatenate(parts)
    if not np.isfinite(apart).all():
        raise MethodFailed("a transform is not finite on the grid", where="grid distance")
    rms = float(np.sqrt(np.mean(np.square(apart))))
    return {
        "mean": float(apart.mean()),
        "rms": rms,
        "p95": float(np.percentile(apart, 95)),
        "max": float(apart.max()),
        "norm": rms * float(np.sqrt(count)),
    }
