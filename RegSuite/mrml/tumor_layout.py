"""Puts a template brought to a brain with a tumour into four linked slices: what was, what became of it.

Patient and final image above, deformation alone and appearance change below, all in one plane.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import slicer

from RegSuite.mrml.display import legend_of, voxels
from RegSuite.mrml.fraction_browser import choose_frame
from RegSuite.mrml.layout import fill_layers, seen_part
from RegSuite.mrml.placed import placed_grid
from RegSuite.mrml.tumor_results import CHANGE, DEFORMED, FILM, FINAL, FRAME, TARGET, TUMOR
from RegSuite.mrml.views import arrange, composite, fit_slice, slice_view
from RegSuite.report.planes import planes_of

if TYPE_CHECKING:
    from RegSuite.workflows.scene import SceneContent

VIEWS = {TARGET: "Red", FINAL: "Slice4", DEFORMED: "Green", CHANGE: "Yellow"}
"""Slice views by what they show: patient and final image above, deformation alone and change below."""

JACOBIAN = "jacobian"
LABELS = "warped_labels"
PLANES = ("axial", "coronal", "sagittal")
_FOURTH_OPACITY = {CHANGE: 0.8, JACOBIAN: 0.7}
_OBLIQUE_DEGREES = 0.5


def show_tumor_nodes(nodes: Mapping[str, Any], content: SceneContent, plane: str | None = None) -> None:
    """Show the nodes of a result (by role), cut through content.centre_mm, the tumour's middle.

    plane: axial, coronal or sagittal (axial if None); of a single slice its own. Labels, tumour and the
    colours' legend are shown, the bent grid is not. On the desktop the views follow, without one they are so
    when the scene is opened.
    """
    target = nodes.get(TARGET)
    if target is None or target.GetImageData() is None:
        return
    slicer.app.pauseRender()
    try:
        place_slices(nodes, content.centre_mm, plane)
        for role in (TARGET, FINAL, DEFORMED):
            _fill(role, nodes.get(role))
        show_fourth(nodes, fourth_of(nodes))
        show_labels_on(nodes, True)
        show_grid(nodes, False)
        show_tumor(nodes, True)
    finally:
        slicer.app.resumeRender()


def place_slices(nodes: Mapping[str, Any], centre_mm: Any = None, plane: str | None = None) -> None:
    """Layout and planes of the four views: the same place in all, which they keep as they are linked."""
    target = nodes[TARGET]
    scene, grid = target.GetScene(), placed_grid(target)
    planes = planes_of(grid)
    flat = planes[0] if len(planes) == 1 else None
    wanted = flat.name if flat is not None else plane or PLANES[0]
    seen = seen_part(target, grid)
    for name in VIEWS.values():
        view = slice_view(scene, name)
        along_voxels = flat is not None and flat.tilt_degrees > _OBLIQUE_DEGREES
        centre = grid.centre if centre_mm is None else centre_mm
        fit_slice(view, wanted.capitalize(), seen, centre, along_voxels=along_voxels)
        view.SetUseLabelOutline(True)
        view.SetSliceVisible(False)
    arrange(scene, int(slicer.vtkMRMLLayoutNode.SlicerLayoutTwoOverTwoView))


def fourth_of(nodes: Mapping[str, Any]) -> str:
    """What the fourth view shows first: the appearance change where there is any, else the Jacobian."""
    change = nodes.get(CHANGE)
    return CHANGE if change is not None and bool(voxels(change).any()) else JACOBIAN


def is_flat(volume: Any) -> bool:
    """Whether a volume is a single slice, which is seen in its own plane alone."""
    return len(planes_of(placed_grid(volume))) == 1


def show_fourth(nodes: Mapping[str, Any], role: str) -> None:
    """Lay the appearance change or the Jacobian over the deformed template, with its legend."""
    shown: Any = nodes.get(role)
    under: Any = nodes.get(DEFORMED) or nodes[TARGET]
    _fill(CHANGE, under, shown, _FOURTH_OPACITY.get(role, 1.0))
    for other in _FOURTH_OPACITY:
        node = nodes.get(other)
        legend = None if node is None else legend_of(node)
        if node is not None and legend is not None:
            _only_in(legend, node.GetScene(), CHANGE)
            legend.SetVisibility(other == role)


def show_labels_on(nodes: Mapping[str, Any], on: bool) -> None:
    """Show or hide the template's labels on the patient; the other views stay free to be compared."""
    node = nodes.get(LABELS)
    if node is None:
        return
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        layers = composite(nodes[TARGET].GetScene(), VIEWS[TARGET])
        layers.SetLabelVolumeID(node.GetID() if on else None)
    elif node.GetDisplayNode() is not None:
        _only_in(node.GetDisplayNode(), node.GetScene(), TARGET)
        node.GetDisplayNode().SetVisibility(on)


def show_tumor(nodes: Mapping[str, Any], on: bool) -> None:
    """Show or hide the outlines of core and oedema, or of what was estimated."""
    node = nodes.get(TUMOR)
    if node is not None and node.GetDisplayNode() is not None:
        node.GetDisplayNode().SetVisibility(on)


def show_grid(nodes: Mapping[str, Any], on: bool) -> None:
    """Show or hide the bent grid, in all views: Slicer draws a transform in each of them."""
    node = nodes.get("displacement")
    if node is not None and node.GetDisplayNode() is not None:
        node.GetDisplayNode().SetVisibility(on)


def show_frame(nodes: Mapping[str, Any], number: int | None) -> None:
    """Show frame `number` (from 1) of the path in the place of the final image; None: the final image."""
    browser, frame = nodes.get(FILM), nodes.get(FRAME)
    if number is None or browser is None or frame is None:
        _fill(FINAL, nodes.get(FINAL))
        return
    choose_frame(browser, number)
    layers = composite(frame.GetScene(), VIEWS[FINAL])
    if layers.GetBackgroundVolumeID() != frame.GetID():
        _fill(FINAL, frame)


def _fill(role: str, background: Any, foreground: Any = None, opacity: float = 0.0) -> None:
    """The layers of the view of a role; left as they are where there is nothing to be shown."""
    if background is not None:
        layers = composite(background.GetScene(), VIEWS[role])
        labels = background.GetScene().GetNodeByID(layers.GetLabelVolumeID() or "")
        fill_layers(layers, background, foreground, labels, opacity)
        layers.SetHotLinkedControl(True)


def _only_in(shown: Any, scene: Any, *roles: str) -> None:
    """Let a display node be seen in the views of these roles alone."""
    shown.RemoveAllViewNodeIDs()
    for role in roles:
        shown.AddViewNodeID(slice_view(scene, VIEWS[role]).GetID())
