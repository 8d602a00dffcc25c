"""Coarse to fine: the initial momentum that brings the source to the target."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.methods.base import Progress
from RegSuite.methods.shooting.descent import descend
from RegSuite.methods.shooting.geodesic import Momentum
from RegSuite.methods.shooting.levels import Level
from RegSuite.methods.shooting.objective import Objective
from RegSuite.methods.shooting.parameters import ShootingParameters
from RegSuite.methods.shooting.shot import EnergyPoint
from RegSuite.methods.shooting.transfer import transferred

LONGEST_VOXELS = 4.0
"""A step changes the initial velocity by at most so many voxels of its level."""
BACK_OFF = 0.85
TRIES = 10
"""A momentum that folds on a finer level is shrunk so often before the level starts at rest."""
_EVERY_SECONDS = 0.3


@dataclass(frozen=True, eq=False)
class Fit:
    """The momentum at the finest level, and how it was found; blocked: stages that ended at a border."""

    momentum: Tensor
    objective: Objective
    energies: tuple[EnergyPoint, ...]
    converged: bool
    blocked: tuple[str, ...]
    seconds: dict[str, float]


class _Watch:
    """Tells progress after each accepted step, and in between at most every `_EVERY_SECONDS`."""

    def __init__(self, progress: Progress, total: float) -> None:
        self._progress, self._total, self._done = progress, max(total, 1.0), 0.0
        self._stage, self._metrics, self._last = "", dict[str, float](), 0.0

    def begin(self, stage: str) -> None:
        self._stage = stage
        self.tell()

    def add(self, work: float, metrics: dict[str, float]) -> None:
        self._done, self._metrics = self._done + work, metrics
        self.tell()

    def reach(self, work: float) -> None:
        self._done = max(self._done, work)

    def tell(self) -> None:
        self._last = time.monotonic()
        self._progress(min(self._done / self._total, 1.0), self._stage, self._metrics)

    def tick(self) -> None:
        if time.monotonic() - self._last > _EVERY_SECONDS:
            self.tell()


def fit_momentum(
    levels: list[Level], parameters: ShootingParameters, momentum: Momentum, progress: Progress
) -> Fit:
    """The fit over all levels."""
    budget = [_iterations(parameters, n) for n in range(len(levels))]
    watch = _Watch(progress, sum(n * level.voxels for n, level in zip(budget, levels, strict=True)))
    found: Tensor | None = None
    objective: Objective | None = None
    energies: list[EnergyPoint] = []
    blocked: list[str] = []
    seconds: dict[str, float] = {}
    work = 0.0
    for number, level in enumerate(levels):
        stage = f"level {number + 1} of {len(levels)} ({max(level.grid.spacing):.3g} mm)"
        began = time.perf_counter()
        watch.begin(stage)
        before, objective = objective, Objective(level, parameters, momentum, watch.tick)
        start = _start(objective, before, found)

        def accepted(
            iteration: int,
            energy: float,
            objective: Objective = objective,
            stage: str = stage,
            level: Level = level,
        ) -> None:
            point = _point(objective, stage, iteration)
            energies.append(point)
            parts = {"data": point.data, "velocity": point.velocity, "intensity": point.intensity}
            watch.add(level.voxels, {"energy": energy, **parts})

        end = descend(
            objective,
            start,
            iterations=budget[number],
            tolerance=parameters.tolerance,
            length=objective.length,
            longest=LONGEST_VOXELS * max(level.grid.spacing),
            accepted=accepted,
        )
        if end.blocked:
            blocked.append(stage)
        found = objective.momentum(end.x)
        seconds[stage] = time.perf_counter() - began
        work += budget[number] * level.voxels
        watch.reach(work)
    assert found is not None
    assert objective is not None
    return Fit(found, objective, tuple(energies), end.converged, tuple(blocked), seconds)


def _iterations(parameters: ShootingParameters, number: int) -> int:
    given = parameters.iterations
    return given[min(number, len(given) - 1)]


def _start(objective: Objective, before: Objective | None, found: Tensor | None) -> Tensor:
    """Where the level starts: at rest, or where the coarser one ended, shrunk until it is a geodesic.

    Of the momentum with the coarse velocity and the interpolated one, the one of lower energy.
    """
    still = torch.zeros(objective.dynamics.variable_shape, device=objective.level.source.device)
    if found is None or before is None:
        return still
    same_velocity, interpolated = transferred(found, before, objective)
    for number in range(TRIES):
        shrunk = BACK_OFF**number
        tried = []
        for momentum in (shrunk * same_velocity, shrunk * interpolated):
            objective.start = momentum
            tried.append((objective(still)[0], momentum))
        energy, objective.start = min(tried, key=lambda pair: pair[0])
        if math.isfinite(energy):
            return still
    objective.start = None
    return still


def _point(objective: Objective, stage: str, iteration: int) -> EnergyPoint:
    reached = objective.reached
    assert reached is not None
    return EnergyPoint(stage, iteration, reached.data, reached.velocity, reached.intensity)
