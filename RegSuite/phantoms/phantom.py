"""Phantom: a pair of images made by the computer, with what is known about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from RegSuite.geometry import Image, PointSet


@dataclass(frozen=True, eq=False)
class Phantom:
    """fixed and moving image, and the truth about them.

    displacement: u [d, *shape] in LPS mm on the FIXED grid: a fixed point x is at x + u(x) in
    the moving image; None where no one map is the truth (letters, C to disc).
    fixed_labels, moving_labels: int32, each on its image's grid. landmarks: corresponding points.
    name, seed, parameters: all that is needed to make it again.
    """

    name: str
    fixed: Image
    moving: Image
    displacement: Image | None = None
    fixed_labels: Image | None = None
    moving_labels: Image | None = None
    label_names: Mapping[int, str] = field(default_factory=dict)
    fixed_points: PointSet | None = None
    moving_points: PointSet | None = None
    seed: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
