"""Registration by geodesic shooting: from two images to the map, the added intensity and the path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from RegSuite.geometry import Grid, Image
from RegSuite.methods.base import ConvergencePoint, Progress, no_progress
from RegSuite.methods.shooting.fit import Fit, fit_momentum
from RegSuite.methods.shooting.geodesic import Geodesic, Momentum, shoot
from RegSuite.methods.shooting.growth import Growth
from RegSuite.methods.shooting.levels import Level, level_factors, make_levels, whole
from RegSuite.methods.shooting.objective import spares
from RegSuite.methods.shooting.parameters import LDDMMParameters, ShootingParameters
from RegSuite.methods.shooting.scene import Scene, make_scene
from RegSuite.methods.shooting.shot import GeodesicPath, Shot
from RegSuite.numerics.flow import along_lps
from RegSuite.numerics.memory import freed_memory_kept, freed_memory_returned
from RegSuite.numerics.pyramid import block_mean
from RegSuite.numerics.slopes import stretch
from RegSuite.transforms.composite import CompositeTransform
from RegSuite.transforms.displacement import DisplacementTransform

if TYPE_CHECKING:
    from RegSuite.transforms.base import Transform

LARGE_DRIFT = 0.1
"""Above this share the path's energy is not conserved well enough to be left unsaid."""
PATH_BYTES = 300e6
"""The path is kept on a coarser grid where its fields would take more."""


def register_by_shooting(
    fixed: Image,
    moving: Image,
    parameters: ShootingParameters,
    progress: Progress = no_progress,
    *,
    initial: Transform | None = None,
    growth: Growth | None = None,
) -> Shot:
    """The geodesic from the moving image to the fixed one.

    growth: M_t on the fixed image's grid; intensity may be added where it is above 0 (used where the
    parameters have an intensity gain; None: M = 1 everywhere). Masks leave voxels out of the image
    distance. The transform is psi_1, then `initial`; the final image is moving(transform) +
    intensity_change. Raises InputError, GeometryError.
    """
    finest = fixed.grid.coarser(level_factors(fixed.grid, parameters)[-1])
    with freed_memory_returned() if spares(finest, parameters) else freed_memory_kept():
        return _registered(fixed, moving, parameters, progress, initial, growth)


def _registered(
    fixed: Image,
    moving: Image,
    parameters: ShootingParameters,
    progress: Progress,
    initial: Transform | None,
    growth: Growth | None,
) -> Shot:
    gains = parameters.intensity_gain > 0
    scene = make_scene(fixed, moving, parameters, initial, growth if gains else None)
    levels = make_levels(scene, parameters, gains)
    momentum: Momentum = parameters.momentum if isinstance(parameters, LDDMMParameters) else "image"
    fit = fit_momentum(levels, parameters, momentum, progress)
    with torch.no_grad():
        path = shoot(fit.objective.dynamics, fit.momentum, keep=True)
    return _shot(fit, path, levels[-1], scene, parameters, initial)


def _shot(
    fit: Fit,
    path: Geodesic,
    level: Level,
    scene: Scene,
    parameters: ShootingParameters,
    initial: Transform | None,
) -> Shot:
    unit = fit.objective.unit
    field = whole(unit * path.last.displacement, level, scene.grid)
    deformation = DisplacementTransform(along_lps(field, scene.grid), scene.grid)
    notes, warnings = _words(fit, path, level, parameters)
    return Shot(
        transform=deformation if initial is None else CompositeTransform.of(deformation, initial),
        convergence=_convergence(fit),
        notes=(*scene.notes, *notes),
        warnings=warnings,
        seconds=fit.seconds,
        extra=_extra(path, fit, unit),
        path=_path(path, level, scene, unit, initial),
        intensity_change=_intensity(path, level, scene),
        mask=_mask(scene),
        energies=fit.energies,
    )


def _intensity(path: Geodesic, level: Level, scene: Scene) -> Image | None:
    if path.last.intensity is None:
        return None
    values = whole(path.last.intensity, level, scene.grid) * _by_channel(scene)
    return Image(values, scene.grid, name="intensity change")


def _by_channel(scene: Scene) -> Tensor:
    return scene.scale.reshape(-1, *(1,) * scene.grid.ndim)


def _mask(scene: Scene) -> Image | None:
    if scene.growth is None:
        return None
    return Image(scene.growth.weights.amax(dim=0)[None], scene.grid, name="mask")


def _path(
    path: Geodesic,
    level: Level,
    scene: Scene,
    unit: float,
    initial: Transform | None,
) -> GeodesicPath:
    """The path (whole transforms, the initial one included) on the finest level's grid or a coarser one."""
    factors = _path_factors(path, level)
    grid = level.grid.coarser(factors)
    fields = [block_mean(unit * s.displacement, factors) for s in path.states]
    displacements = [_whole_displacement(field, grid, initial) for field in fields]
    scale = _by_channel(scene)
    zeros = torch.zeros((len(level.source), *grid.shape), device=level.source.device)
    added = [zeros if s.intensity is None else scale * block_mean(s.intensity, factors) for s in path.states]
    steps = len(path.states) - 1
    weight = None if scene.growth is None or level.weight is None else block_mean(level.weight, factors)
    return GeodesicPath(
        grid=grid,
        times=tuple(k / steps for k in range(steps + 1)),
        displacement_mm=torch.stack(displacements),
        intensity=torch.stack(added),
        weight=weight,
        kinetic=tuple(path.kinetic.tolist()),
        added=tuple(path.added.tolist()),
    )


def _path_factors(path: Geodesic, level: Level) -> tuple[int, ...]:
    """Blocks of voxels that keep the path's fields under `PATH_BYTES`."""
    values = len(path.states) * (level.grid.ndim + len(level.source) + 1)
    factor = 1
    while values * level.voxels * 4 / factor**level.grid.ndim > PATH_BYTES:
        factor += 1
    return tuple(min(factor, n) for n in level.grid.size)


def _whole_displacement(field: Tensor, grid: Grid, initial: Transform | None) -> Tensor:
    deformation = DisplacementTransform(along_lps(field, grid), grid)
    if initial is None:
        return deformation.displacement(grid)
    return CompositeTransform.of(deformation, initial).displacement(grid).to(field.device)


def _convergence(fit: Fit) -> tuple[ConvergencePoint, ...]:
    return tuple(
        ConvergencePoint(p.stage, p.iteration, p.data + p.velocity + p.intensity) for p in fit.energies
    )


def _extra(path: Geodesic, fit: Fit, unit: float) -> Mapping[str, float]:
    length = unit * float(path.kinetic.clamp(min=0).sqrt().mean())
    return {
        "energy_drift_percent": 100 * path.drift,
        "path_length_mm": length,
        "jacobian_least": float(stretch(path.last.displacement, fit.objective.spacing).min()),
    }


def _words(
    fit: Fit, path: Geodesic, level: Level, parameters: ShootingParameters
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Notes and warnings."""
    sigmas = ", ".join(f"{s:.3g}" for s in parameters.kernels_mm)
    spacing = " x ".join(f"{s:.3g}" for s in level.grid.spacing)
    notes = [
        f"velocities by Gaussians of {sigmas} mm, on a grid of {spacing} mm, in {parameters.time_steps} steps"
    ]
    warnings = []
    if path.drift > LARGE_DRIFT:
        warnings.append(
            f"the path's energy drifts by {100 * path.drift:.0f} %: a rough geodesic; larger kernels or more "
            "time_steps mend it"
        )
    if fit.blocked:
        warnings.append(
            "the descent ended where further steps would fold or leave the geodesics "
            f"({'; '.join(fit.blocked)}): a better map may exist; take larger kernels_mm, more smoothness or "
            "more time_steps"
        )
    if not fit.converged:
        notes.append("the finest level took all its iterations; more of them may gain a little")
    return tuple(notes), tuple(warnings)


def memory_mb(fixed: Image, parameters: ShootingParameters) -> float:
    """Working memory beyond the images, in MB (an upper estimate)."""
    finest = fixed.grid.coarser(level_factors(fixed.grid, parameters)[-1])
    d, channels = fixed.ndim, fixed.channels
    state = 2 * d + 2 * channels
    inner = state * 8
    steps = parameters.time_steps
    kept = state * steps + 2 * inner if spares(finest, parameters) else inner * steps
    return (finest.voxels * (kept + 40) + 12 * fixed.grid.voxels) * 4 / 1e6


def expected_seconds(fixed: Image, parameters: ShootingParameters) -> float:
    """Expected time on two cores, in seconds, if every level takes all its iterations."""
    total = 0.0
    for number, factors in enumerate(level_factors(fixed.grid, parameters)):
        iterations = parameters.iterations[min(number, len(parameters.iterations) - 1)]
        total += 1.2 * iterations * fixed.grid.coarser(factors).voxels
    return total * parameters.time_steps * fixed.ndim * 5e-8
