"""ThoraxCourse: a course of treatment of which all is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry import DoseImage, Image, PointSet, Structure
from RegSuite.phantoms.thorax.beams import Beams
from RegSuite.phantoms.thorax.motion import Motion

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ThoraxFraction:
    """One scan of the course with the dose given on it.

    image: HU. dose: in Gy, of all `count` equal fractions together, on a grid of its own.
    displacement: the true u [3, Z, Y, X] on the planning grid, LPS mm: planning point x is at
    x + u(x) in the fraction. inverse_displacement: on the image's grid, fraction to planning.
    landmarks: the partners of the course's, row by row. motion: u as a formula.
    """

    image: Image
    dose: DoseImage
    displacement: Image
    inverse_displacement: Image
    count: int
    landmarks: PointSet
    motion: Motion


@dataclass(frozen=True, eq=False)
class ThoraxCourse:
    """Planning scan, structures, fractions, and the exact dose accumulated at the planning points.

    structures: of the planning scan, in LPS mm. kind_of: "organ" or "target" by structure name.
    labels: uint8 label map on the planning grid, label_names its names (one label a voxel, so that
    no CTV or PTV is in it). truth_dose: Gy on the planning grid, float32: the sum over fractions of
    the dose's formula at the true place of each voxel. landmarks: LPS mm in the planning scan.
    beams: the dose of one fraction as a formula of the place in the room.
    """

    planning: Image
    structures: tuple[Structure, ...]
    kind_of: Mapping[str, str]
    labels: Image
    label_names: Mapping[int, str]
    fractions: tuple[ThoraxFraction, ...]
    truth_dose: Image
    landmarks: PointSet
    beams: Beams
    seed: int
    name: str = "thorax"
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def dose_at(self, points_mm: FloatArray, fraction: int | None = None) -> FloatArray:
        """[...] exact Gy at planning points [..., 3]: accumulated, or what fraction 0, 1, ... gave there."""
        chosen = self.fractions if fraction is None else (self.fractions[fraction],)
        total = np.zeros(np.shape(points_mm)[:-1])
        for one in chosen:
            u, _ = one.motion.displacement(points_mm)
            total += one.count * self.beams.dose_gy(points_mm + u)
        return total
