"""Overlap of the template's labels with the patient's own, a row each; ventricles first, then the worst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import qt
from slicer.i18n import tr as _

from RegSuite.panel.tones import COLOURS

ROW_HEIGHT = 22
MOST_SHOWN = 8
UNDER_PERCENT = 5.0
"""A label with more of it under the tumour is marked: what it is there nobody knows."""


@dataclass(frozen=True)
class LabelRow:
    """One label of the template on the patient; None where it was not measured."""

    name: str
    dice: float | None
    outside: float | None
    under_percent: float | None


def label_rows(metrics: Mapping[str, Any], names: Mapping[int, str]) -> list[LabelRow]:
    """The rows of a result's metrics. names: by label."""
    tumor = metrics.get("tumor") or {}
    dice, outside = metrics.get("dice") or {}, tumor.get("dice_outside") or {}
    shares = tumor.get("labels") or {}
    labels = sorted({int(label) for found in (dice, outside, shares) for label in found})
    rows = [
        LabelRow(
            names.get(label) or _("label {n}").format(n=label),
            _number(dice.get(str(label))),
            _number(outside.get(str(label))),
            _number((shares.get(str(label)) or {}).get("tumor_percent")),
        )
        for label in labels
    ]
    return sorted(rows, key=_order)


class DiceTable:
    """`widget` goes into the panel."""

    def __init__(self) -> None:
        self.widget: Any = qt.QTableWidget()
        self.widget.objectName = "diceTable"
        self.widget.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        self.widget.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
        self.widget.setHorizontalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
        self.widget.verticalHeader().setVisible(False)
        self.widget.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.clear()

    def show(self, rows: Sequence[LabelRow]) -> None:
        """Show rows; columns of what was not measured are left out."""
        columns = {
            _("Label"): [row.name for row in rows],
            _("Dice"): [_words(row.dice) for row in rows],
            _("Outside tumour"): [_words(row.outside) for row in rows],
            _("Under tumour"): [_percent(row.under_percent) for row in rows],
        }
        there = {title: texts for title, texts in columns.items() if any(texts)}
        self.widget.setColumnCount(len(there))
        self.widget.setRowCount(len(rows))
        self.widget.setHorizontalHeaderLabels(list(there))
        for column, texts in enumerate(there.values()):
            for at, text in enumerate(texts):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(text)
                if (rows[at].under_percent or 0) > UNDER_PERCENT:
                    item.setForeground(qt.QBrush(qt.QColor(COLOURS["unsure"].text)))
                    item.setToolTip(_("Part of it lies under the tumour: what is there nobody knows"))
                self.widget.setItem(at, column, item)
        header = self.widget.horizontalHeader()
        for column in range(len(there)):
            header.setSectionResizeMode(
                column, qt.QHeaderView.ResizeToContents if column else qt.QHeaderView.Stretch
            )
        self.widget.setFixedHeight(ROW_HEIGHT * (min(len(rows), MOST_SHOWN) + 1) + 10)
        self.widget.visible = bool(rows)

    def clear(self) -> None:
        """Show nothing."""
        self.widget.setRowCount(0)
        self.widget.visible = False


def text_of(rows: Sequence[LabelRow]) -> str:
    """The rows as lines with tabs, for a note."""
    lines = ["\t".join([r.name, _words(r.dice), _words(r.outside), _percent(r.under_percent)]) for r in rows]
    return "\n".join(line.rstrip() for line in lines)


def _order(row: LabelRow) -> tuple[bool, float, str]:
    return "ventric" not in row.name.lower(), 2.0 if row.dice is None else row.dice, row.name


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and value == value else None


def _words(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} %"
