"""A brain with a tumour from a healthy one: another person's anatomy, mass effect, oedema, core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.phantoms.flow import flow
from RegSuite.phantoms.known_field import random_velocity
from RegSuite.phantoms.tumor.anatomy import Anatomy, default_grid, drawn_brain, nearest_labels, scanned_brain
from RegSuite.phantoms.tumor.appearance import draw_look, oedema_weight, scanned, with_core, with_oedema
from RegSuite.phantoms.tumor.growth import grown_masks
from RegSuite.phantoms.tumor.mass_effect import MassEffect
from RegSuite.phantoms.tumor.phantom import TumorPhantom
from RegSuite.phantoms.tumor.place import SMALLEST_MM, Rooms, find_place, hull_of

FloatArray = NDArray[np.float64]

RADIUS_MM = (10.0, 22.0)
PUSH = (0.55, 0.75)
OEDEMA_MM = (6.0, 15.0)
PLACING_MM = 2.0
"""The voxels on which a place for the tumour is sought."""


def tumor_phantom(
    seed: int = 0,
    *,
    ndim: int = 3,
    grid: Grid | None = None,
    scan: Image | None = None,
    labels: Image | None = None,
    label_names: Mapping[int, str] | None = None,
    spacing_mm: float | None = None,
    radius_mm: float | None = None,
    push: float | None = None,
    oedema: bool = True,
    variation_mm: float = 6.0,
    growth_times: int = 0,
) -> TumorPhantom:
    """A healthy template and a target with a tumour, and the exact map between them.

    A target point x shows the template's point T(x) = exp(v)(m(x)): m, the mass effect's formula
    (`MassEffect`), takes it to where it was before the tumour pushed it, and exp(v), a random smooth
    diffeomorphism of `variation_mm` at most, from that healthy person to the template. Both images
    are sampled from the same source, so that neither is an interpolation of the other; the target's
    labels are the template's at the voxel nearest to T(x), so that they agree exactly under the truth.

    scan, labels: a skull-stripped T1 scan and its labels (FreeSurfer's numbers, or any with names); a
    drawn brain if None. A 2D phantom of a volume is its axial slice with most ventricle. grid: of both
    images; the scan's own, of a drawn brain and of a slice 96x112x96 of 2 mm or 240x240 of 1 mm (or as
    many voxels of `spacing_mm` as fill the same space).
    radius_mm: of the ball of the core's volume, 10 to 22 by the seed if None; smaller where it finds no
    room. push: share of the core's volume that comes from displacement, by the seed 0.55 to 0.75; the
    rest replaces tissue. growth_times: how many masks of the growing core. Same seed, same bits (on as
    many threads).
    Raises InputError for values that cannot be, a scan without labels, or a brain without room.
    """
    _check(ndim, grid, spacing_mm, radius_mm, push, variation_mm, growth_times)
    brain = drawn_brain(ndim) if scan is None else scanned_brain(scan, labels, label_names, ndim)
    if grid is None:
        own = scan is not None and scan.grid.ndim == ndim
        grid = brain.scan.grid if own else default_grid(brain, ndim, spacing_mm)
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    radius = float(rng.uniform(*RADIUS_MM)) if radius_mm is None else radius_mm
    share = float(rng.uniform(*PUSH)) if push is None else push
    extent = float(rng.uniform(*OEDEMA_MM))
    points = grid.all_points()
    own_labels = brain.labels_at(points)
    velocity = random_velocity(grid, own_labels > 0, variation_mm, generator)
    place = find_place(_rooms(brain, grid, velocity, points), rng, radius, share)
    effect = place.effect
    to_template, to_target = _maps(grid, points, velocity, effect)
    core, distance = effect.relative_radius(points), effect.surface_distance(points)
    seen = points + np.moveaxis(to_template.double().numpy(), 0, -1)
    there = nearest_labels(own_labels, grid, seen)
    tumor = torch.from_numpy(distance < 0)
    there[tumor] = 0
    look = draw_look(rng)
    scene = brain.for_spacing(float(np.mean(grid.spacing)))
    values, away = scene(seen), torch.from_numpy(distance).float()
    water = torch.zeros_like(values)
    if oedema:
        white = torch.isin(there, torch.tensor(brain.white, dtype=there.dtype)) | tumor
        water = oedema_weight(away, extent, white, grid, generator)
        values = with_oedema(values, water, brain.white_value, look)
    relative = torch.from_numpy(core).float()
    values = with_core(values, relative, away, brain.white_value, look, grid, generator)
    values = scanned(values, brain.white_value, look, grid, generator)
    grown = points + np.moveaxis(to_target.double().numpy(), 0, -1)
    replaced = torch.from_numpy(effect.surface_distance(grown) < 0)
    modality = "MR" if scan is None else scan.modality
    return TumorPhantom(
        template=Image(scene(points)[None], grid, name="template", modality=modality),
        template_labels=Image(own_labels[None], grid, name="template labels"),
        target=Image(values[None], grid, name="target", modality=modality),
        target_labels=Image(there[None], grid, name="target labels"),
        tumor=_mask(tumor, grid, "tumor"),
        oedema=_mask((water > 0.5) & ~tumor, grid, "oedema"),
        displacement=Image(to_template, grid, name="truth displacement"),
        inverse_displacement=Image(to_target, grid, name="truth inverse displacement"),
        corresponds=_mask(~tumor, grid, "corresponds"),
        template_corresponds=_mask(~replaced, grid, "template corresponds"),
        label_names=dict(brain.names),
        ventricles=brain.ventricles,
        growth=grown_masks(effect, points, growth_times, grid) if growth_times else None,
        seed=seed,
        parameters={
            "ndim": ndim,
            "source": "formulas" if scan is None else scan.name,
            "variation_mm": variation_mm,
            "side": place.side,
            "region": place.region,
            "centre_mm": [float(c) for c in effect.centre],
            "radius_mm": place.radius_mm,
            "push": place.push,
            "oedema_mm": extent if oedema else 0.0,
            **asdict(look),
        },
    )


def _maps(grid: Grid, points: FloatArray, velocity: Tensor, effect: MassEffect) -> tuple[Tensor, Tensor]:
    """Target to template and back, as displacements [d, *shape] in mm, float32."""
    healed = torch.from_numpy(np.moveaxis(effect.to_healthy(points) - points, -1, 0)).float().contiguous()
    to_template = flow(velocity, grid, start_mm=healed)
    other = points + np.moveaxis(flow(-velocity, grid).double().numpy(), 0, -1)
    to_target = torch.from_numpy(np.moveaxis(effect.to_grown(other) - points, -1, 0)).float().contiguous()
    return to_template, to_target


def _rooms(brain: Anatomy, grid: Grid, velocity: Tensor, points: FloatArray) -> Rooms:
    """The healthy person's brain on voxels of about 2 mm."""
    steps = [
        max(1, round(PLACING_MM / s)) if n > 1 else 1 for n, s in zip(grid.size, grid.spacing, strict=True)
    ]
    size = [-(-n // k) for n, k in zip(grid.size, steps, strict=True)]
    coarse = Grid.make(size, np.multiply(grid.spacing, steps).tolist(), grid.origin, grid.direction)
    thin = tuple(slice(None, None, k) for k in steps[::-1])
    person = points + np.moveaxis(flow(velocity, grid).double().numpy(), 0, -1)
    found = brain.labels_at(person[thin]).numpy()
    return Rooms(
        grid=coarse,
        hull=hull_of(found > 0, coarse.spacing[::-1]),
        ventricles=np.isin(found, brain.ventricles),
        lateral=np.isin(found, brain.lateral_ventricles),
        white=np.isin(found, brain.cerebral_white),
    )


def _mask(inside: Tensor, grid: Grid, name: str) -> Image:
    return Image(inside.to(torch.uint8)[None], grid, name=name)


def _check(
    ndim: int,
    grid: Grid | None,
    spacing_mm: float | None,
    radius_mm: float | None,
    push: float | None,
    variation_mm: float,
    growth_times: int,
) -> None:
    if ndim not in (2, 3) or (grid is not None and grid.ndim != ndim):
        raise InputError(
            f"a tumour in {ndim}D" + ("" if grid is None else f" on a grid of {grid.ndim}D"),
            mend="ask for 2 or 3 dimensions, and a grid of as many",
        )
    limits = (
        ("spacing_mm", spacing_mm, 0.2, 5.0),
        ("radius_mm", radius_mm, SMALLEST_MM, 40.0),
        ("push", push, 0.05, 0.8),
        ("variation_mm", variation_mm, 0.1, 20.0),
        ("growth_times", growth_times, 0, 1000),
    )
    for name, value, low, high in limits:
        if value is not None and not low <= value <= high:
            raise InputError(f"{name} of {value:g}", where=name, mend=f"give {low:g} to {high:g}")
