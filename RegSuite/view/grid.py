"""The views: four-up as Slicer has it, or the one slice view that shows a flat image."""

from __future__ import annotations

from typing import Any

from trame_slicer.views import Layout, LayoutDirection, ViewLayoutDefinition

FOUR_UP = "four-up"


def add_layouts(layouts: Any) -> None:
    """Tell a layout manager of its layouts: four-up, and one for each slice view alone."""
    view = ViewLayoutDefinition
    slices = {"Axial": view.axial_view(), "Coronal": view.coronal_view(), "Sagittal": view.sagittal_view()}
    above = [slices["Axial"], view.threed_view()]
    below = [slices["Coronal"], slices["Sagittal"]]
    rows = [Layout(LayoutDirection.Horizontal, row) for row in (above, below)]
    layouts.register_layout(FOUR_UP, Layout(LayoutDirection.Vertical, rows))
    for name, one in slices.items():
        layouts.register_layout(name, Layout(LayoutDirection.Vertical, [one]))


def draw_images_first(slice_views: list[Any]) -> None:
    """Let each view draw its image before all else.

    trame-slicer 2.0.0 adds the image to the view when there is one; labels that were added before
    it are blended with black.
    """
    for view in slice_views:
        view._render_manager._AddSliceActorToRendererIfNeeded()


def layout_for(background: Any) -> str:
    """The layout that shows a volume: of a single slice, the view that it lies in."""
    import vtk

    if background is None or background.GetImageData() is None:
        return FOUR_UP
    size = background.GetImageData().GetDimensions()
    if min(size) > 1:
        return FOUR_UP
    matrix = vtk.vtkMatrix4x4()
    background.GetIJKToRASDirectionMatrix(matrix)
    normal = [abs(matrix.GetElement(row, size.index(1))) for row in range(3)]
    return ("Sagittal", "Coronal", "Axial")[normal.index(max(normal))]
