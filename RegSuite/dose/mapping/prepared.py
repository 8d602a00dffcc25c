"""DoseMapping: a fraction's dose made ready to be pulled onto a planning grid, some slices at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.mapping.marks import Marks
from RegSuite.errors import DoseError, GeometryError
from RegSuite.geometry import Grid

if TYPE_CHECKING:
    import torch

Mapping = Literal["ddm", "emt"]
Values = NDArray[np.float32]

OVERSAMPLING = 2
"""Parts of a voxel along each axis in energy/mass transfer; see docs/dose.md for what it leaves."""


class SlabDose(NamedTuple):
    """Some slices of a mapped dose: dose_gy [n, y, x] (NaN where marked), marks [n, y, x].

    sums [n, 3] of each slice under energy/mass transfer, in Gy g/cm3 voxels: energy in voxels without a
    mark, energy in marked ones, mass (g/cm3 voxels) of the former; zeros under direct dose mapping.
    """

    dose_gy: Values
    marks: Marks
    sums: NDArray[np.float64]


def with_halo(z0: int, z1: int, slices: int) -> tuple[int, int]:
    """The slices [first, last) whose displacement the dose of planning slices [z0, z1) rests on."""
    return max(z0 - 1, 0), min(z1 + 1, slices)


@dataclass(frozen=True, eq=False)
class DoseMapping:
    """A dose [z, y, x] in Gy on its grid, to be mapped onto the planning grid `grid`.

    density: g/cm3 of the fraction [z, y, x] on density_grid, for "emt". oversampling: parts of a planning
    voxel along each axis (even). Made by `prepared_mapping`, which checks; safe to use from many threads.
    """

    dose_gy: Values
    dose_grid: Grid
    grid: Grid
    mapping: Mapping = "ddm"
    density: Values | None = None
    density_grid: Grid | None = None
    oversampling: int = OVERSAMPLING

    def slab(
        self, displacement: NDArray[np.float32], z0: int, z1: int, *, first: int | None = None
    ) -> SlabDose:
        """The dose of the planning slices [z0, z1), from their displacement and that of their neighbours.

        displacement [3, s, y, x] LPS mm of the slices from `first` on (`with_halo` says which; where
        first is None, exactly those). One thread, without the interpreter's lock; the same bits
        however a grid is cut into slabs. Raises GeometryError where a neighbouring slice is missing.
        """
        from RegSuite.dose.mapping import kernels

        field, first = self._field(displacement, z0, z1, first)
        shape = (z1 - z0, *self.grid.shape[1:])
        out, marks = np.empty(shape, np.float32), np.empty(shape, np.uint8)
        sums = np.zeros((z1 - z0, 3))
        matrix = np.ascontiguousarray(self.grid.matrix[:3, :3])
        place, per_mm = between(self.grid, self.dose_grid)
        if self.mapping == "ddm":
            kernels.ddm(self.dose_gy, place, per_mm, field, first, z0, matrix, out, marks)
        else:
            assert self.density is not None
            assert self.density_grid is not None
            kernels.emt(
                self.dose_gy, place, per_mm, self.density, *between(self.grid, self.density_grid),
                field, first, z0, matrix, self.oversampling, out, marks, sums,
            )  # fmt: skip
        return SlabDose(out, marks, sums)

    def slab_on(
        self, displacement: torch.Tensor, z0: int, z1: int, *, first: int | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """As `slab`, in torch on the displacement's device: [..., 3, s, y, x] gives [..., n, y, x] each.

        The path of a GPU (CUDA: float64 places), and the plain twin of the compiled kernels. Leading
        dimensions are samples. Returns dose, marks and sums [..., n, 3].
        """
        from RegSuite.dose.mapping.plain import mapped_slab

        first = with_halo(z0, z1, self.grid.shape[0])[0] if first is None else first
        self._check_reach(tuple(displacement.shape), z0, z1, first)
        return mapped_slab(self, displacement, z0, z1, first)

    def _field(
        self, displacement: NDArray[Any], z0: int, z1: int, first: int | None
    ) -> tuple[NDArray[np.float32], int]:
        first = with_halo(z0, z1, self.grid.shape[0])[0] if first is None else first
        self._check_reach(displacement.shape, z0, z1, first)
        return np.ascontiguousarray(displacement, np.float32), first

    def _check_reach(self, shape: tuple[int, ...], z0: int, z1: int, first: int) -> None:
        slices, *plane = self.grid.shape
        need = with_halo(z0, z1, slices)
        fits = len(shape) >= 4 and shape[-4] == 3 and list(shape[-2:]) == plane and 0 <= z0 < z1 <= slices
        if not fits or first < 0 or first > need[0] or first + shape[-3] < need[1]:
            raise GeometryError(
                f"a displacement of shape {shape} from slice {first} on does not hold what slices {z0} to "
                f"{z1 - 1} of a planning grid of shape {self.grid.shape} rest on",
                where="dose mapping",
                mend=f"give [3, {need[1] - need[0]}, {plane[0]}, {plane[1]}] from slice {need[0]} on",
            )


def prepared_mapping(
    dose_gy: NDArray[Any],
    dose_grid: Grid,
    grid: Grid,
    *,
    mapping: Mapping = "ddm",
    density: tuple[NDArray[Any], Grid] | None = None,
    oversampling: int = OVERSAMPLING,
) -> DoseMapping:
    """A DoseMapping, its inputs checked; arrays are copied only where they are not float32 in one piece.

    Raises DoseError for a dose or density with values that are not finite, a density that is not
    positive or missing for "emt"; GeometryError for shapes that do not fit or an axis of one voxel.
    """
    if mapping not in ("ddm", "emt"):
        raise DoseError(f"a mapping called {mapping!r}", where="mapping", mend="give ddm or emt")
    dose = _checked(dose_gy, dose_grid, "dose")
    _check_axes(grid, "planning grid")
    if mapping == "ddm":
        return DoseMapping(dose, dose_grid, grid)
    if density is None:
        raise DoseError(
            "energy/mass transfer needs the fraction's density",
            where="mapping: emt",
            mend="give the fraction's CT and a density table, or map with ddm",
        )
    if oversampling < 2 or oversampling % 2:
        raise DoseError(
            f"an oversampling of {oversampling}", where="mapping: emt", mend="give an even number, such as 2"
        )
    values = _checked(density[0], density[1], "density")
    if not values.min() > 0:
        raise DoseError(
            f"a density of {float(values.min()):g} g/cm3",
            where="mapping: emt",
            mend="give positive densities (air: 0.0012)",
        )
    return DoseMapping(dose, dose_grid, grid, mapping, values, density[1], oversampling)


def between(one: Grid, other: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """[3, 4] voxels of `one` to voxels of `other`, and [3, 3] voxels of `other` a mm."""
    place = np.ascontiguousarray((other.inverse_matrix @ one.matrix)[:3])
    return place, np.ascontiguousarray(other.inverse_matrix[:3, :3])


def _checked(values: NDArray[Any], grid: Grid, what: str) -> Values:
    """The values as float32 in one piece. Raises for what does not fit the grid or is not finite."""
    _check_axes(grid, f"{what} grid")
    if tuple(values.shape) != grid.shape:
        raise GeometryError(
            f"a {what} of shape {tuple(values.shape)} on a grid of shape {grid.shape}", where="dose mapping"
        )
    out = np.ascontiguousarray(values, np.float32)
    bad = out.size - int(np.count_nonzero(np.isfinite(out)))
    if bad:
        raise DoseError(
            f"{bad} of {out.size} values of the {what} are not finite",
            where="dose mapping",
            mend="crop the grid to where it is known",
        )
    return out


def _check_axes(grid: Grid, what: str) -> None:
    if grid.ndim != 3 or min(grid.size) < 2:
        size = "x".join(map(str, grid.size))
        raise GeometryError(
            f"a {what} of {size} voxels has an axis of one voxel: between slices nothing is known",
            where="dose mapping",
            mend="give a volume of two slices or more",
        )
