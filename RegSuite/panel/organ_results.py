"""What the panel shows after organs were registered: distances by organ, and the views."""

from __future__ import annotations

from functools import partial
from typing import Any

from RegSuite.panel.label_view import LabelView
from RegSuite.panel.node_run import RunEnd
from RegSuite.panel.organ_result_box import OrganResultBox
from RegSuite.panel.organ_view_box import OrganViewBox
from RegSuite.panel.result_frame import REPORT
from RegSuite.panel.shown_result import ShownResult
from RegSuite.panel.steps import Work

SIDES = ("target", "source")


class OrganResults(ShownResult):
    """Result box and what the views show: slices with organs, organs within the target's in 3D."""

    result: OrganResultBox
    view: OrganViewBox

    def __init__(self) -> None:
        self._labels: LabelView | None = None
        super().__init__(OrganResultBox(), OrganViewBox())
        self.result.on |= {"report": self.open_report, "views": self.show_in_views}
        functions = {
            "when": "show_when",
            "colour": "colour_by",
            "slices": "show_slices",
            "target": "show_target",
            "labels": "show_labels_on",
            "landmarks": "show_landmarks",
            "grid": "show_grid",
        }
        self.view.on |= {name: partial(self._change, function) for name, function in functions.items()}

    def fill(self, end: RunEnd) -> Work:
        """Distances, warnings."""
        self.result.show(end.record, end.order.name, end.notes, report=(end.folder / REPORT).is_file())
        yield None

    def offer(self, nodes: dict[str, Any]) -> None:
        """Before and after, colours and scans, as far as there are nodes for them."""
        from RegSuite.mrml.organ_layout import SCANS, background_of, colourings

        if not nodes:
            self.view.clear()
            return
        scans = [name for name, role in SCANS.items() if role in nodes] if background_of(nodes) else []
        self.view.show(nodes.keys(), colours=colourings(nodes), slices=scans)

    def show_in_views(self) -> None:
        """Show the organs; what belongs to the source lies elsewhere and is hidden meanwhile."""
        self._restore()
        if self.shown is not None:
            self._labels = LabelView(self.nodes(), SIDES)
            self._labels.show(True)
        super().show_in_views()

    def clear(self) -> None:
        """Show nothing; the user's own segmentations look as they did before."""
        self._restore()
        super().clear()

    def forget(self) -> None:
        """Show nothing, without a hand on the scene, which is being closed."""
        self._labels = None
        super().forget()

    def _restore(self) -> None:
        labels, self._labels = self._labels, None
        if labels is not None:
            labels.restore()

    def _change(self, function: str, value: Any) -> None:
        """Call a function of RegSuite.mrml.organ_layout with the nodes that are left."""
        from RegSuite.mrml import organ_layout

        getattr(organ_layout, function)(self.nodes(), value)
