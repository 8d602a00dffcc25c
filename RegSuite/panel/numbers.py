"""Spin boxes for a parameter: steps and decimals from its default, bounds that cannot be passed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import qt
from slicer.i18n import tr as _

from RegSuite.panel.fields import Field
from RegSuite.panel.stored import LARGEST_INT

LARGEST_FLOAT = 1e9
STEP_MM = 0.5
STEP = 0.1


@dataclass(frozen=True)
class Scale:
    """How a number is shown: decimals, step of the arrows, the smallest and largest value allowed.

    automatic: the number below `low` at which the box says 'automatic'; None where it never does.
    """

    decimals: int
    step: float
    low: float
    high: float
    automatic: float | None = None

    @property
    def bottom(self) -> float:
        """The smallest number of the box."""
        return self.low if self.automatic is None else self.automatic

    def value(self, shown: float) -> float | None:
        """The parameter's value of a number in the box; what lies between automatic and `low` is `low`."""
        if self.automatic is not None and shown <= self.automatic + 0.4 * 10.0**-self.decimals:
            return None
        return max(shown, self.low)


def scale_of(field: Field) -> Scale:
    """The scale of an int or float parameter."""
    whole = field.kind == "int"
    step, decimals = (1.0, 0) if whole else _step(field)
    smallest = 10.0**-decimals
    largest = LARGEST_INT if whole else LARGEST_FLOAT
    low = -float(largest) if field.low is None else field.low + (smallest if field.open_low else 0)
    high = float(largest) if field.high is None else field.high - (smallest if field.open_high else 0)
    automatic = None
    if field.optional:
        automatic = field.low if field.open_low and field.low is not None else low - step
    return Scale(decimals, step, low, min(high, largest), automatic)


def _step(field: Field) -> tuple[float, int]:
    """(step, decimals): a tenth to a half of the default, and one decimal more than the step has."""
    if not field.default:
        step = STEP_MM if field.unit == "mm" else STEP
        return step, 2
    power = math.floor(math.log10(abs(field.default) / 2))
    return 10.0**power, max(2, 1 - power)


class NumberBox:
    """A QSpinBox or QDoubleSpinBox with the unit behind the number. `widget` goes into the form."""

    def __init__(self, field: Field) -> None:
        self._whole = field.kind == "int"
        self._scale = scale_of(field)
        self._given: float | None = None
        self.widget: Any = qt.QSpinBox() if self._whole else qt.QDoubleSpinBox()
        box, scale, number = self.widget, self._scale, int if self._whole else float
        if not self._whole:
            box.decimals = scale.decimals
        box.minimum, box.maximum = number(scale.bottom), number(scale.high)
        box.singleStep = number(scale.step)
        box.keyboardTracking = False
        box.suffix = f" {field.unit}" if field.unit else ""
        if scale.automatic is not None:
            box.specialValueText = _("automatic")
        self.signal = "valueChanged(int)" if self._whole else "valueChanged(double)"
        box.connect("editingFinished()", self._settle)

    def value(self) -> Any:
        """The number, None for automatic. What was set comes back unrounded until it is changed."""
        shown = self.widget.value
        if self._given is not None and math.isclose(shown, self._rounded(self._given), abs_tol=1e-12):
            return self._given
        value = self._scale.value(shown)
        return int(value) if self._whole and value is not None else value

    def set_value(self, value: Any) -> None:
        """Show a number; None is automatic."""
        self._given = value
        shown = self._scale.bottom if value is None else value
        self.widget.value = int(shown) if self._whole else float(shown)

    def _rounded(self, value: float) -> float:
        return value if self._whole else round(value, self._scale.decimals)

    def _settle(self) -> None:
        """Put a number typed between automatic and the smallest value onto that value."""
        value = self._scale.value(self.widget.value)
        if value is not None and value != self.widget.value:
            self.widget.value = int(value) if self._whole else value
