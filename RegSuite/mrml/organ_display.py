"""How organs look in 3D: in their own colours, by their distance to the target, by their uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from RegSuite.mrml.colours import colour_of
from RegSuite.mrml.display import legend_of
from RegSuite.mrml.label_surfaces import COLOURS, LABELS
from RegSuite.mrml.organ_surfaces import (
    BEFORE,
    DISTANCE_ARRAY,
    GOAL,
    UNCERTAINTY_ARRAY,
    values_of_model,
)
from RegSuite.report.dose_colours import colour_at

ORGAN, DISTANCE, SPREAD = "organ", "distance", "uncertainty"
"""What organs can be coloured by."""

ARRAYS = {DISTANCE: DISTANCE_ARRAY, SPREAD: UNCERTAINTY_ARRAY}
TITLE = "mm"
_ANCHORS = {
    DISTANCE: ("ffffcc", "ffeda0", "fed976", "feb24c", "fd8d3c", "fc4e2a", "e31a1c", "bd0026", "800026"),
    SPREAD: ("ffffd9", "edf8b1", "c7e9b4", "7fcdbb", "41b6c4", "1d91c0", "225ea8", "253494", "081d58"),
}
"""YlOrRd and YlGnBu of ColorBrewer, as in the report: pale is near, or certain."""

UNKNOWN = (0.62, 0.65, 0.69)
TOPS = {1: 6, 2: 5, 3: 4, 5: 6, 8: 5, 10: 6, 15: 4, 20: 5, 30: 4, 50: 6, 80: 5, 100: 6}
"""Ends of the scale in mm, and how many labels then stand at round numbers."""

LEAST_TOP = {DISTANCE: 5.0, SPREAD: 1.0}
"""The scale's end at least: distances under a voxel or two are those of the voxels' steps."""

GLASS = 0.22
"""Opacity of the target's organs, in which the others are seen."""

_MARK = "RegSuite.Colours"
_SIZE = 256
_MOST_PERCENT = 98.0


def show_organs_by(node: Any, what: str, top_mm: float | None = None) -> Any:
    """Colour a model of organs; gives the legend that belongs to it, None for the organs' own colours.

    what: ORGAN, DISTANCE or SPREAD; of what the model has no values its own colours stay. top_mm: end of
    the scale, from the model's values if None. Grey: unknown.
    """
    display = node.GetDisplayNode()
    for legend in filter(None, [legend_of(node)]):
        legend.SetVisibility(False)
    values = values_of_model(node, ARRAYS[what]) if what in ARRAYS else None
    if values is None:
        display.SetActiveScalar(COLOURS, vtk.vtkAssignAttribute.POINT_DATA)
        display.SetScalarRangeFlag(display.UseDirectMapping)
        display.SetScalarVisibility(True)
        return None
    top = scale_top(values, what) if top_mm is None else top_mm
    display.SetActiveScalar(ARRAYS[what], vtk.vtkAssignAttribute.POINT_DATA)
    display.SetAndObserveColorNodeID(organ_scale(node.GetScene(), what).GetID())
    display.SetScalarRangeFlag(display.UseManualScalarRange)
    display.SetScalarRange(0.0, top)
    display.SetScalarVisibility(True)
    return _legend(node, top)


def dress_organs(models: Mapping[str, Any], colours: Mapping[int, tuple[float, float, float]]) -> None:
    """Give the three models (by role) their looks: the target as glass, the others solid, `before` hidden."""
    for role, node in models.items():
        recolour(node, colours)
        display = node.GetDisplayNode()
        display.SetOpacity(GLASS if role == GOAL else 1.0)
        display.SetBackfaceCulling(role != GOAL)
        display.SetVisibility2D(False)
        display.SetVisibility3D(role != BEFORE)
        show_organs_by(node, ORGAN)


def recolour(node: Any, colours: Mapping[int, tuple[float, float, float]]) -> None:
    """Write each label's colour into the model; a label that is not named gets its usual one."""
    data = node.GetPolyData().GetPointData()
    labels = vtk_to_numpy(data.GetArray(LABELS))
    shown = np.full((len(labels), 4), 255, np.uint8)  # how clear a model is, its display says
    for label in np.unique(labels):
        own = colours.get(int(label)) or colour_of(int(label))
        shown[labels == label, :3] = np.round(255 * np.asarray(own))
    array = numpy_to_vtk(shown, deep=True)
    array.SetName(COLOURS)
    data.SetScalars(array)


def scale_top(values: Any, what: str) -> float:
    """A round end of the scale in mm: what all but the largest fiftieth of the values stay below.

    At least LEAST_TOP.
    """
    known = np.asarray(values)[np.isfinite(values)]
    most = float(np.percentile(known, _MOST_PERCENT)) if known.size else 0.0
    most = max(most, LEAST_TOP[what])
    return float(next((top for top in TOPS if top >= most), max(TOPS)))


def organ_scale(scene: Any, what: str) -> Any:
    """The colour table of DISTANCE or SPREAD in a scene, made where it is missing."""
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLColorTableNode")):
        table = scene.GetNthNodeByClass(index, "vtkMRMLColorTableNode")
        if table.GetAttribute(_MARK) == f"organ {what}":
            return table
    table = scene.CreateNodeByClass("vtkMRMLColorTableNode")
    table.UnRegister(None)
    table.SetName(f"RegSuite organ {what}")
    table.SetAttribute(_MARK, f"organ {what}")
    table.SetAttribute("Category", "RegSuite")
    table.HideFromEditorsOff()
    table.SetTypeToUser()
    table.SetNumberOfColors(_SIZE)
    _fill(table, _ANCHORS[what])
    return scene.AddNode(table)


def _fill(table: Any, anchors: Sequence[str]) -> None:
    table.GetLookupTable().SetTableRange(0, _SIZE - 1)
    table.GetLookupTable().SetNanColor(*UNKNOWN, 1.0)
    for index in range(_SIZE):
        table.SetColor(index, str(index), *colour_at(anchors, index / (_SIZE - 1)), 1.0)


def _legend(node: Any, top: float) -> Any:
    """The scalar bar at the right of the 3D view."""
    display = node.GetDisplayNode()
    legend = legend_of(node) or slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(display)
    legend.SetTitleText(TITLE)
    legend.SetLabelFormat("%.3g")
    legend.SetNumberOfLabels(TOPS.get(round(top), 5))
    legend.SetMaxNumberOfColors(_SIZE)
    legend.SetSize(0.06, 0.32)
    legend.SetPosition(0.98, 0.55)
    legend.RemoveAllViewNodeIDs()
    legend.AddViewNodeID("vtkMRMLViewNode1")
    legend.SetVisibility(True)
    return legend
