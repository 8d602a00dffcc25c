"""The table of organs: which take part, how elastic each is, and how far its segmentation is trusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from RegSuite.errors import InputError
from RegSuite.panel.choices import Item, ItemBox
from RegSuite.panel.organ_rows import BOTH, SOURCE, TARGET, OrganRow, of_names

if TYPE_CHECKING:
    from RegSuite.pointcloud.presets import ElasticityPreset

ROW_HEIGHT = 24
MOST_SHOWN = 10
NAME, ELASTICITY, MAGNITUDE, BANDWIDTH, TRUST = range(5)
HEADS = (_("Organ"), _("Elasticity"), _("\u039b (mm)"), _("B (mm)"), _("Trust (%)"))
KEYS = {MAGNITUDE: "magnitude_mm", BANDWIDTH: "bandwidth_mm"}
TIPS = (
    _("Only organs that are ticked take part. Organs are matched by their names."),
    _("The entry of the chosen elasticity whose values are taken"),
    _("Lambda: how far points of the organ are expected to move beyond the whole (standard deviation)"),
    _("B: over which length its points move alike; long: stiff"),
    _("How many of 100 points with this label are of this organ. Below 100: others may be mistaken for it"),
)
_ONE_SIDE = {
    SOURCE: _("Only in the source: it has no partner"),
    TARGET: _("Only in the target: nothing goes there"),
}
OWN = ""
"""Of an organ: the preset that is chosen for all."""


class OrganTable:
    """Binds a QTableWidget; changed() after every change of the user's.

    presets: of elasticity, by name. What a user has changed is kept by the organ's name; cells that are
    emptied, or that hold the preset's own number, are the preset's. boxes: the presets' lists, by row.
    """

    def __init__(
        self, table: Any, presets: Mapping[str, ElasticityPreset], changed: Callable[[], None]
    ) -> None:
        self.table, self._presets, self._changed = table, presets, changed
        self.boxes: list[ItemBox] = []
        self._rows: list[OrganRow] = []
        self._preset = OWN
        self._usual: dict[int, dict[str, float]] = {}
        self._busy = False
        table.setColumnCount(len(HEADS))
        table.setHorizontalHeaderLabels(list(HEADS))
        for column, tip in enumerate(TIPS):
            table.horizontalHeaderItem(column).setToolTip(tip)
        table.horizontalHeader().setSectionResizeMode(NAME, qt.QHeaderView.Stretch)
        for column, width in ((ELASTICITY, 110), (MAGNITUDE, 62), (BANDWIDTH, 62), (TRUST, 70)):
            table.setColumnWidth(column, width)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        table.connect("cellChanged(int,int)", self._tell)
        self.table.visible = False

    @property
    def names(self) -> list[str]:
        """Names of the organs in the table."""
        return [row.name for row in self._rows]

    def show(
        self,
        rows: Sequence[OrganRow],
        preset: str,
        organs: Mapping[str, Any],
        trust: Mapping[str, float],
        only: Sequence[str] | None,
    ) -> None:
        """Show organs and what is kept of them: organs, trust, only as the workflow takes them.

        preset: the name of the one that is chosen for all. Nothing is told.
        """
        self._busy = True
        try:
            if list(rows) != self._rows or preset != self._preset:
                self._make_rows(list(rows), preset)
            kept, trusted = of_names(organs, self.names), of_names(trust, self.names)
            ticked = set(self.names if only is None else of_names(dict.fromkeys(only), self.names))
            for at, row in enumerate(self._rows):
                self._fill(at, kept.get(row.name, {}), trusted.get(row.name), row.name in ticked)
            self.table.setFixedHeight(ROW_HEIGHT * (min(len(self._rows), MOST_SHOWN) + 1) + 6)
            self.table.visible = bool(self._rows)
        finally:
            self._busy = False

    def organs(self, kept: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """What the cells say over the preset, by name, and what is kept of organs that are not shown."""
        out = {key: dict(value) for key, value in kept.items() if not of_names({key: 0}, self.names)}
        for at, row in enumerate(self._rows):
            values = {key: self._number(at, column) for column, key in KEYS.items()}
            found: dict[str, Any] = {key: value for key, value in values.items() if value is not None}
            chosen = self.boxes[at].value()
            found |= {"preset": chosen} if chosen != OWN else {}
            out |= {row.name: found} if found else {}
        return out

    def trust(self, kept: Mapping[str, float]) -> dict[str, float]:
        """Shares (0..1) by name where they are less than all."""
        out = {key: value for key, value in kept.items() if not of_names({key: 0}, self.names)}
        for at, row in enumerate(self._rows):
            percent = self._number(at, TRUST)
            out |= {} if percent is None or percent == 100 else {row.name: percent / 100}
        return out

    def only(self) -> list[str] | None:
        """The names that are ticked, None where all are."""
        items = [self.table.item(at, NAME) for at in range(len(self._rows))]
        ticked = [r.name for r, i in zip(self._rows, items, strict=True) if i.checkState() == qt.Qt.Checked]
        return None if len(ticked) == len(self._rows) else ticked

    def _make_rows(self, rows: list[OrganRow], preset: str) -> None:
        """The cells of the organs, each with the list of presets by the entry that its name finds there."""
        for at, box in enumerate(self.boxes):
            box.widget.visible = False  # it is deleted later
            self.table.removeCellWidget(at, ELASTICITY)
        self._rows, self._preset, self.boxes = rows, preset, []
        self.table.setRowCount(len(rows))
        for at, row in enumerate(rows):
            title = qt.QTableWidgetItem(row.name)
            title.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsUserCheckable)
            if row.where != BOTH:
                title.setToolTip(_ONE_SIDE[row.where])
                title.setForeground(qt.QBrush(qt.QColor("#b45309")))
            self.table.setItem(at, NAME, title)
            for column in (*KEYS, TRUST):
                self.table.setItem(at, column, qt.QTableWidgetItem(""))
            box = ItemBox(_presets_for(row.name, preset, self._presets), f"elasticity{at}Box")
            box.widget.connect(box.signal, self._tell)
            self.table.setCellWidget(at, ELASTICITY, box.widget)
            self.boxes.append(box)

    def _fill(self, at: int, kept: Mapping[str, Any], trust: float | None, ticked: bool) -> None:
        """Write what is kept of an organ, or the preset's values."""
        name, chosen = self._rows[at].name, str(kept.get("preset") or OWN)
        self.boxes[at].set_value(chosen if chosen != self._preset else OWN)
        self.table.item(at, NAME).setCheckState(qt.Qt.Checked if ticked else qt.Qt.Unchecked)
        found = self._presets.get(chosen, self._presets[self._preset]).elasticity(name)
        self._usual[at] = {key: float(getattr(found, key)) for key in KEYS.values()}
        for column, key in KEYS.items():
            own, cell = kept.get(key), self.table.item(at, column)
            cell.setText(f"{self._usual[at][key] if own is None else own:g}")
            cell.setFont(_font(bold=own is not None))
        self.table.item(at, TRUST).setText(f"{100 * (1.0 if trust is None else trust):g}")

    def _number(self, at: int, column: int) -> float | None:
        """The number of a cell; None where it is empty or the preset's. Raises InputError for words."""
        text = str(self.table.item(at, column).text()).strip().replace(",", ".").rstrip("%")
        if not text:
            return None
        try:
            value = float(text)
        except ValueError as error:
            raise InputError(
                _("{text!r} is no number").format(text=text),
                where=f"{self._rows[at].name}, {HEADS[column]}",
                mend=_("write a number, or nothing for the preset's"),
            ) from error
        high = 100.0 if column == TRUST else 1000.0
        if not 0 < value <= high:
            raise InputError(
                _("{value:g} is not above 0 and up to {high:g}").format(value=value, high=high),
                where=f"{self._rows[at].name}, {HEADS[column]}",
                mend=_("write another number, or nothing for the preset's"),
            )
        usual = self._usual[at].get(KEYS.get(column, ""))
        return None if usual is not None and value == usual else value

    def _tell(self, *_arguments: Any) -> None:
        if not self._busy:
            self._changed()


def _presets_for(name: str, preset: str, presets: Mapping[str, ElasticityPreset]) -> list[Item]:
    """The chosen preset first, then the others; each by the entry that an organ of this name finds there."""

    def entry(found: ElasticityPreset) -> str:
        return str(getattr(found.elasticity(name), "name", _("others")))

    first = Item(OWN, entry(presets[preset]), presets[preset].elasticity(name).source)
    others = [(other, found) for other, found in presets.items() if other != preset]
    return [
        first,
        *(Item(n, f"{entry(f)} ({f.title})", f.elasticity(name).source) for n, f in others),
    ]


def _font(*, bold: bool) -> Any:
    font = qt.QFont()
    font.setBold(bold)
    return font
