"""What the panel shows after a template was brought to a tumour: shares, overlap, and the four views."""

from __future__ import annotations

from functools import partial
from typing import Any

from RegSuite.panel.node_run import RunEnd
from RegSuite.panel.result_frame import REPORT
from RegSuite.panel.shown_result import ShownResult
from RegSuite.panel.steps import Work
from RegSuite.panel.tumor_result_box import TumorResultBox
from RegSuite.panel.tumor_view_box import TumorViewBox


class TumorResults(ShownResult):
    """Result box and what the views show: patient and final image above, deformation and change below."""

    result: TumorResultBox
    view: TumorViewBox

    def __init__(self) -> None:
        super().__init__(TumorResultBox(), TumorViewBox())
        self.result.on |= {"report": self.open_report, "views": self.show_in_views}
        self.view.on |= {
            "plane": self._show_plane,
            "fourth": partial(self._change, "show_fourth"),
            "labels": partial(self._change, "show_labels_on"),
            "tumor": partial(self._change, "show_tumor"),
            "grid": partial(self._change, "show_grid"),
            "frame": partial(self._change, "show_frame"),
        }

    def fill(self, end: RunEnd) -> Work:
        """Shares, overlap, warnings."""
        self.result.show(
            end.record,
            end.order.name,
            end.order.given.keys(),
            end.content.label_names,
            end.notes,
            report=(end.folder / REPORT).is_file(),
        )
        yield None

    def stop(self) -> None:
        """Nobody looks: the film stands still."""
        self.view.stop()

    def offer(self, nodes: dict[str, Any]) -> None:
        """Planes, the fourth view, outlines and the film, as far as there are nodes for them."""
        from RegSuite.mrml.tumor_layout import fourth_of, is_flat
        from RegSuite.mrml.tumor_results import times_of_film

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
        if self.shown is not None and "target" in nodes:
            place_slices(nodes, self.shown.content.centre_mm, plane)
