"""ctkRangeWidget: two numbers, the smaller one first."""

from __future__ import annotations

from typing import Any

from PySide6 import QtWidgets
from PySide6.QtCore import Signal

from Testing.harness.stand_ins import kept, prop, stand_in


@stand_in
class ctkRangeWidget(QtWidgets.QWidget):
    """A minimum and a maximum within bounds."""

    valuesChanged = Signal(float, float)
    minimumValueChanged = Signal(float)
    maximumValueChanged = Signal(float)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._low = QtWidgets.QDoubleSpinBox()
        self._high = QtWidgets.QDoubleSpinBox()
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for box in (self._low, self._high):
            box.setRange(0, 99)
            row.addWidget(box, 1)
        self._high.setValue(99)
        self._low.valueChanged.connect(self._low_changed)
        self._high.valueChanged.connect(self._high_changed)

    def _low_changed(self, value: float) -> None:
        self._high.setValue(max(value, self._high.property("value")))
        self.minimumValueChanged.emit(value)
        self._say()

    def _high_changed(self, value: float) -> None:
        self._low.setValue(min(value, self._low.property("value")))
        self.maximumValueChanged.emit(value)
        self._say()

    def _say(self) -> None:
        self.valuesChanged.emit(self._low.property("value"), self._high.property("value"))

    def setValues(self, low: float, high: float) -> None:
        self._low.setValue(low)
        self._high.setValue(high)

    def setRange(self, minimum: float, maximum: float) -> None:
        for box in (self._low, self._high):
            box.setRange(minimum, maximum)

    def _set_both(self, name: str, value: Any) -> None:
        for box in (self._low, self._high):
            box.setProperty(name, value)

    minimumValue = prop(
        "double", lambda self: self._low.property("value"), lambda self, v: self._low.setValue(v)
    )
    maximumValue = prop(
        "double", lambda self: self._high.property("value"), lambda self, v: self._high.setValue(v)
    )
    minimum = prop(
        "double", lambda self: self._low.property("minimum"), lambda self, v: self._set_both("minimum", v)
    )
    maximum = prop(
        "double", lambda self: self._low.property("maximum"), lambda self, v: self._set_both("maximum", v)
    )
    singleStep = prop(
        "double",
        lambda self: self._low.property("singleStep"),
        lambda self, v: self._set_both("singleStep", v),
    )
    decimals = prop(
        "int", lambda self: self._low.property("decimals"), lambda self, v: self._set_both("decimals", v)
    )
    suffix = prop(
        "QString", lambda self: self._low.property("suffix"), lambda self, v: self._set_both("suffix", v)
    )
    prefix = prop(
        "QString", lambda self: self._low.property("prefix"), lambda self, v: self._set_both("prefix", v)
    )
    tracking = kept("bool", "tracking", True)


@stand_in
class qMRMLRangeWidget(ctkRangeWidget):
    """A range whose unit the scene's unit node gives; here a plain one."""

    quantity = kept("QString", "quantity", "")

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene
