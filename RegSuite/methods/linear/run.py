"""What all stages of one linear registration share, and how it is prepared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry import Image
from RegSuite.methods.base import Progress
from RegSuite.methods.linear.judge import Alignment
from RegSuite.methods.linear.moments import moments
from RegSuite.methods.linear.parameters import LinearParameters
from RegSuite.methods.linear.points import Points, stratified_points
from RegSuite.methods.linear.poses import Frame, Model
from RegSuite.methods.linear.pyramid import Level

FloatArray = NDArray[np.float64]

FEW_POINTS = 1500
"""Points of the first rounds of the multi-start."""
SEARCH_SHARE = 0.5
"""Share of the progress bar that the search takes."""
CUT_OUT = 0.7
"""Fraction of voxels unlike the smallest value below which the rest is background set by a program."""
SMALLER = 0.75
"""Foreground volume of moving over fixed below which the points are taken in the moving image."""


@dataclass
class Run:
    """What all stages of one registration share."""

    model: Model
    fixed: list[Level]
    moving: list[Level]
    parameters: LinearParameters
    frame: Frame
    device: str
    progress: Progress
    least_overlap: float
    out: Alignment

    def points(self, level: int, count: int, *, patches: bool = False) -> Points:
        """Sample points of a fixed level."""
        return stratified_points(
            self.fixed[level],
            count,
            self.frame.centre,
            self.frame.radius,
            self.parameters.seed,
            patches=patches,
        )


def prepared(
    fixed: Image,
    moving: Image,
    levels: list[list[Level]],
    model: Model,
    parameters: LinearParameters,
    progress: Progress,
) -> Run:
    """The frame of the parameters and the least overlap."""
    out = Alignment(np.eye(4), "", 0.0, 0.0, 0.0)
    for image in (fixed, moving):
        if image.channels > 1:
            out.notes.append(f"{image.name}: the first of {image.channels} channels was used")
    own = moments(levels[0][-1])
    axes = _axes(fixed, moving, out)
    # twice the mean standard deviation is the radius of a ball of the same inertia, about
    radius = 2 * float(own.sigmas_mm[: axes.shape[1]].mean())
    frame = Frame(own.centre, max(radius, levels[0][0].step_mm), axes)
    device = str(fixed.data.device)
    few = stratified_points(levels[0][-1], FEW_POINTS, frame.centre, frame.radius, parameters.seed)
    cover = min(1.0, _volume(levels[1][-1]) / max(few.volume_mm3, 1e-30))
    return Run(
        model,
        levels[0],
        levels[1],
        parameters,
        frame,
        device,
        progress,
        parameters.least_overlap_fraction * cover,
        out,
    )


def _axes(fixed: Image, moving: Image, out: Alignment) -> FloatArray:
    """[3, k] axes along which the pose is sought; a plane onto a plane is moved within itself."""
    if fixed.ndim == 2:
        return np.eye(3)[:, :2]
    thin = [a for a in range(3) if fixed.grid.size[a] == 1]
    if thin and 1 in moving.grid.size:
        out.warnings.append(
            "both images are one voxel thick: only motion within the plane was sought, "
            "and the header's position across it was kept"
        )
        return np.delete(np.asarray(fixed.grid.direction), thin, axis=1)[:, :2]
    return np.eye(3)


def _volume(level: Level) -> float:
    """Volume (2D: area) of a level in mm^3, of its mask where it has one."""
    extended = [a for a in range(3) if level.volume.shape[2 - a] > 1]
    voxel = float(np.prod(np.linalg.norm(level.matrix[:3, extended], axis=0)))
    return voxel * float(level.valid.sum() if level.valid.size else level.volume.size)


def shows_less(fixed: Image, moving: Image, levels: list[list[Level]]) -> bool:
    """Whether the moving image's foreground is so much smaller that the points belong there."""
    thin = [1 in image.grid.size for image in (fixed, moving)]
    if any(thin):
        return thin[1] and not thin[0]
    own, other = (moments(level[-1]).volume_mm3 for level in levels)
    return other < SMALLER * own


def without_constant_background(fixed: Image, levels: list[list[Level]]) -> Image:
    """The fixed image with its cut-out part as mask, where the moving image shows more than that part.

    The edge of a stripped brain is no anatomy: against a whole head it would be drawn to the skull.
    """
    own, other = (moments(level[-1]).volume_mm3 for level in levels)
    values = fixed.data[0]
    inside = values != values.min()
    if fixed.mask is not None or own > SMALLER * other or float(inside.float().mean()) > CUT_OUT:
        return fixed
    return fixed.with_mask(inside)
