"""Deformable: a diffeomorphism by local Gauss-Newton steps, coarse to fine.

At each step the moving image is warped once, the measure's normal equations are gathered at nodes
(numerics.local_systems) and smoothed over a Gaussian window, and each node solves its own three by
three system. The step is a velocity: its flow over unit time, a diffeomorphism, is composed with the
deformation found so far, and the sum is smoothed. No gradient goes through a resampler, and the
displacement lives on nodes coarser than the image.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from RegSuite.errors import GeometryError, InputError
from RegSuite.methods.base import MethodParameters, Progress, Registration, no_progress
from RegSuite.methods.deformable.parameters import DeformableParameters

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.transforms.base import Transform


class Deformable:
    """Velocity-based diffeomorphic registration with any measure, in mm."""

    name: ClassVar[str] = "deformable"
    summary: ClassVar[str] = (
        "diffeomorphic deformation, coarse to fine, by local Gauss-Newton steps (any measure, masks)"
    )
    Parameters: ClassVar[type[MethodParameters]] = DeformableParameters

    def register(
        self,
        fixed: Image,
        moving: Image,
        parameters: DeformableParameters,
        progress: Progress = no_progress,
        *,
        initial: Transform | None = None,
    ) -> Registration:
        """The deformation of fixed to moving points, the initial transform's linear part after it.

        Raises InputError for images of other dimensions or channels, or without structure;
        MethodFailed where the result is not finite. Memory: see memory_mb.
        """
        from RegSuite.methods.deformable.run import Run
        from RegSuite.methods.deformable.scene import make_scene
        from RegSuite.methods.deformable.start import split_start

        _check(fixed, moving)
        began = time.monotonic()
        start = split_start(initial, fixed.grid)
        run = Run(fixed.grid, parameters, progress, make_scene(fixed, moving, start.linear.homogeneous))
        run.begin(start)
        for number, stage in enumerate(run.plan):
            run.stage(number, stage)
        return run.finish(start, time.monotonic() - began)

    def memory_mb(self, fixed: Image, moving: Image, parameters: DeformableParameters) -> float:
        """Working memory beyond the two images, in MB, counted in floats a fixed voxel."""
        from RegSuite.methods.deformable.stages import stages

        plan = stages(fixed.grid, parameters)
        finest = plan[-1].grid(fixed.grid).voxels
        nodes = plan[-1].node_grid(fixed.grid).voxels
        copies = 14 if parameters.measure == "lncc" else 36 if parameters.measure == "mind" else 40
        floats = copies * finest * (2 if parameters.symmetric else 1) + 34 * nodes + 6 * fixed.grid.voxels
        return 4e-6 * (floats + 2 * moving.grid.voxels) + 50

    def expected_seconds(self, fixed: Image, moving: Image, parameters: DeformableParameters) -> float:
        """Expected time on two cores: the steps times the voxels and nodes that each visits."""
        from RegSuite.methods.deformable.stages import stages

        cost = sum(
            s.steps * (2.5e-8 * s.grid(fixed.grid).voxels + 6e-8 * s.node_grid(fixed.grid).voxels)
            for s in stages(fixed.grid, parameters)
        )
        slower = {"lncc": 1.0, "ssd": 1.0, "mind": 8.0}.get(parameters.measure, 6.0)
        return 0.3 + cost * slower * (2 if parameters.symmetric else 1)


def _check(fixed: Image, moving: Image) -> None:
    if fixed.ndim != moving.ndim:
        raise GeometryError(
            f"{fixed.name!r} has {fixed.ndim} dimensions and {moving.name!r} has {moving.ndim}",
            mend="give two volumes or two slices",
        )
    if fixed.channels != moving.channels:
        raise InputError(
            f"{fixed.name!r} has {fixed.channels} channels and {moving.name!r} has {moving.channels}",
            mend="give images with the same channels",
        )
