"""A widget for each kind of parameter: check box, spin box, list of choices, line of text or of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import qt
from slicer.i18n import tr as _

from RegSuite.panel.fields import Field
from RegSuite.panel.numbers import NumberBox


class FieldWidget(Protocol):
    """A parameter in a form: its widget, the signal that tells of a change, and its value.

    signal: Qt's signature, such as toggled(bool).
    """

    widget: Any
    signal: str

    def value(self) -> Any: ...

    def set_value(self, value: Any) -> None: ...


def widget_for(field: Field, changed: Callable[[], None]) -> FieldWidget | None:
    """The widget of a parameter, with its tooltip; changed() is called when the user changes it.

    None for a parameter that has no widget (a mapping, a list of mixed things).
    """
    makers: dict[str, Callable[[Field], FieldWidget]] = {
        "bool": CheckBox,
        "int": NumberBox,
        "float": NumberBox,
        "choice": ChoiceBox,
        "str": TextLine,
        "numbers": NumbersLine,
    }
    if field.kind not in makers or (field.kind == "bool" and field.optional):
        return None
    made = makers[field.kind](field)
    made.widget.objectName = f"{field.name}Field"
    made.widget.toolTip = field.tip
    made.widget.connect(made.signal, lambda *_arguments: changed())
    return made


class CheckBox:
    """Yes or no."""

    signal = "toggled(bool)"

    def __init__(self, _field: Field) -> None:
        self.widget: Any = qt.QCheckBox()

    def value(self) -> bool:
        """Whether it is checked."""
        return bool(self.widget.checked)

    def set_value(self, value: bool) -> None:
        """Check it or not."""
        self.widget.checked = value


class ChoiceBox:
    """One of a few values; 'automatic' stands for None."""

    signal = "currentIndexChanged(int)"

    def __init__(self, field: Field) -> None:
        self._choices = [*([None] if field.optional else []), *field.choices]
        self.widget: Any = qt.QComboBox()
        for choice in self._choices:
            self.widget.addItem(_("automatic") if choice is None else str(choice))

    def value(self) -> Any:
        """The chosen value."""
        return self._choices[self.widget.currentIndex]

    def set_value(self, value: Any) -> None:
        """Choose a value. Raises ValueError for one that is no choice."""
        self.widget.currentIndex = self._choices.index(value)


class TextLine:
    """A line of text; the empty one stands for None."""

    signal = "editingFinished()"

    def __init__(self, field: Field) -> None:
        self._optional = field.optional
        self.widget: Any = qt.QLineEdit()
        if field.optional:
            self.widget.placeholderText = _("automatic")

    def value(self) -> str | None:
        """The text without spaces at its ends."""
        text = str(self.widget.text).strip()
        return None if self._optional and not text else text

    def set_value(self, value: str | None) -> None:
        """Show a text."""
        self.widget.text = value or ""


class NumbersLine:
    """Numbers with commas between them; what is no such list goes back to what was there.

    Where None is a value, nothing stands for it.
    """

    signal = "editingFinished()"

    def __init__(self, field: Field) -> None:
        self._field = field
        self._last: tuple[float, ...] | None = None
        self.widget: Any = qt.QLineEdit()
        if field.optional:
            self.widget.placeholderText = _("automatic")

    def value(self) -> tuple[float, ...] | None:
        """The numbers."""
        text = str(self.widget.text).strip()
        found = None if self._field.optional and not text else _numbers(text) or self._last
        self.set_value(found)
        return found

    def set_value(self, value: Any) -> None:
        """Show numbers."""
        self._last = None if value is None else tuple(value)
        self.widget.text = "" if self._last is None else self._field.words(self._last)


def _numbers(text: str) -> tuple[float, ...]:
    """The numbers of a text, whole ones as int; none where something else stands in it."""
    try:
        found = [float(word) for word in text.replace(",", " ").replace(";", " ").split()]
    except ValueError:
        return ()
    if not all(math.isfinite(number) for number in found):
        return ()
    return tuple(int(number) if number.is_integer() else number for number in found)
