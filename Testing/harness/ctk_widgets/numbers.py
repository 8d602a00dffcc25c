"""ctkSliderWidget and the other widgets for one number."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets
from PySide6.QtCore import Signal

from Testing.harness.stand_ins import kept, prop, stand_in

STEPS = 1000
"""Positions of the slider over its whole range."""


def _of_box(kind: str, name: str) -> Any:
    """A property that the spin box inside has."""
    return prop(
        kind, lambda self: self._box.property(name), lambda self, value: self._box.setProperty(name, value)
    )


@stand_in
class ctkSliderWidget(QtWidgets.QWidget):
    """A slider and a spin box that show the same number."""

    valueChanged = Signal(float)
    valueIsChanging = Signal(float)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._slider = QtWidgets.QSlider(QtCore.Qt.Horizontal)
        self._box = QtWidgets.QDoubleSpinBox()
        self._box.setRange(0, 99)
        self._slider.setRange(0, STEPS)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._slider, 1)
        row.addWidget(self._box)
        self._box.valueChanged.connect(self._box_changed)
        self._slider.valueChanged.connect(self._slider_changed)

    def _box_changed(self, value: float) -> None:
        self._place_slider()
        self.valueChanged.emit(value)

    def _place_slider(self) -> None:
        low, high, value = (self._box.property(n) for n in ("minimum", "maximum", "value"))
        self._slider.blockSignals(True)
        self._slider.setValue(0 if high == low else round(STEPS * (value - low) / (high - low)))
        self._slider.blockSignals(False)

    def _slider_changed(self, position: int) -> None:
        low, high = self._box.property("minimum"), self._box.property("maximum")
        self._box.setValue(low + (high - low) * position / STEPS)

    def setValue(self, value: float) -> None:
        self._box.setValue(value)

    def setMinimum(self, value: float) -> None:
        self._box.setMinimum(value)
        self._place_slider()

    def setMaximum(self, value: float) -> None:
        self._box.setMaximum(value)
        self._place_slider()

    def setRange(self, minimum: float, maximum: float) -> None:
        self._box.setRange(minimum, maximum)
        self._place_slider()

    def setDecimals(self, decimals: int) -> None:
        self._box.setDecimals(decimals)

    def setSingleStep(self, step: float) -> None:
        self._box.setSingleStep(step)

    def setSuffix(self, suffix: str) -> None:
        self._box.setSuffix(suffix)

    value = prop("double", lambda self: self._box.property("value"), setValue)
    minimum = prop("double", lambda self: self._box.property("minimum"), setMinimum)
    maximum = prop("double", lambda self: self._box.property("maximum"), setMaximum)
    singleStep = _of_box("double", "singleStep")
    decimals = _of_box("int", "decimals")
    prefix = _of_box("QString", "prefix")
    suffix = _of_box("QString", "suffix")
    pageStep = kept("double", "pageStep", 10.0)
    tracking = kept("bool", "tracking", True)
    spinBoxVisible = prop(
        "bool", lambda self: self._box.isVisibleTo(self), lambda self, on: self._box.setVisible(on)
    )


@stand_in
class ctkDoubleSpinBox(QtWidgets.QDoubleSpinBox):
    """A spin box for a number; CTK's has decimals that follow what is typed."""


@stand_in
class ctkCheckBox(QtWidgets.QCheckBox):
    """A check box; CTK's takes icons for its states."""


@stand_in
class qMRMLSliderWidget(ctkSliderWidget):
    """A slider whose unit the scene's unit node gives; here a plain one."""

    mrmlSceneChanged = Signal(object)
    quantity = kept("QString", "quantity", "")
    unitAwareProperties = kept("int", "unitAwareProperties", 0)

    def setMRMLScene(self, scene: Any) -> None:
        self.mrmlSceneChanged.emit(scene)


@stand_in
class qMRMLSpinBox(ctkDoubleSpinBox):
    """A spin box whose unit the scene's unit node gives; here a plain one."""

    quantity = kept("QString", "quantity", "")

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene
