"""Measures of alignment with their gradient and a Gauss-Newton curvature, for many poses at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from RegSuite.methods.linear.points import Points
from RegSuite.methods.linear.pyramid import Level

if TYPE_CHECKING:
    from RegSuite.methods.linear.compiled import CompiledSums, Samples

FloatArray = NDArray[np.float64]
MeasureName = Literal["mi", "ncc", "lncc"]
Terms = tuple[FloatArray, FloatArray, FloatArray]
"""Value [K], gradient [K, 3, 4] and packed curvature [K, 6, 10]."""

FLAT = (1.0, 0.02)
"""Variances (in histogram bins squared) below which a neighbourhood counts as flat: fixed, moving."""

_PAIRS3 = np.array([[0, 1, 2], [1, 3, 4], [2, 4, 5]])
_PAIRS4 = np.array([[0, 1, 2, 3], [1, 4, 5, 6], [2, 5, 7, 8], [3, 6, 8, 9]])


@dataclass(frozen=True)
class Evaluation:
    """value [K] (higher is better), overlap [K] (0..1 of the points that the moving image covers),
    gradient [K, 3, 4] and curvature [K, 12, 12] (of -value) for the entries of the map to voxel index.
    """

    value: FloatArray
    overlap: FloatArray
    gradient: FloatArray
    curvature: FloatArray


class Measure:
    """A measure over fixed points and a moving level; `device` other than the CPU uses the torch twin."""

    def __init__(self, name: MeasureName, points: Points, moving: Level, device: str = "cpu") -> None:
        self.name = name
        self.points = points
        self.moving = moving
        self.sums = _sums(points, moving, device)

    def at(self, maps: FloatArray) -> Evaluation:
        """The measure at maps [K, 3, 4] from scaled fixed points to moving voxel index."""
        samples = self.sums.sample(maps)
        counts = self.sums.counts(samples)
        kind = {"mi": self._mi, "ncc": self._ncc, "lncc": self._lncc}[self.name]
        value, gradient, packed = kind(samples, counts)
        curvature = packed[:, _PAIRS3[:, None, :, None], _PAIRS4[None, :, None, :]].reshape(-1, 12, 12)
        return Evaluation(value, counts / max(1, len(self.points.scaled)), gradient, curvature)

    def _mi(self, samples: Samples, counts: FloatArray) -> Terms:
        """Mutual information in nats (Mattes et al., IEEE TMI 22, 2003: Parzen window on one side).

        Curvature: log p(moving | fixed) taken as a Gaussian around each fixed bin's mean, less
        that of the marginal; for a Gaussian joint density it is exact at the optimum.
        """
        n = np.maximum(counts, 1.0)[:, None, None]
        joint = self.sums.histograms(samples) / n
        tiny = 1e-12
        row, column = joint.sum(axis=2), joint.sum(axis=1)
        log_ratio = np.log(joint + tiny) - np.log(column + tiny)[:, None, :]
        value = (joint * (log_ratio - np.log(row + tiny)[:, :, None])).sum(axis=(1, 2))
        spread, total = _conditional_variance(joint, row, column)
        curvature = np.maximum(1.0 / spread - 1.0 / total[:, None], 0.0) / n[:, :, 0]
        slopes, weights = self.sums.information_slopes(samples, log_ratio / n, curvature)
        return value, *self.sums.normal_equations(samples, slopes, weights)

    def _ncc(self, samples: Samples, counts: FloatArray) -> Terms:
        """Normalised cross-correlation; curvature of the least-squares fit of the normalised images."""
        n, f, m, ff, mm, fm = self.sums.moments(samples).T
        vf, vm = np.maximum(ff - f * f, 1e-9), np.maximum(mm - m * m, 1e-9)
        r = (fm - f * m) / np.sqrt(vf * vm)
        a, b = 1 / (n * np.sqrt(vf * vm)), -r / (n * vm)
        slopes, weights = self.sums.linear_slopes(
            samples, a, b, -a * f - b * m, np.maximum(r, 0.05) / (n * vm)
        )
        return r, *self.sums.normal_equations(samples, slopes, weights)

    def _lncc(self, samples: Samples, counts: FloatArray) -> Terms:
        """Mean squared correlation over neighbourhoods of 3 points an axis, weighted by their contrast."""
        sums, gradient, packed = self.sums.local_correlation(samples, FLAT)
        weight = np.maximum(sums[:, 2], 1e-6)
        return sums[:, 0] / weight, gradient / weight[:, None, None], packed / weight[:, None, None]

    def sign_agreement(self, maps: FloatArray) -> FloatArray:
        """[K] in -1..1: how far local correlations are positive (lncc alone): 1 for one modality."""
        sums, _, _ = self.sums.local_correlation(self.sums.sample(maps), FLAT)
        return np.asarray(sums[:, 1] / np.maximum(sums[:, 0], 1e-30))


def _conditional_variance(
    joint: FloatArray, row: FloatArray, column: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Variance of the moving value given each fixed bin [K, B], and overall [K], in bins squared."""
    bins = np.arange(joint.shape[2], dtype=float)
    first, second = joint @ bins, joint @ bins**2
    safe = np.maximum(row, 1e-12)
    spread = np.maximum(second / safe - (first / safe) ** 2, 1 / 3)
    total = column @ bins**2 - (column @ bins) ** 2
    return spread, np.maximum(total, 1 / 3)


def _sums(points: Points, moving: Level, device: str) -> CompiledSums:
    """The sums of a device: compiled loops on the CPU, torch elsewhere."""
    if device == "cpu":
        from RegSuite.methods.linear.compiled import CompiledSums

        return CompiledSums(points, moving)
    from RegSuite.methods.linear.reference import TorchSums

    return TorchSums(points, moving, device)  # type: ignore[return-value]
