"""How alike template and target lie: what decides whether a start must be made."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from RegSuite.geometry import Image
from RegSuite.io.checks import overlap_fraction
from RegSuite.workflows.outputs import warp_image
from RegSuite.workflows.similarity import covered_by
from RegSuite.workflows.tumor_content import content, without

if TYPE_CHECKING:
    from RegSuite.geometry import Grid
    from RegSuite.transforms.base import Transform

_AT_MOST_VOXELS = 400_000


@dataclass(frozen=True)
class Likeness:
    """Target and template through a transform, the tumour left out.

    correlation: Pearson's, over what either shows. dice: overlap of what they show. Both None where the
    two grids do not meet. overlap_fraction: common volume of the grids, of the smaller one.
    """

    correlation: float | None
    dice: float | None
    overlap_fraction: float

    @property
    def words(self) -> str:
        """The measures, for the middle of a sentence."""
        if self.correlation is None or self.dice is None:
            return "they do not overlap"
        return f"correlation {self.correlation:.2f}, Dice of what they show {self.dice:.2f}"


def likeness(
    target: Image, template: Image, transform: Transform | None, ignored: Tensor | None = None
) -> Likeness:
    """Measured on blocks of voxels, some hundred thousand at most. ignored: bool [*target.grid.shape]."""
    overlap = overlap_fraction(target.grid, template.grid, transform)
    grid = target.grid.coarser(_factors(target.grid))
    displacement = None if transform is None else transform.displacement(grid)
    fixed, moved = _coarse(target, grid, None), _coarse(template, grid, displacement)
    covered = covered_by(template.grid, grid, displacement) & covered_by(target.grid, grid)
    if ignored is not None:
        region = _coarse_mask(ignored, target, grid, None)
        covered &= ~region
        fixed = without(fixed, region)  # what is bright is judged by the rest
    shown = content(fixed) & covered, content(moved) & covered
    both, either = shown[0] & shown[1], shown[0] | shown[1]
    if not bool(either.any()):
        return Likeness(None, None, overlap)
    dice = 2 * float(both.sum()) / float(shown[0].sum() + shown[1].sum())
    return Likeness(correlation(fixed.data, moved.data, either), dice, overlap)


def correlation(a: Tensor, b: Tensor, where: Tensor) -> float:
    """Pearson's correlation of [C, *shape] over the voxels of `where`; 0 where one of them is constant."""
    x, y = (values[:, where].double() for values in (a, b))
    x, y = x - x.mean(), y - y.mean()
    norm = math.sqrt(float(x.square().sum()) * float(y.square().sum()))
    return float((x * y).sum()) / norm if norm > 0 else 0.0


def _factors(grid: Grid) -> tuple[int, ...]:
    """Blocks of about cubic shape that leave few enough voxels."""
    edge = (grid.voxels * grid.voxel_volume / _AT_MOST_VOXELS) ** (1 / grid.ndim)
    return tuple(min(n, max(1, round(edge / s))) for n, s in zip(grid.size, grid.spacing, strict=True))


def _coarse(image: Image, grid: Grid, displacement: Tensor | None) -> Image:
    """The image on the coarse grid, its mask too."""
    values = warp_image(image, grid, displacement)
    if image.mask is None:
        return values
    return replace(values, mask=_coarse_mask(image.mask, image, grid, displacement))


def _coarse_mask(mask: Tensor, image: Image, grid: Grid, displacement: Tensor | None) -> Tensor:
    values = Image(mask[None].float(), image.grid, name=image.name)
    return torch.as_tensor(warp_image(values, grid, displacement, outside=0.0).data[0] >= 0.5)
