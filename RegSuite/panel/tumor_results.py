"""What the panel shows after a template was brought to a tumour: shares, overlap, and the four views."""

from __future__ import annotations

from functools import partial
from typing import Any

import qt

from RegSuite.panel.node_run import RunEnd
from RegSuite.panel.result_frame import REPORT, open_report
from RegSuite.panel.run_control import Finished
from RegSuite.panel.steps import Work
from RegSuite.panel.tumor_result_box import TumorResultBox
from RegSuite.panel.tumor_view_box import TumorViewBox


class TumorResults:
    """Result box and what the views show. `widget` goes into the panel."""

    def __init__(self) -> None:
        self.widget: Any = qt.QWidget()
        self.widget.objectName = "resultsArea"
        self.result, self.view = TumorResultBox(), TumorViewBox()
        self.result.on |= {"report": self._open_report, "views": self.show_in_views}
        self.view.on |= {
            "plane": self._show_plane,
            "fourth": partial(self._change, "show_fourth"),
            "labels": partial(self._change, "show_labels_on"),
            "tumor": partial(self._change, "show_tumor"),
            "grid": partial(self._change, "show_grid"),
            "frame": partial(self._change, "show_frame"),
        }
        self._shown: RunEnd | None = None
        column = qt.QVBoxLayout(self.widget)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (self.result.widget, self.view.widget):
            column.addWidget(part)
        self.widget.visible = False

    @property
    def shown(self) -> RunEnd | None:
        """The result that the box shows."""
        return self._shown

    def show_in_steps(self, finished: Finished) -> Work:
        """Show what came of the run."""
        self.clear()
        end = finished.ends[0]
        self._shown = end
        self.widget.visible = True
        self.result.show(
            end.record,
            end.order.name,
            end.order.given.keys(),
            end.content.label_names,
            end.notes,
            report=(end.folder / REPORT).is_file(),
        )
        yield None
        self.show_in_views()

    def clear(self) -> None:
        """Show nothing."""
        self._shown = None
        self.result.clear()
        self.view.clear()
        self.widget.visible = False

    def forget(self) -> None:
        """Show nothing, without a hand on the scene, which is being closed."""
        self.clear()

    def stop(self) -> None:
        """Nobody looks: the film stands still."""
        self.view.stop()

    def node_removed(self, identity: str) -> None:
        """A node has left the scene: what needs it cannot be shown any more."""
        if self._shown is not None and identity in {ref.id for ref in self._shown.nodes.values()}:
            self._offer(but=identity)

    def nodes(self, but: str = "") -> dict[str, Any]:
        """The result's nodes that are still in the scene, by role."""
        if self._shown is None:
            return {}
        refs = self._shown.nodes.items()
        found = {role: ref.node() for role, ref in refs if ref.id != but}
        return {role: node for role, node in found.items() if node is not None}

    def show_in_views(self) -> None:
        """Patient and final image above, deformation alone and appearance change below, linked."""
        from RegSuite.mrml.layout import show_nodes

        if self._shown is not None:
            show_nodes(self.nodes(), self._shown.content)
            self._offer()

    def _offer(self, but: str = "") -> None:
        from RegSuite.mrml.tumor_layout import fourth_of, is_flat
        from RegSuite.mrml.tumor_results import times_of_film

        nodes = self.nodes(but)
        if "target" not in nodes:
            self.view.clear()
            return
        film = nodes.get("film") if "film_image" in nodes else None
        times = [] if film is None else times_of_film(film)
        self.view.show(nodes, fourth=fourth_of(nodes), times=times, flat=is_flat(nodes["target"]))

    def _change(self, function: str, value: Any) -> None:
        """Call a function of RegSuite.mrml.tumor_layout with the nodes that are left."""
        from RegSuite.mrml import tumor_layout

        nodes = self.nodes()
        if "target" in nodes:
            getattr(tumor_layout, function)(nodes, value)

    def _show_plane(self, plane: str) -> None:
        from RegSuite.mrml.tumor_layout import place_slices

        nodes = self.nodes()
        if self._shown is not None and "target" in nodes:
            place_slices(nodes, self._shown.content.centre_mm, plane)

    def _open_report(self) -> None:
        if self._shown is not None:
            open_report(self._shown.folder, self.result.facts)
