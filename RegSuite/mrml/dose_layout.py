"""Puts an accumulated dose into the views: wash and isodoses over the scan, DVHs beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer

from RegSuite.mrml.display import legend_of, voxels
from RegSuite.mrml.dose_made import BROWSER, CHART, DOSES, ISODOSES, PLANNING, SPREAD, STRUCTURES
from RegSuite.mrml.fraction_browser import choose_frame, volumes_of_browser
from RegSuite.mrml.isodoses import LEVEL
from RegSuite.mrml.layout import fill_layers, place_views, seen_part
from RegSuite.mrml.placed import placed_grid
from RegSuite.mrml.space import grid_of_volume
from RegSuite.mrml.views import SLICE_VIEWS, composite

if TYPE_CHECKING:
    from RegSuite.workflows.scene import SceneContent

WASH = 0.45
"""Opacity of the dose over the scan."""

PLOT_VIEW = "PlotView1"
_HOT = 0.9
"""Of the highest dose: the views are cut through the middle of what gets more."""


def show_dose_nodes(nodes: Mapping[str, Any], content: SceneContent) -> None:
    """Show the nodes of a course (by role): the accumulated dose over the planning scan, and its DVHs.

    The views are cut through content.centre_mm, or the middle of the high dose. Three slices and a plot;
    on the desktop the views follow, without one they are so when the scene is opened.
    """
    dose = nodes.get("accumulated_dose")
    background = nodes.get(PLANNING) or dose
    if background is None or background.GetImageData() is None:
        return
    scene = background.GetScene()
    slicer.app.pauseRender()
    try:
        centre = content.centre_mm if content.centre_mm is not None else _hot_point(dose)
        layout = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotView
        grid = placed_grid(background)
        place_views(scene, grid, seen_part(background, grid), centre, layout=int(layout))
        show_map(nodes, "accumulated_dose")
    finally:
        slicer.app.resumeRender()


def show_map(nodes: Mapping[str, Any], role: str, opacity: float = WASH) -> None:
    """Lay one dose, EQD2 or uncertainty map of a result over the planning scan, with its legend.

    Isodose lines are those of the accumulated physical dose: they are hidden with another quantity.
    """
    shown = nodes.get(role)
    background = nodes.get(PLANNING) or shown
    if shown is None or background is None:
        return
    scene = shown.GetScene()
    for name in SLICE_VIEWS.values():
        fill_layers(composite(scene, name), background, shown, None, opacity)
    show_isodoses(nodes, role not in (SPREAD, "accumulated_eqd2"))
    show_chart(scene, nodes.get("dvh_eqd2_chart" if role == "accumulated_eqd2" else CHART))
    browsed = {} if nodes.get(BROWSER) is None else volumes_of_browser(nodes[BROWSER])
    others = {**{name: nodes.get(name) for name in (*DOSES, SPREAD)}, "fraction": browsed.get("dose")}
    for other, node in others.items():
        legend = None if node is None or node.GetScene() is None else legend_of(node)
        if legend is not None:
            legend.SetVisibility(other == role)


def show_fraction(nodes: Mapping[str, Any], number: int, opacity: float = WASH) -> None:
    """Lay the dose of one fraction (from 1) over its own scan, both as they lie on the planning scan."""
    browser = nodes.get(BROWSER)
    if browser is None:
        return
    choose_frame(browser, number)
    shown = volumes_of_browser(browser)
    dose = shown.get("dose")
    background = shown.get("image") or nodes.get(PLANNING)
    if dose is None or background is None:
        return
    for name in SLICE_VIEWS.values():
        fill_layers(composite(dose.GetScene(), name), background, dose, None, opacity)
    show_isodoses(nodes, False)
    for other in (*DOSES, SPREAD):
        legend = None if nodes.get(other) is None else legend_of(nodes[other])
        if legend is not None:
            legend.SetVisibility(False)
    legend_of(dose).SetVisibility(True)


def show_isodoses(nodes: Mapping[str, Any], on: bool) -> None:
    """Show or hide the isodose lines of a result."""
    first = nodes.get(ISODOSES)
    for model in [] if first is None else isodoses_beside(first):
        model.GetDisplayNode().SetVisibility(on)


def show_structures(nodes: Mapping[str, Any], on: bool) -> None:
    """Show or hide the structures' outlines."""
    node = nodes.get(STRUCTURES)
    if node is not None and node.GetDisplayNode() is not None:
        node.GetDisplayNode().SetVisibility(on)


def isodoses_beside(first: Any) -> list[Any]:
    """All isodose models of the dose to which one belongs."""
    stem = first.GetName().rpartition(":")[0]
    models = slicer.util.getNodesByClass("vtkMRMLModelNode")
    alike = (m for m in models if m.GetAttribute(LEVEL) is not None)
    return [m for m in alike if m.GetName().rpartition(":")[0] == stem]


def show_chart(scene: Any, chart: Any) -> None:
    """Put a plot chart into the plot view, made where the scene has none."""
    if chart is None:
        return
    view = scene.GetSingletonNode(PLOT_VIEW, "vtkMRMLPlotViewNode")
    if view is None:
        node = scene.CreateNodeByClass("vtkMRMLPlotViewNode")
        node.UnRegister(None)
        node.SetName(PLOT_VIEW)
        node.SetLayoutName(PLOT_VIEW)
        view = scene.AddNode(node)
    view.SetPlotChartNodeID(chart.GetID())


def _hot_point(dose: Any) -> Any:
    """The middle of the high dose, LPS mm; None without a dose."""
    if dose is None:
        return None
    values = np.nan_to_num(np.asarray(voxels(dose)), nan=0.0)
    top = float(values.max(initial=0.0))
    if not top > 0:
        return None
    places = np.argwhere(values >= _HOT * top)[:, ::-1]
    return tuple(grid_of_volume(dose).points(places.mean(axis=0)).tolist())
