"""The table of fractions: scan, dose, deformation and count of each, rows added and taken away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from RegSuite.panel.course_state import FractionRow
from RegSuite.panel.node_selector import NOT_SCANS

ROW_HEIGHT = 28
FEWEST_SHOWN, MOST_SHOWN = 3, 8
"""Rows that the table is high enough for."""

_VOLUMES, _TRANSFORMS = ("vtkMRMLScalarVolumeNode",), ("vtkMRMLTransformNode",)
_COLUMNS = (
    (
        "image",
        _("Scan"),
        _VOLUMES,
        _("none"),
        _("The patient as the dose was given; registered to the planning scan"),
    ),
    ("dose", _("Dose"), _VOLUMES, _("choose one"), _("The dose of this fraction (or of several equal ones)")),
    (
        "transform",
        _("Deformation"),
        _TRANSFORMS,
        _("register"),
        _("A transform from elsewhere, under which the fraction is seen on the planning scan"),
    ),
)
"""Part of a row, column head, node classes, what stands for none, tooltip."""


class FractionTable:
    """Binds `fractionsTable`, `addFractionButton` and `removeFractionButton`; changed() after every change.

    The last row can always be taken away, else the one whose cell was clicked.
    """

    def __init__(self, ui: Any, changed: Callable[[], None]) -> None:
        self.table, self._changed = ui.fractionsTable, changed
        self._remove_button = ui.removeFractionButton
        self._busy = False
        self.rows: list[dict[str, Any]] = []
        heads = [head for _part, head, _types, _none, _tip in _COLUMNS]
        self.table.setColumnCount(4)
        self.table.setHorizontalHeaderLabels([*heads, _("Fractions")])
        header = self.table.horizontalHeader()
        for column in range(3):
            header.setSectionResizeMode(column, qt.QHeaderView.Stretch)
        header.setSectionResizeMode(3, qt.QHeaderView.ResizeToContents)
        self.table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        ui.addFractionButton.connect("clicked(bool)", self._add)
        self._remove_button.connect("clicked(bool)", self._remove)
        self._arrange()

    def values(self) -> list[FractionRow]:
        """The rows as they are chosen."""
        return [
            FractionRow(
                **{part: row[part].currentNode() for part, *_rest in _COLUMNS},
                count=float(row["count"].value),
            )
            for row in self.rows
        ]

    def show(self, values: Sequence[FractionRow]) -> None:
        """Show rows; nothing is told."""
        self._busy = True
        try:
            while len(self.rows) > len(values):
                self._take(len(self.rows) - 1)
            while len(self.rows) < len(values):
                self._make()
            for row, value in zip(self.rows, values, strict=True):
                for part, *_rest in _COLUMNS:
                    row[part].setCurrentNode(getattr(value, part))
                row["count"].value = value.count
        finally:
            self._busy = False
        self._arrange()

    def selector(self, number: int, part: str) -> Any | None:
        """The selector of a part of row `number` (from 1), None where there is none."""
        return self.rows[number - 1].get(part) if 0 < number <= len(self.rows) else None

    def _add(self, _checked: bool = False) -> None:
        self._make()
        self._tell()

    def _remove(self, _checked: bool = False) -> None:
        chosen = self.table.currentRow()
        if self.rows:
            self._take(chosen if 0 <= chosen < len(self.rows) else len(self.rows) - 1)
            self._tell()

    def _make(self) -> None:
        """A new row at the end."""
        at = len(self.rows)
        self.table.setRowCount(at + 1)
        row: dict[str, Any] = {}
        for column, (part, _head, types, none, tip) in enumerate(_COLUMNS):
            row[part] = _selector(part, types, none, tip)
            row[part].connect("currentNodeChanged(vtkMRMLNode*)", self._tell)
            self.table.setCellWidget(at, column, row[part])
        row["count"] = qt.QDoubleSpinBox()
        row["count"].objectName = "countField"
        row["count"].decimals = 0
        row["count"].minimum = 1
        row["count"].maximum = 200
        row["count"].toolTip = _("How many equal fractions this dose holds")
        row["count"].connect("valueChanged(double)", self._tell)
        self.table.setCellWidget(at, 3, row["count"])
        self.rows.append(row)
        self._arrange()

    def _take(self, at: int) -> None:
        """Row `at` out of the table."""
        self.rows.pop(at)
        self.table.removeRow(at)
        self._arrange()

    def _tell(self, *_arguments: Any) -> None:
        if not self._busy:
            self._changed()

    def _arrange(self) -> None:
        shown = min(max(len(self.rows), FEWEST_SHOWN), MOST_SHOWN)
        self.table.setFixedHeight(ROW_HEIGHT * (shown + 1) + 6)
        self._remove_button.enabled = bool(self.rows)


def _selector(part: str, types: tuple[str, ...], none: str, tip: str) -> Any:
    selector = slicer.qMRMLNodeComboBox()
    selector.objectName = f"{part}Selector"
    selector.nodeTypes = list(types)
    selector.hideChildNodeTypes = list(NOT_SCANS) if types == _VOLUMES else []
    selector.noneEnabled = True
    selector.noneDisplay = none
    selector.addEnabled = False
    selector.removeEnabled = False
    selector.renameEnabled = False
    selector.toolTip = tip
    selector.setMRMLScene(slicer.mrmlScene)
    return selector
