"""A convex run: search, refinement, and the result as a Registration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from RegSuite.errors import OutOfMemory
from RegSuite.geometry import Grid, Image
from RegSuite.methods.base import Progress, Registration
from RegSuite.methods.convex_search.refine import refined
from RegSuite.methods.convex_search.search import made_consistent, search
from RegSuite.methods.local_forces.descriptors import described
from RegSuite.methods.local_forces.intensities import unit_range
from RegSuite.methods.local_forces.lattice import on_lattice, physical
from RegSuite.methods.local_forces.level import Level, make_level
from RegSuite.methods.local_forces.pair import make_pair, whole
from RegSuite.methods.local_forces.record import Record
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.numerics.pyramid import block_mean, factors_for
from RegSuite.numerics.resample import warp
from RegSuite.transforms.base import Transform
from RegSuite.transforms.displacement import DisplacementTransform

if TYPE_CHECKING:
    from RegSuite.methods.convex_search.parameters import ConvexParameters

BUDGET_MB = 600.0
"""Largest cost volume; a finer lattice or a wider window than fit make the lattice coarser."""


@dataclass(frozen=True)
class Plan:
    """Voxels of the descriptors and steps of the search in mm, half window in steps, size of the costs."""

    feature_mm: float
    search_mm: float
    window: tuple[int, ...]
    costs_mb: float


def register_convex(
    fixed: Image, moving: Image, parameters: ConvexParameters, progress: Progress, initial: Transform | None
) -> Registration:
    """initial o displacement. extra: percent_nonpositive and smallest Jacobian of the displacement."""
    pair = make_pair(fixed, moving, initial)
    plan = make_plan(pair.fixed_grid, parameters)
    record = Record(progress, 1.0)
    record.expect(4.0 + 2 * parameters.iterations)
    with record.stage("descriptors"):
        pair = unit_range(pair)
        level = described(make_level(pair, plan.feature_mm, plan.feature_mm, 3), _margin_mm(plan))
        record.work(1.0, "descriptors")
    with record.stage("search"):
        field, lattice = _searched(level, plan, parameters, record)
    with record.stage("refinement"):
        field = refined(level, on_lattice(field, lattice, level.nodes), parameters, record, "refinement")
        lattice = level.nodes
    with record.stage("finer descriptors"):
        fine = make_level(pair, plan.feature_mm / 2, plan.feature_mm, 3)  # descriptors reach 3 voxels
        level = described(fine, _margin_mm(plan), fine.blocks.strides)
        record.work(1.0, "finer descriptors")
    with record.stage("finer refinement"):
        field = refined(
            level, on_lattice(field, lattice, level.nodes), parameters, record, "finer refinement"
        )
    with record.stage("displacement"):
        u, grid = physical(on_lattice(field, level.nodes, pair.fixed_grid), pair.fixed_grid, pair.ndim)
        determinant = jacobian_determinant(u, grid)
        smallest, percent = float(determinant.min()), 100 * float((determinant <= 0).double().mean())
    return Registration(
        transform=whole(pair, DisplacementTransform(u, fixed.grid)),
        convergence=tuple(record.convergence),
        notes=(*pair.notes, _describe(plan, parameters)),
        warnings=_warnings(smallest, percent),
        seconds=record.seconds,
        extra={"jacobian_min": smallest, "percent_nonpositive": percent},
    )


def make_plan(grid: Grid, parameters: ConvexParameters) -> Plan:
    """Lattices that keep the cost volume within its budget. Raises OutOfMemory where none does."""
    finest = min(s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1)
    feature = max(finest, parameters.feature_mm or 2 * finest)
    step = max(feature, parameters.search_mm or 2 * feature)
    for _ in range(32):
        plan = _plan_of(grid, feature, step, parameters.window_mm)
        if plan.costs_mb <= BUDGET_MB:
            return plan
        step *= 1.25
    raise OutOfMemory(
        f"a search over {parameters.window_mm:g} mm needs {plan.costs_mb:.0f} MB",
        where="search",
        mend="give a smaller window_mm or a larger search_mm",
    )


def _plan_of(grid: Grid, feature: float, step: float, window_mm: float) -> Plan:
    lattice = grid.coarser(factors_for(grid, step))
    window = tuple(
        math.ceil(window_mm / s) if n > 1 else 0 for s, n in zip(lattice.spacing, lattice.size, strict=True)
    )
    costs = 4e-6 * lattice.voxels * float(np.prod([2 * w + 1 for w in window]))
    return Plan(feature, step, window, costs)


def _margin_mm(plan: Plan) -> float:
    """The window, and a step more for what is left over at the border."""
    return (max(plan.window) + 1) * plan.search_mm


def _searched(level: Level, plan: Plan, parameters: ConvexParameters, record: Record) -> tuple[Tensor, Grid]:
    """The displacement in mm on the search lattice, and that lattice."""
    wanted = plan.search_mm
    factors = [
        max(1, min(round(wanted / s), n)) for s, n in zip(level.grid.spacing, level.grid.size, strict=True)
    ]
    lattice = level.grid.coarser(factors)
    window = [
        math.ceil(parameters.window_mm / s) if n > 1 else 0
        for s, n in zip(lattice.spacing, lattice.size, strict=True)
    ]
    wide_fixed, wide_moving, weight = _on_wide_lattice(level, lattice, factors, window)
    inner = tuple(slice(w, w + n) for w, n in zip(reversed(window), lattice.shape, strict=True))
    with_channels = (slice(None), *inner)
    there = search(wide_fixed[with_channels], wide_moving, weight[inner], window, window)
    record.work(1.0, "search")
    if parameters.inverse_consistency:
        back = search(wide_moving[with_channels], wide_fixed, weight[inner], window, window)
        there = made_consistent(there, back)
    record.work(1.0, "search")
    mm = torch.tensor(lattice.spacing, device=there.device).reshape(3, 1, 1, 1)
    return there * mm, lattice


def _on_wide_lattice(
    level: Level, lattice: Grid, factors: list[int], window: list[int]
) -> tuple[Tensor, Tensor, Tensor]:
    """Fixed and moving descriptors and the weights, block means on the lattice with `window` more around."""
    fine_pads = [w * f for w, f in zip(window, factors, strict=True)]
    shape = tuple((n + 2 * w) * f for n, w, f in zip(lattice.size, window, factors, strict=True))[::-1]
    shift = np.eye(3, 4)
    shift[:, 3] = [-float(p) for p in fine_pads]
    fixed = warp(level.fixed, shape, shift)
    to_moving = level.affine.copy()
    to_moving[:, 3] = level.affine @ np.array([*shift[:, 3], 1.0])
    moving = warp(level.moving, shape, to_moving)
    weight = torch.ones_like(fixed[:1])
    if level.fixed_weight is not None:
        weight = warp(level.fixed_weight[None], shape, shift)
    if level.moving_weight is not None:
        there = warp(level.moving_weight[None], shape, to_moving, outside=0.0)
        moving = moving * there
    return block_mean(fixed, factors), block_mean(moving, factors), block_mean(weight, factors)[0]


def _describe(plan: Plan, parameters: ConvexParameters) -> str:
    return (
        f"descriptors at {plan.feature_mm:.3g} mm; search over +-{parameters.window_mm:g} mm in steps of "
        f"{plan.search_mm:.3g} mm ({plan.costs_mb:.0f} MB); {parameters.iterations} refinements at most, "
        "and as many with means of descriptors of half that size"
    )


def _warnings(smallest: float, percent: float) -> tuple[str, ...]:
    if smallest > 0:
        return ()
    return (
        f"the displacement folds at {percent:.3g} % of the voxels (smallest Jacobian {smallest:.2g}): "
        "raise diffusion_mm",
    )
