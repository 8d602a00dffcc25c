"""One button, one or several runs after each other: Apply, Cancel, and what comes of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from slicer.i18n import tr as _

from RegSuite.errors import Cancelled, RegSuiteError
from RegSuite.panel.error_box import ErrorBox
from RegSuite.panel.listener import Listener
from RegSuite.panel.node_run import NodeRun, RunEnd
from RegSuite.panel.order import Order
from RegSuite.panel.population import Subject, subject_of
from RegSuite.panel.progress_box import ProgressBox
from RegSuite.panel.steps import Steps, Work


@dataclass
class Finished:
    """What came of all runs of one press of Apply: the results, and a row for each subject."""

    ends: list[RunEnd] = field(default_factory=list)
    subjects: list[Subject] = field(default_factory=list)


def _ignore(_finished: Finished) -> Work:
    """Nobody listens yet."""
    yield None


class RunControl:
    """Runs orders from the event loop; the button says Apply, and Cancel while something runs.

    on_apply: called when the button is pressed and nothing runs. on_finished: gives the steps in
    which what came of it is shown, when there is something to show. on_preview: takes name and numbers
    of what a run shows while it works; on_over: called when the runs are over, however they ended.
    """

    def __init__(self, button: Any, progress: ProgressBox, errors: ErrorBox) -> None:
        self._button = button
        self._progress = progress
        self._errors = errors
        self._apply_text = str(button.text)
        self._steps: Steps | None = None
        self._run: NodeRun | None = None
        self._finished = Finished()
        self._count = 0
        self._cancelled = False
        self.on_apply: Callable[[], None] = lambda: None
        self.on_finished: Callable[[Finished], Work] = _ignore
        self.on_preview: Callable[[str, Any], None] = lambda _name, _values: None
        self.on_over: Callable[[], None] = lambda: None
        button.connect("clicked(bool)", self._pressed)

    @property
    def running(self) -> bool:
        """Whether a run has not come to its end."""
        return self._steps is not None

    def start(self, orders: Sequence[Order]) -> None:
        """Run the orders one after the other."""
        self._finished = Finished()
        self._count = len(orders)
        self._cancelled = False
        self._progress.begin(_("Starting"))
        self._errors.clear()
        self._button.text = _("Cancel")
        self._steps = Steps(self._work(list(orders)), self._ended)
        self._steps.start()

    def cancel(self) -> None:
        """End the run that goes on; it is over within two seconds."""
        self._cancelled = True
        self._button.enabled = False
        self._progress.stage.text = _("Cancelling")
        if self._run is not None:
            self._run.cancel()

    def abandon(self, words: str = "") -> None:
        """End everything at once (scene closed, module closed); words: said in the panel."""
        if self._steps is None:
            return
        steps, self._steps = self._steps, None
        if self._run is not None:
            self._run.cancel()
        steps.stop()
        self.on_over()
        self._idle()
        if words:
            self._errors.say(_("Cancelled"), words)

    def _pressed(self, _checked: bool = False) -> None:
        if self.running:
            self.cancel()
        else:
            self.on_apply()

    def _work(self, orders: list[Order]) -> Work:
        several = len(orders) > 1
        for number, order in enumerate(orders):
            if self._cancelled:
                raise Cancelled
            before = (
                _("{name} ({i} of {n}): ").format(name=order.subject, i=number + 1, n=len(orders))
                if several
                else ""
            )
            self._run = NodeRun(order, self._listener(before, number, len(orders)))
            try:
                end = yield from self._run.steps()
            except Cancelled:
                raise
            except RegSuiteError as error:
                if not several:
                    raise
                self._finished.subjects.append(Subject(order.subject or order.name, status=error.what))
                self._progress.add_lines([f"{order.name}: {error}"])
            else:
                self._finished.ends.append(end)
                self._finished.subjects.append(subject_of(order.subject or order.name, end.record))

    def _listener(self, before: str, number: int, count: int) -> Listener:
        def stage(words: str, fraction: float, left: float | None) -> None:
            alone = left if count == 1 else None
            self._progress.show(before + words, (number + fraction) / count, alone)

        def preview(name: str, values: Any) -> None:
            self.on_preview(name, values)

        return Listener(stage, self._progress.add_lines, self._progress.follow, preview)

    def _ended(self, _value: Any, error: Exception | None) -> None:
        """All runs have ended, one way or another; what came of them is shown in further steps."""
        self._run = None
        self.on_over()
        if isinstance(error, Cancelled):
            self._errors.say(_("Cancelled"), self._kept())
        elif error is not None:
            self._tell(error)
        if self._finished.ends or len(self._finished.subjects) > 1:
            self._steps = Steps(self.on_finished(self._finished), self._shown)
            self._steps.start()
        else:
            self._shown(None, None)

    def _shown(self, _value: Any, error: Exception | None) -> None:
        self._steps = None
        self._idle()
        if error is not None:
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        """Say an error in the box; all of one that nobody foresaw goes into the log."""
        self._errors.show_error(error)
        foreseen = isinstance(error, RegSuiteError)
        text = str(error) if foreseen else "".join(traceback.format_exception(error))
        self._progress.add_lines(text.splitlines())

    def _kept(self) -> str:
        done = len(self._finished.ends)
        if not done:
            return str(_("Nothing was made."))
        return str(_("{n} of {all} results were ready and are kept.").format(n=done, all=self._count))

    def _idle(self) -> None:
        self._run = None
        self._progress.end()
        self._button.text = self._apply_text
        self._button.enabled = True
