"""Which dose is seen over the scan, how strongly, and with what: isodoses, structures, marks, fractions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import qt
from slicer.i18n import tr as _

MAPS = {
    "accumulated_dose": _("Accumulated dose"),
    "accumulated_eqd2": _("Accumulated EQD2"),
    "dose_sd": _("Uncertainty (standard deviation)"),
    "dose_p05": _("5th percentile"),
    "dose_p95": _("95th percentile"),
    "dose_mean": _("Mean of the samples"),
}
"""Roles that can be laid over the scan, in the order of the list."""


class DoseViewBox:
    """`widget` goes into the panel. It changes nothing itself: show(nodes by role) says what there is.

    on_map(role, opacity), on_isodoses(on), on_structures(on), on_marks(on), on_fraction(number or None):
    called when the user chooses; fraction 0 on the slider is the accumulated dose (None).
    """

    def __init__(self) -> None:
        self.on_map: Callable[[str, float], None] = lambda _role, _opacity: None
        self.on_isodoses: Callable[[bool], None] = lambda _on: None
        self.on_structures: Callable[[bool], None] = lambda _on: None
        self.on_marks: Callable[[bool], None] = lambda _on: None
        self.on_fraction: Callable[[int | None], None] = lambda _number: None
        self._roles: list[str] = []
        self._busy = False
        self.widget: Any = qt.QWidget()
        self.widget.objectName = "doseViewBox"
        rows = qt.QFormLayout(self.widget)
        rows.setContentsMargins(0, 0, 0, 0)
        self.map_box: Any = qt.QComboBox()
        self.map_box.objectName = "mapBox"
        self.opacity: Any = _slider("opacitySlider", 0, 100)
        self.fraction: Any = _slider("fractionSlider", 0, 0)
        self.fraction_label: Any = qt.QLabel()
        self.boxes = {
            name: _check(f"{name}Box", words)
            for name, words in (
                ("isodoses", _("Isodose lines")),
                ("structures", _("Structures")),
                ("marks", _("Where the dose is unknown")),
            )
        }
        rows.addRow(_("Shown:"), self.map_box)
        rows.addRow(_("Opacity:"), self.opacity)
        ticks = qt.QHBoxLayout()
        for box in self.boxes.values():
            ticks.addWidget(box)
        ticks.addStretch(1)
        rows.addRow(ticks)
        rows.addRow(self.fraction_label, self.fraction)
        self.map_box.connect("currentIndexChanged(int)", self._map)
        self.opacity.connect("valueChanged(int)", self._map)
        self.fraction.connect("valueChanged(int)", self._fraction)
        for name, box in self.boxes.items():
            box.connect("toggled(bool)", lambda on, name=name: self._toggled(name, on))
        self.clear()

    def show(self, nodes: Mapping[str, Any], *, opacity: float, fractions: int) -> None:
        """Offer what is there: nodes by role, so many fractions to browse (0 for none)."""
        self._busy = True
        try:
            self._roles = [role for role in MAPS if role in nodes]
            self.map_box.clear()
            for role in self._roles:
                self.map_box.addItem(MAPS[role])
            self.opacity.value = round(100 * opacity)
            for name, role in (("isodoses", "isodoses"), ("structures", "structures"), ("marks", "marks")):
                self.boxes[name].enabled = role in nodes
                self.boxes[name].checked = role in nodes and name != "marks"
            self.fraction.maximum = fractions
            self.fraction.value = 0
            self.fraction.visible = self.fraction_label.visible = fractions > 0
            self._say_fraction(0)
        finally:
            self._busy = False
        self.widget.visible = True

    def clear(self) -> None:
        """Offer nothing."""
        self.widget.visible = False

    def _map(self, *_arguments: Any) -> None:
        index: int = self.map_box.currentIndex
        if not self._busy and 0 <= index < len(self._roles):
            self.on_map(self._roles[index], self.opacity.value / 100)

    def _fraction(self, number: int) -> None:
        self._say_fraction(number)
        if not self._busy:
            self.on_fraction(number or None)

    def _say_fraction(self, number: int) -> None:
        of = _("Fraction {n} of {all}:").format(n=number, all=self.fraction.maximum)
        self.fraction_label.text = of if number else _("Fractions (all):")

    def _toggled(self, name: str, on: bool) -> None:
        if not self._busy:
            {"isodoses": self.on_isodoses, "structures": self.on_structures, "marks": self.on_marks}[name](on)


def _slider(name: str, low: int, high: int) -> Any:
    slider = qt.QSlider(qt.Qt.Horizontal)
    slider.objectName = name
    slider.minimum = low
    slider.maximum = high
    return slider


def _check(name: str, words: str) -> Any:
    box = qt.QCheckBox(words)
    box.objectName = name
    return box
