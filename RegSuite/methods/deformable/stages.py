"""The stages of a coarse-to-fine run: voxel sizes, nodes and steps."""

from __future__ import annotations

from dataclasses import dataclass

from RegSuite.geometry import Grid
from RegSuite.methods.deformable.parameters import DeformableParameters
from RegSuite.numerics.pyramid import factors_for

VOXELS_OF_COARSEST = 48
FINEST_SHARE = {2: 1024, 3: 256}
NODE_EVERY = 2


@dataclass(frozen=True)
class Stage:
    """factors: fixed voxels a stage voxel (x, y, z). strides: stage voxels a node. steps: how many."""

    factors: tuple[int, ...]
    strides: tuple[int, ...]
    steps: int

    def grid(self, fixed: Grid) -> Grid:
        """The lattice of the stage's images."""
        return fixed.coarser(self.factors)

    def node_grid(self, fixed: Grid) -> Grid:
        """The lattice of the stage's displacement."""
        return fixed.coarser([f * s for f, s in zip(self.factors, self.strides, strict=True)])

    def describe(self, fixed: Grid) -> str:
        """Such as '2 mm', or '1 mm, node every 2 voxels'."""
        words = f"{min(self.grid(fixed).spacing):.3g} mm"
        return words if max(self.strides) == 1 else f"{words}, node every {max(self.strides)} voxels"


def finest_mm(grid: Grid, parameters: DeformableParameters) -> float:
    """Voxel size of the finest stage in mm."""
    if parameters.finest_mm is not None:
        return max(parameters.finest_mm, min(grid.spacing))
    voxels = FINEST_SHARE[2 if sum(n > 1 for n in grid.size) < 3 else 3]
    return max(min(grid.spacing), float(max(grid.extent_mm)) / voxels)


def stages(grid: Grid, parameters: DeformableParameters) -> list[Stage]:
    """The stages for a fixed grid, coarsest first; those without steps are left out."""
    finest = finest_mm(grid, parameters)
    longest = float(max(grid.extent_mm))
    sizes = [finest]
    coarsest = parameters.coarsest_mm or longest / VOXELS_OF_COARSEST
    while sizes[0] * 2 <= coarsest:
        sizes.insert(0, sizes[0] * 2)
    factors = list(dict.fromkeys(tuple(factors_for(grid, size)) for size in sizes))
    ones = (1,) * grid.ndim
    half = tuple(NODE_EVERY if n > NODE_EVERY else 1 for n in grid.coarser(factors[-1]).size)
    plan = [(f, ones) for f in factors[:-1]] + [(factors[-1], half), (factors[-1], ones)]
    given = list(parameters.iterations)
    steps = [given[0]] * (len(plan) - len(given)) + given[-len(plan) :]
    made = [Stage(f, s, n) for (f, s), n in zip(plan, steps, strict=True) if n > 0]
    return made or [Stage(factors[-1], ones, 0)]
