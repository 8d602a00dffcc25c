"""The toy pair of weighted metamorphosis: a triangle that has grown and pushed four ovals."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.phantoms.outlines import coverage, norm, oval, unit_points, voxel_width
from RegSuite.phantoms.tumor.directional import Directional, spread_directions
from RegSuite.phantoms.tumor.growth import grown_masks
from RegSuite.phantoms.tumor.mass_effect import MassEffect, raw_of
from RegSuite.phantoms.tumor.phantom import TumorPhantom

FloatArray = NDArray[np.float64]

DISC, OVAL, TRIANGLE = 1.0, 0.75, 0.5
"""Grey values; the background is 0."""

ELLIPSE = (0.37, 0.48)
"""Half axes of the source's outline, in half field widths; the target's is a disc."""

DISC_RADIUS = 0.53
PUSH = 0.84
TRIANGLE_RADIUS = 0.18
CORNERS = (198.0, 312.0, 80.0)
"""Degrees from x towards y of the triangle's rounded corners."""

OVALS = (
    ("top oval", (0.0, -0.38), (0.085, 0.05)),
    ("left oval", (-0.24, -0.04), (0.06, 0.075)),
    ("bottom oval", (0.04, 0.21), (0.12, 0.075)),
    ("right oval", (0.25, -0.03), (0.06, 0.075)),
)
"""Name, middle and half axes in the source, in half field widths."""


def toy_phantom(size: int = 300, *, seed_triangle: bool = False, growth_times: int = 10) -> TumorPhantom:
    """A grey triangle in a white disc that has grown and pushed four grey ovals to the disc's border.

    After Francois et al. 2022, section 3 and Fig. 1: the source has no triangle (or, with
    `seed_triangle`, a small one) and is an ellipse; its bottom and left ovals lie where the target has the
    triangle. The map is a formula: the mass effect, then the ellipse's scaling; `ventricles` are the ovals.
    size: pixels of 1 mm along a side. Raises InputError for a size under 32.
    """
    if size < 32:
        raise InputError(f"a toy of {size} pixels", where="size", mend="use 32 or more")
    middle = (size - 1) / 2
    grid = Grid.make((size, size), 1.0, (-middle, -middle))
    points, edge, half = unit_points(grid), voxel_width(grid), size / 2
    effect = _effect()
    scaling = np.array(ELLIPSE) / DISC_RADIUS
    seen = effect.to_healthy(points) * scaling
    back = effect.to_grown(points / scaling)
    away = effect.surface_distance(points)
    source, source_labels = _drawn(points, edge)
    target, target_labels = _drawn(seen, edge)
    tumor = torch.from_numpy(away < 0)
    target = target + coverage(away, edge) * (TRIANGLE - target)
    target_labels[tumor] = 0
    seed = effect.seed_distance(points / scaling)
    if seed_triangle:
        source = source + coverage(seed, edge) * (TRIANGLE - source)
    mask = torch.uint8
    return TumorPhantom(
        template=Image(source[None], grid, name="template"),
        template_labels=Image(source_labels[None], grid, name="template labels"),
        target=Image(target[None], grid, name="target"),
        target_labels=Image(target_labels[None], grid, name="target labels"),
        tumor=Image(tumor.to(mask)[None], grid, name="tumor"),
        oedema=Image(torch.zeros((1, *grid.shape), dtype=mask), grid, name="oedema"),
        displacement=Image(_channels(seen - points, half), grid, name="truth displacement"),
        inverse_displacement=Image(_channels(back - points, half), grid, name="truth inverse displacement"),
        corresponds=Image((~tumor).to(mask)[None], grid, name="corresponds"),
        template_corresponds=Image(
            torch.from_numpy(seed >= 0).to(mask)[None], grid, name="template corresponds"
        ),
        label_names={1: "disc"} | {n: name for n, (name, *_) in enumerate(OVALS, start=2)},
        ventricles=tuple(range(2, 2 + len(OVALS))),
        growth=grown_masks(effect, points, growth_times, grid) if growth_times else None,
        name="tumor toy",
        parameters={"shape": "toy", "size": size, "seed_triangle": seed_triangle, "push": PUSH},
    )


def _effect() -> MassEffect:
    """A rounded triangle that pushes as far as the disc's border."""
    n = spread_directions(2)
    angle = np.arctan2(n[:, 1], n[:, 0])
    corners = np.radians(CORNERS)
    form = 0.62 * np.exp(5 * (np.cos(angle[:, None] - corners) - 1)).sum(axis=1)
    a = np.exp(form)
    a *= TRIANGLE_RADIUS / math.sqrt(float((a**2).mean()))
    values = [np.log(a), np.full_like(a, math.log(DISC_RADIUS)), raw_of(np.full_like(a, PUSH))]
    return MassEffect(np.zeros(2), Directional.fit(n, np.stack(values, axis=-1)))


def _drawn(points: FloatArray, edge: float) -> tuple[Tensor, Tensor]:
    """Grey values and labels of ellipse and ovals at `points` of the source."""
    outline = (norm(points / np.array(ELLIPSE)) - 1) * min(ELLIPSE)
    image = DISC * coverage(outline, edge)
    labels = torch.from_numpy(outline < 0).int()
    for number, (_, middle, half_axes) in enumerate(OVALS, start=2):
        distance = oval(points - np.array(middle), 0.0, half_axes)
        image = image + coverage(distance, edge) * (OVAL - image)
        labels[torch.from_numpy(distance < 0)] = number
    return image, labels


def _channels(displacement: FloatArray, half: float) -> Tensor:
    """[d, *shape] float32 in mm from [*shape, d] in half field widths."""
    return torch.from_numpy(np.moveaxis(displacement, -1, 0) * half).float().contiguous()
