"""How each measure asks the nodes to move: its normal equations at the present warp."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor

from RegSuite.methods.deformable.parameters import DeformableParameters
from RegSuite.methods.deformable.scene import Scene
from RegSuite.numerics.local_systems import (
    Blocks,
    Equations,
    lncc_equations,
    local_statistics,
    residual_equations,
)
from RegSuite.similarity import make_similarity
from RegSuite.similarity.mind import mind_ssc

VARIANCE_FLOOR = 3e-5
"""Added to a window's variance (intensities scaled to 1): a standard deviation of 0.5 % is noise."""

REACH_VOXELS = 10.0
"""Length of `reach` in voxels of the stage; see numerics.local_systems."""

MATRIX_EVERY = 2
"""Nodes along an axis that share one matrix (the windows are wider than that)."""

FIRST_STEP_VOXELS = 0.5
"""The typical step that a measure without residuals asks for at the start of a run (mi: of a stage)."""


class Force(Protocol):
    """The normal equations at fixed and warped [C, Z, Y, X] with their loss (lower is better)."""

    def equations(self, fixed: Tensor, warped: Tensor, weight: Tensor | None) -> Equations: ...


def features(scene: Scene, parameters: DeformableParameters) -> Scene:
    """The scene that the measure compares: the images, or for mind their descriptors."""
    if parameters.measure != "mind":
        return scene
    return replace(scene, fixed=_mind(scene.fixed), moving=_mind(scene.moving))


def make_force(
    fixed: Tensor,
    blocks: Blocks,
    spacing: tuple[float, ...],
    parameters: DeformableParameters,
    before: Force | None = None,
) -> Force:
    """The force of the chosen measure at one stage; `fixed` is the stage's fixed image.

    before: the force of the stage before, whose scale is kept where the measure's gradient shrinks to
    nothing as the images come to match. That of mi does not: its histogram's noise goes on pulling, and
    with a new scale for every stage it came nearer to the truth.
    """
    reach_mm = REACH_VOXELS * min(s for s, n in zip(spacing, fixed.shape[:0:-1], strict=True) if n > 1)
    if parameters.measure == "lncc":
        return LocalCorrelationForce(fixed, blocks, reach_mm, parameters)
    if parameters.measure in ("ssd", "mind"):
        return DifferenceForce(blocks, reach_mm)
    made = GradientForce(parameters.measure, blocks, reach_mm, spacing)
    if isinstance(before, GradientForce) and parameters.measure != "mi":
        made.scale = before.scale
    return made


class LocalCorrelationForce:
    """Local correlation, channel by channel; statistics of a fixed image that stays are kept."""

    def __init__(
        self, fixed: Tensor, blocks: Blocks, reach_mm: float, parameters: DeformableParameters
    ) -> None:
        self._blocks, self._reach, self._every = blocks, reach_mm, matrix_every(fixed, blocks)
        self._radius, self._robust = parameters.radius_voxels, parameters.robust
        self._known = fixed
        self._statistics = [local_statistics(c, self._radius, VARIANCE_FLOOR) for c in fixed]

    def equations(self, fixed: Tensor, warped: Tensor, weight: Tensor | None) -> Equations:
        statistics = self._statistics
        if fixed is not self._known:
            statistics = [local_statistics(c, self._radius, VARIANCE_FLOOR) for c in fixed]
        parts = [
            lncc_equations(f, s, w, weight, self._blocks, self._reach, self._robust, self._every)
            for f, s, w in zip(fixed, statistics, warped, strict=True)
        ]
        total = parts[0]
        for part in parts[1:]:
            total = total.add(part)
        return total


class DifferenceForce:
    """Squared differences of images or descriptors of one kind."""

    def __init__(self, blocks: Blocks, reach_mm: float) -> None:
        self._blocks, self._reach = blocks, reach_mm

    def equations(self, fixed: Tensor, warped: Tensor, weight: Tensor | None) -> Equations:
        every = matrix_every(fixed, self._blocks)
        return residual_equations(
            fixed - warped, fixed, warped, weight, self._blocks, self._reach, every=every
        )


class GradientForce:
    """Any measure with a gradient by the warped image, taken as a residual.

    r = -scale N dL/dW for N voxels, scaled once so that a typical textured voxel first asks for half a
    voxel; the scale is kept, so that steps shrink as the gradient does. scale: 0 until it is known.
    """

    def __init__(self, name: str, blocks: Blocks, reach_mm: float, spacing: tuple[float, ...]) -> None:
        self._measure = make_similarity(name, spacing=spacing)
        self._blocks, self._reach = blocks, reach_mm
        self.scale = 0.0

    def equations(self, fixed: Tensor, warped: Tensor, weight: Tensor | None) -> Equations:
        loss, gradient = self._measure.loss_and_gradient(fixed, warped, weight)
        gradient = gradient.mul_(warped[0].numel())  # a measure is a mean: the same at every voxel size
        if self.scale == 0.0:
            self.scale = _scale_for_first_step(gradient, warped, weight)
        residual = gradient.mul_(-self.scale)
        every = matrix_every(fixed, self._blocks)
        found = residual_equations(
            residual, fixed, warped, weight, self._blocks, self._reach, of_fixed=0.0, every=every
        )
        return replace(found, loss=loss)


def matrix_every(fixed: Tensor, blocks: Blocks) -> tuple[int, ...]:
    """How many nodes share a matrix: two along every axis of at least eight nodes."""
    nodes = blocks.nodes(fixed.shape[1:])
    return tuple(MATRIX_EVERY if n >= 8 else 1 for n in nodes[::-1])


def _scale_for_first_step(gradient: Tensor, warped: Tensor, weight: Tensor | None) -> float:
    """What turns the gradient [C, Z, Y, X] into a residual asking for FIRST_STEP_VOXELS within the weight."""
    q = torch.ones_like(warped[0]) if weight is None else weight
    slopes = torch.stack(torch.gradient(warped[0], dim=_thick(warped))).square().sum(dim=0)
    rms = float((q * gradient.square().mean(dim=0)).mean().sqrt())
    return FIRST_STEP_VOXELS * float((q * slopes).mean().sqrt()) / rms if rms > 0 else 1.0


def _thick(values: Tensor) -> list[int]:
    """The axes of values[0] that hold more than one voxel."""
    return [axis for axis, n in enumerate(values.shape[1:]) if n > 1]


def _mind(image: Tensor) -> Tensor:
    """Descriptors of a volume; those of a plane where it is one voxel thick."""
    if image.shape[1] > 1:
        return mind_ssc(image).contiguous()
    return mind_ssc(image[:, 0])[:, None].contiguous()
