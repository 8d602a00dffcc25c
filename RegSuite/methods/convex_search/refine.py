"""Instance optimisation: the searched displacement refined by Gauss-Newton steps on the descriptors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from RegSuite.methods.local_forces.forces import Forces
from RegSuite.methods.local_forces.level import Level
from RegSuite.methods.local_forces.record import Record
from RegSuite.methods.log_demons.fit import node_update, settled
from RegSuite.numerics.flow import compose, exponential
from RegSuite.numerics.smoothing import gaussian, sigmas_voxels

if TYPE_CHECKING:
    from RegSuite.methods.convex_search.parameters import ConvexParameters


def refined(level: Level, field: Tensor, parameters: ConvexParameters, record: Record, stage: str) -> Tensor:
    """u [3, *nodes] in mm that lessens the squared descriptor difference, from `field`.

    Each update is fitted over a Gaussian window, exponentiated and composed, u o exp(update), and
    u smoothed (diffusion): small diffeomorphic steps, which keep u from folding.
    """
    spacing = level.nodes.spacing
    fluid = sigmas_voxels(parameters.fluid_mm, spacing)
    diffusion = sigmas_voxels(parameters.diffusion_mm, spacing)
    forces = Forces(level, "mind")
    values: list[float] = []
    for iteration in range(parameters.iterations):
        system, value = forces.system(field)
        values.append(value)
        record.iteration(stage, iteration, value, 1.0)
        if settled(values, parameters.tolerance):
            record.skip(float(parameters.iterations - iteration - 1))
            break
        update = node_update(gaussian(system, fluid), spacing)
        field = gaussian(compose(field, exponential(update, spacing), spacing), diffusion)
    return field
