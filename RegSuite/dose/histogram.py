"""DoseHistogram: the volume of a structure by dose, cumulative, with what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose import kernels
from RegSuite.dose.lines import Lines
from RegSuite.errors import DoseError
from RegSuite.geometry import Grid

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DoseHistogram:
    """Cumulative: above_cc[k] is the volume with dose_gy[k] or more; straight between these.

    volume_cc: of the whole structure. covered_cc: of its part within the dose grid where the dose is
    known (not NaN); everything else here is of that part alone. mean_gy, min_gy, max_gy: NaN where
    nothing is covered.
    """

    dose_gy: Floats
    above_cc: Floats
    volume_cc: float
    covered_cc: float
    mean_gy: float
    min_gy: float
    max_gy: float

    @property
    def coverage(self) -> float:
        """Share of the volume that the dose grid covers, 0..1."""
        return min(self.covered_cc / self.volume_cc, 1.0) if self.volume_cc > 0 else 0.0

    def volume_cc_at(self, dose_gy: float | Floats) -> Floats:
        """V: cc with that dose or more."""
        at = np.asarray(dose_gy, float)
        found = np.interp(at, self.dose_gy, self.above_cc)
        found = np.where(at <= self.min_gy, self.covered_cc, found)
        return np.where(at > self.max_gy, 0.0, found)

    def dose_gy_at(self, volume_cc: float) -> float:
        """D: the least dose of the hottest `volume_cc`. Raises DoseError for more than is covered."""
        if not 0 <= volume_cc <= self.covered_cc * (1 + 1e-9):
            raise DoseError(f"{volume_cc:g} cc of a structure with {self.covered_cc:.4g} cc within the dose")
        found = float(np.interp(-volume_cc, -self.above_cc, self.dose_gy))
        return min(max(found, self.min_gy), self.max_gy)

    def parts(self) -> tuple[Floats, Floats]:
        """Dose in Gy and volume in cc of thin slices of dose; the differential histogram."""
        volume = self.above_cc[:-1] - self.above_cc[1:]
        middle = (self.dose_gy[:-1] + self.dose_gy[1:]) / 2
        keep = volume > 1e-12 * max(self.covered_cc, 1e-30)
        return np.clip(middle[keep], self.min_gy, self.max_gy), volume[keep]


def accumulated(
    lines: Lines,
    dose_gy: NDArray[np.float32],
    grid: Grid,
    step_mm: float,
    fine_gy: float,
    device: str = "cpu",
) -> DoseHistogram:
    """The histogram of the region that `lines` stand for, in bins of `fine_gy`.

    dose_gy [z, y, x] on `grid`, trilinear between voxel centres and held up to the outer voxel faces;
    beyond them, and in cells with a NaN, it is not known and the volume there is not covered. Lines are
    cut into pieces of at most step_mm; the volume of each is spread evenly over as much dose as the
    dose's slope makes of its bar (same variance). Memory: 16 histograms.
    device: "cpu" for the compiled kernels, else torch's name of where to compute (float64).
    """
    start, per_mm = in_voxels(lines, grid)
    limits = np.array(dose_limits(dose_gy))
    first = min(0.0, limits[0]) - 2 * fine_gy
    count = int(np.ceil((limits[1] - first) / fine_gy)) + 4
    across = np.ascontiguousarray(lines.across_mm)
    if device != "cpu":
        from RegSuite.dose.kernels_torch import accumulated_on

        ramp, sums = accumulated_on(
            device, dose_gy, start, per_mm, lines.length_mm, across, lines.share, step_mm, limits, first,
            fine_gy, count,
        )  # fmt: skip
        return from_ramps(ramp, sums, first, fine_gy, lines.volume_mm3)
    ramps = np.zeros((kernels.PARTS, count))
    sums = np.tile(np.array([0.0, 0.0, np.inf, -np.inf]), (kernels.PARTS, 1))
    kernels.accumulate(
        dose_gy, start, per_mm, lines.length_mm, across, lines.share,
        step_mm, limits, first, fine_gy, ramps, sums,
    )  # fmt: skip
    return from_ramps(ramps.sum(axis=0), sums, first, fine_gy, lines.volume_mm3)


def dose_limits(dose_gy: NDArray[np.float32]) -> tuple[float, float]:
    """Least and largest known dose; (0, 0) where none is known."""
    least, largest = float(np.fmin.reduce(dose_gy, None)), float(np.fmax.reduce(dose_gy, None))
    return (least, largest) if np.isfinite(least) else (0.0, 0.0)


def in_voxels(lines: Lines, grid: Grid) -> tuple[Floats, Floats]:
    """Starts [n, 3] as fractional voxels (x, y, z) and [3, 3] voxels a mm along and across the lines."""
    start = np.ascontiguousarray(grid.index(lines.start_mm))
    return start, np.ascontiguousarray(lines.axes @ grid.inverse_matrix[:3, :3].T)


def from_ramps(ramp: Floats, sums: Floats, first: float, width: float, volume_mm3: float) -> DoseHistogram:
    """The cumulative from its second derivative at the fine edges (`kernels.spread`)."""
    below = np.concatenate([[0.0], width * np.cumsum(np.cumsum(ramp))[:-1]])
    covered, energy = float(sums[:, 0].sum()), float(sums[:, 1].sum())
    above: Floats = np.clip(covered - np.maximum.accumulate(below), 0.0, covered)
    above[-1] = 0.0
    edges: Floats = first + width * np.arange(len(ramp), dtype=np.float64)
    some = covered > 0
    return DoseHistogram(
        edges,
        above / 1000,
        volume_mm3 / 1000,
        covered / 1000,
        energy / covered if some else float("nan"),
        float(sums[:, 2].min()) if some else float("nan"),
        float(sums[:, 3].max()) if some else float("nan"),
    )
