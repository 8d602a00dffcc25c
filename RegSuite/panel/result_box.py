"""A finished result at a glance: did it work, how well, what must not be trusted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import ctk
import qt
from slicer.i18n import tr as _

from RegSuite.panel import result_words
from RegSuite.panel.tones import box_style, titled, together

if TYPE_CHECKING:
    from RegSuite.report.result import Result

WIDTH_PX = 380
"""Of the narrowest panel in which the table is still a table."""


def nothing() -> None:
    """Does nothing: a button that nobody listens to yet."""


class ResultBox:
    """Verdict, table, warnings and buttons. `widget` goes into the panel, hidden until `show`.

    on_report, on_views: called by the buttons "Open the report" and "Show in the views".
    """

    def __init__(self) -> None:
        self.widget: Any = qt.QWidget()
        self.widget.objectName = "resultBox"
        self.on_report: Callable[[], None] = nothing
        self.on_views: Callable[[], None] = nothing
        self._copied = ""
        column = qt.QVBoxLayout(self.widget)
        column.setContentsMargins(0, 0, 0, 0)
        self.verdict = word_label("verdictLabel")
        self.warnings = word_label("warningsLabel")
        self.warnings.setStyleSheet(box_style("unsure"))
        self.table = word_label("verdictTable")
        self.facts = word_label("factsLabel")
        for part in (self.verdict, self.warnings, self.table, self.facts):
            column.addWidget(part)
        column.addLayout(self._buttons())
        column.addWidget(self._fold())
        self.clear()

    def show(self, record: Result, name: str, notes: Sequence[str] = (), *, report: bool = True) -> None:
        """Show a result. name: how it is called; notes: what the panel has to add, a sentence each."""
        from RegSuite.report.headline import headline

        head = headline(record)
        self.verdict.setStyleSheet(box_style(head.tone))
        self.verdict.text = titled(head.tone, head.title, name, head.sentence)
        self.table.text = result_words.verdict_table(record)
        mind = [*record.warnings, *notes]
        self.warnings.text = result_words.warnings_text(mind)
        self.warnings.visible = bool(mind)
        self.facts.text = together(escape(result_words.facts(record)))
        self.more.text = result_words.more(record)
        self.report_button.enabled = report
        self._copied = result_words.plain_text(record, name, notes)
        self.widget.visible = True

    def clear(self) -> None:
        """Show nothing."""
        self.widget.visible = False
        self._copied = ""
        for label in (self.verdict, self.warnings, self.table, self.facts, self.more):
            label.text = ""

    def _buttons(self) -> Any:
        row = qt.QHBoxLayout()
        self.report_button = _button("reportButton", _("Open the report"))
        self.views_button = _button("viewsButton", _("Show in the views"))
        self.copy_button = _button("copyButton", _("Copy"))
        self.report_button.toolTip = _("The whole report, with pictures, in the browser")
        self.views_button.toolTip = _("Put fixed and warped image over each other in the slice views")
        self.copy_button.toolTip = _("Copy the measures as text")
        self.report_button.connect("clicked(bool)", lambda _c=False: self.on_report())
        self.views_button.connect("clicked(bool)", lambda _c=False: self.on_views())
        self.copy_button.connect("clicked(bool)", lambda _c=False: self.copy())
        for button in (self.report_button, self.views_button, self.copy_button):
            row.addWidget(button)
        return row

    def copy(self) -> None:
        """Put the result, as text, on the clipboard."""
        qt.QApplication.clipboard().setText(self._copied)

    def _fold(self) -> Any:
        section = ctk.ctkCollapsibleButton()
        section.objectName = "moreSection"
        section.text = _("All measures, times and decisions")
        column = qt.QVBoxLayout(section)
        self.more = word_label("moreLabel")
        column.addWidget(self.more)
        section.collapsed = True
        return section


def word_label(name: str) -> Any:
    """An empty label for rich text that wraps and can be copied from."""
    label = qt.QLabel()
    label.objectName = name
    label.setWordWrap(True)
    label.setTextFormat(qt.Qt.RichText)
    label.setTextInteractionFlags(qt.Qt.TextSelectableByMouse)
    label.setMinimumWidth(WIDTH_PX)  # a table does not widen the panel further
    return label


def _button(name: str, text: str) -> Any:
    button = qt.QPushButton(text)
    button.objectName = name
    return button
