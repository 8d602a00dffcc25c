"""A demons run: one velocity field from two images, as a Registration; and its costs."""

from __future__ import annotations

from RegSuite.geometry import Image
from RegSuite.methods.base import Progress, Registration
from RegSuite.methods.local_forces.lattice import physical, with_border
from RegSuite.methods.local_forces.level import Level
from RegSuite.methods.local_forces.pair import make_pair, whole
from RegSuite.methods.local_forces.record import Record
from RegSuite.methods.log_demons.fit import comparable, fit_velocity, make_levels, work_of
from RegSuite.methods.log_demons.parameters import LogDemonsParameters
from RegSuite.methods.log_demons.velocity import sobolev_norm_mm
from RegSuite.transforms.base import Transform
from RegSuite.transforms.velocity import VelocityTransform


def register_demons(
    fixed: Image,
    moving: Image,
    parameters: LogDemonsParameters,
    progress: Progress,
    initial: Transform | None,
) -> Registration:
    """initial o exp(v). extra: path_length, the Sobolev norm of v in mm (see sobolev_norm_mm)."""
    pair = make_pair(fixed, moving, initial)
    record = Record(progress, 1.0)
    with record.stage("levels"):
        levels = make_levels(comparable(pair, parameters), parameters)
    record.expect(work_of(levels, parameters))
    fit = fit_velocity(levels, parameters, record, "")
    reach = float(fit.velocity.square().sum(dim=0).max().sqrt())
    velocity, grid = physical(*with_border(fit.velocity, fit.lattice, reach), pair.ndim)
    diffusion = parameters.diffusion_at(levels[-1].step_mm)
    warnings = [] if fit.after < fit.before else ["the finest level did not improve the measure"]
    return Registration(
        transform=whole(pair, VelocityTransform(velocity, grid)),
        convergence=tuple(record.convergence),
        notes=(*pair.notes, describe(parameters, levels, grid.spacing)),
        warnings=tuple(warnings),
        seconds=record.seconds,
        extra={"path_length": sobolev_norm_mm(fit.velocity, fit.lattice.spacing, diffusion)},
    )


def describe(parameters: LogDemonsParameters, levels: list[Level], spacing: tuple[float, ...]) -> str:
    """The run in one sentence."""
    both = "both directions" if parameters.symmetric else "one direction"
    nodes = " x ".join(f"{s:.3g}" for s in spacing)
    return (
        f"{parameters.measure} with forces of {both} on {len(levels)} levels; velocity on {nodes} mm nodes, "
        f"fluid {parameters.fluid_mm:g} mm, diffusion {parameters.diffusion_at(levels[-1].step_mm):g} mm"
    )


def memory_mb(fixed: Image, moving: Image, parameters: LogDemonsParameters) -> float:
    """Volumes of all levels, the warped and statistics volumes, systems and fields on the nodes."""
    finest = min(s for s, n in zip(fixed.grid.spacing, fixed.grid.size, strict=True) if n > 1)
    share = min(1.0, (finest / (parameters.finest_mm or finest)) ** fixed.ndim)
    volumes = 7 * fixed.grid.voxels * share + 2 * moving.grid.voxels + 2 * fixed.grid.voxels
    channels = {"mind": 4 if fixed.ndim == 2 else 12}.get(parameters.measure, fixed.channels)
    nodes = fixed.grid.voxels * share / 2**fixed.ndim
    return float(4e-6 * (volumes * channels + 60 * nodes) + 50)


def expected_seconds(fixed: Image, moving: Image, parameters: LogDemonsParameters) -> float:  # noqa: ARG001 - the protocol\'s
    """Iterations of the two finest levels by voxels (a rough estimate for two cores)."""
    finest = min(s for s, n in zip(fixed.grid.spacing, fixed.grid.size, strict=True) if n > 1)
    share = min(1.0, (finest / (parameters.finest_mm or finest)) ** fixed.ndim)
    channels = {"mind": 4 if fixed.ndim == 2 else 12}.get(parameters.measure, fixed.channels)
    both = 2 if parameters.symmetric else 1
    iterations = parameters.finest_iterations + 0.25 * parameters.iterations
    return 0.3 + 5e-8 * share * fixed.grid.voxels * channels * both * iterations
