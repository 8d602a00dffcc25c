"""A cloud of points on its way, shown in the 3D view while a run works; nothing of it stays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry import Grid
from RegSuite.mrml.clouds import dots, label_colours, show_dots
from RegSuite.mrml.helper_nodes import HelperNodes
from RegSuite.mrml.space import to_ras
from RegSuite.mrml.views import look_at, plain_3d_view

MOVING, TARGET = "moving cloud", "target cloud"
"""Names of the two nodes, which no selector offers and no scene file holds."""

_SIZES = {MOVING: 5.0, TARGET: 2.5}
_OPACITY = {MOVING: 1.0, TARGET: 0.45}
_PLAIN = (205, 205, 205)
_LONE = (255, 170, 60)
"""Grey for the target, orange for a moving cloud whose points name no organs."""


class MovingCloud:
    """The moving points in their organs' colours, and the target's points that they go to in grey.

    Points are LPS mm [n, 2 or 3]; what is not finite is not drawn. The camera is turned to them once.
    """

    def __init__(self, scene: Any) -> None:
        self._scene, self._helpers = scene, HelperNodes(scene)
        self._nodes: dict[str, Any] = {}
        self._organs: NDArray[np.int64] | None = None
        self._looked = False

    def show_target(self, points_mm: NDArray[Any]) -> None:
        """Show where the cloud goes to."""
        self._show(TARGET, points_mm, np.tile(np.array(_PLAIN, np.uint8), (len(points_mm), 1)))

    def know_organs(self, labels: NDArray[Any]) -> None:
        """Take the label of each moving point, which decides its colour."""
        self._organs = np.asarray(labels).reshape(-1).astype(np.int64)

    def show_moving(self, points_mm: NDArray[Any]) -> None:
        """Show the cloud where it is now."""
        self._show(MOVING, points_mm, self._colours(len(points_mm)))
        if not self._looked:
            self._look()

    def remove(self) -> None:
        """Take both nodes out of the scene; those that were deleted meanwhile are left alone."""
        self._helpers.remove()
        self._nodes = {}
        self._organs, self._looked = None, False

    def _colours(self, count: int) -> NDArray[np.uint8]:
        organs = self._organs
        if organs is None or len(organs) != count:
            return np.tile(np.array(_LONE, np.uint8), (count, 1))
        return label_colours(organs)

    def _show(self, name: str, points_mm: NDArray[Any], colours: NDArray[np.uint8]) -> None:
        points = np.asarray(points_mm, dtype=np.float64)
        good = np.isfinite(points).all(axis=1)
        node = self._node(name)
        if node is not None and good.any():
            node.SetAndObservePolyData(dots(to_ras(points[good]), colours[good]))

    def _node(self, name: str) -> Any:
        """The node of that name, made when it is first wanted; None where the user has deleted it."""
        if name not in self._nodes:
            self._nodes[name] = self._made(name)
        node = self._nodes[name]
        return node if node.GetScene() is not None else None

    def _made(self, name: str) -> Any:
        display = self._helpers.new("vtkMRMLModelDisplayNode", f"{name} display")
        show_dots(display, _SIZES[name])
        display.SetOpacity(_OPACITY[name])
        node = self._helpers.new("vtkMRMLModelNode", name)
        node.SetUndoEnabled(False)
        node.SetAndObserveDisplayNodeID(display.GetID())
        return node

    def _look(self) -> None:
        """Turn the camera to both clouds."""
        meshes = [node.GetPolyData() for node in self._nodes.values() if node.GetPolyData() is not None]
        if not meshes:
            return
        bounds = np.array([mesh.GetBounds() for mesh in meshes]).reshape(-1, 3, 2)
        low, high = bounds[..., 0].min(axis=0), bounds[..., 1].max(axis=0)
        spacing = np.maximum(high - low, 1.0)
        origin = to_ras(np.array([high[0], high[1], low[2]]))  # RAS to LPS is the same turn
        self._looked = True
        plain_3d_view(self._scene)
        look_at(self._scene, Grid.make((2, 2, 2), spacing.tolist(), origin.tolist()))
