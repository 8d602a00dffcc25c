"""Puts a result into the views: layout, layers, opacity, and the place to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer

from RegSuite.mrml.display import voxels
from RegSuite.mrml.dose_made import is_course
from RegSuite.mrml.organ_results import is_organs
from RegSuite.mrml.space import grid_of_volume
from RegSuite.mrml.tumor_results import is_tumor
from RegSuite.mrml.views import (
    SLICE_VIEWS,
    arrange,
    composite,
    fit_slice,
    layout_of,
    look_at,
    plain_3d_view,
    slice_view,
)
from RegSuite.report.brightness import bright, coarse, steps, window_of
from RegSuite.report.planes import planes_of

if TYPE_CHECKING:
    from RegSuite.geometry import Grid
    from RegSuite.workflows.scene import SceneContent

_OBLIQUE_DEGREES = 0.5
_MARGIN_MM = 8.0


def show_nodes(nodes: Mapping[str, Any], content: SceneContent) -> None:
    """Show the nodes of a result (by role) as its workflow wants to be seen.

    Background and foreground go into every slice view, the latter at the workflow's opacity; a
    label map among the labels goes into the label layer as outlines. All of the background that is
    not dark fills the views, cut through content.centre_mm. A volume of one slice gets the one view
    that shows it. A course is shown as `show_dose_nodes` does, a tumour as `show_tumor_nodes`,
    organs as `show_organ_nodes`.
    All through MRML: on the desktop the views follow, without one they are so when the scene is opened.
    """
    view = content.workflow.view
    if is_course(content.workflow):
        from RegSuite.mrml.dose_layout import show_dose_nodes  # which shows with what stands here

        show_dose_nodes(nodes, content)
        return
    if is_organs(content.workflow):
        from RegSuite.mrml.organ_layout import show_organ_nodes

        show_organ_nodes(nodes, content)
        return
    if is_tumor(content.workflow):
        from RegSuite.mrml.tumor_layout import show_tumor_nodes

        show_tumor_nodes(nodes, content)
        return
    background = nodes.get(view.background)
    if background is None or background.GetImageData() is None:
        return
    scene, grid = background.GetScene(), grid_of_volume(background)
    foreground = nodes.get(view.foreground) if view.foreground else None
    labels = next((n for n in map(nodes.get, view.labels) if n is not None and _is_label_map(n)), None)
    slicer.app.pauseRender()  # the views are drawn once, at the end
    try:
        for name in SLICE_VIEWS.values():
            fill_layers(composite(scene, name), background, foreground, labels, view.opacity)
        place_views(scene, grid, seen_part(background, grid), content.centre_mm)
    finally:
        slicer.app.resumeRender()


def _is_label_map(node: Any) -> bool:
    return bool(node.IsA("vtkMRMLLabelMapVolumeNode"))


def fill_layers(layers: Any, background: Any, foreground: Any, labels: Any, opacity: float) -> None:
    """Set the layers of one slice view; the three views stay linked, so that fading one fades all."""
    layers.SetBackgroundVolumeID(background.GetID())
    layers.SetForegroundVolumeID(foreground.GetID() if foreground is not None else None)
    layers.SetForegroundOpacity(opacity if foreground is not None else 0.0)
    layers.SetLabelVolumeID(labels.GetID() if labels is not None else None)
    layers.SetLabelOpacity(1.0)
    layers.SetLinkedControl(True)


def place_views(
    scene: Any, grid: Grid, seen: Grid, centre_mm: Any = None, *, layout: int | None = None
) -> None:
    """Layout, slice planes and camera for a volume of `grid`, of which the part `seen` fills the views.

    centre_mm: through which the planes go (LPS), the middle of the grid if None. layout: for a volume of
    several slices; Four-Up if None.
    """
    planes = planes_of(grid)
    flat = planes[0] if len(planes) == 1 else None
    centre = grid.centre if centre_mm is None else centre_mm
    for plane, name in SLICE_VIEWS.items():
        view = slice_view(scene, name)
        along_voxels = flat is not None and flat.tilt_degrees > _OBLIQUE_DEGREES
        fit_slice(view, plane.capitalize(), seen, centre, along_voxels=along_voxels)
        view.SetUseLabelOutline(True)
        view.SetSliceVisible(flat is None)
    plain_3d_view(scene)
    look_at(scene, seen)
    usual = layout_of(None if flat is None else flat.name)
    arrange(scene, usual if layout is None or flat is not None else layout)


def seen_part(node: Any, grid: Grid) -> Grid:
    """The part of a volume's grid in which something is to be seen, with a margin, as the report crops."""
    values = voxels(node)
    step = steps(values.shape)
    bright_ones = bright(coarse(values), window_of(values))
    if not bright_ones.any():
        return grid
    low, size = [], []
    for axis in (2, 1, 0):  # x, y, z
        along = np.flatnonzero(bright_ones.any(axis=tuple(a for a in range(3) if a != axis)))
        margin = step[axis] + int(_MARGIN_MM / grid.spacing[2 - axis])
        first = max(0, int(along[0]) * step[axis] - margin)
        last = min(values.shape[axis] - 1, int(along[-1]) * step[axis] + margin)
        low.append(first)
        size.append(last - first + 1)
    return replace(grid, size=tuple(size), origin=tuple(grid.points(low).tolist()))
