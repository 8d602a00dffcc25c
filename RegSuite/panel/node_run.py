"""One run from nodes to nodes, as steps between which a window can live."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from RegSuite.errors import Cancelled
from RegSuite.panel.keep_result import keep
from RegSuite.panel.listener import Listener, Telling
from RegSuite.panel.made_nodes import MadeNodes
from RegSuite.panel.order import NodeRef, Order
from RegSuite.panel.warm import warm_up_in_steps

if TYPE_CHECKING:
    from RegSuite.report.result import Result
    from RegSuite.workflows.scene import SceneContent

POLL_S = 0.05
PAINT_S = 0.05
"""Long enough for the window to draw what was just said."""

_ACTIVE = ("preparing", "running")

Steps = Generator[float | None, None, Any]


@dataclass(frozen=True, eq=False)
class RunEnd:
    """A run that has come to a result.

    content: without items, their nodes stand in `nodes`, by role of input or output. folder: the
    result folder. notes: what the panel has to add.
    """

    order: Order
    record: Result
    content: SceneContent
    nodes: Mapping[str, NodeRef]
    folder: Path
    notes: tuple[str, ...] = ()

    def node(self, role: str) -> Any | None:
        """The node of a role, None where there is none or it was deleted since."""
        ref = self.nodes.get(role)
        return None if ref is None else ref.node()


class NodeRun:
    """Order in, RunEnd out; `steps` is a generator that returns it.

    While it runs nothing in the scene changes but that result nodes appear at its end. A run that
    is cancelled, fails or is closed leaves no node, no process and no file.
    """

    def __init__(self, order: Order, listener: Listener) -> None:
        self.order = order
        self.job: Any = None
        self._listener = listener
        self._telling = Telling(listener)
        self._cancelled = False
        self._notes: list[str] = []
        self._read: dict[str, tuple[Any, ...]] = {}

    def cancel(self) -> None:
        """Ask the run to end; `steps` raises Cancelled within two seconds."""
        self._cancelled = True
        if self.job is not None and self.job.state in _ACTIVE:
            self.job.cancel()

    def steps(self) -> Steps:
        """The run. Raises RegSuiteError for inputs that cannot be, Cancelled, MethodFailed."""
        made = MadeNodes()
        try:
            yield from self._compute()
            content = self._content()
            from RegSuite.mrml.dose_made import is_course

            nodes = yield from self._make_nodes(content, made)
            self._notes.extend([*self.order.missing(), *self.order.changed(self._read)])
            shown = content  # of a course the bundle's nodes are made from the arrays, as these were
            if not is_course(self.order.workflow):
                shown = replace(content, items={**content.items, **nodes})
            steps = keep(self.order, self.job, shown, self._tell_end)
            folder, warning = yield from self._until_cancelled(steps)
            yield from self.job.close_in_steps()
        except BaseException:  # the generator's closing (GeneratorExit) too: half a result is none
            made.remove()
            raise
        finally:
            if self.job is not None:
                self.job.close()
        from RegSuite.report.result import Result

        refs = {role: NodeRef.of(node) for role, node in nodes.items()}
        record = Result.read(folder)
        notes = (*self._notes, *filter(None, [warning]))
        return RunEnd(self.order, record, replace(content, items={}), refs, folder, notes)

    def _compute(self) -> Steps:
        self._listener.stage(_("Reading the inputs"), 0.0, None)
        yield PAINT_S
        yield from self._until_cancelled(warm_up_in_steps())
        from RegSuite.backend.job import prepare

        inputs = yield from self._inputs()
        order = self.order
        self.job = prepare(
            order.workflow.name,
            inputs,
            {**order.parameters, "scene": False},
            temporary=slicer.app.temporaryPath,
        )
        del inputs
        yield None
        yield from self._until_cancelled(self.job.start_in_steps())
        while self.job.state in _ACTIVE:
            self.job.poll()
            self._telling.tell(self.job)
            yield POLL_S
        self.job.poll()
        self._telling.tell(self.job)
        self._judge()

    def _inputs(self) -> Steps:
        """The inputs as arrays, in steps: PyTorch is the worker's. The notes get what one should know."""
        from RegSuite.mrml.inputs import engine_inputs_in_steps

        given = {role: self.order.present(role) for role in self.order.given}
        self._read = self.order.states()
        steps = engine_inputs_in_steps(self.order.workflow, given, self._notes, arrays=True)
        del given
        while True:
            self._stop_if_cancelled()
            for role in self.order.given:  # deleted since the last step
                self.order.present(role)
            try:
                next(steps)
            except StopIteration as end:
                return end.value
            yield None

    def _tell_end(self, words: str) -> None:
        self._listener.stage(words, 1.0, None)

    def _judge(self) -> None:
        """Nothing where the job has completed. Raises what it ended with."""
        if self.job.error is not None:
            if self.job.last_words:
                self._listener.lines(self.job.last_words.splitlines())
            raise self.job.error

    def _stop_if_cancelled(self) -> None:
        if self._cancelled:
            raise Cancelled

    def _until_cancelled(self, steps: Iterator[None]) -> Steps:
        """The steps one by one, and what they return; none after a cancel."""
        while True:
            self._stop_if_cancelled()
            try:
                next(steps)
            except StopIteration as end:
                return end.value
            yield None

    def _content(self) -> SceneContent:
        """The result for MRML: the nodes that were given stand for themselves; deleted ones are left out.

        Regions of a node are no node: they stay as the masks that were read from it.
        """
        content: SceneContent = self.job.content(arrays=True)
        inputs = {role.name for role in self.order.workflow.inputs} - self.order.parts()
        items = {role: item for role, item in content.items.items() if role not in inputs}
        return replace(content, items={**items, **self.order.nodes()}, name=self.order.name)

    def _make_nodes(self, content: SceneContent, made: MadeNodes) -> Steps:
        from RegSuite.mrml.results import nodes_in_steps

        self._tell_end(_("Making the result nodes"))
        targets = {role: ref.node() for role, ref in self.order.targets.items()}
        steps = nodes_in_steps(content, {role: node for role, node in targets.items() if node is not None})
        while True:
            self._stop_if_cancelled()
            try:
                with made.watching():
                    next(steps)
            except StopIteration as end:
                return end.value
            yield None
