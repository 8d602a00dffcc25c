"""Dose metrics against their limits in the panel: value, band, limit and verdict, a row each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from RegSuite.panel.tones import COLOURS, SIGNS, Tone
from RegSuite.report.headline import number

ROW_HEIGHT = 22
MOST_SHOWN = 9

UNJUDGED_ASIDE = ("volume", "min", "max", "D50")
"""Metrics that every structure has and that stand in the table node alone where no limit is on them."""

_TONES: Mapping[str, Tone] = {
    "pass": "pass",
    "fail": "fail",
    "not certain": "unsure",
    "not measured": "unsure",
}


class MetricTable:
    """`widget` goes into the panel; rows as `metric_rows` gives them, those with a limit first."""

    def __init__(self) -> None:
        self.widget: Any = qt.QTableWidget()
        self.widget.objectName = "metricTable"
        self.widget.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        self.widget.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
        self.widget.setHorizontalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
        self.widget.verticalHeader().setVisible(False)
        self.widget.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.clear()

    def show(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show rows; columns of bands and limits are left out where there are none."""
        shown = [row for row in rows if row["limit"] or row["metric"] not in UNJUDGED_ASIDE]
        ordered = sorted(shown, key=lambda row: not row["limit"])
        has_band = any(row["p05"] is not None for row in ordered)
        has_limit = any(row["limit"] for row in ordered)
        heads = [_("Structure"), _("Metric"), _("Value")]
        heads += [_("5 to 95 %")] if has_band else []
        heads += [_("Limit"), _("Verdict")] if has_limit else []
        self.widget.setColumnCount(len(heads))
        self.widget.setRowCount(len(ordered))
        self.widget.setHorizontalHeaderLabels(heads)
        for at, row in enumerate(ordered):
            texts = [row["structure"], row["metric"], _value(row)]
            texts += [_band(row)] if has_band else []
            texts += [row["limit"], _verdict(row)] if has_limit else []
            for column, text in enumerate(texts):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(row["source"] if column >= 3 and row["source"] else text)
                tone = _TONES.get(row["verdict"])
                if tone is not None and column == len(texts) - 1:
                    item.setForeground(qt.QBrush(qt.QColor(COLOURS[tone].edge)))
                self.widget.setItem(at, column, item)
        header = self.widget.horizontalHeader()
        for column in range(len(heads)):  # a long name is cut short before a verdict is
            header.setSectionResizeMode(
                column, qt.QHeaderView.ResizeToContents if column else qt.QHeaderView.Stretch
            )
        self.widget.setFixedHeight(ROW_HEIGHT * (min(len(ordered), MOST_SHOWN) + 1) + 10)
        self.widget.visible = bool(ordered)

    def clear(self) -> None:
        """Show nothing."""
        self.widget.setRowCount(0)
        self.widget.visible = False


def text_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as lines with tabs, for a note."""
    lines = [
        "\t".join([row["structure"], row["metric"], _value(row), _band(row), row["limit"], row["verdict"]])
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def _value(row: Mapping[str, Any]) -> str:
    if row["value"] is None:
        return str(_("not measured"))
    return f"{_words(row['value'], row['unit'])} {row['unit']}".strip()


def _band(row: Mapping[str, Any]) -> str:
    if row["p05"] is None or row["p95"] is None:
        return ""
    return f"{_words(row['p05'], row['unit'])} .. {_words(row['p95'], row['unit'])}"


def _words(value: float, unit: str) -> str:
    """A dose with one decimal from 10 Gy on and two below, so that a column can be compared by eye."""
    if unit != "Gy":
        return number(value)
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _verdict(row: Mapping[str, Any]) -> str:
    tone = _TONES.get(row["verdict"])
    return f"{SIGNS[tone]} {row['verdict']}" if tone is not None else ""
