"""What every result box has: verdict, warnings, facts, buttons, and the rest folded away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import ctk
import qt
from slicer.i18n import tr as _

from RegSuite.panel import result_words
from RegSuite.panel.tones import box_style, titled, together

if TYPE_CHECKING:
    from RegSuite.report.headline import Headline
    from RegSuite.report.result import Result

WIDTH_PX = 380
"""Of the narrowest panel in which the table is still a table."""


def nothing() -> None:
    """Does nothing: a button that nobody listens to yet."""


@dataclass(frozen=True)
class ButtonWords:
    """A button: name (`report` of `reportButton` and `on_report`), text, tooltip."""

    name: str
    text: str
    tip: str


class ResultFrame:
    """`widget` goes into the panel, hidden until a result is shown.

    parts: widgets between warnings and facts. buttons: in their order; a click calls the function that
    `on` has under the button's name. most_warnings: so many are shown at once, the others folded away.
    """

    def __init__(
        self,
        name: str,
        parts: Sequence[Any],
        buttons: Sequence[ButtonWords],
        most_warnings: int | None = None,
    ) -> None:
        self.widget: Any = qt.QWidget()
        self.widget.objectName = name
        self.on: dict[str, Callable[[], None]] = {words.name: nothing for words in buttons}
        self._most, self._copied = most_warnings, ""
        self.verdict, self.warnings = word_label("verdictLabel"), word_label("warningsLabel")
        self.warnings.setStyleSheet(box_style("unsure"))
        self.facts, self.more = word_label("factsLabel"), word_label("moreLabel")
        self.buttons = {words.name: self._button(words) for words in buttons}
        if "copy" in self.on:
            self.on["copy"] = self.copy
        column = qt.QVBoxLayout(self.widget)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (self.verdict, self.warnings, *parts, self.facts):
            column.addWidget(part)
        row = qt.QHBoxLayout()
        for button in self.buttons.values():
            row.addWidget(button)
        column.addLayout(row)
        column.addWidget(self._fold())
        self.clear()

    def show(self, record: Result, name: str, head: Headline, notes: Sequence[str], text: str) -> None:
        """Show a result. notes: what the panel has to add; text: what the button Copy copies."""
        mind = [*record.warnings, *notes]
        first, others = _split(mind, self._most)
        self.verdict.setStyleSheet(box_style(head.tone))
        self.verdict.text = titled(head.tone, head.title, name, head.sentence)
        self.warnings.text = result_words.warnings_text(first)
        self.warnings.visible = bool(mind)
        self.facts.text = together(escape(result_words.facts(record)))
        self.more.text = result_words.more(record) + result_words.warnings_text(others)
        self._copied = text
        self.widget.visible = True

    def clear(self) -> None:
        """Show nothing."""
        self.widget.visible = False
        self._copied = ""
        for label in (self.verdict, self.warnings, self.facts, self.more):
            label.text = ""

    def copy(self) -> None:
        """Put the result, as text, on the clipboard."""
        qt.QApplication.clipboard().setText(self._copied)

    def _button(self, words: ButtonWords) -> Any:
        button = qt.QPushButton(words.text)
        button.objectName = f"{words.name}Button"
        button.toolTip = words.tip
        button.connect("clicked(bool)", lambda _c=False: self.on[words.name]())
        return button

    def _fold(self) -> Any:
        section = ctk.ctkCollapsibleButton()
        section.objectName = "moreSection"
        section.text = _("All measures, times and decisions")
        column = qt.QVBoxLayout(section)
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


def open_report(folder: Any, facts: Any) -> None:
    """Open a result folder's report in the browser; where there is none, say in `facts` where it lies."""
    path = folder / REPORT
    if not qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(path))):
        facts.text = _("No browser could be opened; the report is {path}").format(path=path)


REPORT = "report.html"


def _split(mind: Sequence[str], most: int | None) -> tuple[list[str], list[str]]:
    """As many warnings as the box bears, with a word on where the others stand, and these."""
    if most is None or len(mind) <= most:
        return list(mind), []
    more = _("and {n} more: see 'All measures' and the report").format(n=len(mind) - most)
    return [*mind[:most], more], list(mind[most:])
