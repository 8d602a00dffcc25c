"""alpha/beta by structure in a table; what is left empty takes the value of all others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

DEFAULT = "default"
"""How a course calls what is not named."""

START_GY = 3.0
ROW_HEIGHT = 24
MOST_SHOWN = 8


class AlphaBetaTable:
    """Binds `eqd2CheckBox` and `alphaBetaTable`; changed() after every change of the user's."""

    def __init__(self, ui: Any, changed: Callable[[], None]) -> None:
        self.check, self.table, self._changed = ui.eqd2CheckBox, ui.alphaBetaTable, changed
        self._names: list[str] = []
        self._busy = False
        self.table.setColumnCount(2)
        self.table.setHorizontalHeaderLabels([_("Structure"), _("alpha/beta (Gy)")])
        self.table.horizontalHeader().setSectionResizeMode(0, qt.QHeaderView.Stretch)
        self.table.verticalHeader().setVisible(False)
        self.table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.check.connect("toggled(bool)", self._tell)
        self.table.connect("cellChanged(int,int)", self._tell)
        self.set_structures([])

    def texts(self) -> list[str] | None:
        """'3' and 'GTV=10' as the workflow takes them; None without EQD2. Text that is no number stays."""
        if not self.check.checked:
            return None
        cells = {name: str(self.table.item(row, 1).text()).strip() for row, name in self._rows()}
        named = [f"{name}={text}" for name, text in cells.items() if text and name != DEFAULT]
        return [cells[DEFAULT] or f"{START_GY:g}", *named]

    def show(self, texts: Sequence[str] | None) -> None:
        """Show what was kept; nothing is told."""
        values = dict(_parts(text) for text in texts or [])
        self.set_structures([name for name in self._names if name != DEFAULT], values)
        self._quietly(lambda: setattr(self.check, "checked", texts is not None))
        self.table.enabled = texts is not None

    def set_structures(self, names: Sequence[str], values: Mapping[str, str] | None = None) -> None:
        """A row for all others and one for each name; values of names that stay are kept."""
        kept = dict(values) if values is not None else self._values()
        kept.setdefault(DEFAULT, f"{START_GY:g}")
        self._names = [DEFAULT, *names]

        def fill() -> None:
            self.table.setRowCount(len(self._names))
            for row, name in self._rows():
                title = qt.QTableWidgetItem(_("all others") if name == DEFAULT else name)
                title.setFlags(qt.Qt.ItemIsEnabled)
                self.table.setItem(row, 0, title)
                self.table.setItem(row, 1, qt.QTableWidgetItem(kept.get(name, "")))

        self._quietly(fill)
        self.table.setFixedHeight(ROW_HEIGHT * (min(len(self._names), MOST_SHOWN) + 1) + 6)
        self.table.enabled = bool(self.check.checked)

    def _rows(self) -> list[tuple[int, str]]:
        return list(enumerate(self._names))

    def _values(self) -> dict[str, str]:
        return {name: str(self.table.item(row, 1).text()) for row, name in self._rows()}

    def _quietly(self, change: Callable[[], Any]) -> None:
        self._busy = True
        try:
            change()
        finally:
            self._busy = False

    def _tell(self, *_arguments: Any) -> None:
        if not self._busy:
            self.table.enabled = bool(self.check.checked)
            self._changed()


def _parts(text: str) -> tuple[str, str]:
    """'GTV=10' as (GTV, 10), '3' as (default, 3)."""
    name, _equals, number = text.rpartition("=")
    return name or DEFAULT, number
