"""A broken geodesic: velocity fields fitted one after another, each to what the others left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from RegSuite.geometry import Image
from RegSuite.methods.base import Progress, Registration
from RegSuite.methods.local_forces.lattice import physical, with_border
from RegSuite.methods.local_forces.level import Level
from RegSuite.methods.local_forces.pair import make_pair, whole
from RegSuite.methods.local_forces.record import Record
from RegSuite.methods.log_demons.fit import Fit, Path, comparable, fit_velocity, make_levels, work_of
from RegSuite.methods.log_demons.parameters import LogDemonsParameters
from RegSuite.methods.log_demons.run import describe
from RegSuite.methods.log_demons.velocity import sobolev_norm_mm
from RegSuite.numerics.flow import compose, exponential
from RegSuite.transforms.base import Transform
from RegSuite.transforms.composite import CompositeTransform
from RegSuite.transforms.velocity import VelocityTransform

if TYPE_CHECKING:
    from RegSuite.methods.log_demons.path_parameters import BrokenGeodesicParameters


def register_path(
    fixed: Image,
    moving: Image,
    parameters: BrokenGeodesicParameters,
    progress: Progress,
    initial: Transform | None,
) -> Registration:
    """initial o exp(v_1) o ... o exp(v_N).

    extra: path_length (mm), piece_lengths (mm, v_1 first), pieces.
    """
    pair = make_pair(fixed, moving, initial)
    record = Record(progress, 1.0)
    with record.stage("levels"):
        levels = make_levels(comparable(pair, parameters), parameters)
    record.expect(parameters.pieces * work_of(levels, parameters))
    fits, ending = _fit_pieces(levels, parameters, record)
    diffusion = parameters.diffusion_at(levels[-1].step_mm)
    lengths = [sobolev_norm_mm(f.velocity, f.lattice.spacing, diffusion) for f in fits]
    reach = sum(float(f.velocity.square().sum(dim=0).max().sqrt()) for f in fits)
    grids = [physical(*with_border(f.velocity, f.lattice, reach), pair.ndim) for f in fits]
    pieces = [VelocityTransform(velocity, grid) for velocity, grid in grids]
    return Registration(
        transform=whole(pair, CompositeTransform.of(*reversed(pieces))),
        convergence=tuple(record.convergence),
        notes=(*pair.notes, describe(parameters, levels, grids[0][1].spacing), ending),
        seconds=record.seconds,
        extra={"path_length": sum(lengths), "piece_lengths": lengths, "pieces": len(pieces)},
    )


def _fit_pieces(
    levels: list[Level], parameters: BrokenGeodesicParameters, record: Record
) -> tuple[list[Fit], str]:
    """The pieces, v_1 first, and why there are no more. A piece that worsens the measure is left out."""
    fits: list[Fit] = []
    path: Path | None = None
    value = measure_of(levels[-1], parameters, None)
    for number in range(1, parameters.pieces + 1):
        fit = fit_velocity(levels, parameters, record, f"piece {number}, ", path)
        spacing = fit.lattice.spacing
        there = exponential(fit.velocity, spacing)
        extended = Path(there if path is None else compose(path.displacement, there, spacing), fit.lattice)
        reached = measure_of(levels[-1], parameters, extended)
        gain = (value - reached) / max(value, 1e-12)
        if gain > 0 or not fits:
            fits, path, value = [*fits, fit], extended, reached
        if gain < parameters.piece_gain:
            record.skip(work_of(levels, parameters) * (parameters.pieces - number))
            return (
                fits,
                f"the path ended after piece {number}, which gained {100 * gain:.2g} % of the measure",
            )
    return fits, f"the path took all {parameters.pieces} pieces; the last gained {100 * gain:.2g} %"


def measure_of(level: Level, parameters: LogDemonsParameters, path: Path | None) -> float:
    """The forward measure on a level after the path (before any: of the images as they are)."""
    from RegSuite.methods.local_forces.forces import Forces

    nodes = level.nodes
    field = torch.zeros((3, *nodes.shape), device=level.fixed.device) if path is None else path.displacement
    return Forces(level, parameters.measure, parameters.radius_voxels).system(field)[1]
