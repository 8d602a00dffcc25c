"""The table of subjects in the panel and in the scene, worst first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from RegSuite.panel.population import Subject, columns, sentence, worst_first
from RegSuite.panel.progress_box import duration
from RegSuite.panel.tones import Tone, box_style, titled

ROW_HEIGHT = 24
MOST_ROWS = 10
MOST_REASONS = 4
"""So many failed subjects are named above the table, whose last column is narrow."""

NODE_NAME = "Population"

_MEASURES = (
    (_("Dice"), "dice_mean", "{:.3f}"),
    (_("TRE mm"), "tre_mm", "{:.2f}"),
    (_("Folded %"), "folded_percent", "{:.2g}"),
    (_("Time"), "seconds", ""),
)
"""Column head, field of a Subject, how a number is written."""


class PopulationTable:
    """Rows of subjects; on_choice(name) when one is clicked. `widget` goes into the panel."""

    def __init__(self, on_choice: Callable[[str], None]) -> None:
        self._on_choice = on_choice
        self._names: list[str] = []
        self.widget: Any = qt.QWidget()
        self.widget.objectName = "populationBox"
        column = qt.QVBoxLayout(self.widget)
        column.setContentsMargins(0, 0, 0, 0)
        self.summary: Any = qt.QLabel()
        self.summary.objectName = "populationLabel"
        self.summary.setWordWrap(True)
        self.table: Any = qt.QTableWidget()
        self.table.objectName = "populationTable"
        self.table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        self.table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
        self.table.setSelectionMode(qt.QAbstractItemView.SingleSelection)
        self.table.verticalHeader().setVisible(False)
        self.table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.connect("cellClicked(int,int)", self._clicked)
        column.addWidget(self.summary)
        column.addWidget(self.table)
        self.widget.visible = False

    def show(self, subjects: Sequence[Subject]) -> str:
        """Show the rows, make the table node; gives the name of the worst one that has a result."""
        from RegSuite.mrml.tables import table_from_columns

        rows = worst_first(subjects)
        self._names = [s.name for s in rows]
        failed = sum(s.failed for s in rows)
        tone: Tone = "fail" if failed == len(rows) else "unsure" if failed else "plain"
        self.summary.setStyleSheet(box_style(tone))
        reasons = [f"{s.name}: {s.status}" for s in rows if s.failed]
        more = len(reasons) - MOST_REASONS
        if more > 0:
            reasons[MOST_REASONS:] = [_("and {n} more: see the log").format(n=more)]
        hint = _("Click a row to see its result; worst first.")
        self.summary.text = titled(tone, sentence(rows), *reasons, hint)
        self._fill(rows)
        table_from_columns(columns(rows), name=NODE_NAME)
        self.widget.visible = True
        return next((s.name for s in rows if not s.failed), "")

    def clear(self) -> None:
        """Show nothing; the table node stays in the scene."""
        self._names = []
        self.table.setRowCount(0)
        self.widget.visible = False

    def _fill(self, rows: Sequence[Subject]) -> None:
        """Columns of measures that nobody has are left out: the verdict says so."""
        heads = [
            _("Moving image"),
            *(head for head, name, _f in _MEASURES if _is_measured(name, rows)),
            _("Verdict"),
        ]
        self.table.setColumnCount(len(heads))
        self.table.setRowCount(len(rows))
        self.table.setHorizontalHeaderLabels(heads)
        for at, subject in enumerate(rows):
            shown = [_text(subject, name, form) for _h, name, form in _MEASURES if _is_measured(name, rows)]
            for column, text in enumerate([subject.name, *shown, subject.verdict or subject.status]):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(text)
                self.table.setItem(at, column, item)
        self.table.resizeColumnsToContents()
        self.table.setFixedHeight(ROW_HEIGHT * (min(len(rows), MOST_ROWS) + 1) + 8)

    def _clicked(self, row: int, _column: int) -> None:
        self._on_choice(self._names[row])


def _is_measured(name: str, rows: Sequence[Subject]) -> bool:
    return any(getattr(subject, name) is not None for subject in rows)


def _text(subject: Subject, name: str, form: str) -> str:
    value = getattr(subject, name)
    if value is None:
        return "" if subject.failed else str(_("not measured"))
    return duration(value) if name == "seconds" else form.format(value)
