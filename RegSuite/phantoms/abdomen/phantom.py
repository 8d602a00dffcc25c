"""AbdomenPhantom: scans of two people's abdomen with five organs, and all that is known of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from RegSuite.geometry import Image
from RegSuite.phantoms.abdomen.clouds import AbdomenClouds


@dataclass(frozen=True, eq=False)
class AbdomenPhantom:
    """The source (moving) and the target (fixed), each on a grid of its own, and the truth about them.

    source_labels, target_labels: int32, 0 elsewhere, 1 liver, 2 spleen, 3 right kidney, 4 left kidney,
    5 bladder, as a segmentation found them (with swapped patches if asked for); source_organs,
    target_organs: the true ones. displacement: u [3, *shape] LPS mm on the TARGET's grid: target point x
    is the source's x + u(x); inverse_displacement on the source's. Both are exact in the organs and in
    the abdominal wall and beyond, to the skin; there `corresponds` (target's grid) and
    `source_corresponds`, uint8, are 1. Between the organs nothing corresponds: 0, and the displacement is
    the body's stretch, a fill that says nothing. source_sliding, target_sliding: uint8, voxels of an organ
    within 10 mm of another organ (1), or else of the abdominal wall (2).
    clouds: points of the organs' surfaces with labels, landmarks, the labels' true transition U, and the
    exact maps (`clouds.anatomy`).
    """

    source: Image
    target: Image
    source_labels: Image
    target_labels: Image
    source_organs: Image
    target_organs: Image
    displacement: Image
    inverse_displacement: Image
    corresponds: Image
    source_corresponds: Image
    source_sliding: Image
    target_sliding: Image
    clouds: AbdomenClouds
    label_names: Mapping[int, str] = field(default_factory=dict)
    seed: int = 0
    name: str = "abdomen"
    parameters: Mapping[str, Any] = field(default_factory=dict)
