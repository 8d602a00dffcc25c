"""The organs of the phantom: labels, where they are, how they vary, their surfaces and landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from RegSuite.phantoms.abdomen import forms

FloatArray = NDArray[np.float64]
Vector = tuple[float, float, float]

FARTHEST_MM = 180.0
"""No organ reaches farther from its frame's origin."""

BISECTIONS, FALSE_POSITIONS = 11, 8
SKIN_RAYS = 2500


@dataclass(frozen=True)
class PhantomOrgan:
    """One organ: its form, where its frame's origin is on average, and its variation among people.

    stretch_sd: standard deviation of the logarithm of its size along each axis. wave_mm: shortest and
    longest wave of its smooth change of shape. value_hu: CT value with contrast agent, portal venous.
    """

    label: int
    name: str
    form: forms.Form
    place_mm: Vector
    tilt_degrees: Vector
    stretch_sd: float
    wave_mm: tuple[float, float]
    value_hu: float


RIGHT, LEFT = "right kidney", "left kidney"
ORGANS = (
    PhantomOrgan(1, "liver", forms.liver, (-52, -14, 75), (0, 0, 0), 0.08, (140.0, 240.0), 108.0),
    PhantomOrgan(2, "spleen", forms.spleen, (98, 36, 78), (12, -8, 0), 0.14, (90.0, 160.0), 122.0),
    PhantomOrgan(3, RIGHT, forms.right_kidney, (-68, 52, 8), (-8, -10, 0), 0.08, (90.0, 160.0), 165.0),
    PhantomOrgan(4, LEFT, forms.left_kidney, (62, 48, 24), (-8, 10, 0), 0.08, (90.0, 160.0), 165.0),
    PhantomOrgan(5, "bladder", forms.bladder, (0, -20, -205), (0, 0, 0), 0.18, (90.0, 160.0), 8.0),
)  # fmt: skip
LABEL_NAMES = {organ.label: organ.name for organ in ORGANS}


def organ_of(label: int) -> PhantomOrgan:
    """The organ of a label from 1 to 5."""
    return ORGANS[label - 1]


def directions(count: int) -> FloatArray:
    """Unit vectors [count, 3], evenly spread (Fibonacci's spiral)."""
    n = np.arange(count) + 0.5
    z = 1.0 - 2.0 * n / count
    turn = np.pi * (1.0 + 5.0**0.5) * n
    r = np.sqrt(1.0 - z * z)
    return np.stack([r * np.cos(turn), r * np.sin(turn), z], axis=1)


def surface(label: int, rays: FloatArray) -> FloatArray:
    """Where rays [n, 3] (unit vectors) from the frame's origin meet its surface [n, 3]: to 1e-9 mm."""
    form = organ_of(label).form
    inside, outside = np.zeros(len(rays)), np.full(len(rays), FARTHEST_MM)
    for _ in range(BISECTIONS):
        middle = (inside + outside) / 2
        within = form(middle[:, None] * rays) < 0
        inside, outside = np.where(within, middle, inside), np.where(within, outside, middle)
    low, high = form(inside[:, None] * rays), form(outside[:, None] * rays)
    side = np.zeros(len(rays))
    for _ in range(FALSE_POSITIONS):
        new = outside - high * (outside - inside) / np.maximum(high - low, 1e-300)
        value = form(new[:, None] * rays)
        within = value < 0
        # an end that stays twice counts half (Illinois): both ends close in
        high = np.where(within, np.where(side < 0, high / 2, high), value)
        low = np.where(within, value, np.where(side > 0, low / 2, low))
        inside, outside = np.where(within, new, inside), np.where(within, outside, new)
        side = np.where(within, -1.0, 1.0)
    out: FloatArray = new[:, None] * rays
    return out


@cache
def skin(label: int) -> FloatArray:
    """Points of the form's surface, everywhere about 6 mm apart or less [n, 3]; read-only."""
    out = surface(label, directions(SKIN_RAYS))
    out.setflags(write=False)
    return out


@cache
def landmarks() -> tuple[tuple[str, int, FloatArray], ...]:
    """(name, label, place [3] in the organ's frame) of the eleven landmarks of paper 13's Table 1.

    Top and bottom: the surface's highest and lowest point; centre: of the volume; the round ligament:
    the notch's deepest point towards the liver's middle; bladder: its centre.
    """
    found = [("bladder", 5, _centre(5))]
    for name, label in (("left kidney", 4), ("liver", 1), ("right kidney", 3)):
        skin = surface(label, directions(20_000))
        found += [
            (f"{name} bottom", label, skin[skin[:, 2].argmin()]),
            (f"{name} centre", label, _centre(label)),
            (f"{name} top", label, skin[skin[:, 2].argmax()]),
        ]
    notch = np.array(forms.LIGAMENT)
    found.append(("round ligament", 1, surface(1, (notch / np.linalg.norm(notch))[None])[0]))
    return tuple(found)


def _centre(label: int) -> FloatArray:
    """Centroid of the organ's volume: rays' cones of height r have theirs at 3/4 r, weight r^3."""
    skin = surface(label, directions(20_000))
    weight = np.linalg.norm(skin, axis=1) ** 3
    out: FloatArray = 0.75 * (weight @ skin) / weight.sum()
    return out
