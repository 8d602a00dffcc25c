"""A B-spline run: one free-form deformation from two images, as a Registration; and its costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from RegSuite.geometry import Image
from RegSuite.methods.base import Progress, Registration
from RegSuite.methods.free_form.fit import Descent, descend
from RegSuite.methods.free_form.lattice import ControlLattice, finest_lattice
from RegSuite.methods.local_forces.descriptors import described
from RegSuite.methods.local_forces.forces import edge_voxels
from RegSuite.methods.local_forces.intensities import matched, unit_range
from RegSuite.methods.local_forces.level import Level, make_level, steps_mm
from RegSuite.methods.local_forces.pair import Pair, make_pair, whole
from RegSuite.methods.local_forces.record import Record
from RegSuite.transforms.base import Transform
from RegSuite.transforms.bspline import BSplineTransform

if TYPE_CHECKING:
    from RegSuite.methods.free_form.parameters import BSplineParameters

NODES_A_CELL = 4
"""Nodes of the measure's forces along a control cell, at least (as far as there are voxels)."""


def register_bspline(
    fixed: Image, moving: Image, parameters: BSplineParameters, progress: Progress, initial: Transform | None
) -> Registration:
    """initial o B-spline. extra: percent_nonpositive and smallest Jacobian of the B-spline."""
    pair = make_pair(fixed, moving, initial)
    record = Record(progress, 1.0)
    with record.stage("levels"):
        levels, lattices = _levels(pair, parameters)
    counts = [_iterations(k, len(levels), parameters) for k in range(len(levels))]
    record.expect(sum(v.grid.voxels * n for v, n in zip(levels, counts, strict=True)))
    coefficients = torch.zeros((3, *lattices[0].shape), device=fixed.data.device)
    found = Descent(coefficients, lattices[0])
    for level, lattice, count in zip(levels, lattices, counts, strict=True):
        name = f"{level.step_mm:.3g} mm"
        with record.stage(f"level {name}"):
            if lattice != found.lattice:
                found = Descent(found.lattice.refined(found.coefficients, lattice), lattice)
            if count:
                found = descend(level, found, parameters, record, count, name)
    transform = found.lattice.transform(found.coefficients, fixed.grid, pair.ndim)
    with record.stage("folding"):
        smallest, percent = _folding(transform)
    return Registration(
        transform=whole(pair, transform),
        convergence=tuple(record.convergence),
        notes=(*pair.notes, _describe(parameters, found.lattice, len(levels))),
        warnings=_warnings(found, smallest, percent),
        seconds=record.seconds,
        extra={"jacobian_min": smallest, "percent_nonpositive": percent},
    )


def _levels(pair: Pair, parameters: BSplineParameters) -> tuple[list[Level], list[ControlLattice]]:
    """Levels and their control lattices, coarse to fine; the two finest levels share the finest lattice."""
    if parameters.measure == "ssd":
        pair = matched(pair, parameters.intensities, parameters.local_mm)
    else:
        pair = unit_range(pair)
    steps = steps_mm(pair, parameters.finest_mm, parameters.levels)
    finest = finest_lattice(pair.fixed_grid, parameters.spacing_mm)
    lattices = [finest]
    for _ in steps[:-2]:
        lattices.insert(0, lattices[0].coarser())
    if len(steps) > 1:
        lattices.append(finest)
    edge = edge_voxels(parameters.measure, parameters.radius_voxels)
    levels = []
    for step, lattice in zip(steps, lattices, strict=True):
        cell = min(c for a, c in enumerate(lattice.cell_mm) if not lattice.thin(a))
        level = make_level(pair, step, max(step, cell / NODES_A_CELL), edge)
        if parameters.measure == "mind":
            level = described(level)
        levels.append(level)
    return levels, lattices


def _iterations(number: int, count: int, parameters: BSplineParameters) -> int:
    finest = number == count - 1 and count > 1
    return parameters.finest_iterations if finest else parameters.iterations


def _folding(transform: BSplineTransform) -> tuple[float, float]:
    """Smallest Jacobian determinant, and percent of voxels where it is not positive.

    Taken on blocks of at least a quarter of a control spacing: the B-spline is smooth between.
    """
    grid = transform.sampling_grid
    factors = [
        max(1, min(int(c / s / 4), n))
        for c, s, n in zip(transform.control.spacing, grid.spacing, grid.size, strict=True)
    ]
    determinant = transform.jacobian_determinant(grid.coarser(factors))
    return float(determinant.min()), 100 * float((determinant <= 0).double().mean())


def _warnings(found: Descent, smallest: float, percent: float) -> tuple[str, ...]:
    warnings = []
    if smallest <= 0:
        warnings.append(
            f"the B-spline folds at {percent:.3g} % of the volume (smallest Jacobian {smallest:.2g}): "
            "raise bending_mm2 or spacing_mm"
        )
    if found.after > found.before:
        warnings.append("the finest level did not improve the measure")
    return tuple(warnings)


def _describe(parameters: BSplineParameters, lattice: ControlLattice, levels: int) -> str:
    spacing = " x ".join(f"{c:.3g}" for a, c in enumerate(lattice.cell_mm) if not lattice.thin(a))
    return (
        f"{parameters.measure} on {levels} levels; control points every {spacing} mm, "
        f"bending weight {parameters.bending_mm2:g} mm^2"
    )


def memory_mb(fixed: Image, moving: Image, parameters: BSplineParameters) -> float:
    """Volumes of all levels, the warped and statistics volumes, systems on the nodes."""
    finest = min(s for s, n in zip(fixed.grid.spacing, fixed.grid.size, strict=True) if n > 1)
    share = min(1.0, (finest / (parameters.finest_mm or finest)) ** fixed.ndim)
    channels = {"mind": 4 if fixed.ndim == 2 else 12}.get(parameters.measure, fixed.channels)
    copies = {"mi": 60, "ngf": 40, "ncc": 20}.get(parameters.measure, 7)
    volumes = copies * fixed.grid.voxels * share + 2 * moving.grid.voxels + 2 * fixed.grid.voxels
    nodes = fixed.grid.voxels * share / 2**fixed.ndim
    return float(4e-6 * (volumes * channels + 60 * nodes) + 50)


def expected_seconds(fixed: Image, moving: Image, parameters: BSplineParameters) -> float:  # noqa: ARG001 - the protocol\'s
    """Iterations of the two finest levels by voxels (a rough estimate for two cores)."""
    finest = min(s for s, n in zip(fixed.grid.spacing, fixed.grid.size, strict=True) if n > 1)
    share = min(1.0, (finest / (parameters.finest_mm or finest)) ** fixed.ndim)
    channels = {"mind": 4 if fixed.ndim == 2 else 12}.get(parameters.measure, fixed.channels)
    factor = {"mi": 8.0, "ngf": 8.0, "ncc": 3.0}.get(parameters.measure, 1.0)
    iterations = parameters.finest_iterations + 0.3 * parameters.iterations
    return 0.3 + 6e-8 * share * fixed.grid.voxels * channels * factor * iterations
