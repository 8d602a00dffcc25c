"""EnergyAccount: where the energy of a fraction went under energy/mass transfer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry import Grid

if TYPE_CHECKING:
    from RegSuite.dose.mapping.prepared import DoseMapping

PARTS = 2
"""Parts of a dose voxel along each axis."""
SLICES_AT_ONCE = 4


@dataclass(frozen=True)
class EnergyAccount:
    """Energies in mJ (Gy g) of one fraction's dose, as far as its density is known.

    fraction_mj: in the whole dose grid. arrived_mj: in planning voxels whose dose is known. marked_mj: in
    planning voxels that bear a mark, as far as it is known. left_mj: at fraction points that only points
    beyond the planning grid map to; unknown_mj: at points that nothing was found to map to (undefined or
    folded). The last two are counted in the fraction by inverting x + u(x), independently of the first.
    mass_g: arrived.
    """

    fraction_mj: float
    arrived_mj: float
    marked_mj: float
    left_mj: float
    unknown_mj: float
    mass_g: float

    @property
    def residual(self) -> float:
        """What is not accounted for, as a share of the fraction's energy; 0 where that is 0."""
        if self.fraction_mj == 0:
            return 0.0
        found = self.arrived_mj + self.marked_mj + self.left_mj + self.unknown_mj
        return (self.fraction_mj - found) / self.fraction_mj


def energy_account(
    job: DoseMapping, field: NDArray[np.float32], sums: NDArray[np.float64], workers: int
) -> EnergyAccount:
    """The account of an energy/mass transfer whose slices gave `sums` [z, 3] (see SlabDose).

    field [3, z, y, x]: LPS mm on the planning grid. Every dose voxel's centre is traced back by Newton's
    method on the same trilinear field; of voxels whose neighbours are of another kind, each of 2^3 parts.
    """
    arrived, marked, mass = sums.sum(axis=0) * job.grid.voxel_volume / 1000
    left, covered, unknown = _in_fraction(job, field, workers) * job.dose_grid.voxel_volume / 1000
    whole = left + covered + unknown
    return EnergyAccount(*(float(v) for v in (whole, arrived, marked, left, unknown, mass)))


def _in_fraction(job: DoseMapping, field: NDArray[np.float32], workers: int) -> NDArray[np.float64]:
    """[3] energy in Gy g/cm3 dose voxels: left, covered, unknown."""
    from RegSuite.dose.mapping import energy_kernels as kernels
    from RegSuite.dose.mapping.prepared import between

    assert job.density is not None
    assert job.density_grid is not None
    matrix = np.ascontiguousarray(job.grid.matrix[:3, :3])
    back, spacing = between(job.dose_grid, job.grid)[0], min(job.grid.spacing)
    far = _farthest(field, job.grid)
    status = np.empty(job.dose_gy.shape, np.uint8)
    sums = np.zeros((len(status), 3))
    to_density = between(job.dose_grid, job.density_grid)[0]

    def trace(k: int) -> None:
        kernels.kinds(field, matrix, far, back, spacing, k, status[k : k + SLICES_AT_ONCE])

    def add(k: int) -> None:
        kernels.energies(
            job.dose_gy, job.density, to_density, seen, PARTS, field, matrix, far, back, spacing, k,
            sums[k : k + SLICES_AT_ONCE],
        )  # fmt: skip

    _each(trace, len(status), workers)
    seen = _with_mixed(status, kernels.MIXED)
    _each(add, len(status), workers)
    total: NDArray[np.float64] = sums.sum(axis=0)
    return total


def _each(work: Callable[[int], None], slices: int, workers: int) -> None:
    """Do `work` for each run of slices, in threads; each writes to slices of its own."""
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(0, slices, SLICES_AT_ONCE)))


def _farthest(field: NDArray[np.float32], grid: Grid) -> NDArray[np.float64]:
    """[3] the most that the displacement moves along each planning axis, in voxels, and one more."""
    known = np.isfinite(field)
    most = np.array([np.abs(part[ok]).max(initial=0.0) for part, ok in zip(field, known, strict=True)])
    moved: NDArray[np.float64] = 3 * np.abs(grid.inverse_matrix[:3, :3]) @ most + 1.0
    return moved


def _with_mixed(status: NDArray[np.uint8], mixed: int) -> NDArray[np.uint8]:
    """The kinds, with MIXED where a voxel's neighbour along an axis is of another kind."""
    differs = np.zeros(status.shape, bool)
    for axis in range(3):
        edge = np.diff(status, axis=axis) != 0
        first, second = [slice(None)] * 3, [slice(None)] * 3
        first[axis], second[axis] = slice(None, -1), slice(1, None)
        differs[tuple(first)] |= edge
        differs[tuple(second)] |= edge
    return np.where(differs, np.uint8(mixed), status)
