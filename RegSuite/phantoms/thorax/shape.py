"""The measures of one patient's thorax: what the formulas of the anatomy are fed with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Shape(NamedTuple):
    """Lengths in mm, places in LPS mm about the middle of the chest, densities in HU.

    x is to the left, y to the back, z to the head. A NamedTuple, as compiled kernels take it.
    """

    body_x: float
    body_y: float
    fat: float
    cage_x: float
    cage_y: float
    cage_top: float
    """Height above which the cage closes to the apex, and how much higher that is."""
    cage_rise: float
    right_dome: float
    """Height of the diaphragm's top, right and left, and how far it falls 70 mm from there."""
    left_dome: float
    dome_fall: float
    heart_x: float
    heart_y: float
    heart_z: float
    heart_long: float
    heart_short: float
    heart_tilt: float
    """Of the heart's long axis from the left towards the front and down, in radians."""
    spine_y: float
    """Of the middle of the vertebral bodies at z = 0, and how far the kyphosis takes it back at 100 mm."""
    kyphosis: float
    rib_pitch: float
    rib_phase: float
    rib_drop: float
    """How much lower a rib is at the front than at the back."""
    vertebra_pitch: float
    vertebra_phase: float
    carina_z: float
    lung_hu: float
    lung_slope: float
    """HU a mm towards the back (gravity, supine)."""
    blood_hu: float
    tumour_x: float
    tumour_y: float
    tumour_z: float
    tumour_radius: float
    tumour_hu: float
    lobe_size: float
    """Share by which the tumour's surface goes in and out, and the phase of its lobes."""
    lobe_phase: float


def draw_shape(rng: np.random.Generator, size: float = 1.0) -> Shape:
    """A patient of ordinary measures; the tumour is placed by `placed`, here it stands at the origin."""

    def about(value: float, share: float = 0.06) -> float:
        return float(value * size * (1 + share * rng.uniform(-1, 1)))

    fat = float(rng.uniform(9, 22))
    cage_x, cage_y = about(128.0), about(88.0)
    top = about(62.0)
    right = -about(72.0, 0.15)
    heart_tilt = float(rng.uniform(0.45, 0.75))
    return Shape(
        body_x=cage_x + 26.0 + fat,
        body_y=cage_y + 21.0 + fat,
        fat=fat,
        cage_x=cage_x,
        cage_y=cage_y,
        cage_top=top - 60.0,
        cage_rise=about(130.0),
        right_dome=right,
        left_dome=right - float(rng.uniform(4, 18)),
        dome_fall=about(36.0, 0.2),
        heart_x=about(22.0, 0.3),
        heart_y=-about(30.0, 0.2),
        heart_z=right + about(34.0, 0.15),
        heart_long=about(62.0),
        heart_short=about(43.0),
        heart_tilt=heart_tilt,
        spine_y=about(48.0),
        kyphosis=float(rng.uniform(2, 10)),
        rib_pitch=about(27.0),
        rib_phase=float(rng.uniform(0, 1)),
        rib_drop=float(rng.uniform(60, 95)),
        vertebra_pitch=about(23.0),
        vertebra_phase=float(rng.uniform(0, 1)),
        carina_z=about(30.0, 0.2),
        lung_hu=float(rng.uniform(-860, -760)),
        lung_slope=float(rng.uniform(0.2, 0.7)),
        blood_hu=float(rng.choice([42.0, rng.uniform(80, 160)])),
        tumour_x=0.0,
        tumour_y=0.0,
        tumour_z=0.0,
        tumour_radius=float(rng.uniform(9, 21)),
        tumour_hu=float(rng.uniform(20, 60)),
        lobe_size=float(rng.uniform(0.08, 0.24)),
        lobe_phase=float(rng.uniform(0, 6.28)),
    )


def placed(shape: Shape, centre: np.ndarray) -> Shape:
    """The same patient with the tumour's centre at `centre` [3], LPS mm."""
    x, y, z = (float(v) for v in centre)
    return shape._replace(tumour_x=x, tumour_y=y, tumour_z=z)
