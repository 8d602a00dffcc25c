"""Puts registered organs into the views: three slices, and in 3D the organs within those of the target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer

from RegSuite.geometry import Grid
from RegSuite.mrml.display import legend_of
from RegSuite.mrml.layout import fill_layers, place_views, seen_part
from RegSuite.mrml.organ_display import ARRAYS, ORGAN, scale_top, show_organs_by
from RegSuite.mrml.organ_surfaces import AFTER, BEFORE, GOAL, UNCERTAINTY, values_of_model
from RegSuite.mrml.placed import placed_grid
from RegSuite.mrml.space import to_lps
from RegSuite.mrml.views import SLICE_VIEWS, composite, look_at

if TYPE_CHECKING:
    from RegSuite.workflows.scene import SceneContent

WHEN = {"before": BEFORE, "after": AFTER}
"""The model that is seen within the target's organs."""

SCANS = {"target": "target_image", "warped": "warped", "source": "source_image", "uncertainty": UNCERTAINTY}
"""What the slices can show, by role of the volume."""

_HALF = 0.5
_MARGIN_MM = 12.0


def show_organ_nodes(nodes: Mapping[str, Any], content: SceneContent) -> None:
    """Show the nodes of a result (by role): target scan and warped organs in the slices, organs in 3D.

    Slices are cut through content.centre_mm, or the middle of the target's organs. Without a scan the
    slices show outlines alone. On the desktop the views follow, without one they are so when the scene
    is opened.
    """
    surfaces = [nodes[role] for role in (GOAL, AFTER, BEFORE) if role in nodes]
    background = background_of(nodes)
    some = background or next(iter(surfaces), None)
    if some is None:
        return
    scene = some.GetScene()
    organs = box_of(surfaces)
    slicer.app.pauseRender()
    try:
        show_slices(nodes, "target")
        grid = placed_grid(background) if background is not None else organs
        if grid is not None:
            seen = seen_part(background, grid) if background is not None else grid
            centre = content.centre_mm
            if centre is None and organs is not None:
                centre = tuple(organs.centre.tolist())
            place_views(scene, grid, seen, centre)
        if organs is not None:
            look_at(scene, organs)
            for name in SLICE_VIEWS.values():  # a cut through the organs hides them
                view = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
                view.SetSliceVisible(False)
        show_when(nodes, "after" if AFTER in nodes else "before")
        show_target(nodes, True)
        colour_by(nodes, ORGAN)
        show_labels_on(nodes, True)
        show_landmarks(nodes, True)
        show_grid(nodes, False)
    finally:
        slicer.app.resumeRender()


def background_of(nodes: Mapping[str, Any]) -> Any:
    """The volume that the slices show below all others, None without a scan."""
    found = (nodes.get(role) for role in ("target_image", "warped"))
    return next((n for n in found if n is not None and n.GetImageData() is not None), None)


def show_slices(nodes: Mapping[str, Any], what: str) -> None:
    """Show a scan of SCANS in the slices: the warped one half over the target's, the others alone."""
    background = background_of(nodes)
    node = nodes.get(SCANS[what])
    if background is None:
        return
    over = node if node is not None and what in ("warped", "uncertainty") else None
    under = node if what == "source" and node is not None else background
    for name in SLICE_VIEWS.values():
        layers = composite(background.GetScene(), name)
        labels = background.GetScene().GetNodeByID(layers.GetLabelVolumeID() or "")
        fill_layers(layers, under, None if over is under else over, labels, _HALF)
    spread = nodes.get(UNCERTAINTY)
    legend = None if spread is None else legend_of(spread)
    if legend is not None:
        legend.SetVisibility(what == "uncertainty")


def show_when(nodes: Mapping[str, Any], when: str) -> None:
    """Show the organs as they were before, or as they are after."""
    for name, role in WHEN.items():
        if role in nodes:
            display = nodes[role].GetDisplayNode()
            display.SetVisibility3D(name == when)
            display.SetVisibility(name == when)
            legend = legend_of(nodes[role])
            if legend is not None:
                legend.SetVisibility(name == when and display.GetActiveScalarName() in ARRAYS.values())


def show_target(nodes: Mapping[str, Any], on: bool) -> None:
    """Show or hide the target's organs, the glass around the others."""
    if GOAL in nodes:
        nodes[GOAL].GetDisplayNode().SetVisibility(on)


def colour_by(nodes: Mapping[str, Any], what: str) -> None:
    """Colour the organs by ORGAN, DISTANCE or SPREAD, before and after on the scale of after.

    The uncertainty is known after alone; before they keep their own colours then.
    """
    top = None
    if what in ARRAYS:
        values = [values_of_model(nodes[role], ARRAYS[what]) for role in (AFTER, BEFORE) if role in nodes]
        known = next((v for v in values if v is not None), None)
        top = None if known is None else scale_top(known, what)
    for role in WHEN.values():
        if role in nodes:
            legend = show_organs_by(nodes[role], what, top)
            if legend is not None:
                legend.SetVisibility(bool(nodes[role].GetDisplayNode().GetVisibility()))


def colourings(nodes: Mapping[str, Any]) -> list[str]:
    """What the organs can be coloured by: their own colours, and what there are values of."""
    models = [nodes[role] for role in WHEN.values() if role in nodes]
    found = [w for w, array in ARRAYS.items() if any(_known(model, array) for model in models)]
    return [ORGAN, *found] if models else []


def show_labels_on(nodes: Mapping[str, Any], on: bool) -> None:
    """Show or hide the organs in the slices: the target's as outlines, the warped ones filled."""
    for role in ("warped_labels", "target_labels"):
        node = nodes.get(role)
        if node is not None and node.IsA("vtkMRMLSegmentationNode") and node.GetDisplayNode() is not None:
            node.GetDisplayNode().SetVisibility(on)
            node.GetDisplayNode().SetVisibility3D(False)  # the models are seen there


def show_landmarks(nodes: Mapping[str, Any], on: bool) -> None:
    """Show or hide the target's landmarks and the moved ones, without their names."""
    for role in ("target_points", "moved_points"):
        node = nodes.get(role)
        if node is not None and node.IsA("vtkMRMLMarkupsNode") and node.GetDisplayNode() is not None:
            node.GetDisplayNode().SetVisibility(on)
            node.GetDisplayNode().SetPointLabelsVisibility(False)


def show_grid(nodes: Mapping[str, Any], on: bool) -> None:
    """Show or hide the bent grid of the deformation in the slices."""
    node = nodes.get("displacement")
    if node is not None and node.GetDisplayNode() is not None:
        node.GetDisplayNode().SetVisibility(on)


def box_of(models: list[Any]) -> Grid | None:
    """The box around models with a margin as a grid of eight voxels, LPS mm; None without a point."""
    meshes = [model.GetPolyData() for model in models]
    bounds = [mesh.GetBounds() for mesh in meshes if mesh is not None and mesh.GetNumberOfPoints()]
    if not bounds:
        return None
    box = np.array(bounds).reshape(-1, 3, 2)
    low, high = box[..., 0].min(axis=0) - _MARGIN_MM, box[..., 1].max(axis=0) + _MARGIN_MM
    ends = np.sort(np.stack([to_lps(low), to_lps(high)]), axis=0)
    spacing = (ends[1] - ends[0]) / 2
    return Grid.make((2, 2, 2), spacing.tolist(), (ends[0] + spacing / 2).tolist())


def _known(model: Any, array: str) -> bool:
    values = values_of_model(model, array)
    return values is not None and bool(np.isfinite(values).any())
