"""The steps of one deformable registration, stage by stage; method.py says how they are made."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from RegSuite.errors import GeometryError, MethodFailed
from RegSuite.methods.base import ConvergencePoint, Progress, Registration
from RegSuite.methods.deformable.forces import Force, GradientForce, features, make_force
from RegSuite.methods.deformable.motion import follow, step, unfold
from RegSuite.methods.deformable.parameters import DeformableParameters
from RegSuite.methods.deformable.scene import Scene, at_stage
from RegSuite.methods.deformable.stages import Stage, finest_mm, stages
from RegSuite.methods.deformable.start import Start
from RegSuite.numerics.flow import along_lps, compose
from RegSuite.numerics.local_systems import Blocks
from RegSuite.numerics.node_warp import warp_by_nodes
from RegSuite.numerics.pyramid import refine
from RegSuite.numerics.resample import warp
from RegSuite.numerics.smoothing import gaussian

if TYPE_CHECKING:
    from RegSuite.geometry import Grid

WINDOW_VOXELS = 2.0
SMOOTHNESS_VOXELS = 0.8
LAST_WINDOW = 0.85
LAST_SMOOTHNESS = 0.68
"""The last stage's share of both: a few steps that follow what the stiffer stages brought near."""


@dataclass
class Run:
    """One registration under way: the node displacements and what is told of them.

    displacement: [3, *nodes] mm along the fixed grid's axes (2D: one node thick). back: the same of
    the fixed image where both are deformed (symmetric), else None.
    """

    grid: Grid
    parameters: DeformableParameters
    progress: Progress
    scene: Scene
    convergence: list[ConvergencePoint] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plan = stages(self.grid, self.parameters)
        self.done = 0.0
        self.force: Force | None = None
        self.all_work = sum(s.steps * s.grid(self.grid).voxels for s in self.plan) or 1
        finest = finest_mm(self.grid, self.parameters)
        p = self.parameters
        self.window_mm = WINDOW_VOXELS * finest if p.window_mm is None else p.window_mm
        self.smoothness_mm = SMOOTHNESS_VOXELS * finest if p.smoothness_mm is None else p.smoothness_mm
        self.finest_mm = finest

    def begin(self, start: Start) -> None:
        """Zero displacement on the first stage's nodes, or the initial transform less its linear part."""
        self.factors = _node_factors(self.plan[0])
        nodes = _three_shape(self.plan[0].node_grid(self.grid).shape)
        self.displacement = torch.zeros((3, *nodes), device=self.scene.fixed.device)
        if start.rest is not None:
            from RegSuite.numerics.flow import along_axes

            rest = along_axes(start.rest.to(self.scene.fixed.device), self.grid)
            rest = rest if self.grid.ndim == 3 else torch.cat([rest, torch.zeros_like(rest[:1])])[:, None]
            self.displacement = _on_nodes(rest, (1, 1, 1), self.factors, nodes)
        self.back = torch.zeros_like(self.displacement) if self.parameters.symmetric else None

    def stage(self, number: int, stage: Stage) -> None:
        """All steps of one stage."""
        began = time.monotonic()
        words = stage.describe(self.grid)
        self._move_to(stage)
        self.last = stage is self.plan[-1] and max(stage.strides) == 1
        scene = features(at_stage(self.scene, stage), self.parameters)
        blocks = Blocks(scene.spacing, _three_strides(stage))
        force = make_force(scene.fixed, blocks, scene.spacing, self.parameters, self.force)
        for iteration in range(stage.steps):
            loss = self._step(scene, blocks, force)
            self.convergence.append(ConvergencePoint(words, iteration, loss))
            self.done += stage.grid(self.grid).voxels
            self.progress(self.done / self.all_work, words, {self.parameters.measure: loss})
        self.force = force if isinstance(force, GradientForce) else None  # others hold images
        self.seconds[words] = self.seconds.get(words, 0.0) + time.monotonic() - began

    def _step(self, scene: Scene, blocks: Blocks, force: Force) -> float:
        strides, spacing = blocks.strides, blocks.spacing
        warped, inside = warp_by_nodes(
            scene.moving,
            scene.shape,
            scene.affine[:3],
            self.displacement,
            strides,
            spacing,
            scene.watches_field,
        )
        fixed = self._pulled_back(scene.fixed, strides, spacing)
        equations = force.equations(fixed, warped, self._weight(scene, inside, strides, spacing))
        nodes = equations.vector.shape[1:]
        node_spacing = tuple(s * k for s, k in zip(spacing, strides, strict=True))
        growth = _smallest(node_spacing, nodes) / self.finest_mm
        window_mm, smoothness_mm = self.window_mm * growth, self.smoothness_mm * growth
        if self.last:
            window_mm, smoothness_mm = LAST_WINDOW * window_mm, LAST_SMOOTHNESS * smoothness_mm
        window = [min(window_mm / s, n) for s, n in zip(node_spacing, nodes[::-1], strict=True)]
        d = step(equations, window, _smallest(node_spacing, nodes))
        smoothing = [smoothness_mm / s for s in node_spacing]
        if self.back is None:
            self.displacement = gaussian(follow(self.displacement, d, node_spacing), smoothing)
        else:
            self.displacement = gaussian(follow(self.displacement, 0.5 * d, node_spacing), smoothing)
            self.back = gaussian(follow(self.back, -0.5 * d, node_spacing), smoothing)
        return equations.loss

    def _pulled_back(self, fixed: Tensor, strides: tuple[int, ...], spacing: tuple[float, ...]) -> Tensor:
        """Values of the fixed image's lattice, deformed where both images are."""
        if self.back is None:
            return fixed
        return warp_by_nodes(fixed, tuple(fixed.shape[1:]), np.eye(3, 4), self.back, strides, spacing)[0]

    def _weight(
        self, scene: Scene, inside: Tensor | None, strides: tuple[int, ...], spacing: tuple[float, ...]
    ) -> Tensor | None:
        """Product of what limits the voxels that count; None where all do."""
        parts = [] if inside is None else [inside]
        if scene.fixed_weight is not None:
            parts.append(self._pulled_back(scene.fixed_weight, strides, spacing)[0])
        if scene.moving_weight is not None:
            parts.append(
                warp_by_nodes(
                    scene.moving_weight, scene.shape, scene.affine[:3], self.displacement, strides, spacing
                )[0][0]
            )
        if not parts:
            return None
        weight = parts[0]
        for part in parts[1:]:
            weight = weight * part
        if not bool(weight.any()):
            raise GeometryError(
                "no voxel of fixed (and its mask) lies within moving (and its mask)",
                mend="check the masks, or start from an affine registration",
            )
        return weight.contiguous()

    def _move_to(self, stage: Stage) -> None:
        """The displacement(s) on the stage's nodes."""
        factors, nodes = _node_factors(stage), _three_shape(stage.node_grid(self.grid).shape)
        if factors != self.factors:
            self.displacement = _on_nodes(self.displacement, self.factors, factors, nodes)
            if self.back is not None:
                self.back = _on_nodes(self.back, self.factors, factors, nodes)
            self.factors = factors

    def finish(self, start: Start, seconds: float) -> Registration:
        """The transform, with folds taken out, and what is said of it."""
        from RegSuite.transforms.composite import CompositeTransform
        from RegSuite.transforms.displacement import DisplacementTransform

        if not bool(torch.isfinite(self.displacement).all()):
            raise MethodFailed(
                "the deformation grew beyond all numbers",
                where=f"deformable, stage {self.plan[-1].describe(self.grid)}",
                mend="raise smoothness_mm, or start from an affine registration",
            )
        node_spacing = tuple(s * f for s, f in zip(self.scene.spacing, self.factors, strict=True))
        u = unfold(self.displacement, node_spacing)
        if self.back is not None:
            u = compose(u, _inverse_on_lattice(unfold(self.back, node_spacing), node_spacing), node_spacing)
        u = refine(u, self.scene.shape, self.factors) if max(self.factors) > 1 else u
        if self.back is not None or max(self.factors) > 1:  # what is true of the nodes need not be between
            u = unfold(u, self.scene.spacing)
        u = u if self.grid.ndim == 3 else u[:2, 0]
        transform = DisplacementTransform(along_lps(u, self.grid).contiguous(), self.grid)
        self.seconds["whole method"] = seconds
        note = (
            f"deformable: {self.parameters.measure}, "
            f"stages {', '.join(s.describe(self.grid) for s in self.plan)}; "
            f"at the finest voxel window {self.window_mm:.3g} mm, smoothness {self.smoothness_mm:.3g} mm"
        )
        return Registration(
            CompositeTransform.of(transform, start.linear),
            start.linear,
            tuple(self.convergence),
            (note,),
            seconds=self.seconds,
        )


def _inverse_on_lattice(field: Tensor, spacing: tuple[float, ...]) -> Tensor:
    """The inverse of x + field(x) on its own lattice, both in mm along its axes."""
    from RegSuite.geometry import Grid
    from RegSuite.transforms.inversion import invert_displacement

    if field.shape[1] > 1:
        return invert_displacement(field, Grid.make(field.shape[:0:-1], spacing)).displacement_mm
    flat = invert_displacement(field[:2, 0], Grid.make(field.shape[:1:-1], spacing[:2])).displacement_mm
    return torch.cat([flat, torch.zeros_like(flat[:1])])[:, None]


def _on_nodes(field_: Tensor, old: tuple[int, ...], new: tuple[int, ...], shape: tuple[int, ...]) -> Tensor:
    """A field on block centres of `old` factors at those of `new` factors, linearly."""
    affine = np.zeros((3, 4))
    for axis, (a, b) in enumerate(zip(old, new, strict=True)):
        affine[axis, axis] = b / a
        affine[axis, 3] = (0.5 * b) / a - 0.5
    return warp(field_, shape, affine)


def _node_factors(stage: Stage) -> tuple[int, ...]:
    """Fixed voxels a node along x, y, z."""
    made = tuple(f * s for f, s in zip(stage.factors, stage.strides, strict=True))
    return (*made, 1)[:3]


def _three_strides(stage: Stage) -> tuple[int, ...]:
    return (*stage.strides, 1)[:3]


def _three_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape if len(shape) == 3 else (1, *shape)


def _smallest(spacing: tuple[float, ...], shape: torch.Size | tuple[int, ...]) -> float:
    """The smallest node spacing among the axes that hold more than one node, in mm."""
    return min(s for s, n in zip(spacing, tuple(shape)[::-1], strict=True) if n > 1)
