"""What the panel shows after a run: the table of subjects, the chosen result, the ways to compare."""

from __future__ import annotations

from typing import Any

import qt

from RegSuite.panel.compare_box import CompareBox
from RegSuite.panel.label_view import LabelView
from RegSuite.panel.node_run import RunEnd
from RegSuite.panel.population_table import PopulationTable
from RegSuite.panel.result_box import ResultBox
from RegSuite.panel.result_frame import REPORT, open_report
from RegSuite.panel.run_control import Finished
from RegSuite.panel.steps import Work


class ResultsArea:
    """Result box, comparison and, after several runs, the table of subjects. `widget` goes into the panel."""

    def __init__(self) -> None:
        self.widget: Any = qt.QWidget()
        self.widget.objectName = "resultsArea"
        self.table = PopulationTable(self._choose)
        self.result = ResultBox()
        self.compare = CompareBox()
        self.result.on_report = self._open_report
        self.result.on_views = self.show_in_views
        self._ends: dict[str, RunEnd] = {}
        self._shown: RunEnd | None = None
        self._labels: LabelView | None = None
        self.compare.on_labels = self._show_labels
        column = qt.QVBoxLayout(self.widget)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (self.table.widget, self.result.widget, self.compare.widget):
            column.addWidget(part)
        self.widget.visible = False

    @property
    def shown(self) -> RunEnd | None:
        """The result that the box shows."""
        return self._shown

    def show_in_steps(self, finished: Finished) -> Work:
        """Show what came of the runs: of several the table and the worst one."""
        self.clear()
        self._ends = {end.order.subject or end.order.name: end for end in finished.ends}
        self.widget.visible = True
        end = finished.ends[0] if finished.ends else None
        if len(finished.subjects) > 1:
            end = self._ends.get(self.table.show(finished.subjects))
            yield None
        if end is not None:
            yield from self._show_in_steps(end)

    def clear(self) -> None:
        """Show nothing; the comparison's helper nodes leave the scene."""
        self._ends, self._shown = {}, None
        self.table.clear()
        self.result.clear()
        self.compare.clear()
        self._restore_labels()
        self.widget.visible = False

    def stop(self) -> None:
        """Nothing moves in the views any more."""
        self.compare.stop()

    def forget(self) -> None:
        """Show nothing, without a hand on the scene, which is being closed."""
        self.compare.forget()
        self._labels = None
        self.clear()

    def node_removed(self, identity: str) -> None:
        """A node has left the scene: what is compared with it cannot be compared any more."""
        if self._shown is not None and identity in {ref.id for ref in self._shown.nodes.values()}:
            self._offer_comparison(self._shown, but=identity)

    def show_in_views(self) -> None:
        """Put fixed and warped image over each other in the views."""
        from RegSuite.mrml.layout import show_nodes

        end = self._shown
        if end is None:
            return
        nodes = {role: node for role in end.nodes if (node := end.node(role)) is not None}
        show_nodes(nodes, end.content)
        self._restore_labels()
        self._labels = LabelView(nodes)
        self._labels.show(True)
        self.compare.reset()

    def _show_labels(self, on: bool) -> None:
        if self._labels is not None:
            self._labels.show(on)

    def _restore_labels(self) -> None:
        labels, self._labels = self._labels, None
        if labels is not None:
            labels.restore()

    def _choose(self, name: str) -> None:
        """A row of the table was chosen."""
        end = self._ends.get(name)
        if end is None:
            self.result.clear()
            self.compare.clear()
            self._shown = None
        elif end is not self._shown:
            for _step in self._show_in_steps(end):
                pass

    def _show_in_steps(self, end: RunEnd) -> Work:
        self._shown = end
        self.compare.clear()
        self.result.show(end.record, end.order.name, end.notes, report=(end.folder / REPORT).is_file())
        yield None
        self.show_in_views()
        yield None
        self._offer_comparison(end)

    def _offer_comparison(self, end: RunEnd, but: str = "") -> None:
        from RegSuite.mrml.compare import Comparison

        def node(role: str) -> Any | None:
            ref = end.nodes.get(role)
            return None if ref is None or ref.id == but else ref.node()

        fixed, warped = node("fixed"), node("warped")
        if fixed is None or warped is None:
            self.compare.clear()
            return
        moved, jacobian = node("displacement"), node("jacobian")
        comparison = Comparison(fixed, warped, displacement_node=moved, jacobian_node=jacobian)
        self.compare.show(
            comparison,
            has_jacobian=jacobian is not None,
            has_displacement=moved is not None,
            has_labels=self._labels is not None and self._labels.has_labels,
        )

    def _open_report(self) -> None:
        if self._shown is not None:
            open_report(self._shown.folder, self.result.facts)
