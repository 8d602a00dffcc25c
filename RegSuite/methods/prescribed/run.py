"""A variational run: two images to a map under control functions, as a Registration; and its costs."""

from __future__ import annotations

import torch

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.methods.base import Progress, Registration
from RegSuite.methods.local_forces.intensities import matched
from RegSuite.methods.local_forces.lattice import physical
from RegSuite.methods.local_forces.level import Level
from RegSuite.methods.local_forces.pair import make_pair, whole
from RegSuite.methods.local_forces.record import Record
from RegSuite.methods.prescribed.descent import MEMORY
from RegSuite.methods.prescribed.fit import Fit, domain_of, fit_map, make_levels, work_of
from RegSuite.methods.prescribed.folding import require_unfolded, smallest_determinant
from RegSuite.methods.prescribed.match import Match
from RegSuite.methods.prescribed.parameters import VariationalParameters
from RegSuite.transforms.base import Transform
from RegSuite.transforms.displacement import DisplacementTransform

LEAST_NODES = 4
"""Nodes of an axis below which hardly any can move."""


def register_variational(
    fixed: Image,
    moving: Image,
    parameters: VariationalParameters,
    progress: Progress,
    initial: Transform | None,
) -> Registration:
    """initial o phi. extra: loss_ratio, jacobian_min, jacobian_max, corner_jacobian_min, control_jacobian_min
    (J_min), control_f_min and control_f_max (over all pieces), pieces, covered (share of the voxels
    that count which still read the moving image).
    """
    check_axes(fixed.grid, fixed.name)
    pair = make_pair(fixed, moving, initial)
    record = Record(progress, 1.0)
    with record.stage("levels"):
        levels = make_levels(matched(pair, parameters.intensities, 0.0), parameters)
    record.expect(work_of(levels, parameters))
    fit = fit_map(levels, parameters, record)
    with record.stage("folding"):
        transform = DisplacementTransform(*physical(fit.displacement, fit.lattice, pair.ndim))
        domain = domain_of(levels[-1], levels, parameters)
        determinant = transform.jacobian_determinant(fixed.grid)
        smallest = require_unfolded(determinant, domain.smoothing_mm)
    ratio, covered = _outcome(levels[-1], fit)
    return Registration(
        transform=whole(pair, transform),
        convergence=tuple(record.convergence),
        notes=(*pair.notes, *_describe(parameters, levels, fit, domain.smoothing_mm, smallest)),
        warnings=() if ratio < 1 else ("the finest level did not improve the measure",),
        seconds=record.seconds,
        extra={
            "loss_ratio": ratio,
            "jacobian_min": smallest,
            "jacobian_max": float(determinant.max()),
            "corner_jacobian_min": smallest_determinant(fit.displacement, domain),
            "control_jacobian_min": parameters.jacobian_min,
            "control_f_min": fit.f_range[0],
            "control_f_max": fit.f_range[1],
            "pieces": fit.pieces,
            "covered": covered,
        },
    )


def check_axes(grid: Grid, name: str) -> None:
    """Raises InputError for a grid on which too few nodes can move; one axis of a single voxel is a plane."""
    moving = [n for n in grid.size if n > 1]
    if len(moving) < 2 or min(moving) < LEAST_NODES:
        raise InputError(
            f"of an image of {' x '.join(str(n) for n in grid.size)} voxels hardly any can move: "
            "the outer ones stay where they are",
            where=name,
            mend=f"give at least {LEAST_NODES} voxels along each axis, or a single slice",
        )


def _outcome(level: Level, fit: Fit) -> tuple[float, float]:
    """Loss(phi) / Loss(id) on the finest level, and the share of its voxels still covered."""
    match = Match(level)
    before = float(match.value(torch.zeros_like(fit.displacement)))
    after = float(match.value(fit.displacement))
    return (after / before if before > 0 else 1.0), match.covered(fit.displacement)


def _describe(
    parameters: VariationalParameters, levels: list[Level], fit: Fit, smoothing_mm: float, smallest: float
) -> list[str]:
    """The run in sentences."""
    low, high = fit.f_range
    notes = [
        f"{fit.pieces} pieces on {len(levels)} levels, their force smoothed by {smoothing_mm:.3g} mm at the "
        "finest; the image's outer voxels stay where they are",
        f"J_min {parameters.jacobian_min:g}: f (before the smoothing) ran from {low:.3g} to {high:.3g}; the "
        f"smallest determinant of the whole map, measured on the final grid, is {smallest:.3g}",
    ]
    if fit.stepped_back:
        kept = ", ".join(f"{100 * share:.0f} %" for share in fit.stepped_back)
        notes.append(f"the map of a coarser level folded on a finer one and was shortened there to {kept}")
    return notes


def memory_mb(fixed: Image, moving: Image, parameters: VariationalParameters) -> float:
    """Volumes of all levels, the descent's memory of controls, fields and their slopes."""
    finest = min(s for s, n in zip(fixed.grid.spacing, fixed.grid.size, strict=True) if n > 1)
    share = min(1.0, (finest / (parameters.finest_mm or finest)) ** fixed.ndim)
    nodes = fixed.grid.voxels * share
    controls = 2 if fixed.ndim == 2 else 4
    fields = 2 * (MEMORY + 3) * controls + 80
    volumes = 8 * fixed.grid.voxels + 4 * moving.grid.voxels
    return float(4e-6 * (fields * nodes + volumes * fixed.channels) + 150)


def expected_seconds(fixed: Image, moving: Image, parameters: VariationalParameters) -> float:  # noqa: ARG001 - the protocol's
    """Descent steps by voxels, as many as half of the pieces take (a rough estimate for two cores)."""
    finest = min(s for s, n in zip(fixed.grid.spacing, fixed.grid.size, strict=True) if n > 1)
    share = min(1.0, (finest / (parameters.finest_mm or finest)) ** fixed.ndim)
    steps = 0.5 * parameters.pieces * parameters.iterations
    return 0.5 + 3e-6 * share * fixed.grid.voxels * steps
