"""How the nodes of a result look: brightness, colours, outlines, grids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from RegSuite.mrml.diverging import LIMITS, change_colours, jacobian_colours, jacobian_limit
from RegSuite.mrml.views import SLICE_VIEWS
from RegSuite.mrml.voxels import values_of
from RegSuite.report.brightness import coarse, matched, window_of
from RegSuite.report.dose_colours import round_top
from RegSuite.report.draw import round_step

if TYPE_CHECKING:
    from RegSuite.geometry import Grid
    from RegSuite.report.result import Result as ResultRecord

Window = tuple[float, float]

FIXED_COLOUR = (0.18, 0.90, 0.42)
MOVING_COLOUR = (1.0, 0.31, 0.85)
"""Green for fixed and magenta for moving, as in the report."""

GRID_COLOUR = (1.0, 0.82, 0.40)

LEGEND_TITLE = "Jacobian"
CHANGE_TITLE = "Added"
_CHANGE_LABELS = 5
_RARE_PERCENT = 99.5
"""Of the changes in intensity, which alone may be beyond the ends of the colours."""

_MANY_POINTS = 30
_LINES = 24
"""Of a deformation grid along the longest edge of the image."""


def one_modality(record: ResultRecord) -> bool:
    """Whether equal tissue has equal brightness in both images, told by the measure that was used."""
    from RegSuite.similarity import ONE_MODALITY

    similarity = record.metrics.get("similarity") or {}
    return similarity.get("name") in ONE_MODALITY


def voxels(node: Any) -> NDArray[Any]:
    """The first value of each voxel of a volume, [Z, Y, X], as a view."""
    return values_of(node.GetImageData())[..., 0]


def own_window(node: Any) -> Window:
    """Black and white by the volume's own values."""
    return window_of(voxels(node))


def shown_window(node: Any) -> Window:
    """Black and white of a volume's display; of its values where it has none."""
    display = node.GetDisplayNode()
    if display is None or display.GetAutoWindowLevel():
        return own_window(node)
    return float(display.GetWindowLevelMin()), float(display.GetWindowLevelMax())


def chosen_window(node: Any) -> Window | None:
    """Black and white as somebody (a person, a DICOM file) set them; None where Slicer follows the values."""
    display = None if node is None else node.GetDisplayNode()
    return None if display is None or display.GetAutoWindowLevel() else shown_window(node)


def take_colours(source: Any, node: Any) -> None:
    """Give a volume the colour table of another one's display, where that has one."""
    display = None if source is None else source.GetDisplayNode()
    if display is not None and display.GetColorNodeID() is not None:
        node.GetDisplayNode().SetAndObserveColorNodeID(display.GetColorNodeID())


def matched_window(fixed: Any, moving: Any) -> Window:
    """The window of a volume on the grid of `fixed` that makes it as bright as `fixed` is shown."""
    values, window = voxels(moving), own_window(moving)
    if values.shape != voxels(fixed).shape:
        return window
    return matched(voxels(fixed), shown_window(fixed), values, window)


def show_grey(node: Any, window: Window) -> None:
    """A grey image, black and white at the ends of the window."""
    display = node.GetDisplayNode()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevelMinMax(*window)


def show_jacobian(node: Any) -> Any:
    """Determinants in diverging colours about 1, with a legend that is hidden; gives the legend."""
    limit = jacobian_limit(voxels(node))
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID(jacobian_colours(node.GetScene(), limit).GetID())
    show_grey(node, (0.0, limit))
    display.SetInterpolate(False)
    legend = legend_of(node) or slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(display)
    legend.SetTitleText(LEGEND_TITLE)
    legend.SetLabelFormat("%.2f")
    legend.SetNumberOfLabels(LIMITS[limit])
    legend.SetMaxNumberOfColors(256)
    for name in SLICE_VIEWS.values():
        legend.AddViewNodeID(f"vtkMRMLSliceNode{name}")
    legend.SetVisibility(False)
    return legend


def show_change(node: Any, *, title: str = CHANGE_TITLE) -> Any:
    """Added intensity in diverging colours about 0, with a legend that is hidden; gives the legend.

    The ends of the colours are a round number that all but the rarest changes stay below.
    """
    changes = np.abs(coarse(voxels(node)))
    changes = changes[np.isfinite(changes) & (changes > 0)]
    end, _ = round_top(float(np.percentile(changes, _RARE_PERCENT)) if changes.size else 0.0)
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID(change_colours(node.GetScene()).GetID())
    show_grey(node, (-end, end))
    legend = legend_of(node) or slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(display)
    legend.SetTitleText(title)
    legend.SetLabelFormat("%+.3g")
    legend.SetNumberOfLabels(_CHANGE_LABELS)
    legend.SetMaxNumberOfColors(256)
    legend.SetSize(0.12, 0.45)
    legend.SetPosition(0.97, 0.5)
    legend.GetTitleTextProperty().SetFontSize(13)
    legend.GetLabelTextProperty().SetFontSize(12)
    legend.SetVisibility(False)
    return legend


def legend_of(node: Any) -> Any:
    """The colour legend of a volume, None where it has none."""
    return slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(node.GetDisplayNode())


def show_labels(node: Any, *, filled: bool) -> None:
    """A segmentation as areas (filled) or as outlines, both in the labels' own colours.

    Warped labels filled under outlines of the fixed ones: an area that leaves its outline is a misfit.
    """
    display = node.GetDisplayNode()
    display.SetVisibility(True)
    display.SetVisibility2DFill(filled)
    display.SetVisibility2DOutline(not filled)
    display.SetOpacity2DFill(0.2)
    display.SetOpacity2DOutline(1.0)
    display.SetSliceIntersectionThickness(2)


def show_thin(node: Any) -> None:
    """A segmentation as thin outlines, so that many labels leave the image to be seen."""
    show_labels(node, filled=False)
    node.GetDisplayNode().SetSliceIntersectionThickness(1)


def show_points(node: Any, *, fixed: bool) -> None:
    """Landmarks in green (fixed) or, hidden as they are not on the fixed image, in magenta (moving)."""
    display = node.GetDisplayNode()
    colour = FIXED_COLOUR if fixed else MOVING_COLOUR
    display.SetColor(*colour)
    display.SetSelectedColor(*colour)
    display.SetGlyphScale(1.5)
    display.SetPointLabelsVisibility(node.GetNumberOfControlPoints() <= _MANY_POINTS)
    display.SetTextScale(2.5)
    display.SetVisibility(fixed)
    node.SetLocked(True)


def prepare_grid(node: Any, grid: Grid, region: Any = None) -> None:
    """Let a transform be ready to be shown as a bent grid of lines over `grid`; it stays hidden.

    region: the volume around which it is drawn in 3D.
    """
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    step = round_step(float(np.max(grid.extent_mm)), _LINES)
    display.SetVisualizationMode(display.VIS_MODE_GRID)
    display.SetGridSpacingMm(step)
    display.SetGridResolutionMm(step / 4)
    display.SetGridLineDiameterMm(max(step / 12, 0.2))
    display.SetGlyphSpacingMm(step)
    display.SetGlyphScalePercent(100)
    display.SetVisibility(False)
    display.SetVisibility2D(True)
    display.SetVisibility3D(False)
    display.SetColorMap(_one_colour(GRID_COLOUR))
    if region is not None:
        display.SetAndObserveRegionNode(region)


def _one_colour(colour: tuple[float, float, float]) -> Any:
    """A colour map of displacements that has one colour for all: bent lines say enough."""
    colours = vtk.vtkColorTransferFunction()
    for length_mm in (0.0, 100.0):
        colours.AddRGBPoint(length_mm, *colour)
    return colours
