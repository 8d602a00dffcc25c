"""How organs move together: independently, as one, or by a matrix that the user fills in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from RegSuite.errors import InputError
from RegSuite.panel.choices import Item, ItemBox
from RegSuite.workflows.organs_names import plain

PRESETS, MATRIX = "", "matrix"
ROW_HEIGHT = 22
MOST_SHOWN = 8
_ITEMS = [
    Item(PRESETS, _("as the elasticity says")),
    Item("organ", _("independent: organs slide along each other")),
    Item("global", _("all together: as one elastic body")),
    Item(MATRIX, _("by a matrix: below, for each pair"), _("0: independent, 1: as one, negative: against")),
]


class CoherenceTable:
    """A list, and a QTableWidget for the matrix; changed() after every change of the user's.

    The value is as the workflow takes it: None, "organ", "global" or {"names", "values"}.
    """

    def __init__(self, table: Any, changed: Callable[[], None]) -> None:
        self.table, self._changed = table, changed
        self.box = ItemBox(_ITEMS, "coherenceBox")
        self._names: list[str] = []
        self._busy = False
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
        table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        table.connect("cellChanged(int,int)", self._edited)
        self.box.widget.connect(self.box.signal, self._tell)
        table.visible = False

    def show(self, value: Any, names: Sequence[str]) -> None:
        """Show what is kept for these organs; of pairs that it does not name the matrix says 0."""
        self._busy = True
        try:
            self._names = list(names)
            matrix = isinstance(value, dict)
            self.box.set_value(MATRIX if matrix else value or PRESETS)
            self.table.visible = matrix and bool(names)
            if matrix:
                self._fill(_known(value))
        finally:
            self._busy = False

    def value(self) -> Any:
        """The choice; a matrix of ones on the diagonal where it was just chosen."""
        chosen = self.box.value()
        if chosen != MATRIX:
            return chosen or None
        count = len(self._names)
        if self.table.rowCount != count:
            return {"names": list(self._names), "values": _unit(count)}
        rows = range(count)
        return {"names": list(self._names), "values": [[self._number(a, b) for b in rows] for a in rows]}

    def _fill(self, known: dict[tuple[str, str], float]) -> None:
        count = len(self._names)
        self.table.setRowCount(count)
        self.table.setColumnCount(count)
        self.table.setHorizontalHeaderLabels(self._names)
        self.table.setVerticalHeaderLabels(self._names)
        for a, first in enumerate(self._names):
            for b, second in enumerate(self._names):
                number = 1.0 if a == b else known.get((plain(first), plain(second)), 0.0)
                item = qt.QTableWidgetItem(f"{number:g}")
                if a == b:
                    item.setFlags(qt.Qt.ItemIsEnabled)
                self.table.setItem(a, b, item)
        self.table.setFixedHeight(ROW_HEIGHT * (min(count, MOST_SHOWN) + 1) + 10)

    def _edited(self, row: int, column: int) -> None:
        """A cell and its mirror say the same."""
        if self._busy:
            return
        self._busy = True
        try:
            self.table.item(column, row).setText(self.table.item(row, column).text())
        finally:
            self._busy = False
        self._changed()

    def _number(self, row: int, column: int) -> float:
        text = str(self.table.item(row, column).text()).strip().replace(",", ".")
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not -1 <= value <= 1:
            raise InputError(
                _("{text!r} is no number from -1 to 1").format(text=text),
                where=_("Coherence of {a} and {b}").format(a=self._names[row], b=self._names[column]),
                mend=_("0 is independent, 1 is as one"),
            )
        return value

    def _tell(self, *_arguments: Any) -> None:
        if not self._busy:
            self._changed()


def matrix_of(value: Any, names: Sequence[str]) -> Any:
    """A kept coherence for these organs: a matrix with their rows alone, words as they are."""
    if not isinstance(value, dict):
        return value
    known = _known(value)
    rows = [[1.0 if a == b else known.get((plain(a), plain(b)), 0.0) for b in names] for a in names]
    return {"names": list(names), "values": rows}


def _known(value: dict[str, Any]) -> dict[tuple[str, str], float]:
    """The matrix by pairs of names."""
    names = [plain(str(name)) for name in value.get("names", ())]
    rows = value.get("values", ())
    return {(a, b): float(rows[i][j]) for i, a in enumerate(names) for j, b in enumerate(names)}


def _unit(count: int) -> list[list[float]]:
    return [[float(a == b) for b in range(count)] for a in range(count)]
