"""How doses look: a wash over the scan that is clear where there is little, with a legend in Gy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray

from RegSuite.mrml.display import legend_of, voxels
from RegSuite.mrml.views import SLICE_VIEWS
from RegSuite.report.dose_colours import DIFFERENCE, DOSE, SPREAD, colour_at, round_top

TABLES = {"dose": "RegSuite dose", "spread": "RegSuite dose uncertainty", "difference": "RegSuite difference"}
"""Names of the colour tables."""

_ANCHORS = {"dose": DOSE, "spread": SPREAD, "difference": DIFFERENCE}
_MARK = "RegSuite.Colours"
_COLOURS = 256
_CLEAR_BELOW = 0.05
"""Of the top of the scale: what is less is not drawn, so that the scan is seen."""


def show_dose(node: Any, top_gy: float | None = None, *, title: str = "Dose (Gy)") -> Any:
    """A dose in colours from 0 to `top_gy` (a round number above its maximum if None); gives its legend.

    Under a twentieth of the top it is clear; NaN is never drawn.
    """
    return _show(node, "dose", top_gy, title)


def show_spread(node: Any, *, title: str = "SD (Gy)") -> Any:
    """A standard deviation of dose from dark to bright; gives its legend."""
    return _show(node, "spread", None, title)


def dose_colours(scene: Any, kind: str = "dose") -> Any:
    """The colour table `kind` (dose, spread or difference) of a scene, made where it is missing."""
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLColorTableNode")):
        table = scene.GetNthNodeByClass(index, "vtkMRMLColorTableNode")
        if table.GetAttribute(_MARK) == kind:
            return table
    table = scene.CreateNodeByClass("vtkMRMLColorTableNode")
    table.UnRegister(None)
    table.SetName(TABLES[kind])
    table.SetAttribute(_MARK, kind)
    table.SetAttribute("Category", "RegSuite")
    table.HideFromEditorsOff()
    table.SetTypeToUser()
    table.SetNumberOfColors(_COLOURS)
    table.GetLookupTable().SetTableRange(0, _COLOURS - 1)
    for index in range(_COLOURS):
        colour = colour_at(_ANCHORS[kind], index / (_COLOURS - 1))
        table.SetColor(index, str(index), *colour, 1.0)
    return scene.AddNode(table)


def highest(values: Sequence[NDArray[Any]]) -> float:
    """The highest finite value of several volumes, 0 where there is none."""
    tops = [float(np.nanmax(v, initial=0.0, where=np.isfinite(v))) for v in values if v.size]
    return max(tops, default=0.0)


def _show(node: Any, kind: str, top: float | None, title: str) -> Any:
    end, steps = round_top(highest([voxels(node)]) if top is None else top)
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID(dose_colours(node.GetScene(), kind).GetID())
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0.0, end)
    display.AutoThresholdOff()
    display.SetThreshold(_CLEAR_BELOW * end, max(highest([voxels(node)]), end) * 2)
    display.SetApplyThreshold(True)
    display.SetInterpolate(True)
    return _legend(node, title, steps + 1)


def _legend(node: Any, title: str, labels: int) -> Any:
    """The colour legend of a dose, at the right of the axial view; hidden until it is shown."""
    made = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode
    legend = legend_of(node) or made(node.GetDisplayNode())
    legend.SetTitleText(title)
    legend.SetLabelFormat("%.3g")
    legend.SetNumberOfLabels(labels)
    legend.SetMaxNumberOfColors(_COLOURS)
    legend.SetSize(0.12, 0.45)
    legend.SetPosition(0.97, 0.5)
    legend.GetTitleTextProperty().SetFontSize(13)
    legend.GetLabelTextProperty().SetFontSize(12)
    legend.AddViewNodeID(f"vtkMRMLSliceNode{SLICE_VIEWS['axial']}")
    legend.SetVisibility(False)
    return legend
