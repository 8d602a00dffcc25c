"""The organs of a result, a row each: how far apart before and after, how sure, the worst first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import qt
from slicer.i18n import tr as _

from RegSuite.panel.tones import COLOURS

ROW_HEIGHT = 22
MOST_SHOWN = 8


@dataclass(frozen=True)
class OrganResult:
    """One organ; None where it was not measured. doubts: why it must not be trusted."""

    name: str
    before_mm: float | None = None
    after_mm: float | None = None
    worst_mm: float | None = None
    sd_mm: float | None = None
    dice: float | None = None
    doubts: tuple[str, ...] = ()


def organ_results(metrics: Mapping[str, Any]) -> list[OrganResult]:
    """The rows of a result's metrics, doubtful ones first, then the farthest from the target."""
    from RegSuite.panel.organ_headline import facts_of

    dice = metrics.get("dice") or {}
    rows = []
    for label, found in (metrics.get("organs") or {}).items():
        after = found.get("distance_after_mm") or {}
        rows.append(
            OrganResult(
                name=str(found.get("name", label)),
                before_mm=_number((found.get("distance_before_mm") or {}).get("mean")),
                after_mm=_number(after.get("mean")),
                worst_mm=_number(after.get("max")),
                sd_mm=_number((found.get("sd_mm") or {}).get("mean")),
                dice=_number(dice.get(label)),
                doubts=facts_of(label, found).doubts,
            )
        )
    return sorted(rows, key=lambda row: (not row.doubts, -(row.after_mm or 0.0), row.name))


class OrganRowsTable:
    """`widget` goes into the panel."""

    def __init__(self) -> None:
        self.widget: Any = qt.QTableWidget()
        self.widget.objectName = "organResultsTable"
        self.widget.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        self.widget.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
        self.widget.setHorizontalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
        self.widget.verticalHeader().setVisible(False)
        self.widget.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.clear()

    def show(self, rows: Sequence[OrganResult]) -> None:
        """Show rows; columns of what was not measured are left out."""
        columns = _columns(rows)
        self.widget.setColumnCount(len(columns))
        self.widget.setRowCount(len(rows))
        self.widget.setHorizontalHeaderLabels([title for title, _tip in columns])
        for column, ((_title, tip), texts) in enumerate(columns.items()):
            self.widget.horizontalHeaderItem(column).setToolTip(tip)
            for at, text in enumerate(texts):
                item = qt.QTableWidgetItem(text)
                doubts = rows[at].doubts
                item.setToolTip("\n".join(doubts) or text)
                if doubts:
                    item.setForeground(qt.QBrush(qt.QColor(COLOURS["unsure"].text)))
                self.widget.setItem(at, column, item)
        header = self.widget.horizontalHeader()
        for column in range(len(columns)):
            header.setSectionResizeMode(
                column, qt.QHeaderView.ResizeToContents if column else qt.QHeaderView.Stretch
            )
        self.widget.setFixedHeight(ROW_HEIGHT * (min(len(rows), MOST_SHOWN) + 1) + 10)
        self.widget.visible = bool(rows)

    def clear(self) -> None:
        """Show nothing."""
        self.widget.setRowCount(0)
        self.widget.visible = False


def text_of(rows: Sequence[OrganResult]) -> str:
    """The rows as lines with tabs, for a note."""
    columns = _columns(rows)
    lines = ["\t".join(title for title, _tip in columns)] if rows else []
    lines += ["\t".join(texts[at] for texts in columns.values()) for at in range(len(rows))]
    return "\n".join(lines)


def _columns(rows: Sequence[OrganResult]) -> dict[tuple[str, str], list[str]]:
    """Texts by (title, tooltip)."""
    mean = _("Distance of the surfaces, mean")
    found = {
        (_("Organ"), _("Doubtful ones are coloured: point at them")): [
            f"{row.name} !" if row.doubts else row.name for row in rows
        ],
        (_("Before"), f"{mean}, mm"): [_mm(row.before_mm) for row in rows],
        (_("After (mm)"), f"{mean}, mm"): [_mm(row.after_mm) for row in rows],
        (_("Largest"), _("Largest distance of the surfaces after, mm")): [_mm(row.worst_mm) for row in rows],
        (_("SD (mm)"), _("Uncertainty of a point, one standard deviation of a coordinate")): [
            _mm(row.sd_mm) for row in rows
        ],
        (_("Dice"), _("Overlap of the warped organ with the target's")): [
            "" if row.dice is None else f"{row.dice:.2f}" for row in rows
        ],
    }
    return {head: texts for head, texts in found.items() if any(texts)}


def _mm(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and value == value else None
