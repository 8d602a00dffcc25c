"""The multi-start: many rotations tried on few points, pruned early."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from RegSuite.methods.linear.measures import Measure
from RegSuite.methods.linear.moments import Moments, axis_rotations
from RegSuite.methods.linear.optimise import Descent, Optimum, maximise
from RegSuite.methods.linear.poses import Frame, Poses
from RegSuite.methods.linear.rotations import (
    angle_between,
    cube_rotations,
    nearest_rotation,
    plane_rotations,
    spread_rotations,
)

FloatArray = NDArray[np.float64]
Extent = Literal["full", "near", "none"]

SPREAD = 480
"""Rotations over SO(3): the nearest one is about 20 degrees away, within reach of a coarse descent."""
PLANE = 36
NEAR_DEGREES = 35.0
SAME_DEGREES, SAME_RADII = 12.0, 0.15
"""Two poses nearer than this, in rotation and in place over the radius, count as one."""


@dataclass(frozen=True)
class Starts:
    """Poses to start from and where each comes from."""

    poses: Poses
    names: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """The different poses of the search, best first: poses [n], scores [n], overlap [n], names."""

    poses: Poses
    scores: FloatArray
    overlap: FloatArray
    names: tuple[str, ...]


def starts(
    extent: Extent,
    given: FloatArray | None,
    fixed: Moments,
    moving: Moments,
    middles: tuple[FloatArray, FloatArray],
    frame: Frame,
) -> Starts:
    """The poses to try: the header (or the given matrix [4, 4]), centres on centres, then rotations.

    middles: middle of the fixed and of the moving volume in mm.
    """
    header = Poses.of_matrix(np.eye(4) if given is None else given, frame)
    rotation = nearest_rotation(header.linear[0])[None]
    first = [header if given is None else Poses(rotation, header.place)]
    names = ["the header's geometry" if given is None else "the given initial transform"]
    if extent == "none":
        return Starts(first[0], tuple(names))
    if given is None or extent == "full":
        onto_mass = moving.centre + (frame.centre - fixed.centre)
        onto_middle = middles[1] + frame.centre - middles[0]
        first += [Poses(rotation, onto_mass[None]), Poses(rotation, onto_middle[None])]
        names += ["the centres of mass", "the middles of the volumes"]
    place = first[1].place if len(first) > 1 else first[0].place
    turns = _turns(extent, fixed, moving, frame)
    if extent == "near":
        turns = Starts(Poses(turns.poses.linear @ rotation, turns.poses.place), turns.names)
    places = np.repeat(place, len(turns.names), axis=0)
    return Starts(Poses.joined([*first, Poses(turns.poses.linear, places)]), (*names, *turns.names))


def _turns(extent: Extent, fixed: Moments, moving: Moments, frame: Frame) -> Starts:
    """Rotations to try about the centre of mass."""
    if frame.axes.shape[1] == 2:
        parts = [plane_rotations(PLANE, np.asarray(np.cross(*frame.axes.T), dtype=np.float64))]
        names = ["a rotation in the plane"] * PLANE
    else:
        parts = [axis_rotations(fixed, moving), cube_rotations(), spread_rotations(SPREAD)]
        names = (
            ["the principal axes"] * 4
            + ["quarter turns about the axes"] * 24
            + ["a rotation of the search"] * SPREAD
        )
    linear = np.concatenate(parts)
    if extent == "near":
        near = angle_between(linear, np.eye(3)[None]) < NEAR_DEGREES
        linear, names = linear[near], [n for n, keep in zip(names, near, strict=True) if keep]
    return Starts(Poses(linear, np.zeros((len(linear), 3))), tuple(names))


def search(
    begin: Starts,
    coarse: tuple[Measure, Measure],
    finer: Measure,
    frame: Frame,
    least_overlap: float,
    step_mm: float,
    tick: Callable[[float, float], None],
) -> Found:
    """The best poses after pruned rigid descents: few points, more points, the next finer level.

    coarse: the measure on few and on all points of the coarsest level. tick(fraction, best score).
    """
    names = np.array(begin.names)
    rounds = [(coarse[0], 2, 96), (coarse[0], 4, 24), (coarse[1], 8, 6), (finer, 10, 6)]
    poses = begin.poses
    result: Optimum | None = None
    for number, (measure, iterations, keep) in enumerate(rounds):
        step = step_mm if measure is not finer else step_mm / 2
        descent = Descent(iterations, 2 * step, 0.02 * step, least_overlap)

        def told(iteration: int, value: float, number: int = number, iterations: int = iterations) -> None:
            tick((number + iteration / iterations) / len(rounds), value)

        result = maximise(measure, "rigid", poses, frame, descent, told)
        order = _different(result, frame, keep, separate=number >= 1)
        poses, names = result.poses[order], names[order]
        scores, overlap = score(result)[order], result.overlap[order]
    return Found(poses, scores, overlap, tuple(names))


def score(result: Optimum) -> FloatArray:
    """[K] what poses are ranked by: measure times overlap, what all shared points tell together."""
    return np.asarray(result.value * np.minimum(1.0, result.overlap))


def _different(result: Optimum, frame: Frame, keep: int, *, separate: bool) -> NDArray[np.intp]:
    """Indices of the best poses; with `separate`, one of each group of nearly equal ones."""
    order = np.argsort(-score(result), kind="stable")
    if not separate:
        return order[:keep]
    chosen: list[int] = []
    for k in order:
        if all(not same_pose(result.poses[[k]], result.poses[[c]], frame) for c in chosen):
            chosen.append(int(k))
        if len(chosen) == keep:
            break
    return np.array(chosen, dtype=np.intp)


def same_pose(first: Poses, second: Poses, frame: Frame) -> bool:
    """Whether two single poses differ by less than SAME_DEGREES and SAME_RADII."""
    turn = float(angle_between(nearest_rotation(first.linear[0]), nearest_rotation(second.linear[0])))
    shift = float(np.linalg.norm(first.place[0] - second.place[0]))
    return turn < SAME_DEGREES and shift < SAME_RADII * frame.radius
