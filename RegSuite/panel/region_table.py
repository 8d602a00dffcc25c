"""A row for each segment, with what it is of the tumour: nothing, core or oedema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from RegSuite.panel.choices import Item, ItemBox
from RegSuite.panel.regions import CORE, OEDEMA, UNUSED, Region

ROW_HEIGHT = 26
MOST_SHOWN = 6


class RegionTable:
    """Binds a QTableWidget; changed() after every change of the user's."""

    def __init__(self, table: Any, changed: Callable[[], None]) -> None:
        self.table, self._changed = table, changed
        self._regions: list[Region] = []
        self._busy = False
        self.boxes: list[ItemBox] = []
        table.setColumnCount(2)
        table.setHorizontalHeaderLabels([_("Segment"), _("Part of the tumour")])
        table.horizontalHeader().setSectionResizeMode(0, qt.QHeaderView.Stretch)
        table.setColumnWidth(1, 150)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.show([], {})

    def show(self, regions: Sequence[Region], parts: Mapping[str, str]) -> None:
        """Show regions and what they are; nothing is told."""
        self._busy = True
        try:
            if list(regions) != self._regions or not self.boxes:
                self._fill(regions)
            for region, box in zip(self._regions, self.boxes, strict=True):
                box.set_value(parts.get(region.key, UNUSED))
        finally:
            self._busy = False

    def parts(self) -> dict[str, str]:
        """What each region is; those that are nothing are left out."""
        found = {r.key: box.value() for r, box in zip(self._regions, self.boxes, strict=True)}
        return {key: part for key, part in found.items() if part}

    def _fill(self, regions: Sequence[Region]) -> None:
        self._regions, self.boxes = list(regions), []
        self.table.setRowCount(len(self._regions))
        for row, region in enumerate(self._regions):
            title = qt.QTableWidgetItem(region.name)
            title.setFlags(qt.Qt.ItemIsEnabled)
            self.table.setItem(row, 0, title)
            box = ItemBox(_items(), f"part{row}Box")
            box.widget.connect(box.signal, self._tell)
            self.table.setCellWidget(row, 1, box.widget)
            self.boxes.append(box)
        self.table.setFixedHeight(ROW_HEIGHT * (min(len(self._regions), MOST_SHOWN) + 1) + 6)
        self.table.visible = bool(self._regions)

    def _tell(self, *_arguments: Any) -> None:
        if not self._busy:
            self._changed()


def _items() -> list[Item]:
    return [
        Item(UNUSED, _("not used")),
        Item(CORE, _("core"), _("Solid and necrotic tumour: intensity may change freely there")),
        Item(OEDEMA, _("oedema"), _("Intensity may change there less freely")),
    ]
