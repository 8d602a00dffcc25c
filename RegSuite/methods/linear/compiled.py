"""The sums over sample points on the CPU, by the compiled loops of kernels.py."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.methods.linear import kernels
from RegSuite.methods.linear.points import Points
from RegSuite.methods.linear.pyramid import BINS, Level

FloatArray = NDArray[np.float64]
Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Samples:
    """The moving image at K poses of N points: values [K, N, 4] (value, gradient), inside [K, N]."""

    values: Float32
    inside: NDArray[np.uint8]


class CompiledSums:
    """Fixed points and the moving level, and the sums that the measures are made of."""

    def __init__(self, points: Points, moving: Level) -> None:
        self.points = points
        self.moving = moving
        self.fixed_bin = np.clip(np.round(points.values), 1, BINS - 2).astype(np.int32)

    def sample(self, maps: FloatArray) -> Samples:
        """Value and gradient per voxel of the moving level at maps [K, 3, 4] of the scaled points."""
        shape = (len(maps), len(self.points.scaled))
        out, inside = np.empty((*shape, 4), np.float32), np.empty(shape, np.uint8)
        level = self.moving
        kernels.sample_poses(
            self.points.scaled, np.ascontiguousarray(maps), level.volume, level.valid, level.faces,
            level.background, out, inside,
        )  # fmt: skip
        return Samples(out, inside)

    def counts(self, samples: Samples) -> FloatArray:
        """[K] points at which the moving image is known."""
        return np.asarray(samples.inside.sum(axis=1, dtype=np.int64), float)

    def histograms(self, samples: Samples) -> FloatArray:
        """[K, B, B] joint histograms (fixed, moving)."""
        out = np.zeros((len(samples.inside), kernels.PIECES, BINS, BINS))
        kernels.joint_histograms(self.fixed_bin, samples.values, samples.inside, out)
        return np.asarray(out.sum(axis=1))

    def information_slopes(
        self, samples: Samples, log_ratio: FloatArray, curvature: FloatArray
    ) -> tuple[Float32, Float32]:
        """Slope and curvature [K, N] of mutual information at each point."""
        slopes, weights = (
            np.empty(samples.inside.shape, np.float32),
            np.empty(samples.inside.shape, np.float32),
        )
        kernels.information_slopes(
            self.fixed_bin, samples.values, samples.inside, log_ratio, curvature, slopes, weights
        )
        return slopes, weights

    def moments(self, samples: Samples) -> FloatArray:
        """[K, 6] count and means of f, m, f f, m m, f m over the known points."""
        known = samples.inside.astype(np.float64)
        m = samples.values[..., 0].astype(np.float64)
        f = self.points.values.astype(np.float64)
        n = np.maximum(known.sum(axis=1), 1.0)
        km = known * m
        sums = [known @ f, km.sum(axis=1), known @ (f * f), (km * m).sum(axis=1), km @ f]
        return np.stack([n, *(s / n for s in sums)], axis=1)

    def linear_slopes(
        self, samples: Samples, a: FloatArray, b: FloatArray, c: FloatArray, w: FloatArray
    ) -> tuple[Float32, Float32]:
        """Slopes a f + b m + c and constant curvature w (each [K]) at the known points."""
        known = samples.inside.astype(np.float32)
        f, m = self.points.values[None], samples.values[..., 0]
        column = [v.astype(np.float32)[:, None] for v in (a, b, c, w)]
        slopes = known * (column[0] * f + column[1] * m + column[2])
        return slopes.astype(np.float32), (known * column[3]).astype(np.float32)

    def local_correlation(
        self, samples: Samples, flat: tuple[float, float]
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Sums [K, 3] of r^2, r |r| and weights, and the derivatives as `normal_equations` gives them."""
        k = len(samples.inside)
        sums = np.empty((k, kernels.PIECES, 3))
        gradient, hessian = np.empty((k, kernels.PIECES, 3, 4)), np.empty((k, kernels.PIECES, 6, 10))
        kernels.local_correlation(
            self.points.scaled, self.points.values, samples.values, samples.inside, self.points.patch, *flat,
            sums, gradient, hessian,
        )  # fmt: skip
        return sums.sum(axis=1), gradient.sum(axis=1), hessian.sum(axis=1)

    def normal_equations(
        self, samples: Samples, slopes: Float32, weights: Float32
    ) -> tuple[FloatArray, FloatArray]:
        """Gradient [K, 3, 4] and packed curvature [K, 6, 10] of the map's entries."""
        k = len(samples.inside)
        gradient, hessian = np.empty((k, kernels.PIECES, 3, 4)), np.empty((k, kernels.PIECES, 6, 10))
        kernels.normal_equations(self.points.scaled, samples.values, slopes, weights, gradient, hessian)
        return gradient.sum(axis=1), hessian.sum(axis=1)
