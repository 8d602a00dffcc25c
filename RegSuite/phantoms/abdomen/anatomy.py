"""Two people, or two days of one: the exact map between their organs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.geometry import PointSet
from RegSuite.phantoms.abdomen.draw import another_day, draw_person
from RegSuite.phantoms.abdomen.organs import LABEL_NAMES, landmarks
from RegSuite.phantoms.abdomen.person import Person

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Between = Literal["people", "days"]


@dataclass(frozen=True, eq=False)
class Anatomy:
    """The source (moving) and the target (fixed) person; both are drawn from the same organs' forms."""

    source: Person
    target: Person

    def to_target(self, points_mm: FloatArray, labels: IntArray) -> FloatArray:
        """Where source points [n, 3] of organs `labels` [n] (1 to 5) are in the target, LPS mm.

        Exact (to 1e-8 mm) within the organs; beside them an organ's own map, carried on smoothly.
        """
        return _carried(self.source, self.target, points_mm, labels)

    def to_source(self, points_mm: FloatArray, labels: IntArray) -> FloatArray:
        """Where target points [n, 3] are in the source: the inverse of `to_target`."""
        return _carried(self.target, self.source, points_mm, labels)

    def body_to_target(self, points_mm: FloatArray) -> FloatArray:
        """Where source points of the abdominal wall and beyond are in the target; affine, hence exact."""
        return self.target.from_body(self.source.to_body(points_mm))

    def body_to_source(self, points_mm: FloatArray) -> FloatArray:
        """The inverse of `body_to_target`."""
        return self.source.from_body(self.target.to_body(points_mm))

    def landmarks(self) -> tuple[PointSet, PointSet]:
        """The eleven landmarks of paper 13's Table 1 in the source and in the target, row by row."""
        names = tuple(name for name, _, _ in landmarks())
        labels = np.array([label for _, label, _ in landmarks()])
        both = []
        for person, side in ((self.source, "source"), (self.target, "target")):
            places = [person.forward(place[None], label)[0] for _, label, place in landmarks()]
            both.append(PointSet(np.array(places), labels, names, f"{side} landmarks"))
        return both[0], both[1]


def draw_anatomy(rng: np.random.Generator, between: Between, motion: float = 1.0) -> Anatomy:
    """Two people or two days; motion: see `draw_person`. Raises InputError for other words."""
    if between not in ("people", "days"):
        raise InputError(f"a pair of {between!r}", where="between", mend="people or days")
    source = draw_person(rng, motion)
    target = draw_person(rng, motion) if between == "people" else another_day(source, rng, motion)
    # the wall then corresponds to the wall and the fat to the fat by one stretch of the body
    return Anatomy(source, replace(target, fat=source.fat))


def label_of(organ: str | int) -> int:
    """The label of an organ's name or number. Raises InputError for what is none of the five."""
    for label, name in LABEL_NAMES.items():
        if organ in (label, name):
            return label
    known = ", ".join(f"{label} {name}" for label, name in LABEL_NAMES.items())
    raise InputError(f"there is no organ {organ!r}", where="organs", mend=f"organs: {known}")


def _carried(start: Person, end: Person, points_mm: FloatArray, labels: IntArray) -> FloatArray:
    points, labels = np.asarray(points_mm, dtype=np.float64), np.asarray(labels)
    out = np.full(points.shape, np.nan)
    for label in LABEL_NAMES:
        own = labels == label
        out[own] = end.forward(start.inverse(points[own], label), label)
    return out
