"""Gaussian smoothing of fields and images, in voxels or mm."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

TRUNCATE = 3.0
"""Where the sampled Gaussian ends, in standard deviations."""


def gaussian_taps(sigma_voxels: float) -> NDArray[np.float32]:
    """One side of a sampled, normalised Gaussian, middle tap first; [1.0] for sigma 0. float32."""
    if sigma_voxels < 0.1:  # the neighbours' weight is under 1e-20
        return np.ones(1, np.float32)
    reach = max(1, math.ceil(TRUNCATE * sigma_voxels))
    side = np.exp(-0.5 * (np.arange(reach + 1) / sigma_voxels) ** 2)
    return np.asarray(side / (side[0] + 2 * side[1:].sum()), np.float32)


def gaussian(
    values: Tensor, sigma_voxels: Sequence[float] | float, *, through: Tensor | None = None
) -> Tensor:
    """Values [C, Z, Y, X] or [C, Y, X] smoothed along each axis; borders repeated.

    sigma_voxels: one number, or one an axis in x, y, z order; 0 leaves an axis alone, and so
    does an axis of one voxel. through: optional buffer of the values' shape (CPU, 3D).
    Cost: two passes over the values.
    """
    ndim = values.ndim - 1
    sigmas = [float(sigma_voxels)] * ndim if isinstance(sigma_voxels, int | float) else list(sigma_voxels)
    taps = [gaussian_taps(s if n > 1 else 0.0) for s, n in zip(sigmas, values.shape[:0:-1], strict=True)]
    if all(len(t) == 1 for t in taps):
        return values.clone()
    from RegSuite.numerics import kernels

    if kernels.serves(values) and ndim == 3:
        return kernels.convolve(values, taps, through)
    return convolve_plain(values, taps)


def convolve_plain(values: Tensor, taps: Sequence[np.ndarray]) -> Tensor:
    """The separable convolution in plain torch: values [C, *S], taps in x, y, z order."""
    out = values
    for axis, side in enumerate(taps):
        reach = len(side) - 1
        if reach == 0:
            continue
        dim = values.ndim - 1 - axis
        count = out.shape[dim]
        index = torch.arange(-reach, count + reach, device=out.device).clamp(0, count - 1)
        padded = out.index_select(dim, index)
        result = float(side[0]) * padded.narrow(dim, reach, count)
        for d in range(1, reach + 1):
            pair = padded.narrow(dim, reach - d, count) + padded.narrow(dim, reach + d, count)
            result = result + float(side[d]) * pair
        out = result
    return out


def sigmas_voxels(sigma_mm: float, spacing: Sequence[float]) -> list[float]:
    """A standard deviation in mm as voxels along each axis (x, y, z)."""
    return [sigma_mm / s for s in spacing]
