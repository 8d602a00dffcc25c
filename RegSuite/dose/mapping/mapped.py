"""map_dose: the dose of a fraction on the planning grid, through a deformation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.mapping.energy import EnergyAccount, energy_account
from RegSuite.dose.mapping.marks import MarkCounts, Marks
from RegSuite.dose.mapping.prepared import (
    OVERSAMPLING,
    DoseMapping,
    Mapping,
    SlabDose,
    Values,
    prepared_mapping,
    with_halo,
)
from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid

SLICES_AT_ONCE = 4


@dataclass(frozen=True, eq=False)
class MappedDose:
    """A fraction's dose on the planning grid.

    dose_gy [z, y, x]: NaN where marked. marks [z, y, x]: OUTSIDE, FOLDED, UNDEFINED (marks.py).
    energy: of energy/mass transfer, where it was asked for.
    """

    dose_gy: Values
    marks: Marks
    mapping: Mapping
    energy: EnergyAccount | None = None

    @property
    def counts(self) -> MarkCounts:
        """How many voxels bear which mark."""
        return MarkCounts.of(self.marks)


def map_dose(
    dose_gy: NDArray[Any],
    dose_grid: Grid,
    displacement_mm: NDArray[Any],
    grid: Grid,
    *,
    mapping: Mapping = "ddm",
    density: tuple[NDArray[Any], Grid] | None = None,
    oversampling: int = OVERSAMPLING,
    account: bool = True,
    device: str = "cpu",
    workers: int | None = None,
) -> MappedDose:
    """The dose [z, y, x] in Gy on dose_grid, pulled onto `grid` by x -> x + u(x).

    displacement_mm [3, z, y, x]: u in LPS mm on `grid`, NaN where undefined. Both mappings read the
    dose trilinearly, held from its outer voxel centres to its outer faces, and unknown beyond.

    "ddm", direct dose mapping: the dose at x + u(x). Source: Rosu et al. 2005, Med Phys 32:2487.

    "emt", energy/mass transfer: a voxel V gets the energy of the tissue that it holds over its mass,
        D = int_T(V) D rho dy / int_T(V) rho dy = int_V D(T) rho(T) |J| dx / int_V rho(T) |J| dx,
    T(x) = x + u(x), J its Jacobian. The first form is what pushing each fraction voxel's energy and mass
    forward through the inverse sums up, the second the same by substitution; it needs no inverse.
    V is cut into oversampling^3 parts, on each of which u is trilinear with its exact J.
    density: (g/cm3 [z, y, x], its grid) of the fraction. account: also make up the EnergyAccount.
    Source: Siebers and Zhong 2008, Med Phys 35:4096; Zhong and Siebers 2009, Phys Med Biol 54:5815;
    the two mappings compared: Li et al. 2014, Phys Med Biol 59:173.

    device: "cpu" (compiled kernels, `workers` threads, as many as numba uses where None) or a torch
    device (the plain twin). On the CPU the number of workers changes no bit.
    Raises DoseError and GeometryError as `prepared_mapping`, GeometryError for a field that does not fit.
    """
    job = prepared_mapping(
        dose_gy, dose_grid, grid, mapping=mapping, density=density, oversampling=oversampling
    )
    if tuple(displacement_mm.shape) != (3, *grid.shape):
        raise GeometryError(
            f"a displacement of shape {tuple(displacement_mm.shape)} on a grid of shape {grid.shape}",
            where="dose mapping",
            mend="give [3, z, y, x] in LPS mm on the planning grid",
        )
    field = np.ascontiguousarray(displacement_mm, np.float32)
    threads = workers_or_default(workers)
    slabs = _on_cpu(job, field, threads) if device == "cpu" else _on_device(job, field, device)
    energy = None
    if mapping == "emt" and account:
        energy = energy_account(job, field, np.concatenate([s.sums for s in slabs]), threads)
    dose = np.concatenate([s.dose_gy for s in slabs])
    return MappedDose(dose, np.concatenate([s.marks for s in slabs]), mapping, energy)


def workers_or_default(workers: int | None) -> int:
    """How many threads: as many as numba may use, where nothing else is said."""
    import numba

    return int(numba.get_num_threads()) if workers is None else max(workers, 1)


def _on_cpu(job: DoseMapping, field: Values, workers: int) -> list[SlabDose]:
    slices = job.grid.shape[0]

    def slab(z0: int) -> SlabDose:
        return job.slab(field, z0, min(z0 + SLICES_AT_ONCE, slices), first=0)

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(slab, range(0, slices, SLICES_AT_ONCE)))


def _on_device(job: DoseMapping, field: Values, device: str) -> list[SlabDose]:
    import torch

    slices, out = job.grid.shape[0], []
    at_once = max(1, (1 << 22) // (job.grid.size[0] * job.grid.size[1]))
    for z0 in range(0, slices, at_once):
        z1 = min(z0 + at_once, slices)
        first, last = with_halo(z0, z1, slices)
        found = job.slab_on(torch.from_numpy(field[:, first:last]).to(device), z0, z1)
        out.append(SlabDose(*(part.cpu().numpy() for part in found)))
    return out
