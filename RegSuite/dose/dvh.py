"""dvh: the histogram of one structure, cut finer until it does not change any more."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.histogram import DoseHistogram, accumulated, dose_limits
from RegSuite.dose.kernels_plain import dose_at
from RegSuite.dose.planes import EndSlices
from RegSuite.dose.region import Region, region_of
from RegSuite.errors import DoseError
from RegSuite.geometry import Grid
from RegSuite.geometry.structure import Structure

FINE_BINS_A_BIN = 50
MOST_FINE_BINS = 100_000
ENOUGH_PIECES = 2e6
"""So many pieces are taken as settled without a second look: beyond 2000 cc at half a 2.5 mm voxel."""
MOST_PIECES = 4e7
NO_DOSE = 1e-3
"""Share of the largest dose that changes are measured by at least: far from the beams nothing is steep."""
MOST_LINES = 4e6
LONGEST_PIECE = 3.0
"""Lines are cut into pieces of half a dose voxel, and at most of so many times their own width."""


@dataclass(frozen=True, eq=False)
class StructureDvh:
    """The DVH of a structure. step_mm: width of its last bars; a dose voxel holds `oversampling` of them.

    change: largest of the last changes (share of volume, share of D95, D50, D5) when the bars were halved.
    settled: whether that is within the tolerance. warnings: what must not be trusted.
    """

    name: str
    histogram: DoseHistogram
    region: Region
    step_mm: float
    oversampling: float
    change: float | None
    settled: bool
    warnings: tuple[str, ...] = field(default=())


def structure_dvh(
    structure: Structure,
    dose_gy: NDArray[np.float32],
    grid: Grid,
    *,
    bin_width_gy: float = 0.1,
    end_slices: EndSlices = "half",
    tolerance: float = 1e-3,
    step_mm: float | None = None,
    device: str = "cpu",
) -> StructureDvh:
    """The DVH of one structure in a dose [z, y, x] in Gy on `grid`; what is NaN is not covered.

    Bars start at half the smallest dose voxel, or thinner where the structure is thin, and are halved
    until volume, D95, D50 and D5 change by less than `tolerance` of themselves; step_mm: a width to
    take instead. device: where pieces are summed ("cpu": compiled kernels, else torch's name).
    Raises GeometryError for a structure without volume, DoseError for a dose that is not 3D.
    """
    if grid.ndim != 3:
        raise DoseError("the dose is 2D", mend="give a dose volume")
    region = region_of(structure, grid, end_slices, single_mm=float(grid.spacing[2]))
    largest = dose_limits(dose_gy)[1]
    fine = fine_width(bin_width_gy, largest)
    thinnest = float(np.sqrt(region.across_mm2 / MOST_LINES))
    size = step_mm or max(min(min(grid.spacing) / 2, region.smallest_mm / 16), thinnest)
    pieces, found, lines_size = _cut(region, dose_gy, grid, size, fine, device)
    change, settled = None, step_mm is not None or pieces >= ENOUGH_PIECES
    while not settled and pieces * 4 <= MOST_PIECES and lines_size / 2 >= thinnest:
        pieces, finer, lines_size = _cut(region, dose_gy, grid, lines_size / 2, fine, device)
        change = _change(found, finer, NO_DOSE * largest)
        found, settled = finer, change <= tolerance
    found = _with_corners(found, region, dose_gy, grid)
    oversampling = float(np.prod(grid.spacing)) / lines_size**3
    return StructureDvh(structure.name, found, region, lines_size, oversampling, change, settled)


def fine_width(bin_width_gy: float, largest_gy: float) -> float:
    """Width of the bins that metrics are read from: a fiftieth of a bin, at most 100 000 of them."""
    if not bin_width_gy > 0:
        raise DoseError(f"a bin width of {bin_width_gy} Gy", where="bin width", mend="give a positive number")
    return max(min(bin_width_gy, 0.1) / FINE_BINS_A_BIN, largest_gy / MOST_FINE_BINS)


def _cut(
    region: Region, dose_gy: NDArray[np.float32], grid: Grid, size: float, fine: float, device: str
) -> tuple[float, DoseHistogram, float]:
    lines = region.lines(size)
    along = min(min(grid.spacing) / 2, LONGEST_PIECE * size)  # the lines' ends are exact at any length
    pieces = float(np.ceil(lines.length_mm / along).sum())
    return pieces, accumulated(lines, dose_gy, grid, along, fine, device), size


def _with_corners(
    found: DoseHistogram, region: Region, dose_gy: NDArray[np.float32], grid: Grid
) -> DoseHistogram:
    """Least and largest dose with those of the structure's own corners, which lie between the lines."""
    dose = dose_at(dose_gy, grid.index(region.corners()))
    dose = dose[np.isfinite(dose)]
    if not len(dose) or not found.covered_cc > 0:
        return found
    least, largest = min(found.min_gy, float(dose.min())), max(found.max_gy, float(dose.max()))
    return replace(found, min_gy=least, max_gy=largest)


def _change(coarse: DoseHistogram, fine: DoseHistogram, least_gy: float) -> float:
    """The largest relative change of volume, D95, D50 and D5; of doses over `least_gy` at least.

    least_gy: below it doses are no dose; 1 % of the structure's largest dose counts likewise.
    """
    if not (coarse.covered_cc > 0 and fine.covered_cc > 0):
        return abs(coarse.volume_cc - fine.volume_cc) / max(fine.volume_cc, 1e-30)
    changes = [abs(coarse.volume_cc - fine.volume_cc) / fine.volume_cc]
    for share in (0.95, 0.5, 0.05):
        one, other = (h.dose_gy_at(share * h.covered_cc) for h in (coarse, fine))
        changes.append(abs(one - other) / max(abs(other), 0.01 * abs(fine.max_gy), least_gy, 1e-9))
    return float(max(changes))
