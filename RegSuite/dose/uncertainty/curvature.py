"""What two aligned images tell of a displacement: curvature of their similarity, around each place.

Around the found displacement the squared difference of the images is, for a further step d,
sum (r - g . d)^2 / noise^2 (Gauss-Newton): its curvature is g g^T / noise^2. Three choices make that
a statement about real images:
- within a window the moving image is fitted to the fixed one by a line (slope >= 0), as the local
  correlation does, so that brightness and contrast may differ;
- the noise is what these fits leave over, the median over the image: local contrast then counts for what
  it is (divided by the local rest, which is large where contrast is, it predicted errors worse);
- g g^T is taken as the symmetric part of grad F (slope grad W)^T: noise, which is independent in both
  images, cancels out of the product, and so does what only one image shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from RegSuite.numerics.resample import warp
from RegSuite.numerics.smoothing import TRUNCATE, gaussian, sigmas_voxels

if TYPE_CHECKING:
    from RegSuite.geometry import Grid, Image

OBSERVATION_MM = 4.0
"""What is left between images is alike over so much: curvature is counted once per cube of this edge."""
TINY = 1e-6
"""Noise of images that are equal, as a share of their own variance."""


@dataclass(frozen=True, eq=False)
class Curvature:
    """Curvature on a lattice of nodes, along the lattice's own axes.

    matrix: [3, 3, z, y, x] float32, symmetric, the mean of an observation (OBSERVATION_MM) in the window,
    1/mm^2; what lies beyond the images tells nothing. grid: the nodes. factors: voxels a node, x, y, z.
    """

    matrix: Tensor
    grid: Grid
    factors: tuple[int, ...]


def curvature(fixed: Image, moving: Image, displacement: Image, *, window_mm: float) -> Curvature:
    """The curvature at `displacement` ([3, Z, Y, X] LPS mm; NaN tells nothing), on nodes window_mm / 2 apart.

    window_mm: SD of the Gaussian window. Channels of the images are summed.
    """
    grid = displacement.grid
    factors = tuple(max(1, round(0.5 * window_mm / s)) for s in grid.spacing)
    nodes = grid.coarser(factors)
    known = torch.isfinite(displacement.data).all(dim=0)
    field = torch.where(known, displacement.data, 0.0).float()
    f = on_grid(fixed, grid)
    w = on_grid(moving, grid, field)
    weight = (inside(fixed, grid) * inside(moving, grid, field) * known)[0]
    sigmas = sigmas_voxels(window_mm, nodes.spacing)

    def window(values: Tensor) -> Tensor:
        """Weighted sums over the window, nothing beyond the grid: [n, Z, Y, X] -> [n, *nodes]."""
        return _within(block_mean(values * weight, factors), sigmas)

    total = torch.zeros(3, 3, *nodes.shape)
    for a, b in zip(f, w, strict=True):
        total += _of_channel(a, b, window, grid.spacing)
    return Curvature(total, nodes, factors)


def on_grid(image: Image, grid: Grid, field: Tensor | None = None) -> Tensor:
    """The image's channels at the grid's points, displaced by `field` [3, Z, Y, X] LPS mm.

    An image finer than the grid is smoothed first (half a grid voxel less half its own).
    """
    ratio = [max(g / s, 1.0) for g, s in zip(grid.spacing, image.grid.spacing, strict=True)]
    sigma = [0.5 * np.sqrt(r * r - 1) if r > 1.2 else 0.0 for r in ratio]
    to_voxels = image.grid.inverse_matrix
    return warp(
        gaussian(image.data.float(), sigma),
        grid.shape,
        (to_voxels @ grid.matrix)[:3],
        field,
        to_voxels[:3, :3],
    )


def inside(image: Image, grid: Grid, field: Tensor | None = None) -> Tensor:
    """1 where the grid's (displaced) points lie within the image, 0 beyond: [1, Z, Y, X]."""
    to_voxels = image.grid.inverse_matrix
    ones = torch.ones(1, *image.grid.shape, device=image.data.device)
    return warp(ones, grid.shape, (to_voxels @ grid.matrix)[:3], field, to_voxels[:3, :3], outside=0.0)


def _of_channel(
    f: Tensor, w: Tensor, window: Callable[[Tensor], Tensor], spacing: tuple[float, ...]
) -> Tensor:
    """sym(grad F (s grad W)^T) / noise^2 in windows: [3, 3, *nodes], 1/mm^2."""
    f, w = f - f.mean(), w - w.mean()  # the variances below are differences of large numbers else
    share, *sums = window(torch.stack([torch.ones_like(f), f, w, f * f, w * w, f * w]))
    mean_f, mean_w, ff, ww, fw = (value / share.clamp(min=1e-6) for value in sums)
    variance_f, variance_w = (ff - mean_f**2).clamp(min=0), (ww - mean_w**2).clamp(min=0)
    covariance = (fw - mean_f * mean_w).clamp(min=0)
    slope = covariance / variance_w.clamp(min=1e-30)
    noise = _noise(variance_f - slope * covariance, variance_f, share)
    products = window(_products(_gradient(f, spacing), _gradient(w, spacing)))
    found: Tensor = _full(products) * (slope / noise)
    return found


def _noise(left: Tensor, variance: Tensor, share: Tensor) -> Tensor:
    """The noise's variance: the median of what the fits left over, TINY of the largest at least."""
    seen = (share > 0.1) & (variance > 1e-3 * variance.max())  # the air around a body has no noise
    usual = left[seen].median() if bool(seen.any()) else left.max()
    noise: Tensor = torch.maximum(usual, TINY * variance.max()).clamp(min=1e-30)
    return noise


def _within(values: Tensor, sigmas: list[float]) -> Tensor:
    """Gaussian sums [n, z, y, x] to which what lies beyond the border adds nothing."""
    reach = [int(TRUNCATE * s) + 1 for s in sigmas]
    padded = torch.nn.functional.pad(values, [r for r in reach for _ in range(2)])
    x, y, z = (slice(r, -r) for r in reach)
    inner: Tensor = gaussian(padded, sigmas)[:, z, y, x]
    return inner


def _products(a: Tensor, b: Tensor) -> Tensor:
    """xx, yy, zz, xy, xz, yz of the symmetric part of a b^T, a and b [3, ...]."""
    pairs = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
    return torch.stack([0.5 * (a[i] * b[j] + a[j] * b[i]) for i, j in pairs])


def _full(six: Tensor) -> Tensor:
    return six[[0, 3, 4, 3, 1, 5, 4, 5, 2]].reshape(3, 3, *six.shape[1:])


def _gradient(image: Tensor, spacing: tuple[float, ...]) -> Tensor:
    """Central differences per mm along x, y, z (one-sided at the border): [3, Z, Y, X]."""
    parts = [
        torch.gradient(image, spacing=s, dim=2 - axis)[0]
        if image.shape[2 - axis] > 1
        else torch.zeros_like(image)
        for axis, s in enumerate(spacing)
    ]
    return torch.stack(parts)


def block_mean(values: Tensor, factors: tuple[int, ...]) -> Tensor:
    """Means over blocks of `factors` (x, y, z) voxels; what lies beyond the border counts as zero."""
    if all(f == 1 for f in factors):
        return values
    pad: list[int] = []
    for count, factor in zip(values.shape[:0:-1], factors, strict=True):
        pad += [0, -count % factor]
    kernel = factors[::-1]
    return torch.nn.functional.avg_pool3d(torch.nn.functional.pad(values, pad)[None], kernel, kernel)[0]
