"""The layers of the slice views: background, foreground, fade, labels, Jacobian map."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from RegSuite.view.nodes import choices


class Layers:
    """What lies over each other in the slice views of an application (trame-slicer's SlicerApp)."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.choices = choices(app.scene)

    @property
    def background(self) -> str:
        """ID of the volume at the bottom; empty where there is none."""
        return next((c.GetBackgroundVolumeID() or "" for c in self._composites()), "")

    @property
    def foreground(self) -> str:
        """ID of the volume above it; empty where there is none."""
        return next((c.GetForegroundVolumeID() or "" for c in self._composites()), "")

    @property
    def fade(self) -> float:
        """How much of the foreground is seen, 0 to 1."""
        return next((c.GetForegroundOpacity() for c in self._composites()), 0.0)

    @property
    def labels(self) -> list[str]:
        """IDs of the labels that are drawn."""
        drawn = next((c.GetLabelVolumeID() for c in self._composites()), None)
        return [
            node.GetID()
            for node in self.choices.labels
            if (node.GetDisplayVisibility() if _is_segmentation(node) else node.GetID() == drawn)
        ]

    def set_background(self, node_id: str) -> None:
        """Show this volume at the bottom; none for an empty ID."""
        for composite in self._composites():
            composite.SetBackgroundVolumeID(node_id or None)
        self.render()

    def set_foreground(self, node_id: str) -> None:
        """Show this volume above the background; none for an empty ID."""
        for composite in self._composites():
            composite.SetForegroundVolumeID(node_id or None)
        self.render()

    def set_fade(self, fraction: float) -> None:
        """Show this much of the foreground, 0 to 1."""
        for composite in self._composites():
            composite.SetForegroundOpacity(min(max(fraction, 0.0), 1.0))
        self.render()

    def set_labels(self, node_ids: Iterable[str]) -> None:
        """Draw these labels and no others; of label maps Slicer's views draw one at a time."""
        wanted = set(node_ids)
        maps = [n.GetID() for n in self.choices.labels if not _is_segmentation(n) and n.GetID() in wanted]
        for composite in self._composites():
            composite.SetLabelVolumeID(maps[0] if maps else None)
        for node in self.choices.labels:
            if _is_segmentation(node):
                node.SetDisplayVisibility(node.GetID() in wanted)
        self.render()

    def show_legend(self, on: bool) -> None:
        """Show the colours of the Jacobian map with their values, in the first slice view."""
        from RegSuite.mrml.display import legend_of

        legend = legend_of(self.choices.jacobian) if self.choices.jacobian is not None else None
        views = self._app.view_manager
        shown = views.filter_visible_views(views.get_slice_views())
        if legend is not None and shown:
            legend.SetViewNodeIDs([shown[0].get_view_node_id()])
            legend.SetVisibility(on)
        self.render()

    def render(self) -> None:
        """Draw all views anew."""
        for view in self._app.view_manager.get_views():
            view.schedule_render()

    def _composites(self) -> list[Any]:
        """The nodes that hold the layers, one a slice view."""
        views = self._app.view_manager.get_slice_views()
        found = [self._app.app_logic.GetSliceLogic(view.get_view_node()) for view in views]
        return [logic.GetSliceCompositeNode() for logic in found if logic is not None]


def _is_segmentation(node: Any) -> bool:
    return bool(node.IsA("vtkMRMLSegmentationNode"))
