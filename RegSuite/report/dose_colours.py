"""The colours and the isodose levels of doses, the same in reports and in Slicer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from RegSuite.report.draw import round_step

Colour = tuple[float, float, float]

DOSE = ("1b2a7b", "1f5fd0", "12a5d8", "17b87a", "7fd13b", "f4e02c", "f79a1e", "e0301e", "8e0f1f")
"""Of a dose wash from 0 to its top, evenly spaced: cold is low, hot is high, as planning systems have it."""

SPREAD = ("2c0a4f", "6a0f7d", "c51b6c", "f2703f", "fdc05c", "fff3b0")
"""Of a standard deviation from 0 to its top: dark is certain, bright is uncertain. Not DOSE's order."""

DIFFERENCE = ("2166ac", "92c5de", "f7f7f7", "f4a582", "b2182b")
"""Of a difference of doses about 0."""

LEVELS = 6
"""About so many isodose lines."""


def colour_at(anchors: Sequence[str], share: float) -> Colour:
    """Red, green and blue (0..1) a share (0..1) of the way along evenly spaced colours RRGGBB."""
    place = float(np.clip(share, 0.0, 1.0)) * (len(anchors) - 1)
    low = min(int(place), len(anchors) - 2)
    first, second = (np.frombuffer(bytes.fromhex(a), np.uint8) / 255 for a in anchors[low : low + 2])
    red, green, blue = first + (place - low) * (second - first)
    return float(red), float(green), float(blue)


def isodose_levels(maximum_gy: float, prescription_gy: float | None = None) -> tuple[float, ...]:
    """Isodose levels in Gy, ascending: round doses up to the maximum, or percents of a prescription.

    Without a prescription about LEVELS multiples of a round step (1, 2 or 5 times a power of ten). With
    one 20, 50, 80, 95, 100 and 107 % of it (ICRU 50 and 83: 95 to 107 % is the window of a target). Only
    levels below the maximum are given; none of a dose of nothing.
    """
    if not maximum_gy > 0:
        return ()
    if prescription_gy is not None:
        levels = [prescription_gy * percent / 100 for percent in (20, 50, 80, 95, 100, 107)]
    else:
        step = round_step(maximum_gy, LEVELS)
        levels = [step * n for n in range(1, int(maximum_gy / step) + 1)]
    return tuple(float(f"{level:.6g}") for level in levels if level < maximum_gy)


def round_top(maximum: float) -> tuple[float, int]:
    """A round number just above a maximum for the end of a scale, and how many steps lead to it from 0."""
    if not maximum > 0:
        return 1.0, 1
    step = round_step(maximum, LEVELS)
    count = int(np.ceil(maximum / step - 1e-6))
    return float(f"{step * count:.6g}"), count
