"""The views of a scene as MRML knows them: slice views, the 3D view and the layout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray

from RegSuite.geometry import Grid
from RegSuite.mrml.space import RAS_TO_LPS, array_of_matrix, to_ras

FloatArray = NDArray[np.float64]

SLICE_VIEWS = {"axial": "Red", "coronal": "Green", "sagittal": "Yellow"}
"""Slicer's slice views by the plane that they show at first."""

_MARGIN = 1.06
_ASPECT = 1.25
"""Width by height of a slice view that has not been drawn yet; Slicer keeps the height when it is."""


def slice_view(scene: Any, name: str) -> Any:
    """The slice view called `name` (Red, Green, Yellow), made where the scene has none."""
    found = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
    if found is None:
        node = scene.CreateNodeByClass("vtkMRMLSliceNode")
        node.UnRegister(None)
        node.SetName(name)
        node.SetLayoutName(name)
        found = scene.AddNode(node)
    if not found.GetNumberOfSliceOrientationPresets():
        found.AddDefaultSliceOrientationPresets(scene, True)
    return found


def composite(scene: Any, name: str) -> Any:
    """What the slice view called `name` shows over each other, made where the scene has none."""
    found = scene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode")
    if found is not None:
        return found
    node = scene.CreateNodeByClass("vtkMRMLSliceCompositeNode")
    node.UnRegister(None)
    node.SetName(f"SliceComposite {name}")
    node.SetLayoutName(name)
    return scene.AddNode(node)


def composites(scene: Any) -> Iterator[Any]:
    """What each slice view of the scene shows."""
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")):
        yield scene.GetNthNodeByClass(index, "vtkMRMLSliceCompositeNode")


def fit_slice(
    view: Any, orientation: str, grid: Grid, through_mm: Any, *, along_voxels: bool = False
) -> None:
    """Let a slice view show the whole of `grid` in a plane through a point (LPS mm).

    orientation: Axial, Coronal or Sagittal. along_voxels: turned into the plane of the grid's own
    axes, for a single oblique slice.
    """
    view.SetOrientation(orientation)
    if along_voxels:
        _turn(view, grid)
    matrix = view.GetSliceToRAS()
    axes = array_of_matrix(matrix)[:3, :3]
    corners = to_ras(grid.corners()) @ axes
    low, high = corners.min(axis=0), corners.max(axis=0)
    place = (low + high) / 2
    place[2] = float(np.clip((to_ras(np.asarray(through_mm)) @ axes)[2], low[2], high[2]))
    for row, value in enumerate(axes @ place):
        matrix.SetElement(row, 3, float(value))
    width, height, _thick = (float(v) for v in (high - low) * _MARGIN)
    aspect = _aspect(view)
    height = max(height, width / aspect)
    view.SetFieldOfView(height * aspect, height, view.GetFieldOfView()[2])
    view.UpdateMatrices()


def _aspect(view: Any) -> float:
    """Width by height of a slice view."""
    width, height = view.GetDimensions()[:2]
    drawn = height > 0 and (width, height) != (256, 256)
    return width / height if drawn else _ASPECT


def _turn(view: Any, grid: Grid) -> None:
    """Turn a slice view's axes onto the voxel axes nearest to them."""
    matrix = view.GetSliceToRAS()
    axes = array_of_matrix(matrix)[:3, :3]
    voxel = RAS_TO_LPS[:3, :3] @ np.asarray(grid.direction)
    likeness = axes.T @ voxel
    for column in range(3):
        nearest = int(np.abs(likeness[column]).argmax())
        turned = voxel[:, nearest] * np.sign(likeness[column, nearest])
        for row in range(3):
            matrix.SetElement(row, column, float(turned[row]))


def look_at(scene: Any, grid: Grid) -> None:
    """Point the camera of the 3D view at the middle of `grid`, from the front, the left and above."""
    corners = to_ras(grid.corners())
    middle = corners.mean(axis=0)
    reach = float(np.linalg.norm(corners - middle, axis=1).max())
    direction = np.array([-0.55, 1.0, 0.5])
    camera = _camera(scene)
    camera.SetFocalPoint(*middle)
    camera.SetPosition(*(middle + direction / np.linalg.norm(direction) * reach * 3.4))
    camera.SetViewUp(0, 0, 1)
    camera.ResetClippingRange()


def _camera(scene: Any) -> Any:
    """The camera of the 3D view called 1, made where the scene has none."""
    found = scene.GetSingletonNode("1", "vtkMRMLCameraNode")
    if found is not None:
        return found
    node = scene.CreateNodeByClass("vtkMRMLCameraNode")
    node.UnRegister(None)
    node.SetName("Camera")
    node.SetLayoutName("1")
    return scene.AddNode(node)


def plain_3d_view(scene: Any) -> None:
    """The 3D view without box and labels, made where the scene has none."""
    view = scene.GetSingletonNode("1", "vtkMRMLViewNode")
    if view is None:
        node = scene.CreateNodeByClass("vtkMRMLViewNode")
        node.UnRegister(None)
        node.SetName("View1")
        node.SetLayoutName("1")
        view = scene.AddNode(node)
    view.SetBoxVisible(False)
    view.SetAxisLabelsVisible(False)
    view.SetOrientationMarkerType(view.OrientationMarkerTypeCube)
    view.SetOrientationMarkerSize(view.OrientationMarkerSizeSmall)


def arrange(scene: Any, layout: int) -> None:
    """Choose one of Slicer's layouts (a number of vtkMRMLLayoutNode) where the scene has a layout."""
    node = scene.GetSingletonNode("vtkMRMLLayoutNode", "vtkMRMLLayoutNode")
    if node is not None:
        node.SetViewArrangement(layout)


def layout_of(plane: str | None) -> int:
    """Slicer's layout for one plane (axial, coronal, sagittal), or for all three and 3D (None)."""
    kinds = slicer.vtkMRMLLayoutNode
    return int(
        {
            None: kinds.SlicerLayoutFourUpView,
            "axial": kinds.SlicerLayoutOneUpRedSliceView,
            "coronal": kinds.SlicerLayoutOneUpGreenSliceView,
            "sagittal": kinds.SlicerLayoutOneUpYellowSliceView,
        }[plane]
    )
