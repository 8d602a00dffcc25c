"""An accumulated course at a glance: what the limits say, what must not be trusted, the metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import ctk
import qt
from slicer.i18n import tr as _

from RegSuite.panel import result_words
from RegSuite.panel.metric_table import MetricTable, text_of
from RegSuite.panel.result_box import nothing, word_label
from RegSuite.panel.tones import box_style, titled, together

if TYPE_CHECKING:
    from RegSuite.report.result import Result


MOST_WARNINGS = 4
"""So many are shown at once; the others are folded away."""


class CourseResultBox:
    """Verdict, warnings, metrics and buttons. `widget` goes into the panel, hidden until `show`.

    on_report, on_dicom, on_views: called by the buttons.
    """

    def __init__(self) -> None:
        self.widget: Any = qt.QWidget()
        self.widget.objectName = "courseResultBox"
        self.on_report: Callable[[], None] = nothing
        self.on_dicom: Callable[[], None] = nothing
        self.on_views: Callable[[], None] = nothing
        self._copied = ""
        column = qt.QVBoxLayout(self.widget)
        column.setContentsMargins(0, 0, 0, 0)
        self.verdict = word_label("verdictLabel")
        self.warnings = word_label("warningsLabel")
        self.warnings.setStyleSheet(box_style("unsure"))
        self.table = MetricTable()
        self.facts = word_label("factsLabel")
        for part in (self.verdict, self.warnings, self.table.widget, self.facts):
            column.addWidget(part)
        column.addLayout(self._buttons())
        column.addWidget(self._fold())
        self.clear()

    def show(
        self,
        record: Result,
        name: str,
        rows: Sequence[Mapping[str, Any]],
        notes: Sequence[str] = (),
        *,
        report: bool = True,
        dicom: bool = True,
    ) -> None:
        """Show a result. rows: of its metrics; report, dicom: whether the folder holds these."""
        from RegSuite.report.dose_headline import dose_headline

        with_bands: Any = SimpleNamespace(spread=any(row["p05"] is not None for row in rows))
        head = dose_headline(with_bands, record)
        self.verdict.setStyleSheet(box_style(head.tone))
        self.verdict.text = titled(head.tone, head.title, name, head.sentence)
        mind = [*record.warnings, *notes]
        self.warnings.text = result_words.warnings_text(_first(mind))
        self.warnings.visible = bool(mind)
        self.table.show(rows)
        self.facts.text = together(escape(result_words.facts(record)))
        self.more.text = result_words.more(record) + result_words.warnings_text(mind[MOST_WARNINGS:])
        self.report_button.enabled = report
        self.dicom_button.enabled = dicom
        self._copied = "\n".join(
            [f"RegSuite: {name}", f"{head.title}. {head.sentence}", text_of(rows), *mind]
        )
        self.widget.visible = True

    def clear(self) -> None:
        """Show nothing."""
        self.widget.visible = False
        self._copied = ""
        self.table.clear()
        for label in (self.verdict, self.warnings, self.facts, self.more):
            label.text = ""

    def copy(self) -> None:
        """Put the result, as text, on the clipboard."""
        qt.QApplication.clipboard().setText(self._copied)

    def _buttons(self) -> Any:
        row = qt.QHBoxLayout()
        self.report_button = _button("reportButton", _("Open report"), _("The whole report, with pictures"))
        self.dicom_button = _button(
            "dicomButton",
            _("Export DICOM"),
            _("Copy dose, registrations and structures as DICOM into a folder"),
        )
        self.views_button = _button(
            "viewsButton", _("Show in the views"), _("Dose over the planning scan, DVHs")
        )
        self.copy_button = _button("copyButton", _("Copy"), _("Copy the metrics as text"))
        self.report_button.connect("clicked(bool)", lambda _c=False: self.on_report())
        self.dicom_button.connect("clicked(bool)", lambda _c=False: self.on_dicom())
        self.views_button.connect("clicked(bool)", lambda _c=False: self.on_views())
        self.copy_button.connect("clicked(bool)", lambda _c=False: self.copy())
        for button in (self.report_button, self.dicom_button, self.views_button, self.copy_button):
            row.addWidget(button)
        return row

    def _fold(self) -> Any:
        section = ctk.ctkCollapsibleButton()
        section.objectName = "moreSection"
        section.text = _("All measures, times and decisions")
        column = qt.QVBoxLayout(section)
        self.more = word_label("moreLabel")
        column.addWidget(self.more)
        section.collapsed = True
        return section


def _first(mind: Sequence[str]) -> list[str]:
    """As many warnings as the box bears, and where the others stand."""
    more = len(mind) - MOST_WARNINGS
    if more <= 0:
        return list(mind)
    return [*mind[:MOST_WARNINGS], _("and {n} more: see 'All measures' and the report").format(n=more)]


def _button(name: str, text: str, tip: str) -> Any:
    button = qt.QPushButton(text)
    button.objectName = name
    button.toolTip = tip
    return button
