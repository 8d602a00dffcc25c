"""Surface points of two people's organs with labels, without a voxel: quick to make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.geometry import PointSet
from RegSuite.phantoms.abdomen.anatomy import Anatomy, Between, draw_anatomy, label_of
from RegSuite.phantoms.abdomen.organs import LABEL_NAMES, surface
from RegSuite.phantoms.abdomen.person import Person
from RegSuite.phantoms.abdomen.swaps import Patch, counted, draw_patches, transition

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CANDIDATES = 8
"""Random surface points for each that is kept."""


@dataclass(frozen=True, eq=False)
class AbdomenClouds:
    """Points of the organs' surfaces, evenly spread, each side's drawn on its own; LPS mm.

    source (moving), target (fixed): with the labels that a segmentation found; source_true, target_true:
    the true labels [n]. source_landmarks, target_landmarks: row by row, those that both sides show.
    transition [L, L]: the true U[target label, source label] over `organs` [L], those that either cloud
    has; confusion [L, L]: counts [true, found] of both clouds. anatomy: the exact maps. patches: where
    labels are swapped, in the source and in the target.
    """

    source: PointSet
    target: PointSet
    source_true: IntArray
    target_true: IntArray
    source_landmarks: PointSet
    target_landmarks: PointSet
    organs: IntArray
    transition: FloatArray
    confusion: FloatArray
    anatomy: Anatomy
    patches: tuple[tuple[Patch, ...], tuple[Patch, ...]] = ((), ())
    label_names: Mapping[int, str] = field(default_factory=lambda: dict(LABEL_NAMES))
    seed: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)


def abdomen_clouds(
    seed: int = 0,
    points_per_organ: int | None = None,
    *,
    spacing_mm: float = 6.0,
    between: Between = "people",
    motion: float = 1.0,
    label_error: float | tuple[float, float] = 0.0,
    missing_source: Sequence[str | int] = (),
    missing_target: Sequence[str | int] = (),
    cut_mm: float = 0.0,
) -> AbdomenClouds:
    """Clouds of five organs of two people ("people") or two days of one ("days").

    points_per_organ: of each organ alike; else spacing_mm, the least distance between neighbours, so that
    large organs have more points. motion multiplies the organs' own shifts and turns; 1: they lie 10 to 30
    mm otherwise against each other in two people. label_error: share of the points whose label is swapped
    for a neighbour's, in patches; one number for both sides, or source and target. missing_source,
    missing_target: organs (names or labels) that a side lacks. cut_mm: the target's field of view ends
    this far below its organs' highest point; points above are not there. Same seed, same bits; the people
    depend on seed, between and motion alone.
    Raises InputError for values that cannot be.
    """
    errors = label_error if isinstance(label_error, tuple) else (label_error, label_error)
    _check(points_per_organ, spacing_mm, errors, cut_mm, motion)
    lacks = [{label_of(organ) for organ in side} for side in (missing_source, missing_target)]
    people, spread, mistakes = (np.random.default_rng([seed, n]) for n in range(3))
    anatomy = draw_anatomy(people, between, motion)
    clouds, patches = [], []
    sides = (anatomy.source, lacks[0], errors[0], 0.0), (anatomy.target, lacks[1], errors[1], cut_mm)
    for person, absent, error, cut in sides:
        points, true = _cloud(person, absent, points_per_organ, spacing_mm, spread)
        if cut > 0:
            kept = points[:, 2] <= top_mm(person) - cut
            points, true = points[kept], true[kept]
        if not len(points):
            raise InputError("a cloud without points", where="missing, cut_mm", mend="leave some organ")
        own = draw_patches(points, true, error, mistakes) if error > 0 else []
        found = true.copy()
        for patch in own:
            patch.swap(points, true, found)
        clouds.append((points, true, found))
        patches.append(tuple(own))
    (source, source_true, source_found), (target, target_true, target_found) = clouds
    organs = np.unique(np.concatenate([source_true, target_true, source_found, target_found]))
    shown = anatomy.landmarks()
    seen = ~np.isin(np.asarray(shown[0].labels), list(lacks[0] | lacks[1]))
    if cut_mm > 0:
        seen &= shown[1].points[:, 2] <= top_mm(anatomy.target) - cut_mm
    return AbdomenClouds(
        source=PointSet(source, source_found, name="source organs"),
        target=PointSet(target, target_found, name="target organs"),
        source_true=source_true,
        target_true=target_true,
        source_landmarks=_rows(shown[0], seen),
        target_landmarks=_rows(shown[1], seen),
        organs=organs,
        transition=transition((source_true, source_found), (target_true, target_found), organs),
        confusion=counted(source_true, source_found, organs) + counted(target_true, target_found, organs),
        anatomy=anatomy,
        patches=(patches[0], patches[1]),
        seed=seed,
        parameters={
            "between": between,
            "motion": motion,
            "points_per_organ": points_per_organ,
            "points_apart_mm": spacing_mm,
            "label_error": list(errors),
            "missing_source": sorted(LABEL_NAMES[label] for label in lacks[0]),
            "missing_target": sorted(LABEL_NAMES[label] for label in lacks[1]),
            "cut_mm": cut_mm,
        },
    )


def top_mm(person: Person) -> float:
    """z of the organs' highest point, LPS mm (to the 5 mm that boxes are wider)."""
    return max(float(high[2]) for _, high in person.boxes.values()) - 5.0


def evenly(candidates: FloatArray, count: int | None, spacing_mm: float) -> IntArray:
    """Which of the points [n, 3] to keep: always the one farthest from those that are kept.

    Until there are `count`; or, if that is None, until none is farther than spacing_mm.
    """
    x, y, z = np.ascontiguousarray(candidates.T)

    def squared(i: int) -> FloatArray:
        out: FloatArray = np.square(x - x[i]) + np.square(y - y[i]) + np.square(z - z[i])
        return out

    kept, away = [0], squared(0)
    while len(kept) < len(candidates):
        farthest = int(away.argmax())
        if len(kept) >= count if count is not None else away[farthest] < spacing_mm**2:
            break
        kept.append(farthest)
        np.minimum(away, squared(farthest), out=away)
    return np.array(kept, dtype=np.int64)


def _cloud(
    person: Person, absent: set[int], count: int | None, spacing_mm: float, rng: np.random.Generator
) -> tuple[FloatArray, IntArray]:
    points, labels = [np.zeros((0, 3))], [np.zeros(0, dtype=np.int64)]
    for label in LABEL_NAMES:
        low, high = person.boxes[label]
        a, b, c = np.maximum(high - low - 10.0, 1.0)
        area = np.pi * (a * b + b * c + c * a) / 3.0
        wanted = count if count is not None else int(area / spacing_mm**2)
        rays = rng.normal(size=(CANDIDATES * wanted + 100, 3))
        skin = person.forward(surface(label, rays / np.linalg.norm(rays, axis=1, keepdims=True)), label)
        if label not in absent:
            kept = skin[evenly(skin, count, spacing_mm)]
            points.append(kept)
            labels.append(np.full(len(kept), label))
    return np.concatenate(points), np.concatenate(labels)


def _rows(points: PointSet, kept: NDArray[np.bool_]) -> PointSet:
    names = tuple(name for name, keep in zip(points.names or (), kept, strict=True) if keep)
    labels = None if points.labels is None else points.labels[kept]
    return PointSet(points.points[kept], labels, names, points.name)


def _check(
    count: int | None, spacing_mm: float, errors: tuple[float, float], cut_mm: float, motion: float
) -> None:
    limits = (
        ("points_per_organ", 100 if count is None else count, 10, 20_000),
        ("spacing_mm", spacing_mm, 1.0, 40.0),
        ("label_error", min(errors), 0.0, 0.5),
        ("label_error", max(errors), 0.0, 0.5),
        ("cut_mm", cut_mm, 0.0, 150.0),
        ("motion", motion, 0.0, 3.0),
    )
    for name, value, low, high in limits:
        if not low <= value <= high:
            raise InputError(f"{name} of {value:g}", where=name, mend=f"give {low:g} to {high:g}")
