"""The colour table GenericColors, which Slicer reads from a file that slicer-core has not."""

from __future__ import annotations

import colorsys
from typing import Any

import slicer

TAG = "FileGenericColors.txt"
COLOURS = 256
GOLDEN_TURN = 0.618033988749895
"""Neighbouring labels differ by this turn of the hue circle, which never repeats itself."""


def add_generic_colours(scene: Any) -> None:
    """Add the table under the ID that label maps ask for, unless it is there.

    Colour 0 is the transparent background; the others are distinct, not those of Slicer's file.
    """
    if scene.GetNodeByID(f"vtkMRMLColorTableNode{TAG}") is not None:
        return
    table = slicer.vtkMRMLColorTableNode()
    table.SetSingletonTag(TAG)
    table.SetName("GenericColors")
    table.SetTypeToFile()
    table.SetAttribute("Category", "Discrete")
    table.SetNumberOfColors(COLOURS)
    table.SetHideFromEditors(0)
    table.SaveWithSceneOff()
    table.SetColor(0, "background", 0.0, 0.0, 0.0, 0.0)
    for label in range(1, COLOURS):
        hue = label * GOLDEN_TURN % 1.0
        saturation, value = 0.45 + 0.15 * (label % 4), 0.95 - 0.12 * (label % 3)
        table.SetColor(label, f"region {label}", *colorsys.hsv_to_rgb(hue, min(saturation, 0.9), value), 1.0)
    scene.AddNode(table)
