"""Scans, labels and exact displacements of two people's abdomen, sampled from the formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.phantoms.abdomen.anatomy import Between, label_of
from RegSuite.phantoms.abdomen.borders import sliding_borders
from RegSuite.phantoms.abdomen.clouds import abdomen_clouds, top_mm
from RegSuite.phantoms.abdomen.organs import LABEL_NAMES, organ_of
from RegSuite.phantoms.abdomen.paint import body_values, organ_values, outer, scanned
from RegSuite.phantoms.abdomen.person import Person, outline
from RegSuite.phantoms.abdomen.phantom import AbdomenPhantom
from RegSuite.phantoms.abdomen.swaps import Patch

FloatArray = NDArray[np.float64]

MARGIN_MM = 15.0
"""Of the field of view above and below the organs; beside the body a third of it."""


def abdomen_pair(
    seed: int = 0,
    *,
    ndim: int = 3,
    spacing_mm: float | Sequence[float] = 3.0,
    direction: ArrayLike | None = None,
    between: Between = "people",
    motion: float = 1.0,
    points_apart_mm: float = 6.0,
    label_error: float | tuple[float, float] = 0.0,
    missing_source: Sequence[str | int] = (),
    missing_target: Sequence[str | int] = (),
    cut_mm: float = 0.0,
) -> AbdomenPhantom:
    """The abdomen of two people ("people") or of one on two days ("days"), with all that is known of both.

    spacing_mm: of the voxels, one number or x, y, z. direction [3, 3]: the target's voxel axes as columns
    (the source's stay along x, y, z). points_apart_mm: between neighbours in the surface clouds. The rest
    as in `abdomen_clouds`: the same seed has the same people; an organ that a side lacks is not drawn
    there, and with cut_mm the target's field of view ends below its organs' highest point. Same seed,
    same bits. Raises InputError for values that cannot be; in 2D organs don't slide so: there is none.
    """
    spacing = np.broadcast_to(np.asarray(spacing_mm, dtype=np.float64), 3)
    turned = np.eye(3) if direction is None else np.asarray(direction, dtype=np.float64)
    _check(ndim, spacing, direction, cut_mm)
    clouds = abdomen_clouds(
        seed,
        spacing_mm=points_apart_mm,
        between=between,
        motion=motion,
        label_error=label_error,
        missing_source=missing_source,
        missing_target=missing_target,
        cut_mm=cut_mm,
    )
    source, target = clouds.anatomy.source, clouds.anatomy.target
    noise = np.random.default_rng([seed, 3])
    lacks = [{label_of(organ) for organ in side} for side in (missing_source, missing_target)]
    grids = _grid(source, spacing, np.eye(3), 0.0), _grid(target, spacing, turned, cut_mm)
    one = _side(source, target, grids[0], lacks[0], lacks[1], noise)
    two = _side(target, source, grids[1], lacks[1], lacks[0], noise)
    return AbdomenPhantom(
        source=Image(_tensor(one.values), grids[0], name="source", modality="CT"),
        target=Image(_tensor(two.values), grids[1], name="target", modality="CT"),
        source_labels=_image(_swapped(one, grids[0], clouds.patches[0]), grids[0], "source labels"),
        target_labels=_image(_swapped(two, grids[1], clouds.patches[1]), grids[1], "target labels"),
        source_organs=_image(one.labels, grids[0], "source organs"),
        target_organs=_image(two.labels, grids[1], "target organs"),
        displacement=_field(two.displacement, grids[1], "truth displacement"),
        inverse_displacement=_field(one.displacement, grids[0], "truth inverse displacement"),
        corresponds=_image(two.known, grids[1], "corresponds"),
        source_corresponds=_image(one.known, grids[0], "source corresponds"),
        source_sliding=_image(sliding_borders(one.labels, one.cavity, grids[0]), grids[0], "source sliding"),
        target_sliding=_image(sliding_borders(two.labels, two.cavity, grids[1]), grids[1], "target sliding"),
        clouds=clouds,
        label_names=dict(LABEL_NAMES),
        seed=seed,
        parameters={
            "spacing_mm": spacing.tolist(),
            "direction": turned.tolist(),
            **clouds.parameters,
            "transition": clouds.transition.tolist(),
            "transition_labels": clouds.organs.tolist(),
        },
    )


@dataclass(frozen=True, eq=False)
class _Side:
    """All voxels of one person: [*shape], displacement [*shape, 3]."""

    values: NDArray[np.float32]
    labels: NDArray[np.int32]
    displacement: FloatArray
    known: NDArray[np.uint8]
    cavity: NDArray[np.bool_]


def _side(
    person: Person, other: Person, grid: Grid, lacks: set[int], lost: set[int], rng: np.random.Generator
) -> _Side:
    """lacks: organs that are not drawn; lost: organs that the other one lacks."""
    points = grid.all_points().reshape(-1, 3)
    body = person.to_body(points)
    displacement = other.from_body(body) - points
    wall = outline(body)
    values = body_values(body.reshape(*grid.shape, 3), person.fat, np.array(grid.spacing[::-1]), rng).ravel()
    labels = np.zeros(len(points), dtype=np.int32)
    known = (wall > 1.0) & (wall < outer(person.fat))
    voxel = float(np.mean(grid.spacing))
    for label in sorted(set(LABEL_NAMES) - lacks):
        low, high = person.boxes[label]
        near = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
        rough = organ_of(label).form(person.inverse(points[near], label, 0.1))
        near = near[rough < 2.0 * voxel + 2.0]
        q = person.inverse(points[near], label)
        depth = organ_of(label).form(q)
        share = np.clip(0.5 - depth / voxel, 0.0, 1.0)
        values[near] += share * (organ_values(q, depth, label) - values[near])
        inside = depth < 0
        labels[near[inside]] = label
        if label not in lost:
            known[near[inside]] = True
            displacement[near[inside]] = other.forward(q[inside], label) - points[near[inside]]
    shape = grid.shape
    return _Side(
        values=scanned(values.reshape(shape), rng),
        labels=labels.reshape(shape),
        displacement=displacement.reshape(*shape, 3),
        known=known.reshape(shape).astype(np.uint8),
        cavity=(wall <= 1.0).reshape(shape),
    )


def _grid(person: Person, spacing: FloatArray, direction: FloatArray, cut_mm: float) -> Grid:
    """Around the body along x and y, and a little more than the organs along z."""
    turn = np.linspace(0, 2 * np.pi, 180)
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    ring *= outer(person.fat) / outline(np.pad(ring, ((0, 0), (0, 1))))[:, None]
    lows, highs = zip(*person.boxes.values(), strict=True)
    ends = np.array([np.min(lows, axis=0)[2], np.max(highs, axis=0)[2]])
    heights = (ends - person.whole.shift[2]) / (person.whole.scale * person.body[2])
    skin = np.concatenate([np.pad(ring, ((0, 0), (0, 1)), constant_values=h) for h in heights])
    skin_mm = person.from_body(skin) @ direction
    low, high = skin_mm.min(axis=0) - MARGIN_MM / 3, skin_mm.max(axis=0) + MARGIN_MM / 3
    if np.allclose(direction, np.eye(3)):
        low[2], high[2] = ends[0] - MARGIN_MM, ends[1] + MARGIN_MM
    if cut_mm > 0:
        high[2] = top_mm(person) - cut_mm
    size = np.floor((high - low) / spacing).astype(int) + 1
    return Grid.make(size.tolist(), spacing.tolist(), (direction @ low).tolist(), direction)


def _swapped(side: _Side, grid: Grid, patches: tuple[Patch, ...]) -> NDArray[np.int32]:
    found = side.labels.copy().ravel()
    if patches:
        organs = np.flatnonzero(found)
        points = grid.all_points().reshape(-1, 3)[organs]
        true, new = found[organs].astype(np.int64), found[organs].astype(np.int64)
        for patch in patches:
            patch.swap(points, true, new)
        found[organs] = new
    return found.reshape(side.labels.shape)


def _tensor(values: NDArray[np.generic]) -> torch.Tensor:
    return torch.from_numpy(values)[None]


def _image(values: NDArray[np.generic], grid: Grid, name: str) -> Image:
    return Image(_tensor(values), grid, name=name)


def _field(displacement: FloatArray, grid: Grid, name: str) -> Image:
    vectors = np.ascontiguousarray(np.moveaxis(displacement, -1, 0), dtype=np.float32)
    return Image(torch.from_numpy(vectors), grid, name=name)


def _check(ndim: int, spacing: FloatArray, direction: ArrayLike | None, cut_mm: float) -> None:
    if ndim != 3:
        raise InputError(f"an abdomen in {ndim}D", where="ndim", mend="it is made in 3 dimensions only")
    if not (spacing.min() >= 1.0 and spacing.max() <= 15.0):
        raise InputError(f"a spacing of {spacing.tolist()} mm", where="spacing", mend="give 1 to 15 mm")
    if direction is not None and cut_mm > 0:
        raise InputError(
            "an oblique target that is cut", where="direction, cut_mm", mend="give one of the two"
        )
