"""A finished registration at a glance: did it work, how well, what must not be trusted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from RegSuite.panel import result_words
from RegSuite.panel.result_frame import ButtonWords, ResultFrame, nothing, word_label

if TYPE_CHECKING:
    from RegSuite.report.result import Result


class ResultBox:
    """Verdict, table, warnings and buttons. `widget` goes into the panel, hidden until `show`.

    on_report, on_views: called by the buttons "Open the report" and "Show in the views".
    """

    def __init__(self) -> None:
        self.on_report: Callable[[], None] = nothing
        self.on_views: Callable[[], None] = nothing
        self.table = word_label("verdictTable")
        self._frame = ResultFrame("resultBox", [self.table], _buttons())
        self._frame.on |= {"report": lambda: self.on_report(), "views": lambda: self.on_views()}
        self.widget, self.verdict, self.warnings = (
            self._frame.widget,
            self._frame.verdict,
            self._frame.warnings,
        )
        self.facts, self.more = self._frame.facts, self._frame.more
        self.report_button, self.views_button, self.copy_button = self._frame.buttons.values()

    def show(self, record: Result, name: str, notes: Sequence[str] = (), *, report: bool = True) -> None:
        """Show a result. name: how it is called; notes: what the panel has to add, a sentence each."""
        from RegSuite.report.headline import headline

        self.table.text = result_words.verdict_table(record)
        self.report_button.enabled = report
        text = result_words.plain_text(record, name, notes)
        self._frame.show(record, name, headline(record), notes, text)

    def clear(self) -> None:
        """Show nothing."""
        self._frame.clear()
        self.table.text = ""

    def copy(self) -> None:
        """Put the result, as text, on the clipboard."""
        self._frame.copy()


def _buttons() -> list[ButtonWords]:
    return [
        ButtonWords("report", _("Open the report"), _("The whole report, with pictures, in the browser")),
        ButtonWords(
            "views",
            _("Show in the views"),
            _("Put fixed and warped image over each other in the slice views"),
        ),
        ButtonWords("copy", _("Copy"), _("Copy the measures as text")),
    ]
