"""The method of a tumour's registration at work, and the path of one that has none of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from RegSuite.geometry import Image
from RegSuite.methods.choice import linear_part
from RegSuite.methods.shooting.shot import GeodesicPath, Shot

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Grid
    from RegSuite.methods.base import Progress, Registration
    from RegSuite.methods.choice import Choice
    from RegSuite.methods.shooting.growth import Growth
    from RegSuite.transforms.base import Transform

_TIMES = 11
_PATH_VOXELS = 1_500_000
"""A straight path is kept on coarser voxels where the target has more than so many."""


def shot_of(
    choice: Choice,
    fixed: Image,
    moving: Image,
    growth: Growth | None,
    initial: Transform | None,
    progress: Progress,
) -> Shot:
    """The registration with a path. growth: only for methods that weigh where intensity changes.

    A method without a path of its own (variational) gets the straight one, and a note says so.
    """
    from RegSuite.methods.shooting.parameters import ShootingParameters
    from RegSuite.methods.shooting.run import register_by_shooting

    if isinstance(choice.parameters, ShootingParameters):
        shot = register_by_shooting(
            fixed, moving, choice.parameters, progress, initial=initial, growth=growth
        )
    else:
        found = choice.method.register(fixed, moving, choice.parameters, progress, initial=initial)
        shot = with_straight_path(found, fixed.grid, initial, moving.channels)
    linear = shot.linear or linear_part(initial, fixed.ndim)
    return replace(shot, linear=linear, notes=(*choice.notes, *shot.notes))


def with_straight_path(found: Registration, grid: Grid, initial: Transform | None, channels: int) -> Shot:
    """A registration whose points go straight from the start to the end; no intensity is added."""
    coarse = grid.coarser(_factors(grid))
    end = found.transform.displacement(coarse)
    begin = torch.zeros_like(end) if initial is None else initial.displacement(coarse)
    times = [step / (_TIMES - 1) for step in range(_TIMES)]
    path = GeodesicPath(
        grid=coarse,
        times=tuple(times),
        displacement_mm=torch.stack([torch.lerp(begin, end, t) for t in times]),
        intensity=torch.zeros((_TIMES, channels, *coarse.shape)),
    )
    return Shot(
        **vars(replace(found, notes=(*found.notes, "the film shows the straight path: the method has none"))),
        path=path,
    )


def no_change(grid: Grid, channels: int) -> Image:
    """The intensity change of a method that changes none."""
    return Image(torch.zeros((channels, *grid.shape)), grid, name="intensity change")


def film(path: GeodesicPath, template: Image) -> Tensor:
    """template(psi_t) + intensity_t at each time: [T, C, *path.grid.shape] in the template's units."""
    from RegSuite.workflows.outputs import warp_image

    frames = [
        warp_image(template, path.grid, displacement.cpu()).data + added.cpu()
        for displacement, added in zip(path.displacement_mm, path.intensity, strict=True)
    ]
    return torch.stack(frames)


def _factors(grid: Grid) -> tuple[int, ...]:
    edge = max((grid.voxels / _PATH_VOXELS) ** (1 / grid.ndim), 1.0)
    return tuple(min(n, int(-(-edge // 1))) for n in grid.size)
