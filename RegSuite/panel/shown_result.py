"""The one result that a panel shows: its nodes as far as they are left, its boxes, its report."""

from __future__ import annotations

from typing import Any

import qt

from RegSuite.panel.node_run import RunEnd
from RegSuite.panel.result_frame import open_report
from RegSuite.panel.run_control import Finished
from RegSuite.panel.steps import Work


class ShownResult:
    """`widget` goes into the panel. A subclass says what its boxes show: `fill` and `offer`.

    result: the box with the verdict, `facts` in it. view: what the views show can be chosen there. Both
    have `widget` and `clear`.
    """

    def __init__(self, result: Any, view: Any) -> None:
        self.widget: Any = qt.QWidget()
        self.widget.objectName = "resultsArea"
        self.result, self.view = result, view
        self._shown: RunEnd | None = None
        column = qt.QVBoxLayout(self.widget)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (result.widget, view.widget):
            column.addWidget(part)
        self.widget.visible = False

    def fill(self, end: RunEnd) -> Work:
        """Show the result's words and numbers, in steps."""
        raise NotImplementedError

    def offer(self, nodes: dict[str, Any]) -> None:
        """Offer in `view` what can be shown of the nodes that are left, by role."""
        raise NotImplementedError

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
        yield from self.fill(end)
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
        """Nobody looks: nothing moves by itself any more."""

    def node_removed(self, identity: str) -> None:
        """A node has left the scene: what needs it cannot be shown any more."""
        if self._shown is not None and identity in {ref.id for ref in self._shown.nodes.values()}:
            self.offer(self.nodes(but=identity))

    def nodes(self, but: str = "") -> dict[str, Any]:
        """The result's nodes that are still in the scene, by role."""
        if self._shown is None:
            return {}
        refs = self._shown.nodes.items()
        found = {role: ref.node() for role, ref in refs if ref.id != but}
        return {role: node for role, node in found.items() if node is not None}

    def show_in_views(self) -> None:
        """Show the result as its workflow wants to be seen, and offer the ways to change that."""
        from RegSuite.mrml.layout import show_nodes

        if self._shown is not None:
            show_nodes(self.nodes(), self._shown.content)
            self.offer(self.nodes())

    def open_report(self) -> None:
        """Open the report in the browser."""
        if self._shown is not None:
            open_report(self._shown.folder, self.result.facts)
