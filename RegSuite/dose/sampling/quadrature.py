"""Quadrature of a structure: points with volumes that give the DVH of a dose as its lines do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.dvh import structure_dvh
from RegSuite.dose.histogram import DoseHistogram, dose_limits, from_ramps, in_voxels
from RegSuite.dose.planes import EndSlices
from RegSuite.dose.region import Region
from RegSuite.geometry import Grid
from RegSuite.geometry.structure import Structure

Floats = NDArray[np.float64]

FIRST_CELLS = 4000
MOST_CELLS = 400_000
LINES_A_CELL = 3
FINER = 0.7
"""Each further try has cells of so much the edge: three times their number."""
FACE_POINTS = 700
TOLERANCE = 0.003
SHARES = (0.98, 0.95, 0.5, 0.05, 0.02)
NEAR_MAXIMUM_CC = 0.03
JUDGED_BINS = 4000


@dataclass(frozen=True, eq=False)
class Cells:
    """A region as n points, each standing for its part in a cell; voxels are fractional (x, y, z).

    place [n, 3]: centroid. volume_cc [n]. variance [n, 6]: xx, yy, zz, xy, xz, yz in voxels^2 about it.
    Points of the region's face, where its least and largest dose may lie, come last and have no volume.
    """

    place: Floats
    volume_cc: Floats
    variance: Floats


@dataclass(frozen=True, eq=False)
class Quadrature:
    """The cells that stand for a structure in every sample.

    total_cc: of the whole structure, that outside of the planning grid, which has no cells, included.
    apart: largest deviation of the volume before scaling and of mean, D98, D95, D50, D5, D2 and D0.03cc
    of the nominal dose from `structure_dvh`, over itself (doses: over 10 % of the largest dose at least);
    None where nothing of it has a nominal dose.
    """

    name: str
    cells: Cells
    total_cc: float
    apart: float | None


def structure_quadrature(
    structure: Structure, nominal_gy: NDArray[np.float32], grid: Grid, *, end_slices: EndSlices = "half"
) -> Quadrature:
    """Cells that agree with `structure_dvh` of the nominal dose [z, y, x] within 0.3 %, as few as do.

    About 4000 at first, made finer until they agree, up to 400 000. Volumes are scaled (by what lines of
    another width leave) to that of `structure_dvh`. Raises GeometryError as `structure_dvh` does.
    """
    exact = structure_dvh(structure, nominal_gy, grid, end_slices=end_slices)
    total_cc = exact.histogram.volume_cc
    edge = float(np.cbrt(1000 * total_cc / FIRST_CELLS))
    while True:
        found, sum_cc = cells(exact.region, grid, edge)
        scale = total_cc / sum_cc
        found = Cells(found.place, found.volume_cc * scale, found.variance)
        apart = _apart(found, nominal_gy, exact.histogram)
        apart = None if apart is None else max(apart, abs(scale - 1))
        if apart is None or apart <= TOLERANCE or 3 * len(found.place) > MOST_CELLS:
            return Quadrature(structure.name, found, total_cc, apart)
        edge *= FINER


def cells(region: Region, grid: Grid, edge_mm: float) -> tuple[Cells, float]:
    """A region in cells of about edge_mm along the axes of the grid, with its face, and its volume in cc.

    The volume is of all of it, also of what lies beyond the outer faces of the grid and has no cells.
    """
    from RegSuite.dose.sampling.kernels_cells import fill_cells, mark_cells

    step = edge_mm / LINES_A_CELL
    lines = region.lines(step)
    start, per_mm = in_voxels(lines, grid)
    ends = start + lines.length_mm[:, None] * per_mm[0]
    low = np.maximum(np.minimum(start, ends).min(axis=0), -0.5)
    high = np.minimum(np.maximum(start, ends).max(axis=0), np.asarray(grid.size) - 0.5)
    total_cc = lines.volume_mm3 / 1000
    if (high < low).any():
        return Cells(np.zeros((0, 3)), np.zeros(0), np.zeros((0, 6))), total_cc
    counts = np.maximum(np.ceil((high - low) * grid.spacing / edge_mm), 1).astype(np.int64)
    per_cell = np.maximum((high - low) / counts, 1e-9)
    numbers = np.full(counts[::-1], -1, np.int32)
    touched = mark_cells(numbers, start, per_mm, lines.length_mm, step, low, high, per_cell)
    sums = np.zeros((touched, 10))
    across = np.ascontiguousarray(lines.across_mm)
    area = across[:, 0] * across[:, 1] * lines.share / 1000
    fill_cells(numbers, start, per_mm, lines.length_mm, across, step, low, high, per_cell, area, sums)
    mean = sums[:, 1:] / sums[:, :1]
    place, square = mean[:, :3], mean[:, 3:]
    products = [place[:, a] * place[:, b] for a, b in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))]
    face = np.concatenate([_some(p) for p in (start, ends, grid.index(region.corners()))])
    face = face[((face >= low) & (face <= high)).all(axis=1)]
    nothing = np.zeros((len(face), 7))
    return Cells(
        np.concatenate([place, face]),
        np.concatenate([sums[:, 0], nothing[:, 0]]),
        np.concatenate([square - np.stack(products, axis=1), nothing[:, 1:]]),
    ), total_cc


def _some(points: Floats) -> Floats:
    """At most FACE_POINTS of the points, evenly taken from their order."""
    return points[:: max(-(-len(points) // FACE_POINTS), 1)]


def _apart(found: Cells, nominal_gy: NDArray[np.float32], exact: DoseHistogram) -> float | None:
    """The largest deviation of the cells' doses from the exact ones; None where nothing is covered."""
    if not (exact.covered_cc > 0 and len(found.place)):
        return None
    mine = cells_histogram(found, nominal_gy)
    if not mine.covered_cc > 0:
        return None
    largest = max(abs(v) for v in dose_limits(nominal_gy))
    near = NEAR_MAXIMUM_CC / exact.covered_cc
    worst = abs(mine.mean_gy - exact.mean_gy) / max(abs(exact.mean_gy), 0.1 * largest, 1e-9)
    for share in (*SHARES, near) if near < min(SHARES) else SHARES:
        wanted = exact.dose_gy_at(share * exact.covered_cc)
        apart = abs(mine.dose_gy_at(share * mine.covered_cc) - wanted)
        worst = max(worst, apart / max(abs(wanted), 0.1 * largest, 1e-9))
    return worst


def cells_histogram(found: Cells, dose_gy: NDArray[np.float32]) -> DoseHistogram:
    """The histogram that the cells give of one dose [z, y, x] on their grid."""
    from RegSuite.dose.sampling import kernels_points as kernels

    limits = np.array([dose_limits(dose_gy)])
    width = np.maximum((limits[:, 1] - limits[:, 0]) / JUDGED_BINS, 1e-6)
    first = limits[:, 0] - 2 * width
    n = len(found.place)
    doses = np.zeros((1, 4, n), np.float32)
    nothing = np.zeros(n, np.int64)
    kernels.between_voxels(found.place, nothing, dose_gy[None, 0], dose_gy[None], 0, doses)
    ramps, sums = (
        np.zeros((1, 1, 1, JUDGED_BINS + 6)),
        np.tile(np.array([0, 0, np.inf, -np.inf]), (1, 1, 1, 1)),
    )
    kernels.count_volume(
        doses, found.volume_cc, found.variance, nothing, nothing > 0, limits, first, width, 0, ramps, sums
    )
    total = 1000 * float(found.volume_cc.sum())
    in_mm3 = sums[0, 0] * np.array([1000, 1000, 1, 1])
    return from_ramps(1000 * ramps[0, 0, 0], in_mm3, float(first[0]), float(width[0]), total)
