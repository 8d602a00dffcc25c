"""What changes in the lung from day to day without any motion: fluid, and haze."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from RegSuite.phantoms.thorax.shape import Shape


class Change(NamedTuple):
    """Pleural fluid behind y = fluid_y (LPS mm of the planning anatomy) on one side (+1 left, -1 right),
    and a Gaussian opacity (pneumonitis) of haze_hu in its middle, haze_mm wide (standard deviation).
    """

    fluid_y: float = 1e6
    fluid_side: float = 1.0
    haze_x: float = 0.0
    haze_y: float = 0.0
    haze_z: float = 0.0
    haze_mm: float = 1.0
    haze_hu: float = 0.0


NOTHING = Change()


def draw_change(shape: Shape, rng: np.random.Generator) -> Change:
    """Fluid in one fraction of four, haze near the tumour in one of three."""
    change = NOTHING
    wet, hazy = rng.uniform() < 0.25, rng.uniform() < 0.33
    depth, side = float(rng.uniform(10, 28)), float(rng.choice([-1.0, 1.0]))
    off, wide, more = rng.normal(0, 18, 3), float(rng.uniform(15, 30)), float(rng.uniform(40, 180))
    if wet:
        change = change._replace(fluid_y=shape.cage_y - depth, fluid_side=side)
    if hazy:
        change = change._replace(
            haze_x=shape.tumour_x + float(off[0]),
            haze_y=shape.tumour_y + float(off[1]),
            haze_z=shape.tumour_z + float(off[2]),
            haze_mm=wide,
            haze_hu=more,
        )
    return change
