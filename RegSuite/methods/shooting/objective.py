"""What is minimised at one level: image distance and the path's energies, with their gradient."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.geometry import Grid
from RegSuite.methods.shooting.geodesic import Dynamics, Geodesic, Momentum, shoot
from RegSuite.methods.shooting.levels import Level
from RegSuite.methods.shooting.metric import Metric
from RegSuite.methods.shooting.parameters import ShootingParameters
from RegSuite.numerics.pull import pull
from RegSuite.numerics.reproducing import ReproducingKernel
from RegSuite.numerics.slopes import push, slopes, stretch
from RegSuite.similarity import make_similarity

LARGEST_DRIFT = 0.5
"""Paths whose energy drifts by more than this share are no geodesics: they have no energy here."""
OTHER_MEASURES = 0.03
"""What a unit of LNCC or MI counts beside a mean squared difference of images in 0..1 (a typical start)."""
KEPT_AT_ONCE = 12_000_000
"""Voxels times steps above which steps are computed again in the backward pass instead of kept."""
FLAT = 2e-2
EDGE_POWER = -0.4
GROWN = 3.0
ROUGHNESS = 0.02
"""What the mean square of unexplained energy costs: a descent must not live on the steps' errors."""


@dataclass(frozen=True, eq=False)
class Reached:
    """The parts of the energy of one evaluation, each weighted as it enters the sum."""

    data: float
    velocity: float
    intensity: float


def check_sigmas(parameters: ShootingParameters, grid: Grid) -> None:
    """Raise InputError where the smallest Gaussian is smaller than a voxel."""
    spacings = [s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1]
    coarsest, sigma = max(spacings, default=0.0), min(parameters.kernels_mm)
    if sigma < 0.5 * coarsest:
        raise InputError(
            f"a sigma of {sigma:g} mm makes the kernel smaller than a voxel of {coarsest:g} mm",
            where="kernels_mm",
            mend=f"give {0.5 * coarsest:g} mm or more (2 to 10 voxels are usual)",
        )


def spares(grid: Grid, parameters: ShootingParameters) -> bool:
    """Whether steps are computed again in the backward pass, so as not to be kept."""
    return grid.voxels * parameters.time_steps > KEPT_AT_ONCE


class Objective:
    """The energy of one level as a function of x, the scaled change of the initial momentum."""

    def __init__(
        self,
        level: Level,
        parameters: ShootingParameters,
        momentum: Momentum,
        tick: Callable[[], None],
    ) -> None:
        self.unit = min(parameters.kernels_mm)
        self.spacing = tuple(s / self.unit for s in level.grid.spacing)
        check_sigmas(parameters, level.grid)
        kernel = ReproducingKernel.of(
            [s / self.unit for s in parameters.kernels_mm],
            parameters.weights,
            self.spacing,
            level.grid.shape,
            device=level.source.device,
        )
        self.dynamics = Dynamics(
            level.source,
            kernel,
            self.spacing,
            parameters.time_steps,
            momentum=momentum,
            weight=level.weight,
            gain=parameters.intensity_gain,
            tick=tick,
        )
        self.level, self.parameters = level, parameters
        self._similarity = make_similarity(parameters.similarity)
        images = momentum == "image"
        self._scale = self._scaled_edges() if images else torch.ones((), device=level.source.device)
        self.metric = Metric(self.dynamics, self._scale) if images else None
        self._spare = spares(level.grid, parameters)
        self.reached: Reached | None = None
        self.start: Tensor | None = None

    def momentum(self, x: Tensor) -> Tensor:
        """The initial momentum of a variable: where the level started, and the scaled x."""
        change = self.change(x)
        return change if self.start is None else self.start + change

    def change(self, x: Tensor) -> Tensor:
        """What x adds to the momentum."""
        return x * self._scale

    def __call__(self, x: Tensor) -> tuple[float, Tensor | None]:
        """(energy, gradient), or (inf, None) where the path folds or is no geodesic."""
        leaf = x.detach().requires_grad_(True)
        with torch.enable_grad():
            path = shoot(self.dynamics, self.momentum(leaf), spare_memory=self._spare)
            least = float(stretch(path.last.displacement, self.spacing).min().detach())
            sound = least >= self.parameters.least_jacobian and path.drift <= LARGEST_DRIFT
            if not sound:  # NaN included
                return math.inf, None
            data = self._distance(path)
            velocity, intensity = (self.parameters.smoothness * part for part in path.action)
            energy = data + velocity + intensity + ROUGHNESS * path.unexplained.square().mean()
            (gradient,) = torch.autograd.grad(energy, leaf)
        self.reached = Reached(float(data.detach()), float(velocity.detach()), float(intensity.detach()))
        return float(energy.detach()), gradient

    def length(self, step: Tensor) -> float:
        """The largest change of initial velocity that a step of x brings, in mm."""
        momentum = self.change(step)
        if self.dynamics.momentum == "image":
            momentum = push(momentum, self.dynamics.source, self.spacing)
        changed = self.dynamics.kernel(momentum)
        return self.unit * float(changed.square().sum(dim=0).max().sqrt())

    def _distance(self, path: Geodesic) -> Tensor:
        final = pull(self.dynamics.source, path.last.displacement, self.spacing)
        if path.last.intensity is not None:
            final = final + path.last.intensity
        if self.parameters.similarity == "ssd":
            squares = (final - self.level.target).square().mean(dim=0)
            counts = self.level.counts
            return squares.mean() if counts is None else (counts * squares).sum() / counts.sum()
        loss = self._similarity.loss(self.level.target, final, self.level.counts)
        best = 1.0 if self.parameters.similarity == "lncc" else 0.0
        return OTHER_MEASURES * (best + loss).to(final.dtype)

    def _scaled_edges(self) -> Tensor:
        """P with z = P x, [1, *shape]: 1 on flat ground, small where edges or M let z act strongly.

        The gradient by z is (grad S . smooth field): with P^2 = 1 / |grad S| steps of z are even
        across an edge, so that they mean the same when the next level's edges are sharper.
        """
        squared = slopes(self.dynamics.source, self.spacing).square().sum(dim=(0, 1))
        strength = squared / squared.max().clamp(min=1e-30) + FLAT
        if self.level.weight is not None:
            strength = strength + GROWN * self.level.weight.amax(dim=0)
        scaled = strength.pow(EDGE_POWER)
        relative: Tensor = scaled / scaled.max()
        return relative[None]
