"""One person (or day): five organs and the body around them, in mm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from RegSuite.phantoms.abdomen.maps import CLOSE_MM, OrganMap, WholeMap
from RegSuite.phantoms.abdomen.organs import LABEL_NAMES, organ_of, skin

FloatArray = NDArray[np.float64]

ROUND = 2.5
"""Exponent of the abdominal cavity's outline."""


@dataclass(frozen=True, eq=False)
class Person:
    """organs: form to person's frame, by label; whole: from there to LPS mm.

    body: half axes of the cavity's outline and stretch along the body [3]; middle: of the cavity [3], both
    in the person's frame; fat: thickness under the skin, as a share of the half axes.
    """

    organs: Mapping[int, OrganMap]
    whole: WholeMap
    body: FloatArray
    middle: FloatArray
    fat: float

    def forward(self, form_mm: FloatArray, label: int) -> FloatArray:
        """LPS mm [n, 3] of points of the organ's form."""
        return self.whole.forward(self.organs[label].forward(form_mm))

    def inverse(self, points_mm: FloatArray, label: int, close_mm: float = CLOSE_MM) -> FloatArray:
        """Points of the organ's form [n, 3] of LPS mm; goes on smoothly outside the organ."""
        return self.organs[label].inverse(self.whole.inverse(points_mm), close_mm)

    def depth(self, points_mm: FloatArray, label: int) -> FloatArray:
        """About the distance in mm of LPS points to the organ's surface [n], negative inside."""
        return organ_of(label).form(self.inverse(points_mm, label))

    def labels(self, points_mm: FloatArray) -> NDArray[np.int64]:
        """Which organ LPS points [n, 3] lie in [n]; 0: none."""
        found = np.zeros(len(points_mm), dtype=np.int64)
        for label in LABEL_NAMES:
            low, high = self.boxes[label]
            near = np.flatnonzero(((points_mm >= low) & (points_mm <= high)).all(axis=1))
            found[near[self.depth(points_mm[near], label) < 0]] = label
        return found

    @cached_property
    def boxes(self) -> dict[int, tuple[FloatArray, FloatArray]]:
        """Lowest and highest LPS coordinates of each organ, 5 mm more on each side."""
        skins = {label: self.forward(skin(label), label) for label in LABEL_NAMES}
        return {label: (own.min(axis=0) - 5.0, own.max(axis=0) + 5.0) for label, own in skins.items()}

    def to_body(self, points_mm: FloatArray) -> FloatArray:
        """LPS points in body coordinates [n, 3]: the cavity's wall is where `outline` is 1."""
        return np.asarray((self.whole.inverse(points_mm) - self.middle) / self.body)

    def from_body(self, body: FloatArray) -> FloatArray:
        """LPS mm of body coordinates."""
        return self.whole.forward(body * self.body + self.middle)


def outline(body: FloatArray) -> FloatArray:
    """1 at the cavity's wall, less within [n], of body coordinates [n, 3]."""
    out: FloatArray = (np.abs(body[:, :2]) ** ROUND).sum(1) ** (1 / ROUND)
    return out
