"""One stationary velocity field fitted to a pair, coarse to fine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.methods.local_forces.descriptors import described
from RegSuite.methods.local_forces.forces import Forces, edge_voxels
from RegSuite.methods.local_forces.intensities import matched, unit_range
from RegSuite.methods.local_forces.lattice import on_lattice
from RegSuite.methods.local_forces.level import Level, make_level, steps_mm
from RegSuite.methods.local_forces.pair import Pair
from RegSuite.methods.local_forces.record import Record
from RegSuite.methods.log_demons.parameters import LogDemonsParameters
from RegSuite.methods.log_demons.velocity import log_of_product
from RegSuite.numerics.flow import compose, exponential
from RegSuite.numerics.local_systems import solve_nodes
from RegSuite.numerics.smoothing import gaussian, sigmas_voxels

DAMPING = 0.01
"""Share of the mean curvature added to each node's system: nodes without structure stay still."""
LONGEST_STEP_NODES = 1.0
"""Longest update, in node spacings: its exponential then needs two squarings at most."""


@dataclass(frozen=True, eq=False)
class Path:
    """A displacement [3, *lattice.shape] that follows the field being fitted (x -> x + b(x))."""

    displacement: Tensor
    lattice: Grid


@dataclass(frozen=True, eq=False)
class Fit:
    """A velocity in mm along the lattice's axes, and the measure before and after (finest level run)."""

    velocity: Tensor
    lattice: Grid
    before: float
    after: float


def comparable(pair: Pair, parameters: LogDemonsParameters) -> Pair:
    """The pair with the intensities (or, on each level, descriptors) that the measure compares."""
    if parameters.measure == "ssd":
        return matched(pair, parameters.intensities, parameters.local_mm)
    return unit_range(pair)


def make_levels(pair: Pair, parameters: LogDemonsParameters) -> list[Level]:
    """The levels of a run, coarse to fine; with mind their channels are descriptors."""
    steps = steps_mm(pair, parameters.finest_mm, parameters.levels)
    node = parameters.node_mm or 2 * steps[-1]
    edge = edge_voxels(parameters.measure, parameters.radius_voxels)
    levels = [make_level(pair, step, max(step, node), edge) for step in steps]
    if parameters.measure != "mind":
        return levels
    return [described(v) for v in levels]


def work_of(levels: list[Level], parameters: LogDemonsParameters) -> float:
    """Voxels times iterations of a run over `levels`, at most."""
    return float(sum(v.grid.voxels * _iterations(v is levels[-1], len(levels), parameters) for v in levels))


def fit_velocity(
    levels: list[Level],
    parameters: LogDemonsParameters,
    record: Record,
    stage: str,
    after: Path | None = None,
) -> Fit:
    """The velocity v for which the moving image at after(exp(v)(x)) matches the fixed one.

    At each node the update u is the weighted least squares fit of the measure's linear model over
    a Gaussian window (fluid regularity); v becomes log(exp(v) o exp(u)), smoothed (diffusion).
    With `symmetric` the fit takes both exp(v) forward and exp(-v) backward.
    Source: Vercauteren et al. 2008, MICCAI, doi:10.1007/978-3-540-85988-8_90, algorithm 2.
    """
    velocity, lattice, before, value = None, levels[0].nodes, 0.0, 0.0
    for number, level in enumerate(levels):
        with record.stage(f"level {level.step_mm:.3g} mm"):
            start = (
                torch.zeros((3, *level.nodes.shape), device=level.fixed.device)
                if velocity is None
                else on_lattice(velocity, lattice, level.nodes)
            )
            lattice = level.nodes
            count = _iterations(number == len(levels) - 1, len(levels), parameters)
            if count == 0:
                velocity = start
                continue
            name = f"{stage}{level.step_mm:.3g} mm"
            ratio = max(lattice.spacing) / max(levels[-1].nodes.spacing)
            diffusion = parameters.diffusion_at(levels[-1].step_mm) * ratio
            velocity, before, value = _descend(
                level, start, parameters, record, name, count, ratio, diffusion, after
            )
    assert velocity is not None
    return Fit(velocity, lattice, before, value)


def _descend(
    level: Level,
    velocity: Tensor,
    parameters: LogDemonsParameters,
    record: Record,
    stage: str,
    count: int,
    ratio: float,
    diffusion_mm: float,
    after: Path | None,
) -> tuple[Tensor, float, float]:
    """(velocity, first value, last value) after at most `count` updates on one level."""
    spacing = level.nodes.spacing
    fluid = sigmas_voxels(parameters.fluid_mm * ratio, spacing)
    diffusion = sigmas_voxels(diffusion_mm, spacing)
    rest = None if after is None else on_lattice(after.displacement, after.lattice, level.nodes)
    forward = Forces(level, parameters.measure, parameters.radius_voxels)
    backward = _Backward(level, parameters, rest) if parameters.symmetric else None
    values: list[float] = []
    for iteration in range(count):
        there = exponential(velocity, spacing)
        system, value = forward.system(there if rest is None else compose(rest, there, spacing))
        if backward is not None:
            system, value = backward.joined(system, value, velocity)
        values.append(value)
        record.iteration(stage, iteration, value, level.grid.voxels)
        if settled(values, parameters.tolerance):
            record.skip(float(level.grid.voxels * (count - iteration - 1)))
            break
        update = node_update(gaussian(system, fluid), spacing)
        velocity = gaussian(log_of_product(velocity, update, spacing, parameters.bch_order), diffusion)
    return velocity, values[0], values[-1]


class _Backward:
    """The forces of the other direction: the fixed image at exp(-v), compared with the moving one."""

    def __init__(self, level: Level, parameters: LogDemonsParameters, rest: Tensor | None) -> None:
        self._spacing = level.nodes.spacing
        swapped = level.swapped(rest)
        self._forces = Forces(swapped, parameters.measure, parameters.radius_voxels)

    def joined(self, system: Tensor, value: float, velocity: Tensor) -> tuple[Tensor, float]:
        """The normal equations of both directions for an update exp(v) o exp(u), and their mean value."""
        back, of_back = self._forces.system(exponential(-velocity, self._spacing))
        both = system + back
        both[6:] = system[6:] - back[6:]  # an update u of v is one of -u of -v, to first order
        return both, (value + of_back) / 2


def node_update(system: Tensor, spacing: Sequence[float]) -> Tensor:
    """The update [3, *nodes] in mm that a system asks for, damped and bounded."""
    return solve_nodes(system, DAMPING * _curvature(system), LONGEST_STEP_NODES * max(spacing))


def settled(values: list[float], tolerance: float) -> bool:
    """Whether the last two updates together gained less than `tolerance` of the measure."""
    return len(values) > 2 and values[-3] - min(values[-2:]) < tolerance * abs(values[-3])


def _curvature(system: Tensor) -> float:
    """Mean of the trace of H over 3, over the nodes that see any structure."""
    trace = (system[0] + system[1] + system[2]) / 3
    seen = (trace > 1e-3 * trace.max()).float().mean()
    return max(float(trace.mean() / seen.clamp(min=1e-9)), 1e-20)


def _iterations(finest: bool, levels: int, parameters: LogDemonsParameters) -> int:
    return parameters.finest_iterations if finest and levels > 1 else parameters.iterations
