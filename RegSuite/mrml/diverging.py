"""Diverging colours: Jacobian determinants about 1, differences about 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.brightness import coarse

Colour = tuple[float, float, float, float]

COLOURS = 256
LIMITS = {1.25: 6, 1.5: 4, 2.0: 5, 3.0: 4, 4.0: 5}
"""Ends of the Jacobian's colours, and how many labels then stand at round determinants from 0 on."""
RANGE_ATTRIBUTE = "RegSuite.ColourRange"
FOLD = (0.224, 1.0, 0.078, 1.0)
"""Bright green, as in the report."""

_UNCHANGED = 0.1
_CLEAR_BELOW = 0.08
"""Share of the largest change in intensity below which it is not coloured."""

_BLUE = ("053061", "2166ac", "4393c3", "92c5de", "c6e0f0", "f7f7f7")
_RED = ("f7f7f7", "fddbc7", "f4a582", "d6604d", "b2182b", "67001f")
_BELOW_GREY = ("9be7ff", "1b7fd6", "808080")
_ABOVE_GREY = ("808080", "e0631b", "ffe29b")
_DARKER = ("9aa9bb", "4f8fcb", "1b7fd6", "4db4ef", "9be7ff")
_BRIGHTER = ("bbaa9a", "d08a5c", "e0631b", "f2a257", "ffe29b")


def jacobian_limit(jacobian: NDArray[Any]) -> float:
    """The determinant J at the end of the colours: the first of LIMITS so that 1/J to J holds 98 % of all."""
    values = coarse(jacobian)
    positive = values[(values > 0) & np.isfinite(values)]
    spread = float(np.percentile(np.abs(np.log(positive)), 98)) if positive.size else 0.0
    return next((limit for limit in LIMITS if np.log(limit) >= spread), max(LIMITS))


def jacobian_colours(scene: Any, limit: float) -> Any:
    """The colour table of determinants from 0 to `limit`, made once a scene and limit.

    log-symmetric: J and 1/J are equally far from white, which is 1; blue is expanded to fit
    (J < 1), red was compressed (J > 1), bright green folds: its first colour stands for J <= 0 and
    up to 1/255 of the limit. The table is stretched over J itself, so that a colour legend shows
    determinants. Within a tenth of the limit (in logarithms) it is transparent: over an image only
    what changes its volume is coloured.
    """

    def colour(place: float) -> Colour:
        if place <= 0:
            return FOLD
        share = float(np.clip(np.log(place * limit) / np.log(limit), -1, 1))
        anchors, place = (_BLUE, share + 1) if share < 0 else (_RED, share)
        return (*_between(anchors, place), float(abs(share) > _UNCHANGED))

    return _table(scene, "Jacobian colours", limit, colour)


def difference_colours(scene: Any) -> Any:
    """The colour table of differences: blue below zero, which is grey in its middle, orange above."""

    def colour(place: float) -> Colour:
        anchors, within = (_BELOW_GREY, 2 * place) if place < 0.5 else (_ABOVE_GREY, 2 * place - 1)
        return (*_between(anchors, within), 1.0)

    return _table(scene, "Difference colours", 1.0, colour)


def change_colours(scene: Any) -> Any:
    """The colour table of added intensity: blue where it is darker, orange where brighter, clear about 0.

    Over an image only what the appearance was changed in is coloured: pale where a little. (Slicer's
    slices draw a colour of any opacity above 0 as if it were 1, so that they cannot fade in.)
    """

    def colour(place: float) -> Colour:
        share = 2 * place - 1
        anchors, within = (_DARKER, -share) if share < 0 else (_BRIGHTER, share)
        return (*_between(anchors, within), float(abs(share) > _CLEAR_BELOW))

    return _table(scene, "Appearance change colours", 1.0, colour)


def _table(scene: Any, name: str, limit: float, colour: Callable[[float], Colour]) -> Any:
    """The table of that name and limit in the scene, made where it is missing."""
    mark = f"{name} {limit:.4g}"
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLColorTableNode")):
        table = scene.GetNthNodeByClass(index, "vtkMRMLColorTableNode")
        if table.GetAttribute(RANGE_ATTRIBUTE) == mark:
            return table
    table = scene.CreateNodeByClass("vtkMRMLColorTableNode")
    table.UnRegister(None)
    table.SetName(name)
    table.SetAttribute(RANGE_ATTRIBUTE, mark)
    table.SetAttribute("Category", "RegSuite")
    table.HideFromEditorsOff()
    table.SetTypeToUser()
    table.SetNumberOfColors(COLOURS)
    table.GetLookupTable().SetTableRange(0, COLOURS - 1)
    for index in range(COLOURS):
        table.SetColor(index, str(index), *colour(index / (COLOURS - 1)))
    return scene.AddNode(table)


def _between(anchors: Sequence[str], share: float) -> tuple[float, float, float]:
    """The colour a share (0..1) of the way along evenly spaced colours RRGGBB."""
    place = float(np.clip(share, 0, 1)) * (len(anchors) - 1)
    low = min(int(place), len(anchors) - 2)
    first, second = (np.frombuffer(bytes.fromhex(a), np.uint8) / 255 for a in anchors[low : low + 2])
    red, green, blue = first + (place - low) * (second - first)
    return float(red), float(green), float(blue)
